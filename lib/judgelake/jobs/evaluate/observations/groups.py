"""The tables of counts of an evaluation, by number, so that a row in Spark needs four bytes to name its table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from judgelake.jobs.evaluate.inputs import JudgeInfo

if TYPE_CHECKING:
    from pyspark.sql import Column


@dataclass(frozen=True, slots=True)
class Group:
    """One table of counts: a family of measures for one judge, for two judges, or (no judge) for labels alone."""

    family: str
    judge: int | None = None
    other: int | None = None
    subject: str | None = None
    """What else it is about: two labelers, a family of models, a swap rule."""


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups that have been asked for."""

    numbers: dict[Group, int] = field(default_factory=dict)

    def number(
        self, family: str, judge: int | None = None, other: int | None = None, subject: str | None = None
    ) -> int:
        """The number of a group, a new number if the group is new."""
        return self.numbers.setdefault(Group(family, judge, other, subject), len(self.numbers))

    def by_judge(
        self, family: str, judges: Sequence[JudgeInfo], subjects: Sequence[str | None] | None = None
    ) -> Column:
        """The group of each row's judge, by its `judge_number`.

        Args:
            family: of the measures.
            judges: all of the evaluation.
            subjects: the subject of each judge's group; a judge without one then has no group, and NULL.
        """
        numbers = [
            self.number(family, judge.number, subject=subject) if subjects is None or subject is not None else None
            for judge, subject in zip(judges, subjects or [None] * len(judges), strict=True)
        ]
        return F.element_at(F.array(*(F.lit(number).cast("int") for number in numbers)), F.col("judge_number") + 1)

    def __iter__(self) -> Iterator[tuple[int, Group]]:
        """Number and group, in the order of the numbers."""
        return iter([(number, group) for group, number in self.numbers.items()])
