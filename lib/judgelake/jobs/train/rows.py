"""The rows of all epochs, made one after the other, with a count of what gave none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from judgelake.errors import UserError
from judgelake.jobs.train.base import Base
from judgelake.jobs.train.config import RowChoices
from judgelake.judges import JudgeSpec
from judgelake.training import Example, LeftOut, Rates, Row, RowMaker

TOO_LONG = "too_long"
MOST_LISTED = 20
"""Examples of each cause that an audit lists."""


@dataclass(slots=True)
class RowCount:
    """What became of the examples of all epochs; grows as rows are made."""

    rows: int = 0
    tokens: int = 0
    target_tokens: int = 0
    longest: int = 0
    longest_target: int = 0
    trimmed: int = 0
    swapped: int = 0
    with_reference: int = 0
    soft: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    """By cause."""
    listed: list[dict[str, Any]] = field(default_factory=list)
    """The first of each cause, with their reasons."""

    def add(self, made: Row | LeftOut) -> None:
        """Count one."""
        if isinstance(made, LeftOut):
            self.left_out[made.cause] += 1
            if self.left_out[made.cause] <= MOST_LISTED:
                self.listed.append({"example_id": made.example_id, "cause": made.cause, "reason": made.reason})
            return
        tokens, target = len(made.input_ids), len(made.input_ids) - made.target_from
        self.rows += 1
        self.tokens += tokens
        self.target_tokens += target
        self.longest, self.longest_target = max(self.longest, tokens), max(self.longest_target, target)
        self.trimmed += made.trimmed
        self.swapped += made.swapped
        self.with_reference += made.with_reference
        self.soft += made.soft is not None

    @property
    def numbers(self) -> dict[str, int]:
        """All counts by name."""
        shown = ("rows", "tokens", "target_tokens", "longest", "longest_target", "trimmed", "swapped", "with_reference")
        counts = {name: int(getattr(self, name)) for name in (*shown, "soft")}
        return counts | {f"left_out.{cause}": count for cause, count in sorted(self.left_out.items())}

    def check(self, most_left_out: float) -> None:
        """Refuse rows of which too many are missing for another cause than their length.

        Raises:
            UserError: there are none, or too few.
        """
        first = f" The first: {self.listed[0]['reason']} ({self.listed[0]['example_id']})." if self.listed else ""
        if not self.rows:
            raise UserError(f"No example gave a row: {self._causes()}.{first}")
        wrong = sum(count for cause, count in self.left_out.items() if cause != TOO_LONG)
        if wrong > most_left_out * (self.rows + wrong):
            raise UserError(
                f"{wrong:,} of {self.rows + wrong:,} rows cannot be made ({self._causes()}), more than "
                f"rows.most_left_out ({most_left_out:.1%}) allows: correct the examples or choose another mode or "
                f"style.{first}"
            )

    def _causes(self) -> str:
        return ", ".join(f"{count:,} {cause}" for cause, count in self.left_out.most_common()) or "there are none"


def row_maker(spec: JudgeSpec, mode: str, base: Base, chosen: RowChoices) -> RowMaker:
    """What makes a job's rows.

    Raises:
        UserError: the judge's mode cannot be trained in the style.
    """
    return RowMaker(
        spec=spec,
        mode=mode,
        style=chosen.style,
        encoder=base.encoder,
        max_tokens=chosen.max_tokens,
        end_token=base.end_token,
        over_long=chosen.over_long,
        reference_mode=chosen.reference_mode,
        rates=Rates(swap=chosen.swap, reference=chosen.reference),
    )


def check_references(examples: Sequence[Example], chosen: RowChoices) -> None:
    """Refuse to show references where no example has a judgment made with one.

    Raises:
        UserError: that is so.
    """
    if chosen.reference > 0 and not any(example.referenced is not None for example in examples):
        raise UserError(
            f"rows.reference is {chosen.reference:g}, but no example has a judgment made with a reference: set it to "
            "0, or let a teacher judge with the references."
        )


def made_rows(maker: RowMaker, examples: Sequence[Example], epochs: int, seed: int, count: RowCount) -> Iterator[Row]:
    """The rows of all epochs in the order of the examples; `count` grows with each."""
    for epoch in range(epochs):
        for example in examples:
            made = maker.row(example, epoch, seed)
            count.add(made)
            if isinstance(made, Row):
                yield made
