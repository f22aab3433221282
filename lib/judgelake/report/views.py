"""What the page shows of one judge: its figures sorted and grouped for reading."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass

from judgelake.measures import Metric, Result, metric_named
from judgelake.report import inert
from judgelake.report.content import BothOrders, JudgeSection, MarginBin, Missing, ReportContent
from judgelake.report.findings import Finding, found_words, slice_findings
from judgelake.report.numbers import value_text
from judgelake.report.pictures import Axis, axis_of
from judgelake.report.tables import Head, RowView, TableView, row_view, table_view

MOST_OPEN_SLICES = 10
"""Slices of a dimension that are shown open, the lowest values first; the others unfold."""


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """The headline figures under one swap rule, those of single classes separate."""

    rule: str | None
    whole: TableView
    by_subject: TableView | None
    first: RowView


@dataclass(frozen=True, slots=True)
class SliceGroup:
    """One metric over the values of one dimension, the lowest first."""

    title: str
    rule: str | None
    open: TableView
    folded: TableView | None
    folded_count: int


@dataclass(frozen=True, slots=True)
class Glance:
    """A judge in one line."""

    name: str
    headline: RowView | None
    reason: str | None
    consistency: RowView | None
    position_bias: RowView | None
    position_words: str | None


def glance(section: JudgeSection, axis: Axis | None) -> Glance:
    """A judge's first headline figure, drawn on `axis` where there is one, its consistency and its position bias."""
    orders = section.both_orders if isinstance(section.both_orders, BothOrders) else None
    position = orders.position_bias if orders else None
    headline = None if isinstance(section.headline, Missing) or not section.headline else section.headline[0]
    reason = section.headline.reason if isinstance(section.headline, Missing) else "no figure was computed"
    return Glance(
        name=inert.name(section.name),
        headline=row_view(headline, axis, baselines=section.baselines) if headline else None,
        reason=None if headline else reason,
        consistency=row_view(orders.consistency) if orders else None,
        position_bias=row_view(position) if position else None,
        position_words=found_words(position) if position else None,
    )


def glance_axis(sections: Sequence[JudgeSection]) -> Axis | None:
    """One axis for the first figures of all judges; None where they have several scales, or there are none."""
    rows = [one.headline[0] for one in sections if not isinstance(one.headline, Missing) and one.headline]
    scales = {row.scale for row in rows}
    return axis_of(rows, scales.pop()) if len(scales) == 1 else None


def has_headline_rule(content: ReportContent) -> bool:
    """Whether a judge's headline is by the headline's swap rule; else, of scores alone, that rule explains nothing."""
    headlines = (judge.headline for judge in content.judges if not isinstance(judge.headline, Missing))
    return any(row.swap_rule in content.rules.swap_rules[:1] for rows in headlines for row in rows)


def worse_slices(section: JudgeSection) -> list[Finding]:
    """The slices in which a judge was found to be worse, or that there is none."""
    return slice_findings(section.compared_slices)


def rule_groups(rows: Sequence[Result], baselines: Sequence[Result] = ()) -> list[RuleGroup]:
    """The headline by swap rule, in order of appearance, with the judge's baselines beside the agreement."""
    groups = []
    for rule in dict.fromkeys(row.swap_rule for row in rows):
        members = [row for row in rows if row.swap_rule == rule]
        whole = [row for row in members if row.subject is None] or members
        single = [row for row in members if row not in whole]
        by_subject = table_view(single) if single else None
        groups.append(RuleGroup(rule, table_view(whole, baselines=baselines), by_subject, row_view(whole[0])))
    return groups


def slice_groups(
    rows: Sequence[Result], headline: Sequence[Result] | Missing, compared: Sequence[Result] = ()
) -> list[SliceGroup]:
    """The slices by dimension, metric and rule, the lowest first; those without a number last, the largest first.

    Args:
        rows: a judge's main figure in its slices.
        headline: the same over everything, among others.
        compared: `agreement_shrunk` of the slices, by which they are ordered where there is one; others are ignored.
    """
    groups = []
    shrunk = {row.slice: row.value for row in compared if row.metric == "agreement_shrunk"}
    sliced = [row for row in rows if not row.is_whole]
    for dimension, metric, rule in dict.fromkeys(_slice_key(row) for row in sliced):
        members = [row for row in sliced if _slice_key(row) == (dimension, metric, rule)]
        members.sort(key=lambda row: _by_value(row, shrunk.get(row.slice)))
        whole = _whole_of(members[0], headline)
        open_rows, folded = members[:MOST_OPEN_SLICES], members[MOST_OPEN_SLICES:]
        title = f"{metric_named(metric).title} by {inert.name(dimension)}"
        groups.append(
            SliceGroup(
                title,
                rule,
                table_view(open_rows, [_slice_head(row) for row in open_rows], whole),
                table_view(folded, [_slice_head(row) for row in folded], whole) if folded else None,
                len(folded),
            )
        )
    return groups


def calibration_view(bins: Sequence[MarginBin]) -> TableView:
    """Agreement by size of the judge's margin."""
    heads = [(one.name, None) for one in bins]
    return table_view([one.agreement for one in bins], heads)


def metrics_of(content: ReportContent) -> list[Metric]:
    """Every metric in the report, in order of appearance, for the list of explanations."""
    return [metric_named(name) for name in dict.fromkeys(row.metric for row in _rows_in(content))]


def _rows_in(part: object) -> Iterator[Result]:
    """Every figure in a content or a part of it, however deep, so that none that is shown is forgotten."""
    if isinstance(part, Result):
        yield part
    elif isinstance(part, tuple):
        for one in part:
            yield from _rows_in(one)
    elif is_dataclass(part):
        for field in fields(part):
            yield from _rows_in(getattr(part, field.name))


def _slice_key(row: Result) -> tuple[str, str, str | None]:
    return row.dimension, row.metric, row.swap_rule


def _slice_head(row: Result) -> Head:
    return row.slice_value, row.subject


def _by_value(row: Result, shrunk: float | None) -> tuple[bool, float, float, int]:
    value = row.value
    if value is None or value_text(value, row.scale) is None:
        return True, 0.0, 0.0, -row.n
    return False, value if shrunk is None else shrunk, value, -row.n


def _whole_of(sliced: Result, headline: Sequence[Result] | Missing) -> Result | None:
    if isinstance(headline, Missing):
        return None
    name = (sliced.metric, sliced.swap_rule, sliced.subject)
    return next((row for row in headline if (row.metric, row.swap_rule, row.subject) == name), None)
