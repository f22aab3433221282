"""An evaluation: one pass over judgments and labels, then statistics on what was counted."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame

from judgelake.evaluating.agreement_observations import labeler_observations, repeat_observations
from judgelake.evaluating.features import SliceNames, features_of, slice_names
from judgelake.evaluating.figures import metric_rows
from judgelake.evaluating.groups import Counted, Groups
from judgelake.evaluating.inputs import Inputs, gone_versions_named, read_inputs
from judgelake.evaluating.observations import (
    judge_pair_observations,
    label_model_observations,
    pair_observations,
    pair_rows,
)
from judgelake.evaluating.rows import run_id_of, write_rows
from judgelake.evaluating.score_observations import (
    graded_rows,
    ranking_observations,
    score_observations,
)
from judgelake.evaluation import ROWS_A_TASK, EvaluateJob, Result, Table, count_cells
from judgelake.lake import create_tables, register

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Observations of one judgment, about: both orders, the vote, length, the game of two models, pairs of judges.
OBSERVATIONS_A_JUDGMENT = 3


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What an evaluation came to; `rows` are in the metrics table under `run_id`."""

    run_id: str
    job: EvaluateJob
    inputs: Inputs
    slices: SliceNames
    counted: Counted
    rows: tuple[Result, ...]
    verdicts: DataFrame
    """One row a comparison of two answers and judge; see `pair_rows`. Persisted: unpersist it when done."""
    graded: DataFrame | None
    """One row a judge, labeled comparison and vote; see `graded_rows`. Persisted as well; None where it is not made."""
    computed_at: datetime


def evaluate(spark: SparkSession, job: EvaluateJob, say: Callable[[str], None] = lambda line: None) -> Evaluation:
    """Evaluate the judgments of the job and write the metrics table.

    Args:
        spark: a session with Delta.
        job: what is held against what, by which rules.
        say: hears what is being done.

    Raises:
        UserError: a table, version, column or label named in the job is not there, or nothing can be evaluated.
    """
    register(spark, job.tables)
    inputs = read_inputs(spark, job)
    create_tables(spark, job.tables)
    total = sum(judge.judgments for judge in inputs.judges)
    say(f"{total:,} judgments of {len(inputs.judges)} judges, labels of {len(inputs.labelers)} labelers")
    with ExitStack() as in_memory, gone_versions_named(inputs.versions):
        features = features_of(inputs.comparisons, job.slices.by).persist()
        in_memory.callback(features.unpersist)
        slices = slice_names(features, job.slices)
        rows = pair_rows(inputs, features, slices, job).persist()
        # The caller gets the verdicts, and releases them; where there is no caller to get them, this does.
        on_failure = in_memory.enter_context(ExitStack())
        on_failure.callback(rows.unpersist)
        graded = _graded(inputs, features, slices, job)
        if graded is not None:
            on_failure.callback(graded.persist().unpersist)
        say(f"counting, {job.replicates:,} bootstrap replicates")
        counted = _counted(rows, graded, features, inputs, slices, job)
        say("computing metrics")
        made = tuple(metric_rows(counted, inputs, slices, job))
        run_id, now = run_id_of(job, inputs), datetime.now(UTC)
        write_rows(spark, job, inputs, run_id, made, now)
        on_failure.pop_all()
    return Evaluation(run_id, job, inputs, slices, counted, made, rows, graded, now)


def _graded(inputs: Inputs, features: DataFrame, slices: SliceNames, job: EvaluateJob) -> DataFrame | None:
    """`graded_rows`, where a judge gives scores or a comparison has three and more answers."""
    # Most tables hold pairs alone, and then none of this need be looked at.
    if not any(judge.is_asked_for_scores for judge in inputs.judges) and features.where("size > 2").isEmpty():
        return None
    return graded_rows(inputs, features, slices, job)


def _counted(
    rows: DataFrame,
    graded: DataFrame | None,
    features: DataFrame,
    inputs: Inputs,
    slices: SliceNames,
    job: EvaluateJob,
) -> Counted:
    groups = Groups()
    observations = _observations(rows, graded, features, inputs, groups, job)
    total = sum(judge.judgments for judge in inputs.judges)
    partitions = max(1, math.ceil(total * OBSERVATIONS_A_JUDGMENT / ROWS_A_TASK))
    cells = count_cells(observations, job.replicates, job.seed, partitions)
    return {
        (group, number): cells.get((place, number), Table()) for place, group in groups for number in slices.numbers
    }


def _observations(
    rows: DataFrame, graded: DataFrame | None, features: DataFrame, inputs: Inputs, groups: Groups, job: EvaluateJob
) -> DataFrame:
    """All families that this data has."""
    made = [
        pair_observations(rows, inputs, groups, job),
        judge_pair_observations(rows, inputs, groups),
        label_model_observations(features, inputs, groups, job),
        labeler_observations(inputs, features, groups, job.labels.tie_margin),
        repeat_observations(inputs, features, groups),
    ]
    if graded is not None:
        made += [score_observations(graded, inputs, groups, job), ranking_observations(graded, inputs, groups, job)]
    return reduce(DataFrame.unionByName, (part for part in made if part is not None))
