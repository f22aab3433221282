"""Judges beside the labelers, as a page, a card and the terminal show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from judgelake.measures import Result
from judgelake.report import inert
from judgelake.report.content import JudgeBesideLabelers
from judgelake.report.numbers import reason_text, sentence_number, value_text
from judgelake.report.pictures import Axis, axis_of
from judgelake.report.tables import RowView, row_view

# Calderon, Reichart and Dror 2025 (arXiv 2501.10970), section 3.
LEAST_WINNING_RATE = 0.5


@dataclass(frozen=True, slots=True)
class LabelersRow:
    """One judge: its agreement with a labeler, that of two labelers, the difference, and the annotator test."""

    name: str
    judge: RowView
    labelers: RowView
    gap: RowView
    test: str
    advantage: RowView


@dataclass(frozen=True, slots=True)
class LabelersTable:
    """All judges, differences on one axis."""

    axis: Axis
    rows: tuple[LabelersRow, ...]


def labelers_table(judges: Sequence[JudgeBesideLabelers]) -> LabelersTable:
    """The judges of an evaluation; there must be one."""
    gaps = [judge.gap for judge in judges]
    axis = axis_of(gaps, gaps[0].scale)
    rows = tuple(
        LabelersRow(
            inert.name(one.name),
            row_view(one.judge),
            row_view(one.labelers),
            row_view(one.gap, axis),
            annotator_test_text(one.winning_rate),
            row_view(one.advantage),
        )
        for one in judges
    )
    return LabelersTable(axis, rows)


def annotator_test_text(winning_rate: Result) -> str:
    """What the alternative annotator test says: "passes: 2 of 3 labelers", or why there is no test."""
    if winning_rate.value is None:
        return f"no test: {reason_text(winning_rate)}"
    won = round(winning_rate.value * winning_rate.n)
    verdict = "passes" if winning_rate.value >= LEAST_WINNING_RATE else "fails"
    return f"{verdict}: {won} of {winning_rate.n} labelers"


def gap_text(judge: Result, labelers: Result, gap: Result) -> str | None:
    """The same in one line; None without a number."""
    values = [value_text(row.value, row.scale) for row in (judge, labelers)]
    if gap.value is None or None in values:
        return None
    return f"agrees with a labeler in {values[0]}, two labelers with each other in {values[1]}: {sentence_number(gap)}"
