"""An evaluation: judgments and labels counted in Spark, then statistics on what was counted."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from math import comb
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame

from judgelake.jobs.evaluate.config import EvaluateJob
from judgelake.jobs.evaluate.corrections import with_corrected
from judgelake.jobs.evaluate.counting import count_cells
from judgelake.jobs.evaluate.features import SliceNames, Survey
from judgelake.jobs.evaluate.figures import (
    Figuring,
    Place,
    Told,
    metric_rows,
    told_by_driver,
    told_by_executors,
)
from judgelake.jobs.evaluate.headline import LISTED, chosen_rules
from judgelake.jobs.evaluate.inputs import Chosen, Inputs, chosen_rows, gone_versions_named
from judgelake.jobs.evaluate.leaderboards import Board, rank_rows
from judgelake.jobs.evaluate.observations.agreement import MOST_LABELERS, labeler_observations, repeat_observations
from judgelake.jobs.evaluate.observations.alternative import alternative_observations
from judgelake.jobs.evaluate.observations.groups import Groups
from judgelake.jobs.evaluate.observations.judge_pairs import (
    Pair,
    all_pairs,
    always_pairs,
    judge_pair_observations,
    nearest_pairs,
)
from judgelake.jobs.evaluate.observations.judged import judged_rows
from judgelake.jobs.evaluate.observations.masses import mass_observations
from judgelake.jobs.evaluate.observations.pairs import label_model_observations, pair_observations
from judgelake.jobs.evaluate.observations.scores import graded_rows, ranking_observations, score_observations
from judgelake.jobs.evaluate.pair_reading import read_pairs
from judgelake.jobs.evaluate.rows import run_id_of, write_rows
from judgelake.lake import named_in, register
from judgelake.measures import PAIRS, Result, main_metrics
from judgelake.measures.families import MOST_TESTED, WHOLE
from judgelake.runtime import freed, kept_in_memory

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NEEDED = ("comparisons", "labels", "judgments", "metrics")
"""The tables that an evaluation reads or writes."""
# Cells that the driver processes, 25 bytes each, instead of starting a Python worker; and tables, about 20 ms each.
FEW_CELLS = 200_000
FEW_TABLES = 500
# Rows of so many are scanned once for all observations instead of once for each.
FEW_JUDGMENTS = 100_000


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The results of an evaluation; `rows` are those of the metrics table under `run_id`."""

    run_id: str
    job: EvaluateJob
    """With the swap rules that were used, also if they were chosen from the data."""
    inputs: Inputs
    slices: SliceNames
    rows: tuple[Result, ...]
    verdicts: DataFrame
    """One row per comparison of two answers and judge; see `judged_rows`."""
    graded: DataFrame | None
    """One row per judge, labeled comparison and vote; see `graded_rows`. None if it is not needed."""
    computed_at: datetime
    why_headline: str = LISTED
    """Why the headline has its swap rule, as a clause."""
    persisted: tuple[DataFrame, ...] = ()

    def write(self, spark: SparkSession) -> None:
        """Replace the earlier rows of this evaluation in the metrics table by these, in one commit."""
        write_rows(spark, self.job, self.inputs, self.run_id, self.rows, self.computed_at)

    def release(self) -> None:
        """Free the memory of `verdicts` and `graded`: call it when they are not needed any more."""
        for rows in self.persisted:
            freed(rows)


def compute(
    spark: SparkSession,
    job: EvaluateJob,
    say: Callable[[str], None] = lambda line: None,
    narrowed: Callable[[Chosen], Chosen] = lambda chosen: chosen,
) -> Evaluation:
    """Evaluate the judgments of the job; the metrics table exists afterwards, and is not yet written to.

    Args:
        spark: a session with Delta.
        job: what is compared with what, by which rules.
        say: gets progress messages.
        narrowed: leaves out rows of the pinned tables for a reason that is no predicate of the job. An evaluation
            narrowed by it is not to be written: its rows would have the name of the whole one.

    Raises:
        UserError: a table, version, column or label named in the job does not exist, or nothing can be evaluated.
    """
    needed = {*NEEDED, *named_in(job.tables, job.where, job.judgments_where)}
    register(spark, job.tables, needed)
    chosen = narrowed(chosen_rows(spark, job))
    with ExitStack() as in_memory, gone_versions_named(chosen.versions):
        # The caller gets the verdicts and releases them; on an error, this releases them.
        on_failure = in_memory.enter_context(ExitStack())
        read = read_pairs(spark, job, chosen, needed, (in_memory, on_failure), say)
        inputs, known, found = read.inputs, read.known, read.surveyed
        rules = chosen_rules(job, inputs.judges, found.asked)
        job = job.model_copy(update={"swap_rules": rules.rules})
        rows = judged_rows(read.pairs, job, inputs.judges, known.slices, found.offsets)
        graded = _graded(inputs, read.features, known, job)
        if graded is not None:
            on_failure.callback(freed, kept_in_memory(graded))
        say("counting and computing metrics")
        made = _by_rule(_Counting(rows, graded, read.features, inputs, known, job, found.offsets).metrics(), job)
        run_id, now = run_id_of(job, inputs), datetime.now(UTC)
        on_failure.pop_all()
    persisted = (read.pairs,) if graded is None else (read.pairs, graded)
    return Evaluation(run_id, job, inputs, known.slices, made, rows, graded, now, rules.why, persisted)


def _by_rule(rows: list[Result], job: EvaluateJob) -> tuple[Result, ...]:
    """The rows in the order of their swap rules, whatever tables of counts they come from; then those without."""
    places = {rule.value: place for place, rule in enumerate(job.rules)}
    return tuple(sorted(rows, key=lambda row: places.get(row.swap_rule or "", len(places))))


def _graded(inputs: Inputs, features: DataFrame, known: Survey, job: EvaluateJob) -> DataFrame | None:
    """`graded_rows`, if a judge gives scores or a comparison has three or more answers."""
    # Most tables contain only pairs, and then none of this is needed.
    if not any(judge.is_asked_for_scores for judge in inputs.judges) and known.most_answers <= 2:
        return None
    return graded_rows(inputs, features, known.slices, job)


@dataclass(frozen=True, slots=True)
class _Counting:
    """Everything from which the observations of an evaluation are made."""

    rows: DataFrame
    graded: DataFrame | None
    features: DataFrame
    inputs: Inputs
    known: Survey
    job: EvaluateJob
    offsets: dict[int, float]

    def metrics(self) -> list[Result]:
        """All rows of the metrics table."""
        groups, judges, wanted = Groups(), self.inputs.judges, self.job.judge_pairs
        # An unknown judge is reported before anything is counted.
        tuple(always_pairs(judges, wanted))
        pairs = all_pairs(judges, wanted)
        found = self._told(self._observations(groups, pairs or ()), groups)
        if pairs is None:
            pairs = nearest_pairs(judges, wanted, self._standing(found, groups))
            compared = self._of_judge_pairs(groups, pairs)
            found |= {} if compared is None else self._told(compared, groups)
        rows = [*with_corrected([*metric_rows(found, self._figuring(groups))])]
        return [*rows, *rank_rows(self._boards(found, groups), pairs, self.job)]

    def _observations(self, groups: Groups, pairs: tuple[Pair, ...]) -> DataFrame:
        """The observations of all families in the data."""
        inputs, job, features, graded = self.inputs, self.job, self.features, self.graded
        made = [
            pair_observations(
                self.rows, inputs, groups, job, self.offsets, self.known.slices, in_one_pass=self._has_few_judgments
            ),
            self._of_judge_pairs(groups, pairs),
            label_model_observations(features, inputs, groups, job),
            labeler_observations(inputs, features, groups, job.labels.tie_margin),
            alternative_observations(self.rows, inputs, groups, job.labels.tie_margin),
            repeat_observations(inputs, features, groups),
            mass_observations(inputs, features, groups),
        ]
        if graded is not None:
            made.append(score_observations(graded, inputs, groups, job))
            if self.known.most_answers > 2:
                made.append(ranking_observations(graded, inputs, groups, job))
        return reduce(DataFrame.unionByName, (part for part in made if part is not None))

    def _of_judge_pairs(self, groups: Groups, pairs: tuple[Pair, ...]) -> DataFrame | None:
        is_summed = self.known.buckets.tell_questions and not self._has_few_judgments
        slices = self.known.slices.of_comparisons if self.job.judge_pairs.in_slices else ()
        return judge_pair_observations(
            self.rows, self.inputs, groups, pairs, self.job.labels.rule, slices=slices, is_summed=is_summed
        )

    def _told(self, observations: DataFrame, groups: Groups) -> dict[Place, Told]:
        cells, figuring = count_cells(observations, self.known.buckets), self._figuring(groups)
        if self._has_few_cells(len(groups.numbers)):
            return told_by_driver(cells.toArrow(), figuring)
        return told_by_executors(cells, figuring)

    @property
    def _has_few_judgments(self) -> bool:
        return sum(judge.judgments for judge in self.inputs.judges) <= FEW_JUDGMENTS

    def _has_few_cells(self, groups: int) -> bool:
        """Whether the driver can process all cells: by an upper bound, since counting them would take one more pass."""
        judges, labelers = len(self.inputs.judges), min(len(self.inputs.labelers), MOST_LABELERS)
        # Among them one of each label on a judged comparison, where the labelers are few enough to be tested.
        of_each = 5 * len(self.job.slices.by) + 15 + 2 * min(len(self.inputs.labelers), MOST_TESTED)
        of_each += judges * (1 + len(self.job.slices.by) * self.job.judge_pairs.in_slices)
        of_judgments = sum(judge.judgments for judge in self.inputs.judges) * of_each
        of_labels = self.known.comparisons * self.known.most_answers * (4 + 2 * comb(labelers, 2))
        sliced = groups if self.job.judge_pairs.in_slices else 2 * judges
        tables = groups + sliced * len(self.known.slices.names)
        return of_judgments + of_labels <= FEW_CELLS and tables <= FEW_TABLES

    def _figuring(self, groups: Groups) -> Figuring:
        return Figuring(tuple(groups.numbers), self.inputs.judges, self.known.slices, self.known.buckets, self.job)

    def _standing(self, found: dict[Place, Told], groups: Groups) -> dict[int, float]:
        """Number of a judge to its agreement by the headline's rule, if it has one."""
        rule, main = self.job.headline.value, main_metrics(PAIRS)
        return {
            group.judge: row.value
            for number, group in groups
            if group.family in ("pairs", "scored_pairs") and group.judge is not None and (number, WHOLE) in found
            for row in found[number, WHOLE].rows
            if row.metric in main and row.swap_rule == rule and row.value is not None
        }

    def _boards(self, found: dict[Place, Told], groups: Groups) -> list[Board]:
        """The leaderboards, the labels' last."""
        return [
            Board.of(None if group.judge is None else self.inputs.judges[group.judge], told.questions, told.rows)
            for number, group in groups
            if group.family == "models" and (told := found.get((number, WHOLE))) is not None
        ]
