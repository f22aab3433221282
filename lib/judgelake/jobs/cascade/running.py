"""The cascade itself: each stage's judge asked for what is left, then one row per comparison, written once.

Judgments are the judge job's, which asks nothing twice. What a stage decides is a function of the judgments and of the
thresholds alone, so a run that was killed goes on where it was, and the rows of verdicts replace those of the same run.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pyspark.sql import functions as F
from rich.console import Console

from judgelake.asking import Stopping
from judgelake.config import fingerprint, load_config
from judgelake.engine import AskerFactory
from judgelake.errors import UserError
from judgelake.jobs.cascade.config import CascadeJob
from judgelake.jobs.cascade.judged import sure_rows
from judgelake.jobs.cascade.rows import Stored, StoredStage
from judgelake.jobs.judge import JudgeJob, judge, resolve_judge, settled
from judgelake.lake import quoted, read_newest, read_pinned, replace_rows

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

UNDECIDED, FAILED = "undecided", "failed"


def asking_jobs(job: CascadeJob, stored: Stored) -> dict[int, JudgeJob]:
    """The judge job of each stage that decides anything, on the tables of the cascade.

    Raises:
        UserError: one has no file, its file does not fit, or it asks another judge than the thresholds were chosen for.
    """
    jobs = {}
    for place, stage in enumerate(stored.stages):
        if stage.threshold is None:
            continue
        path = job.stages[place].ask
        if path is None:
            raise UserError(
                f"stages[{place}].ask: name the YAML file of the judge job that asks {stage.judge.judge!r}, for --run."
            )
        asking = load_config(JudgeJob, path).model_copy(update={"tables": job.tables})
        if asking.input.where is not None or asking.input.limit is not None:
            raise UserError(f"{path!r}: input.where and input.limit must be null, for a cascade asks for what is left.")
        _check_orders(asking, stage, place)
        jobs[place] = asking
    return jobs


def _check_orders(asking: JudgeJob, stage: StoredStage, place: int) -> None:
    order, both = asking.order, stage.judge.takes_both_orders
    if both != (order.orders == "both"):
        wanted, basis = ("both", "both orders") if both else ("AB, BA or mixed", "one order")
        raise UserError(
            f"stages[{place}].ask: order.orders must be {wanted}, not {order.orders}, for the thresholds were chosen "
            f"on {basis} of each comparison. Change it, or choose again without --run."
        )
    if order.repeats > 1:
        raise UserError(f"stages[{place}].ask: order.repeats must be 1, not {order.repeats}, for one request decides.")


def check_judges(jobs: dict[int, JudgeJob], stored: Stored) -> None:
    """Do nothing if each job asks the judge that the thresholds were chosen for.

    Raises:
        UserError: one asks another.
    """
    for place, asking in jobs.items():
        check_judge(resolve_judge(settled(asking)).fingerprint, stored.stages[place], place)


def check_judge(found: str, stage: StoredStage, place: int) -> None:
    """Do nothing if this is the fingerprint of the judge of a stage.

    Raises:
        UserError: it is not.
    """
    if found != stage.judge.fingerprint:
        raise UserError(
            f"stages[{place}].ask asks a judge with the fingerprint {found[:12]}, and the thresholds were chosen for "
            f"{stage.judge.judge!r} with {stage.judge.fingerprint[:12]}: what was promised is not known of another "
            "judge. Let it judge the labelled comparisons and choose again, or ask as that one was asked."
        )


@dataclass(frozen=True, slots=True)
class Running:
    """One run of a cascade over the comparisons at one version."""

    spark: SparkSession
    job: CascadeJob
    stored: Stored
    jobs: dict[int, JudgeJob]
    version: int
    """Of the comparisons."""

    @property
    def key(self) -> str:
        """What the run is about: the same thresholds on the same part of the same table of comparisons."""
        return fingerprint(
            {"cascade": self.stored.cascade_id, "where": self.job.where, "comparisons": self.job.tables.comparisons}
        )[:32]

    @property
    def stages(self) -> list[StoredStage]:
        """Those that decide anything, in their order."""
        return [self.stored.stages[place] for place in self.jobs]

    def asked(self, console: Console | None, asker: Sequence[AskerFactory | None], stopping: Stopping | None) -> None:
        """Ask every stage for what is left; raises as `judge` does."""
        for number, (place, asking) in enumerate(self.jobs.items()):
            with self._left(number) as where:
                changed = {"where": where, "version": self.version}
                narrowed = asking.model_copy(update={"input": asking.input.model_copy(update=changed)})
                done = judge(self.spark, narrowed, console=console, asker=asker[place], stopping=stopping)
            check_judge(done.judge.fingerprint, self.stored.stages[place], place)

    def write(self) -> dict[str, int]:
        """Replace the rows of this run by its verdicts, in one commit; how many each stage decided, or why not."""
        rows = self._verdicts()
        columns = self.spark.read.table(self.job.tables.cascade_verdicts).columns
        replace_rows(rows.select(*columns), self.job.tables.cascade_verdicts, "run_key", self.key)
        written = self.spark.read.table(self.job.tables.cascade_verdicts).where(F.col("run_key") == self.key)
        counted = written.groupBy("stage", "judge", "reason").count().collect()
        counted.sort(key=lambda row: (row["stage"] is None, row["stage"] or 0, row["reason"] or ""))
        # Two stages may have judges of one name.
        return {
            row["reason"] if row["stage"] is None else f"stage {row['stage']} ({row['judge']})": row["count"]
            for row in counted
        }

    @property
    def comparisons(self) -> int:
        """How many the cascade is about."""
        return self._comparisons().count()

    def _comparisons(self) -> DataFrame:
        """comparison_id, question_id of the comparisons of two answers, each once."""
        rows = read_pinned(self.spark, self.job.tables.comparisons, self.version).df
        chosen = rows if self.job.where is None else rows.where(self.job.where)
        question = F.min("question_id") if "question_id" in rows.columns else F.lit(None).cast("string")
        return chosen.where(F.size("answers") == 2).groupBy("comparison_id").agg(question.alias("question_id"))

    def _sure(self, stages: Sequence[StoredStage]) -> DataFrame:
        """The rows of `sure_rows` of these stages, and whether one decides."""
        judgments = read_newest(self.spark, self.job.tables.judgments).df
        rows = sure_rows(judgments, [stage.judge for stage in stages])
        thresholds = F.create_map(*(F.lit(one) for stage in stages for one in (stage.judge.stage, stage.threshold)))
        rows = rows.withColumn("threshold", F.element_at(thresholds, F.col("stage")))
        return rows.withColumn("decides", F.coalesce(F.col("reliability") >= F.col("threshold"), F.lit(False)))

    @contextmanager
    def _left(self, number: int) -> Iterator[str]:
        """A predicate on the comparisons that no earlier stage decides."""
        left = self._comparisons().select("comparison_id")
        if number:
            decided = self._sure(self.stages[:number]).where("decides").select("comparison_id").distinct()
            left = left.join(decided, "comparison_id", "left_anti")
        view = f"judgelake_left_{uuid.uuid4().hex}"
        left.createOrReplaceTempView(view)
        try:
            yield f"comparison_id IN (SELECT comparison_id FROM {quoted(view)})"
        finally:
            self.spark.catalog.dropTempView(view)

    def _verdicts(self) -> DataFrame:
        """One row per comparison, with the columns of the table."""
        sure = self._sure(self.stages)
        first = F.min_by(F.struct("stage", "verdict", "reliability", "threshold"), F.col("stage"))
        decided = sure.where("decides").groupBy("comparison_id").agg(first.alias("said"))
        judged = sure.groupBy("comparison_id").agg((F.count("reliability") > 0).alias("is_judged"))
        rows = self._comparisons().join(judged, "comparison_id", "left").join(decided, "comparison_id", "left")
        stage, none = F.col("said.stage"), F.lit(None).cast("string")
        named = {one.judge.stage: (one.judge.judge, one.judge.fingerprint) for one in self.stages}

        def of_stage(place: int) -> Column:
            names = F.create_map(*(F.lit(item) for key, both in named.items() for item in (key, both[place])))
            return F.when(stage.isNotNull(), F.element_at(names, stage)).otherwise(none)

        is_judged = F.coalesce("is_judged", F.lit(False))
        return rows.select(
            F.lit(self.key).alias("run_key"),
            F.lit(self.stored.cascade_id).alias("cascade_id"),
            F.lit(self.job.name).alias("name"),
            "comparison_id",
            "question_id",
            (stage + 1).cast("int").alias("stage"),
            of_stage(0).alias("judge"),
            of_stage(1).alias("judge_fingerprint"),
            F.col("said.verdict").alias("verdict"),
            F.col("said.reliability").alias("reliability"),
            F.col("said.threshold").alias("threshold"),
            F.when(stage.isNull(), F.when(is_judged, UNDECIDED).otherwise(FAILED)).alias("reason"),
            F.lit(datetime.now(UTC)).alias("decided_at"),
        )
