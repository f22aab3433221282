"""What a run would ask and cost, told before anything is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F
from rich.console import Console
from rich.table import Table

from judgelake.jobs.judge.config import JudgeJob
from judgelake.jobs.judge.length import CountTokens, token_counter
from judgelake.jobs.judge.plan import Pending
from judgelake.jobs.judge.resolve import Judge
from judgelake.judges import Prompt
from judgelake.lake import read_newest

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# Enough prompts for a mean token count that is right to a few per cent.
SAMPLE_PROMPTS = 200
# A request that was known to fail has no prompt, so it does not count.
ASKED_ONCE = ("prompt_sha256", "repeat")
NOTHING = {"prompts": 0, "bytes": 0}


@dataclass(frozen=True, slots=True)
class Estimate:
    """Counts of the requests a run would make; None where nothing here can know it."""

    requests: int
    skipped: int
    distinct_prompts: int
    known_failures: dict[str, int]
    prompt_bytes: int
    prompt_tokens: int | None
    seconds: float | None
    rate_from: str | None


def estimate(spark: SparkSession, job: JudgeJob, judge: Judge, pending: Pending) -> Estimate:
    """Count what a run would ask. Tokens are exact on a sample and scaled by bytes, time goes by earlier runs."""
    count = token_counter(judge)
    rows = pending.rows
    if count is not None:
        # Read a second time for the sample.
        rows = rows.persist()
    found = _by_status(rows)
    sample = [] if count is None else _sample(rows)
    rows.unpersist()
    pending.release()
    asked = found.get(None, NOTHING)
    rate, rate_from = _earlier_rate(spark, job, judge)
    return Estimate(
        requests=sum(row["requests"] for row in found.values()),
        skipped=pending.skipped,
        distinct_prompts=asked["prompts"],
        known_failures={status: found[status]["rows"] for status in sorted(found.keys() - {None})},
        prompt_bytes=asked["bytes"],
        prompt_tokens=_tokens(count, sample, asked["bytes"]),
        seconds=asked["prompts"] / rate if rate else None,
        rate_from=rate_from,
    )


def _by_status(rows: DataFrame) -> dict[Any, Any]:
    """What there is of each status, of None what is to be asked: `requests`, `prompts`, their `bytes`, and `rows`."""
    # An identical prompt is asked once for each repeat. A request is one prompt's: it is in one group.
    prompts = rows.groupBy("status", *ASKED_ONCE).agg(
        F.countDistinct("judgment_id").alias("requests"),
        F.first("prompt_bytes").alias("bytes"),
        F.count("*").alias("rows"),
    )
    sums = prompts.groupBy("status").agg(
        F.sum("requests").alias("requests"),
        F.count("*").alias("prompts"),
        F.sum("bytes").alias("bytes"),
        F.sum("rows").alias("rows"),
    )
    return {row["status"]: row for row in sums.collect()}


def _sample(rows: DataFrame) -> list[str]:
    with_prompt = rows.where("prompt IS NOT NULL").orderBy("prompt_sha256").limit(SAMPLE_PROMPTS)
    return [row["prompt"] for row in with_prompt.select("prompt").collect()]


def _tokens(count: CountTokens | None, sample: list[str], total_bytes: int) -> int | None:
    if count is None or not sample:
        return None
    prompts = [Prompt.from_canonical(text) for text in sample]
    return round(sum(map(count, prompts)) / sum(prompt.bytes for prompt in prompts) * total_bytes)


def _earlier_rate(spark: SparkSession, job: JudgeJob, judge: Judge) -> tuple[float | None, str | None]:
    """Prompts a second that the last run of this model and mode has asked, and its run id; None where there is none."""
    newest = read_newest(spark, job.tables.runs)
    if newest.is_empty:
        return None, None
    runs = newest.df.where(
        (F.col("model_version") == judge.model_version) & (F.col("mode") == judge.mode) & F.isnotnull("requests_per_s")
    )
    last = runs.orderBy(F.desc("ended_at")).select("requests_per_s", "run_id").first()
    if last is None:
        return None, None
    # The run's own rate counts every judgment, also those that cost nothing: a shared prompt's, a known failure's.
    judged: Any = (
        spark.read.table(job.tables.judgments)
        .where(F.col("run_id") == last["run_id"])
        .agg(F.count("*").alias("judgments"), F.countDistinct(*ASKED_ONCE).alias("prompts"))
        .first()
    )
    if not judged["prompts"]:
        return None, None
    return last["requests_per_s"] * judged["prompts"] / judged["judgments"], last["run_id"]


def show_estimate(console: Console, judge: Judge, found: Estimate) -> None:
    """Print the estimate as a table."""
    unknown_time = "unknown: no earlier run of this model and mode to go by"
    table = Table(title=f"What {judge.spec.name} ({judge.mode}) would be asked", show_header=False)
    table.add_row("requests", f"{found.requests:,}")
    table.add_row("already judged, skipped", f"{found.skipped:,}")
    table.add_row("distinct prompts to ask", f"{found.distinct_prompts:,}")
    for status, count in found.known_failures.items():
        table.add_row(f"not asked: {status}", f"{count:,}")
    table.add_row("prompt bytes", f"{found.prompt_bytes:,}")
    tokens = (
        "unknown: the model's tokenizer is not at hand" if found.prompt_tokens is None else f"{found.prompt_tokens:,}"
    )
    table.add_row("prompt tokens (exact on a sample)", tokens)
    table.add_row("output tokens, at most", f"{found.distinct_prompts * judge.decoding.max_tokens:,}")
    time = unknown_time if found.seconds is None else f"{found.seconds:,.0f} s at the rate of run {found.rate_from}"
    table.add_row("time", time)
    console.print(table)
