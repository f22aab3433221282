"""The trust job: indicators of every verdict, what labels say of them, and the table `reliability`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from judgelake.jobs.evaluate import (
    EvaluateJob,
    chosen_rows,
    chosen_rules,
    gone_versions_named,
    id_of,
    judged_rows,
    read_pairs,
    row_of,
    rules_of,
    write_rows,
)
from judgelake.jobs.trust.columns import with_indicators
from judgelake.jobs.trust.config import TrustJob
from judgelake.jobs.trust.judge_trust import JudgeTrust, judged
from judgelake.jobs.trust.pictures import written
from judgelake.jobs.trust.rows import write_reliability
from judgelake.jobs.trust.tracking import log
from judgelake.jobs.trust.trusted import Trusted
from judgelake.lake import named_in, register
from judgelake.measures import WHOLE_SLICE, Result, SwapRule
from judgelake.runtime import in_job_settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NEEDED = ("comparisons", "labels", "judgments", "metrics", "reliability")
"""The tables that the job reads or writes."""
# Keys that say where results go and do not change them.
NOT_OF_THE_RUN = {"tables", "pictures", "mlflow", "versions"}


@in_job_settings
def trust(
    spark: SparkSession, job: TrustJob, say: Callable[[str], None] = lambda line: None, *, dry_run: bool = False
) -> Trusted:
    """Write how far each verdict can be relied on, and how well that is known.

    Args:
        spark: a session with Delta.
        job: which verdicts and labels.
        say: gets progress messages.
        dry_run: compute, and write and log nothing.

    Raises:
        UserError: a table, version, column or label named in the job does not exist, or there is no judgment.
        RunError: a picture cannot be written.
    """
    wanted = job.evaluation()
    needed = {*NEEDED, *named_in(job.tables, job.where, job.judgments_where)}
    register(spark, job.tables, needed)
    chosen = chosen_rows(spark, wanted)
    with ExitStack() as in_memory, gone_versions_named(chosen.versions):
        read = read_pairs(spark, wanted, chosen, needed, (in_memory, in_memory), say, has_masses=True)
        rules = chosen_rules(wanted, read.inputs.judges, read.surveyed.asked)
        rule, why = _of_one_verdict(rules.rules[0], rules.why)
        wanted = wanted.model_copy(update={"swap_rules": (rule,)})
        offsets = read.surveyed.offsets
        rows = judged_rows(read.pairs, wanted, read.inputs.judges, read.known.slices, offsets)
        rows = with_indicators(rows, read.inputs, offsets)
        say("comparing indicators with labels")
        judges = judged(rows, read.inputs.judges, job.calibration)
        hashed = read.known.buckets.hashed
        run_id = id_of({"trust": job.model_dump(mode="json", exclude=NOT_OF_THE_RUN)}, read.inputs.versions)
        found = Trusted(run_id, job, wanted, why, read.inputs, judges, _metrics(judges, wanted, hashed), hashed)
        if dry_run:
            return found
        say("writing")
        now = datetime.now(UTC)
        write_reliability(spark, rows, found.judges, wanted, read.inputs, run_id, now)
        write_rows(spark, wanted, read.inputs, run_id, found.rows, now)
    pictures = written(Path(job.pictures), judges, hashed) if job.pictures else ()
    return replace(found, pictures=pictures, mlflow_run_id=log(job, found, pictures))


def _of_one_verdict(rule: SwapRule, why: str) -> tuple[SwapRule, str]:
    """The rule by which a comparison has one verdict; by that of the mean it has two."""
    if rule is not SwapRule.MEAN:
        return rule, why
    return SwapRule.FIRST, f"{why}; the second order only tells whether the first can be relied on"


def _metrics(judges: tuple[JudgeTrust, ...], wanted: EvaluateJob, hashed: int | None) -> tuple[Result, ...]:
    return tuple(
        row_of(figure, one.judge, WHOLE_SLICE, one.questions, rules_of(figure, one.judge, wanted), hashed)
        for one in judges
        for figure in one.figures()
    )
