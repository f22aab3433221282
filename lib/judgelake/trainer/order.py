"""The rows of every step, from the first to the last: a pure function of the rows, the recipe and the processes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from judgelake.training import grouped_by_length, order_of


@dataclass(frozen=True, slots=True)
class Place:
    """A row's example and epoch, and the number of its tokens."""

    example_id: str
    epoch: int
    tokens: int


def training_order(places: Sequence[Place], seed: int, grouped_rows: int | None = None) -> list[int]:
    """The indices of all rows in the order of the training: one epoch after the other, each in an order of its own.

    Args:
        places: of the rows, in the order in which they are stored, which does not matter.
        seed: of the order.
        grouped_rows: rows of a step, if rows of similar length are to share one; None: they are not.

    Raises:
        ValueError: an example stands twice in an epoch.
    """
    of_epoch: dict[int, dict[str, int]] = {}
    for index, place in enumerate(places):
        if of_epoch.setdefault(place.epoch, {}).setdefault(place.example_id, index) != index:
            raise ValueError(f"example {place.example_id!r} stands twice in epoch {place.epoch}")
    lengths = [place.tokens for place in places]
    order: list[int] = []
    for epoch, index_of in sorted(of_epoch.items()):
        indices = [index_of[example_id] for example_id in order_of(index_of, epoch, seed)]
        order += indices if grouped_rows is None else grouped_by_length(indices, lengths, grouped_rows)
    return order


@dataclass(frozen=True, slots=True)
class Steps:
    """What one process computes at once, one item after the other; iterating begins at the first step.

    A step has `batch_rows` rows of the order, the last step those that are left. Each is cut into pieces of
    `rows_at_once` rows, which the processes take in turn. In the last step a process may get a piece with fewer rows
    or none at all: no row is repeated or left out, and all processes compute equally often.
    """

    order: Sequence[int]
    batch_rows: int
    rows_at_once: int
    processes: int = 1
    process: int = 0

    @property
    def pieces_of_a_step(self) -> int:
        """How often each process computes in a step that is not the last."""
        return self.batch_rows // self._rows_of_all

    @property
    def steps(self) -> int:
        """The number of steps."""
        return -(-len(self.order) // self.batch_rows)

    def __len__(self) -> int:
        whole, left = divmod(len(self.order), self.batch_rows)
        return whole * self.pieces_of_a_step + -(-left // self._rows_of_all)

    def __iter__(self) -> Iterator[list[int]]:
        for start in range(0, len(self.order), self.batch_rows):
            step = self.order[start : start + self.batch_rows]
            for begin in range(0, len(step), self._rows_of_all):
                mine = begin + self.process * self.rows_at_once
                yield list(step[mine : mine + self.rows_at_once])

    @property
    def _rows_of_all(self) -> int:
        return self.rows_at_once * self.processes


def batch_problem(batch_rows: int, rows_at_once: int, processes: int) -> str | None:
    """Why a step of so many rows cannot be cut into equal pieces; None if it can."""
    at_once = rows_at_once * processes
    if batch_rows % at_once == 0:
        return None
    shared = f"{rows_at_once} rows at once" + (f" in each of {processes} processes" if processes > 1 else "")
    return f"batch_rows is {batch_rows}, which {shared} cannot share equally: make it a multiple of {at_once}"
