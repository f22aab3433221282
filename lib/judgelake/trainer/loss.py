"""The loss of a batch: cross entropy of the target's tokens, against a distribution where one is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch.nn import functional

from judgelake.trainer.batch import IGNORED


def target_loss(logits: torch.Tensor, batch: Mapping[str, Any]) -> torch.Tensor:
    """The sum over all target tokens of a batch, in nats; 0 for a batch without one.

    A token without a soft target costs -log p(token), one with a soft target -sum_k q_k log p(k) over its labels.
    Divided by the number of target tokens of all batches of a step, it is the step's mean, however the step was cut.

    Args:
        logits: of the columns `first` - 1 up to the last but one, which predict the columns from `first` on; shape
            (rows, columns - first, vocabulary).
        batch: as `collate` makes it.
    """
    first, logits = batch["first"], logits.float()
    # The places are those of the batch, cut to the columns that have logits.
    rows, columns = batch["soft"][:, 0], batch["soft"][:, 1] - first
    labels = batch["labels"][:, first:].clone()
    labels[rows, columns] = IGNORED
    loss = functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED, reduction="sum")
    if len(rows):
        likelihoods = functional.log_softmax(logits[rows, columns], dim=-1)
        loss = loss - (batch["soft_probabilities"] * likelihoods.gather(1, batch["soft_ids"])).sum()
    return loss


def target_likelihoods(logits: torch.Tensor, batch: Mapping[str, Any]) -> torch.Tensor:
    """The log-probability of each row's target in nats, the sum over its tokens; shape (rows,).

    Args:
        logits: as for `target_loss`.
        batch: as `collate` makes it, without soft targets.
    """
    labels = batch["labels"][:, batch["first"] :]
    costs = functional.cross_entropy(
        logits.float().flatten(0, 1), labels.flatten(), ignore_index=IGNORED, reduction="none"
    )
    return -costs.reshape(labels.shape).sum(1)
