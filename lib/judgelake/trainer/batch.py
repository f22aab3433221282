"""Rows as the tensors that a model computes at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from judgelake.training import Row

IGNORED = -100
"""The label of a token that is not learned, as in all of transformers."""
# The loss looks from a token to the one before it.
SHORTEST = 2


def collate(rows: Sequence[Row], pad: int) -> dict[str, Any]:
    """The batch of some rows, padded on the right to the longest.

    Args:
        rows: may be none: then the batch is one row of padding, which has nothing to learn. A process computes it in a
            step in which only others still have rows.
        pad: the padding token. It is masked in the attention and has no label, so its value changes nothing.

    Returns:
        `input_ids`, `attention_mask` and `labels` (the target's tokens, else `IGNORED`), each of shape (rows, longest);
        `first`: the first column with a label in any row; `soft`: (row, column) of every soft target, shape (n, 2);
        `soft_ids` and `soft_probabilities`: its tokens and their probabilities, shape (n, labels), filled up with
        probability 0.
    """
    ids, mask = padded([row.input_ids for row in rows], pad)
    labels = torch.full_like(ids, IGNORED)
    for place, row in enumerate(rows):
        learned = slice(row.target_from, len(row.input_ids))
        labels[place, learned] = ids[place, learned]
    first = min((row.target_from for row in rows), default=ids.shape[1] - 1)
    return {"input_ids": ids, "attention_mask": mask, "labels": labels, "first": first, **_soft(rows)}


def padded(sequences: Sequence[Sequence[int]], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids padded on the right, and their mask; of no sequence one of padding, which is not masked."""
    longest = max((len(ids) for ids in sequences), default=SHORTEST)
    ids = torch.full((max(1, len(sequences)), longest), pad)
    # Attention needs something to look at.
    mask = torch.zeros_like(ids) if sequences else torch.ones_like(ids)
    for place, tokens in enumerate(sequences):
        ids[place, : len(tokens)] = torch.tensor(tokens)
        mask[place, : len(tokens)] = 1
    return ids, mask


def _soft(rows: Sequence[Row]) -> dict[str, torch.Tensor]:
    targets = [(place, row.soft) for place, row in enumerate(rows) if row.soft is not None]
    most = max((len(soft.token_ids) for _, soft in targets), default=1)
    places = torch.zeros((len(targets), 2), dtype=torch.long)
    ids = torch.zeros((len(targets), most), dtype=torch.long)
    probabilities = torch.zeros((len(targets), most))
    for index, (place, soft) in enumerate(targets):
        places[index] = torch.tensor([place, soft.position])
        ids[index, : len(soft.token_ids)] = torch.tensor(soft.token_ids)
        probabilities[index, : len(soft.token_ids)] = torch.tensor(soft.probabilities)
    return {"soft": places, "soft_ids": ids, "soft_probabilities": probabilities}


def target_tokens(batch: dict[str, Any]) -> int:
    """The number of tokens that a batch teaches."""
    return int((batch["labels"] != IGNORED).sum())
