"""Cells to figures of every group and slice, and figures to rows of the metrics table, on driver or executors."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from judgelake.jobs.evaluate.config import EvaluateJob
from judgelake.jobs.evaluate.features import SliceNames
from judgelake.jobs.evaluate.inputs import JudgeInfo
from judgelake.jobs.evaluate.observations.groups import Group
from judgelake.jobs.evaluate.observations.observation import VOCABULARIES
from judgelake.jobs.evaluate.row_rules import rules_of
from judgelake.jobs.evaluate.rows import row_of
from judgelake.measures import PAIRS, Result, SwapRule, main_metrics
from judgelake.measures.families import (
    BY_HEADLINE,
    FIGURES_OF,
    WHOLE,
    Asked,
    Buckets,
    Figure,
    RightCounts,
    Table,
    slice_figures,
    table_of,
)
from judgelake.trust.corrected import corrected_figures

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

TOO_FEW = "fewer than {} comparisons count in this slice"
RESULT_DDL = "group INT, slice INT, told BINARY"
# A table of pairs takes about 20 ms, so a task of this many takes a second or two.
TABLES_A_TASK = 64
MOST_TASKS = 1_000
ASPECT_PREFIX = "aspect_"


@dataclass(frozen=True, slots=True)
class Told:
    """The rows of one group and slice, and its number of questions.

    `right` has the counts of the agreement by the headline's swap rule, for comparing slices; None for other
    families, and for slices of too few comparisons.
    """

    questions: int
    rows: tuple[Result, ...]
    right: RightCounts | None = field(default=None, compare=False)


Place = tuple[int, int]
"""The number of a group and of a slice."""


@dataclass(frozen=True, slots=True)
class Figuring:
    """Makes rows from the cells of one group and slice; picklable, so that executors can do the same as the driver."""

    groups: tuple[Group, ...]
    judges: tuple[JudgeInfo, ...]
    slices: SliceNames
    buckets: Buckets
    job: EvaluateJob

    def __call__(self, place: Place, cells: pa.Table) -> Told:
        """The rows of one group and slice.

        Args:
            place: their numbers.
            cells: rows of `CELL`, all of that group and slice.
        """
        group = self.groups[place[0]]
        is_half = self.job.headline is SwapRule.MEAN and group.family in BY_HEADLINE and group.judge is not None
        share = 0.5 if is_half else 1.0
        table = table_of(cells, VOCABULARIES.get(group.family, ()), self.buckets, share)
        figures = tuple(self._figures(group, table))
        rows = tuple(self._rows(group, place[1], table, figures))
        return Told(table.questions, rows, self._right(place[1], table, figures))

    def rows_of_nothing(self, group: Group) -> tuple[Result, ...]:
        """The rows over everything of a group without any observation."""
        return tuple(self._rows(group, WHOLE, Table(), self._figures(group, Table())))

    def slice_rows(self, group: Group, whole: Told, told: Mapping[int, Told]) -> dict[int, list[Result]]:
        """The rows that compare each slice of a judge with all comparisons outside of it.

        Args:
            group: of a judge.
            whole: everything.
            told: the number of each slice to what is known of it.
        """
        rows: dict[int, list[Result]] = {}
        if whole.right is None or group.judge is None:
            return rows
        judge = self.judges[group.judge]
        for dimension in self.slices.dimensions:
            numbers = [self.slices.number(dimension, value) for value in self.slices.values(dimension)]
            counted = {number: right for number in numbers if number in told and (right := told[number].right)}
            for number, figure in slice_figures(whole.right, counted):
                rules, questions = rules_of(figure, judge, self.job), told[number].questions
                row = row_of(figure, judge, self.slices.name(number), questions, rules)
                rows.setdefault(number, []).append(row)
        return rows

    def _rows(self, group: Group, number: int, table: Table, figures: Iterable[Figure]) -> Iterator[Result]:
        judge = None if group.judge is None else self.judges[group.judge]
        for figure in figures:
            rules = rules_of(figure, judge, self.job, self._withheld(number, table, figure))
            yield row_of(figure, judge, self.slices.name(number), table.questions, rules, table.hashed)

    def _right(self, number: int, table: Table, figures: Iterable[Figure]) -> RightCounts | None:
        rule, main = self.job.headline.value, main_metrics(PAIRS)
        found = next((figure for figure in figures if figure.metric in main and figure.swap_rule == rule), None)
        is_shown = found is not None and self._withheld(number, table, found) is None
        return RightCounts.of(found, table) if found is not None and is_shown else None

    def _withheld(self, number: int, table: Table, figure: Figure) -> str | None:
        """Why a figure of a slice is not shown; None if it is, or if nothing counts and it says so itself."""
        least = self.job.slices.least
        is_small = number != WHOLE and 0 < table.comparisons_of(figure.n) < least
        return TOO_FEW.format(least) if is_small else None

    def _figures(self, group: Group, table: Table) -> Iterable[Figure]:
        job = self.job
        subject = group.subject if group.other is None else self.judges[group.other].name
        asked = Asked(job.rules, job.failure_rule, job.failure_score, job.labels.epsilon, subject or "")
        figures = FIGURES_OF[group.family](table, asked)
        if group.family != "models" or group.judge is None:
            return figures
        return chain(figures, corrected_figures(table, job.corrected.half_width, self._stratum))

    def _stratum(self, number: str) -> str:
        """The name of a stratum that `stratum_column` gives."""
        return self.slices.name(int(number)) if number else f"no {self.job.corrected.strata}"


def told_by_driver(cells: pa.Table, figuring: Figuring) -> dict[Place, Told]:
    """The rows of every group and slice, for few cells: starting a Python worker for these would take longer."""
    group, number = (cells[name].to_numpy().astype(np.int64) for name in ("group", "slice"))
    order = np.lexsort((number, group))
    cells, places = cells.take(order), np.stack([group[order], number[order]])
    starts = np.flatnonzero(np.diff(places, axis=1, prepend=-1).any(axis=0))
    found = {}
    for start, end in zip(starts, np.append(starts, cells.num_rows)[1:], strict=True):
        place = int(places[0, start]), int(places[1, start])
        found[place] = figuring(place, cells.slice(start, end - start))
    return found


def told_by_executors(cells: DataFrame, figuring: Figuring) -> dict[Place, Told]:
    """The rows of every group and slice, each computed where its cells are; only rows go to the driver."""
    tables = len(figuring.groups) * len(figuring.slices.numbers)
    tasks = max(1, min(MOST_TASKS, -(-tables // TABLES_A_TASK)))

    def told(key: tuple[Any, ...], cells: pa.Table) -> pa.Table:
        place = key[0].as_py(), key[1].as_py()
        made = pickle.dumps(figuring(place, cells))
        return pa.table(
            {
                "group": pa.array([place[0]], pa.int32()),
                "slice": pa.array([place[1]], pa.int32()),
                "told": pa.array([made], pa.binary()),
            }
        )

    by_table = cells.repartition(tasks, "group", "slice").groupBy("group", "slice")
    results = by_table.applyInArrow(told, RESULT_DDL).toArrow()
    # Safe to unpickle: just pickled by our own workers.
    return {
        (group, number): pickle.loads(made)
        for group, number, made in zip(*(results[name].to_pylist() for name in ("group", "slice", "told")), strict=True)
    }


def metric_rows(found: Mapping[Place, Told], figuring: Figuring) -> Iterator[Result]:
    """All rows of the groups, ordered by group and slice.

    A group without any observation also has its rows over everything, with the reason. A yes/no figure is given in a
    slice only if it is given over everything: in a small slice any scale may happen to have only 0 and 1.
    """
    for place, group in enumerate(figuring.groups):
        told = {number: found[place, number] for number in figuring.slices.numbers if (place, number) in found}
        if WHOLE not in told:
            yield from figuring.rows_of_nothing(group)
            continue
        whole = told.pop(WHOLE)
        yield from whole.rows
        has_aspects = any(row.metric.startswith(ASPECT_PREFIX) for row in whole.rows)
        compared = figuring.slice_rows(group, whole, told)
        for number, of_slice in told.items():
            yield from (row for row in of_slice.rows if has_aspects or not row.metric.startswith(ASPECT_PREFIX))
            yield from compared.get(number, ())
