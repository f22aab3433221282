"""The rows of all epochs, made one after the other, with a count of what gave none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from judgelake.errors import UserError
from judgelake.jobs.train.base import Base
from judgelake.jobs.train.config import Examples, RowChoices
from judgelake.judges import JudgeSpec
from judgelake.training import Asking, Audit, Example, LeftOut, Rates, Row, RowMaker, audit


@dataclass(slots=True)
class RowCount:
    """What became of the examples of all epochs; grows as rows are made."""

    audit: Audit = field(default_factory=Audit)
    longest_target: int = 0

    def takes(self, example: Example, made: Row | LeftOut, maker: RowMaker) -> bool:
        """Look at one outcome and count it; returns whether it is a row to train on."""
        found = audit([(example, made)], maker)
        self.audit = self.audit.merged(found)
        if isinstance(made, LeftOut) or not found.rows:
            return False
        self.longest_target = max(self.longest_target, len(made.input_ids) - made.target_from)
        return True

    @property
    def numbers(self) -> dict[str, int]:
        """All counts by name."""
        counts = {
            one.name: int(getattr(self.audit, one.name))
            for one in fields(Audit)
            if isinstance(getattr(self.audit, one.name), int)
        }
        labels = {f"labels.{label}": count for label, count in sorted(self.audit.labels.items())}
        faults = {f"faults.{cause}": count for cause, count in sorted(self.audit.faults.items())}
        return counts | {"longest_target": self.longest_target} | labels | faults

    @property
    def listed(self) -> list[dict[str, Any]]:
        """The rows at fault that are listed."""
        return [asdict(one) for one in self.audit.listed]


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


def check_references(examples: Sequence[Example], rows: RowChoices, asking: Asking, chosen: Examples) -> None:
    """Refuse to show references where no mode shows them, or where no example has a judgment made with one.

    Raises:
        UserError: that is so.
    """
    mode = asking.reference_mode or asking.mode
    if asking.spec.mode(mode).reference == "none":
        wanted = [
            f"rows.reference_mode is {mode!r}" if asking.reference_mode is not None else "",
            f"rows.reference is {rows.reference:g}" if rows.reference > 0 else "",
            "examples.validated_with is use" if chosen.validated_with == "use" else "",
        ]
        for one in filter(None, wanted):
            raise UserError(
                f"{one}, but mode {mode!r} of judge {asking.spec.name!r} shows no reference: name one that does in "
                "rows.reference_mode, or ask for no reference."
            )
    if rows.reference > 0 and not any(example.referenced is not None for example in examples):
        raise UserError(
            f"rows.reference is {rows.reference:g}, but no example has a judgment made with a reference: set it to "
            "0, or let a teacher judge with the references."
        )


def made_rows(maker: RowMaker, examples: Sequence[Example], epochs: int, seed: int, count: RowCount) -> Iterator[Row]:
    """The rows of all epochs in the order of the examples, without those at fault; `count` grows with each."""
    for epoch in range(epochs):
        for example in examples:
            made = maker.row(example, epoch, seed)
            if count.takes(example, made, maker) and isinstance(made, Row):
                yield made
