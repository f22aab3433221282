"""Cells to figures of every group and slice, and figures to rows of the metrics table, on driver or executors."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
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
from judgelake.measures import Result
from judgelake.measures.families import (
    WHOLE,
    Buckets,
    Figure,
    Table,
    alpha_figures,
    aspect_figures,
    family_matrix,
    game_figures,
    has_yes_no_labels,
    holm,
    judge_pair_figures,
    labeler_pair_figures,
    labeler_score_pair_figures,
    leaderboard_figures,
    length_beyond_labelers_figures,
    length_figures,
    order_figures,
    pair_figures,
    ranking_figures,
    repeat_figures,
    score_figures,
    self_preference_beyond_labelers_figures,
    self_preference_figures,
    table_of,
)

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
    """The rows of one group and slice, and its number of questions."""

    questions: int
    rows: tuple[Result, ...]


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
        table = table_of(cells, VOCABULARIES.get(group.family, ()), self.buckets)
        return Told(table.questions, tuple(self.rows(group, place[1], table)))

    def rows(self, group: Group, number: int, table: Table) -> Iterator[Result]:
        """The rows of one table."""
        judge, least = None if group.judge is None else self.judges[group.judge], self.job.slices.least
        for figure in self._figures(group, table):
            # If nothing counts the figure itself gives the reason.
            is_small = number != WHOLE and 0 < table.comparisons_of(figure.n) < least
            rules = rules_of(figure, judge, self.job, TOO_FEW.format(least) if is_small else None)
            yield row_of(figure, judge, self.slices.name(number), table.questions, rules, table.hashed)

    def _figures(self, group: Group, table: Table) -> Iterator[Figure]:
        job = self.job
        of_family: dict[str, Callable[[], Iterator[Figure]]] = {
            "orders": lambda: order_figures(table, job.failure_rule),
            "pairs": lambda: pair_figures(table, job.swap_rules, job.failure_rule),
            "lengths": lambda: length_figures(table),
            "lengths_of_labelers": lambda: length_beyond_labelers_figures(table),
            "own_family": lambda: self_preference_figures(table),
            "own_family_of_labelers": lambda: self_preference_beyond_labelers_figures(table),
            "family_matrix": lambda: family_matrix(table),
            "scores": lambda: chain(
                score_figures(table, job.failure_score),
                aspect_figures(table, job.failure_score) if has_yes_no_labels(table) else (),
            ),
            "rankings": lambda: ranking_figures(table),
            "repeats": lambda: repeat_figures(table),
            "judge_pairs": lambda: judge_pair_figures(table, self.judges[group.other or 0].name),
            "models": lambda: chain(leaderboard_figures(table), game_figures(table)),
            "labelers": lambda: labeler_pair_figures(table, group.subject or ""),
            "labeler_scores": lambda: (
                labeler_score_pair_figures(table, group.subject or "") if table.counts else iter(())
            ),
            "units": lambda: alpha_figures(table, "nominal"),
            "score_units": lambda: alpha_figures(table, "interval"),
        }
        return of_family[group.family]()


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
        whole = found.get((place, WHOLE))
        of_whole = tuple(figuring.rows(group, WHOLE, Table())) if whole is None else whole.rows
        yield from of_whole
        has_aspects = any(row.metric.startswith(ASPECT_PREFIX) for row in of_whole)
        for number in figuring.slices.numbers:
            if number != WHOLE and (told := found.get((place, number))):
                rows = told.rows
                yield from (row for row in rows if has_aspects or not row.metric.startswith(ASPECT_PREFIX))


def with_corrected(rows: list[Result]) -> Iterator[Result]:
    """The rows, with Holm's corrected p-value after each p-value of two judges."""
    tested = [row for row in rows if row.metric == "mcnemar_p"]
    known = [row for row in tested if row.value is not None]
    corrected = dict(zip(map(id, known), holm([row.value or 0.0 for row in known]), strict=True))
    for row in rows:
        yield row
        if row.metric == "mcnemar_p":
            yield replace(row, metric="mcnemar_p_holm", value=corrected.get(id(row)))
