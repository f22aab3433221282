"""What a run would ask and cost, reported before anything is asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F
from rich.console import Console
from rich.table import Table

from judgelake.asking import Rendering, Work, pending_requests
from judgelake.jobs.judge.config import JudgeJob
from judgelake.jobs.judge.length import TEMPLATE_TOKENS, CountTokens, token_budget, token_counter
from judgelake.jobs.judge.resolve import Judge
from judgelake.jobs.judge.summary import ORDERS, order_shown, orders_text
from judgelake.judges import Prompt
from judgelake.lake import ddl_of, read_newest

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# Enough prompts for a mean token count that is accurate to a few per cent.
SAMPLE_PROMPTS = 200
# A request that is known to fail has no prompt, so it does not count.
ASKED_ONCE = ("prompt_sha256", "repeat")
NOTHING = {"prompts": 0, "bytes": 0, "too_long": 0, "trimmed": 0}


@dataclass(frozen=True, slots=True)
class Estimate:
    """Counts of the requests that a run would make; None if a number cannot be known here."""

    requests: int
    orders: dict[str, int]
    """The requests by the order shown; see `Counts.orders`."""
    skipped: int
    distinct_prompts: int
    known_failures: dict[str, int]
    prompt_bytes: int
    prompt_tokens: int | None
    seconds: float | None
    rate_from: str | None
    too_long: int = 0
    """Prompts longer than the judge's context allows: by the bytes of a token in the sample, or at most so many if
    `prompt_tokens` is None."""
    trimmed: int = 0
    """Prompts whose answers were cut to fit."""
    reasons: dict[str, str] = field(default_factory=dict)
    """One reason for each status of the known failures."""


def estimate(spark: SparkSession, job: JudgeJob, judge: Judge, work: Work) -> Estimate:
    """Count what a run would ask. Tokens are exact on a sample and scaled by bytes; time is based on earlier runs."""
    pending = pending_requests(spark, work)
    requests = pending.rows.mapInArrow(Rendering(work.requester), ddl_of(work.requester.schema))
    count = token_counter(judge)
    bytes_a_token = None if count is None else _bytes_a_token(count, _sample(requests))
    by_status = _by_status(requests, _most_bytes(judge, bytes_a_token))
    asked = by_status.get(None, NOTHING)
    rate, rate_from = _earlier_rate(spark, job, judge)
    return Estimate(
        requests=sum(row["requests"] for row in by_status.values()),
        orders={name: shown for name in ORDERS if (shown := sum(row[name] for row in by_status.values()))},
        skipped=pending.skipped,
        distinct_prompts=asked["prompts"],
        known_failures={status: by_status[status]["rows"] for status in sorted(by_status.keys() - {None})},
        prompt_bytes=asked["bytes"],
        prompt_tokens=_tokens(asked["bytes"], bytes_a_token),
        seconds=asked["prompts"] / rate if rate else None,
        rate_from=rate_from,
        too_long=0 if job.overflow == "trim" else asked["too_long"],
        trimmed=asked["trimmed"],
        reasons={status: row["reason"] for status, row in by_status.items() if status is not None and row["reason"]},
    )


def _tokens(prompt_bytes: int, bytes_a_token: float | None) -> int | None:
    if not prompt_bytes:
        return 0
    return None if bytes_a_token is None else round(prompt_bytes / bytes_a_token)


def _most_bytes(judge: Judge, bytes_a_token: float | None) -> float:
    """Bytes above which a prompt is too long: by this mean, else for certain not below."""
    budget = token_budget(judge)
    return budget - TEMPLATE_TOKENS if bytes_a_token is None else budget * bytes_a_token


def _by_status(rows: DataFrame, most_bytes: float) -> dict[Any, Any]:
    """Per status (None: to be asked) the numbers of `requests`, also by order, of `prompts`, their `bytes`, `rows`.

    `too_long` are the prompts of more than `most_bytes`, `trimmed` those that were cut; `reason` is one of the rows'.
    """
    # A comparison that is in the table twice makes each of its requests twice.
    requests = rows.groupBy("status", *ASKED_ONCE, "judgment_id").agg(
        F.first(order_shown()).alias("order"),
        F.first("prompt_bytes").alias("bytes"),
        F.count("*").alias("rows"),
        F.first("trimmed").alias("trimmed"),
        F.min("reason").alias("reason"),
    )
    # An identical prompt is asked once per repeat. A request has one prompt, so it is in one group.
    prompts = requests.groupBy("status", *ASKED_ONCE).agg(
        F.count("*").alias("requests"),
        F.first("bytes").alias("bytes"),
        F.first("trimmed").alias("trimmed"),
        F.sum("rows").alias("rows"),
        F.min("reason").alias("reason"),
        *(F.count_if(F.col("order") == name).alias(name) for name in ORDERS),
    )
    sums = prompts.groupBy("status").agg(
        F.count("*").alias("prompts"),
        F.count_if(F.col("bytes") > most_bytes).alias("too_long"),
        F.count_if("trimmed").alias("trimmed"),
        F.min("reason").alias("reason"),
        *(F.sum(name).alias(name) for name in ("requests", "bytes", "rows", *ORDERS)),
    )
    return {row["status"]: row for row in sums.collect()}


def _sample(rows: DataFrame) -> list[str]:
    with_prompt = rows.where("prompt IS NOT NULL").orderBy("prompt_sha256").limit(SAMPLE_PROMPTS)
    return [row["prompt"] for row in with_prompt.select("prompt").collect()]


def _bytes_a_token(count: CountTokens, sample: list[str]) -> float | None:
    """Mean over all tokens of the sample; None without any."""
    prompts = [Prompt.from_stored(text) for text in sample]
    tokens = sum(map(count, prompts))
    return sum(prompt.bytes for prompt in prompts) / tokens if tokens else None


def _earlier_rate(spark: SparkSession, job: JudgeJob, judge: Judge) -> tuple[float | None, str | None]:
    """Prompts per second of the last run of this model and mode, and its run id; None if there is no such run."""
    newest = read_newest(spark, job.tables.runs)
    if newest.is_empty:
        return None, None
    runs = newest.df.where(
        (F.col("model_version") == judge.model_version) & (F.col("mode") == judge.mode) & F.isnotnull("requests_per_s")
    )
    last = runs.orderBy(F.desc("ended_at")).select("requests_per_s", "run_id").first()
    if last is None:
        return None, None
    # The run's own rate counts every judgment, also those without cost: of shared prompts and of known failures.
    judged: Any = (
        spark.read.table(job.tables.judgments)
        .where(F.col("run_id") == last["run_id"])
        .agg(F.count("*").alias("judgments"), F.countDistinct(*ASKED_ONCE).alias("prompts"))
        .first()
    )
    if not judged["prompts"]:
        return None, None
    return last["requests_per_s"] * judged["prompts"] / judged["judgments"], last["run_id"]


def show_estimate(console: Console, judge: Judge, estimate: Estimate) -> None:
    """Print the estimate as a table."""
    unknown_time = "unknown: no earlier run of this model and mode"
    table = Table(title=f"What {judge.spec.name} ({judge.mode}) would be asked", show_header=False)
    table.add_row("requests", f"{estimate.requests:,}")
    table.add_row("by the order shown", orders_text(estimate.orders) or "-")
    table.add_row("already judged, skipped", f"{estimate.skipped:,}")
    table.add_row("distinct prompts to ask", f"{estimate.distinct_prompts:,}")
    for status, count in estimate.known_failures.items():
        reason = estimate.reasons.get(status)
        table.add_row(f"not asked: {status}", f"{count:,}" + (f", for example: {reason}" if reason else ""))
    table.add_row("prompt bytes", f"{estimate.prompt_bytes:,}")
    tokens = estimate.prompt_tokens
    if estimate.too_long:
        sure = f"at most {estimate.too_long:,}" if tokens is None else f"about {estimate.too_long:,}, by their bytes"
        table.add_row(f"prompts too long for {judge.context_length:,} tokens", sure)
    if estimate.trimmed:
        table.add_row("prompts with answers cut to fit", f"{estimate.trimmed:,}")
    unknown_tokens = "unknown: the model's tokenizer is not available"
    table.add_row("prompt tokens (exact on a sample)", unknown_tokens if tokens is None else f"{tokens:,}")
    table.add_row("output tokens, at most", f"{estimate.distinct_prompts * judge.decoding.max_tokens:,}")
    seconds = estimate.seconds
    table.add_row(
        "time", unknown_time if seconds is None else f"{seconds:,.0f} s at the rate of run {estimate.rate_from}"
    )
    console.print(table)
    for note in judge.notes:
        console.print(note, markup=False, highlight=False, soft_wrap=True)
