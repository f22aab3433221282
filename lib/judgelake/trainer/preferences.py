"""Direct preference optimisation: a judgment is to become more likely than another one behind the same prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch.nn import functional

from judgelake.trainer.loss import target_likelihoods
from judgelake.trainer.objectives import Cost, TargetTokens
from judgelake.trainer.stored_rows import StoredRows
from judgelake.training import Row

REFERENCE = "reference"
"""In a batch of pairs: what the untrained weights say of each."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A row with a judgment to reject, and the log-probability in nats of both targets by the untrained weights."""

    row: Row
    chosen: float
    rejected: float


class Pairs:
    """Stored rows as pairs, by their index."""

    def __init__(self, rows: StoredRows, reference: Sequence[tuple[float, float]]) -> None:
        """Put the rows and what the untrained weights say of them together, in the same order."""
        self._rows, self._reference = rows, reference

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> Pair:
        return Pair(self._rows[index], *self._reference[index])


@dataclass(frozen=True, eq=False)
class Preferences:
    """Learn to prefer: -log sigmoid(beta ((p_c - r_c) - (p_r - r_r))) for each pair (arXiv 2305.18290, equation 7).

    p and r are the log-probabilities of all of a target's tokens, its end token too, by the weights as they are and as
    they were before the first step; c is the judgment to choose, r the one to reject. Nothing is divided by lengths.
    """

    tokens: TargetTokens
    beta: float

    def collate(self, pairs: Sequence[Pair]) -> dict[str, Any]:
        """As `batch.collate` of all rows to choose and then of all to reject; and `REFERENCE`, of shape (pairs, 2)."""
        reference = torch.tensor([[pair.chosen, pair.rejected] for pair in pairs]).reshape(-1, 2)
        return self.tokens.collate(both_rows([pair.row for pair in pairs])) | {REFERENCE: reference}

    def items(self, batch: dict[str, Any]) -> int:
        """The pairs."""
        return len(batch[REFERENCE])

    def loss(self, model: Any, batch: dict[str, Any]) -> Cost:
        """The sum over the pairs; 0 for a batch of none.

        Its figures are in nats, reward being beta (p - r): `reward_margin`, of the judgment to choose minus the other;
        `chosen_reward`; `reward_accuracy`, 1 where the margin is above 0.
        """
        reference = batch.pop(REFERENCE)
        found, outputs = likelihoods(self.tokens, model, batch)
        rewards = self.beta * (found[: 2 * len(reference)].reshape(2, -1) - reference.T)
        margins = rewards[0] - rewards[1]
        # A process without a pair computes a gradient all the same.
        total = -functional.logsigmoid(margins).sum() + 0 * found.sum()
        figures = {"reward_margin": margins, "chosen_reward": rewards[0], "reward_accuracy": (margins > 0).float()}
        return Cost(total, outputs, {name: values.detach().sum() for name, values in figures.items()})


def both_rows(rows: Sequence[Row]) -> list[Row]:
    """The rows, and behind them as many with the judgments to reject in the place of the targets."""
    return [*rows, *(replace(row, input_ids=row.sequences[1], rejected_ids=None) for row in rows)]


def likelihoods(tokens: TargetTokens, model: Any, batch: dict[str, Any]) -> tuple[torch.Tensor, Any]:
    """The log-probability of each row's target in nats, of shape (rows,), and the model's outputs."""
    logits, of_the_loss, outputs = tokens.logits(model, batch)
    return target_likelihoods(logits, of_the_loss), outputs
