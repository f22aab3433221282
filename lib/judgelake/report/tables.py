"""Rows of figures as the page shows them: every cell is text, figures of one scale share an axis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from judgelake.measures import Result, Scale, metric_named
from judgelake.report import inert
from judgelake.report.baselines import beside
from judgelake.report.content import Confusion
from judgelake.report.numbers import (
    bounds_text,
    count_text,
    interval_text,
    reason_text,
    simultaneous_text,
    value_text,
)
from judgelake.report.pictures import Axis, Mark, Track, axis_of, heat, track

Head: TypeAlias = tuple[str | None, str | None]
"""Title and second line of a row."""

SCALE_TITLES = {
    Scale.RATE: "Shares",
    Scale.POINTS: "Differences, in percentage points",
    Scale.COEFFICIENT: "Coefficients",
    Scale.NUMBER: "Other figures",
}
# How many columns of a matrix fit on an upright A4 sheet at screen size, and how many in small print.
WIDE = 6
WIDEST_ON_PAPER = 14


@dataclass(frozen=True, slots=True)
class BesideView:
    """The baselines of a figure: their lines in its picture, the same in words, and where the figure is."""

    lines: tuple[tuple[str, str], ...]
    """Style and place of each line."""
    words: str
    standing: str | None


@dataclass(frozen=True, slots=True)
class RowView:
    """One row, ready to be written. `title` and `about` may be text from tables."""

    title: str
    about: str | None
    rule: str | None
    value: str | None
    interval: str | None
    simultaneous: str | None
    reason: str | None
    track: Track | None
    n: str
    questions: str | None
    coverage: str | None
    asked: str | None
    bounds: str | None
    beside: BesideView | None = None


@dataclass(frozen=True, slots=True)
class ScaleGroup:
    """The rows of one scale, on one axis."""

    title: str
    axis: Axis
    rows: tuple[RowView, ...]


@dataclass(frozen=True, slots=True)
class TableView:
    """A table of figures. `whole` marks the figure of all comparisons, in tables of slices."""

    groups: tuple[ScaleGroup, ...]
    whole: Mark | None = None

    @property
    def has_baselines(self) -> bool:
        """Whether there are lines of baselines in any picture."""
        return any(row.beside for group in self.groups for row in group.rows)

    @property
    def has_questions(self) -> bool:
        """Whether any row has a number of questions; else there is no such column."""
        return any(row.questions for group in self.groups for row in group.rows)

    @property
    def has_coverage(self) -> bool:
        """Whether any row has a coverage; else there is no such column."""
        return any(row.coverage for group in self.groups for row in group.rows)


def row_view(
    row: Result,
    axis: Axis | None = None,
    title: str | None = None,
    about: str | None = None,
    baselines: Sequence[Result] = (),
) -> RowView:
    """A row as text.

    Args:
        row: the figure.
        axis: on which its picture is drawn; None: an axis for this row alone.
        title: its heading; None: the metric, with its subject as `about`.
        about: a second line of the heading, in smaller print.
        baselines: those of its judge; see `baselines.beside`.
    """
    own_axis = axis or axis_of([row], row.scale)
    return RowView(
        title=inert.name(title) if title is not None else metric_named(row.metric).title,
        about=_name(about if title is not None else row.subject),
        rule=row.swap_rule,
        value=value_text(row.value, row.scale),
        interval=interval_text(row),
        simultaneous=simultaneous_text(row),
        reason=reason_text(row),
        track=track(row, own_axis),
        n=count_text(row.n),
        questions=None if row.clusters is None else count_text(row.clusters),
        coverage=value_text(row.coverage, Scale.RATE),
        asked=None if row.asked is None else count_text(row.asked),
        bounds=bounds_text(row),
        beside=_beside_view(row, own_axis, baselines),
    )


def one_rule(rows: Iterable[Result]) -> str | None:
    """The swap rule of all the figures; None where there are several, or a figure has none."""
    rules = {row.swap_rule for row in rows}
    return rules.pop() if len(rules) == 1 else None


def table_view(
    rows: Sequence[Result],
    heads: Sequence[Head] | None = None,
    whole: Result | None = None,
    baselines: Sequence[Result] = (),
) -> TableView:
    """The rows grouped by scale, in order of appearance.

    Args:
        rows: the figures.
        heads: title and second line of each row; None: metric and subject.
        whole: the figure of all comparisons, of the same metric as all rows.
        baselines: those of the judge that the rows are about; none for slices, whose baselines are others.
    """
    headed = list(zip(rows, heads or [(None, None)] * len(rows), strict=True))
    groups = []
    for scale in dict.fromkeys(row.scale for row in rows):
        members = [(row, head) for row, head in headed if row.scale is scale]
        axis = axis_of([*(row for row, _ in members), *([whole] if whole else [])], scale)
        views = [row_view(row, axis, *head, baselines=baselines) for row, head in members]
        groups.append(ScaleGroup(SCALE_TITLES[scale], axis, tuple(views)))
    return TableView(tuple(groups), _mark_of_whole(groups, whole))


@dataclass(frozen=True, slots=True)
class HeatCell:
    """A cell of a matrix: its text, a second text, how strongly it is coloured, and whether it lies on the diagonal."""

    text: str
    detail: str | None
    level: int
    is_diagonal: bool = False


@dataclass(frozen=True, slots=True)
class HeatRow:
    """A row of a matrix with its total, where it has one."""

    name: str
    cells: tuple[HeatCell, ...]
    total: str | None = None


@dataclass(frozen=True, slots=True)
class MatrixView:
    """A matrix with names on both sides."""

    columns: tuple[str, ...]
    rows: tuple[HeatRow, ...]
    totals: tuple[str, ...] = ()

    @property
    def is_wide(self) -> bool:
        """Whether it fits on paper only in small print."""
        return WIDE < len(self.columns) <= WIDEST_ON_PAPER

    @property
    def is_too_wide_for_paper(self) -> bool:
        """Whether it does not fit on paper at all."""
        return len(self.columns) > WIDEST_ON_PAPER


def confusion_view(confusion: Confusion) -> MatrixView:
    """Labels x verdicts: counts, with the share of the row; the diagonal is where the verdict is the label."""
    rows = []
    for label, counts in zip(confusion.labels, confusion.counts, strict=True):
        total = sum(counts)
        cells = tuple(
            _count_cell(count, total, verdict == label)
            for count, verdict in zip(counts, confusion.verdicts, strict=True)
        )
        rows.append(HeatRow(inert.name(label), cells, count_text(total)))
    totals = tuple(count_text(sum(column)) for column in zip(*confusion.counts, strict=True))
    grand = count_text(sum(map(sum, confusion.counts)))
    return MatrixView(tuple(map(inert.name, confusion.verdicts)), tuple(rows), (*totals, grand) if totals else ())


def matrix_view(names: Sequence[str], pairs: Iterable[tuple[str, str, Result]]) -> MatrixView:
    """A symmetric matrix of figures between names; a pair that is not among `pairs` is an empty cell."""
    known = {frozenset((first, second)): row for first, second, row in pairs}
    rows = []
    for one in names:
        cells = [_pair_cell(known.get(frozenset((one, other))), is_diagonal=one == other) for other in names]
        rows.append(HeatRow(inert.name(one), tuple(cells)))
    return MatrixView(tuple(map(inert.name, names)), tuple(rows))


def _beside_view(row: Result, axis: Axis, baselines: Sequence[Result]) -> BesideView | None:
    found = beside(row, baselines)
    if found is None:
        return None
    lines = tuple((one.line, axis.place(one.value)) for one in found.all)
    return BesideView(lines, found.words, found.standing)


def _name(text: str | None) -> str | None:
    return None if text is None else inert.name(text)


def _mark_of_whole(groups: Sequence[ScaleGroup], whole: Result | None) -> Mark | None:
    if whole is None or len(groups) != 1 or whole.value is None:
        return None
    text = value_text(whole.value, whole.scale)
    return None if text is None else Mark(groups[0].axis.place(whole.value), text)


def _count_cell(count: float, total: float, is_diagonal: bool) -> HeatCell:
    share = count / total if total else None
    return HeatCell(count_text(count), value_text(share, Scale.RATE), heat(share), is_diagonal)


def _pair_cell(row: Result | None, is_diagonal: bool) -> HeatCell:
    if row is None or is_diagonal:
        return HeatCell("", None, 0, is_diagonal)
    text = value_text(row.value, row.scale)
    if text is None:
        return HeatCell("no number", reason_text(row), 0)
    return HeatCell(text, interval_text(row), heat(row.value))
