"""What a batch teaches: the tokens of a target, or what a head on top of the model is to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import torch
from torch.nn import functional

from judgelake.trainer.batch import collate, padded, target_tokens
from judgelake.trainer.last_layer import takes_columns
from judgelake.trainer.loss import target_loss
from judgelake.training import CLASSES, Head, Row

OF_THE_LOSS = ("labels", "first", "soft", "soft_ids", "soft_probabilities")
"""What a batch of targets holds besides the model's own arguments."""
TARGETS = "targets"
"""In a batch for a head: what each row teaches; not a number where nothing."""


class Cost(NamedTuple):
    """What a batch costs: the sum of its terms, the model's outputs, and sums of what else is to be logged."""

    total: torch.Tensor
    outputs: Any
    figures: Mapping[str, torch.Tensor] = MappingProxyType({})
    """By their names, the same ones for every batch."""


class Objective(Protocol):
    """Makes batches of rows, and their loss."""

    def collate(self, rows: Sequence[Any]) -> dict[str, Any]:
        """The batch of some rows, or of none, which has nothing to learn."""

    def items(self, batch: dict[str, Any]) -> int:
        """Of how many terms the loss of a batch is the sum."""

    def loss(self, model: Any, batch: dict[str, Any]) -> Cost:
        """What a batch costs; it is used up."""


@dataclass(frozen=True, eq=False)
class TargetTokens:
    """Learn each token of the targets."""

    pad: int
    takes_columns: bool
    """Whether the model computes the logits of given columns alone."""

    @classmethod
    def of(cls, model: Any, pad: int) -> TargetTokens:
        """For a causal language model, with or without an adapter around it."""
        return cls(pad, takes_columns(model))

    def collate(self, rows: Sequence[Row]) -> dict[str, Any]:
        """As `batch.collate`."""
        return collate(rows, self.pad)

    def items(self, batch: dict[str, Any]) -> int:
        """The target's tokens."""
        return target_tokens(batch)

    def loss(self, model: Any, batch: dict[str, Any]) -> Cost:
        """As `target_loss`."""
        logits, of_the_loss, outputs = self.logits(model, batch)
        return Cost(target_loss(logits, of_the_loss), outputs)

    def logits(self, model: Any, batch: dict[str, Any]) -> tuple[torch.Tensor, dict[str, Any], Any]:
        """The logits as `target_loss` takes them, what else it takes of the batch, and the model's outputs."""
        of_the_loss = {name: batch.pop(name) for name in OF_THE_LOSS}
        last = batch["input_ids"].shape[1] - 1
        columns = torch.arange(of_the_loss["first"] - 1, last, device=batch["input_ids"].device)
        if self.takes_columns:
            batch["logits_to_keep"] = columns
        outputs = model(**batch, use_cache=False)
        return outputs.logits if self.takes_columns else outputs.logits[:, columns], of_the_loss, outputs


@dataclass(frozen=True, eq=False)
class HeadTarget:
    """Learn the class of a row by cross entropy, or its score by the squared error."""

    pad: int
    head: Head

    def collate(self, rows: Sequence[Row]) -> dict[str, Any]:
        """`input_ids` and `attention_mask`, padded on the right, and `TARGETS`, of shape (rows,)."""
        ids, mask = padded([row.input_ids for row in rows], self.pad)
        known = [torch.nan if row.head_target is None else row.head_target for row in rows] or [torch.nan]
        return {"input_ids": ids, "attention_mask": mask, TARGETS: torch.tensor(known)}

    def items(self, batch: dict[str, Any]) -> int:
        """The rows."""
        return int(batch[TARGETS].isfinite().sum())

    def loss(self, model: Any, batch: dict[str, Any]) -> Cost:
        """The sum over the rows; 0 for a batch of none, in which each process computes a gradient all the same."""
        targets = batch.pop(TARGETS)
        outputs = model(**batch)
        logits, known = outputs.logits.float(), targets.isfinite()
        if self.head == "classification":
            costs = functional.cross_entropy(logits[known], targets[known].long(), reduction="sum")
        else:
            costs = (logits[known, 0] - targets[known]).square().sum()
        return Cost(costs + 0 * logits.sum(), outputs)


def outputs_of(head: Head) -> int:
    """The number of outputs of a head."""
    return len(CLASSES) if head == "classification" else 1
