"""What the steps would ask and make, reported before anything is asked."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from judgelake.jobs.generate.answers import Asker, pending_of
from judgelake.jobs.generate.config import GenerateJob
from judgelake.jobs.generate.model_runs import MODE
from judgelake.lake import read_newest

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

ORDERS = 2
"""In which a teacher is asked."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What one model would be asked. A number that cannot be known here is None: no earlier run tells it."""

    model: str
    requests: int
    skipped: int
    not_asked: int
    """Requests of which it is known that nothing can be asked."""
    prompt_bytes: int
    output_tokens_at_most: int
    prompt_tokens: int | None = None
    output_tokens: int | None = None
    seconds: float | None = None
    run_id: str | None = None
    """The earlier run of this model by which tokens and time are estimated."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What the steps would come to with the seeds that are in the table now."""

    seeds: int
    models: tuple[Estimate, ...]
    comparisons: int
    """At most so many, if every answer can be used; those that are there already included."""

    @property
    def teacher_requests(self) -> int:
        """Requests to a teacher that judges all comparisons in both orders."""
        return self.comparisons * ORDERS


def estimate(spark: SparkSession, job: GenerateJob, askers: list[Asker], seeds: DataFrame) -> Planned:
    """Count what would be asked; nothing is asked, and nothing written."""
    count = seeds.count()
    models = tuple(_of_model(spark, job, asker) for asker in askers)
    return Planned(count, models, count * comparisons_a_question(job))


def comparisons_a_question(job: GenerateJob) -> int:
    """How many comparisons a question gives if all models answer it."""
    samples = [model.samples for model in job.models if model.name != job.comparisons.reference_model]
    if len(samples) < 2:
        return 0
    step = job.comparisons
    if step.how == "random":
        return min(step.pairs, math.comb(len(samples), 2))
    if step.how == "together":
        return 1
    if step.how == "baseline":
        own = next(model.samples for model in job.models if model.name == step.baseline)
        return own * (sum(samples) - own)
    return (sum(samples) ** 2 - sum(one**2 for one in samples)) // 2


def _of_model(spark: SparkSession, job: GenerateJob, asker: Asker) -> Estimate:
    pending = pending_of(spark, job, asker)
    counted: Any = (
        pending.rows.select(F.inline("requests"))
        .agg(F.count("*"), F.count("prompt_bytes"), F.coalesce(F.sum("prompt_bytes"), F.lit(0)))
        .first()
    )
    requests, asked, size = counted
    earlier = _earlier(spark, job, asker)
    most = asked * asker.answerer.decoding.max_tokens
    known = Estimate(asker.answerer.name, requests, pending.skipped, requests - asked, size, most)
    if earlier is None:
        return known
    return Estimate(
        known.model,
        requests,
        pending.skipped,
        requests - asked,
        size,
        most,
        prompt_tokens=round(asked * earlier["prompt_tokens"] / earlier["asked"]),
        output_tokens=round(asked * earlier["output_tokens"] / earlier["asked"]),
        seconds=asked / earlier["requests_per_s"],
        run_id=earlier["run_id"],
    )


def _earlier(spark: SparkSession, job: GenerateJob, asker: Asker) -> Any:
    """The last run of this model asked in this way that asked anything and knows its tokens; None if there is none."""
    newest = read_newest(spark, job.tables.runs)
    if newest.is_empty:
        return None
    known = "asked > 0 AND requests_per_s > 0 AND prompt_tokens IS NOT NULL AND output_tokens IS NOT NULL"
    ours = newest.df.where(F.col("mode") == MODE).where(F.col("judge_fingerprint") == asker.answerer.fingerprint)
    return ours.where(known).orderBy(F.desc("ended_at")).first()


def lines_of_plan(planned: Planned) -> Iterator[str]:
    """The plan, a line each."""
    yield f"seeds in the table that are asked: {planned.seeds:,}"
    for one in planned.models:
        tokens = f"at most {one.output_tokens_at_most:,} tokens of output, time unknown: no earlier run of this model"
        if one.seconds is not None:
            tokens = (
                f"about {one.prompt_tokens:,} + {one.output_tokens:,} tokens and {one.seconds:,.0f} s "
                f"at the rate of run {one.run_id}"
            )
        cannot = f", {one.not_asked:,} that cannot be asked" if one.not_asked else ""
        yield (
            f"answers of {one.model}: {one.requests:,} to ask for ({one.skipped:,} there before{cannot}), "
            f"{one.prompt_bytes:,} bytes of prompts, {tokens}"
        )
    yield (
        f"comparisons: at most {planned.comparisons:,}; a teacher that judges them in both orders is asked "
        f"{planned.teacher_requests:,} times"
    )
