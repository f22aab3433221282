"""What the steps would ask and make, and what that takes and costs, reported before anything is asked."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from judgelake.comparisons import Status
from judgelake.jobs.generate.answers import Asker, pending_of
from judgelake.jobs.generate.comparison_table import comparisons_of
from judgelake.jobs.generate.config import GenerateJob, Prices, Teacher
from judgelake.jobs.generate.model_runs import MODE
from judgelake.jobs.generate.teachers import OF_A_REQUEST, judgments_by_use
from judgelake.lake import orders_in_sql, read_newest

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

ORDERS = 2
"""In which a teacher is asked, unless the original order alone counts."""
AGAIN = [status.value for status in Status if status.is_worth_another_attempt]
"""What the judge job asks again."""
NO_PRICES = Prices()
A_MILLION, SECONDS_AN_HOUR = 1_000_000, 3600


@dataclass(frozen=True, slots=True)
class Estimate:
    """What one model would be asked. A number that cannot be known here is None: no earlier run tells it."""

    model: str
    requests: int
    skipped: int
    not_asked: int = 0
    """Requests of which it is known that nothing can be asked."""
    prompt_bytes: int | None = None
    output_tokens_at_most: int | None = None
    prompt_tokens: int | None = None
    output_tokens: int | None = None
    seconds: float | None = None
    gpu_seconds: float | None = None
    run_id: str | None = None
    """The earlier run of this model by which tokens and time are estimated."""
    prices: Prices = NO_PRICES

    @property
    def cost(self) -> float | None:
        """By the prices that are given; None without any, or if a number that one of them is for is not known."""
        amounts = {
            "input": (self.prompt_tokens, A_MILLION),
            "output": (self.output_tokens, A_MILLION),
            "gpu_hour": (self.gpu_seconds, SECONDS_AN_HOUR),
        }
        given = {name: price for name, price in self.prices.model_dump().items() if price is not None}
        known = [amounts[name][0] for name in given]
        if not given or None in known:
            return None
        return math.fsum(price * (amounts[name][0] or 0) / amounts[name][1] for name, price in given.items())

    def by_run(self, earlier: Any) -> Estimate:
        """The same with tokens and times by a row of the table of runs; None, or one without an answer: as it is.

        By what that run has written and not by what it was to ask: it may have been stopped long before its end.
        """
        written = {} if earlier is None else earlier["answered_by_status"]
        answers = sum(count for status, count in written.items() if not Status(status).is_without_answer)
        if not answers:
            return self
        asked = self.requests - self.not_asked
        gpu_seconds = earlier["device_seconds"]
        return replace(
            self,
            prompt_tokens=round(asked / answers * earlier["prompt_tokens"]),
            output_tokens=round(asked / answers * earlier["output_tokens"]),
            seconds=asked / earlier["requests_per_s"],
            gpu_seconds=None if gpu_seconds is None else asked / sum(written.values()) * gpu_seconds,
            run_id=earlier["run_id"],
        )


@dataclass(frozen=True, slots=True)
class Planned:
    """What the steps would come to with the seeds that are in the table now."""

    seeds: int
    models: tuple[Estimate, ...]
    comparisons: int
    """At most so many, if every answer can be used; those that are there already included."""
    teachers: tuple[Estimate, ...] = ()
    """Of the judge jobs, for those teachers whose judgments are learned."""

    @property
    def teacher_requests(self) -> int:
        """Requests to a teacher that judges all comparisons in both orders."""
        return self.comparisons * ORDERS

    @property
    def cost(self) -> float | None:
        """Of all that would be asked; None if nothing has a price, or one of them cannot be known."""
        priced = [one.cost for one in (*self.models, *self.teachers) if one.prices != NO_PRICES]
        return None if not priced or None in priced else math.fsum(cost for cost in priced if cost is not None)


def estimate(spark: SparkSession, job: GenerateJob, askers: list[Asker], seeds: DataFrame) -> Planned:
    """Count what would be asked; nothing is asked, and nothing written.

    Raises:
        UserError: there is no table of comparisons, or a predicate of a teacher is as `judgments_by_use` refuses it.
    """
    count = seeds.count()
    judged = [teacher for teacher in job.examples.teachers if teacher.judged is not None]
    to_make = _still_to_make(spark, job, seeds) if judged and job.examples.table is None else NOTHING
    teachers = tuple(one for teacher in judged for one in _of_teacher(spark, job, teacher, to_make))
    models = tuple(_of_model(spark, job, asker) for asker in askers)
    return Planned(count, models, count * comparisons_a_question(job), teachers)


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
    known = Estimate(
        asker.answerer.name,
        requests,
        pending.skipped,
        requests - asked,
        size,
        asked * asker.answerer.decoding.max_tokens,
        prices=asker.model.prices,
    )
    ours = (F.col("mode") == MODE) & (F.col("judge_fingerprint") == asker.answerer.fingerprint)
    return known.by_run(_earlier(spark, job, ours))


@dataclass(frozen=True, slots=True)
class _ToMake:
    """Comparisons that are not in the table yet: at most so many, of them with a reference."""

    all: int
    with_reference: int

    def of_use(self, use: str) -> int:
        """Those that a teacher judges for this use."""
        return self.with_reference if use == "referenced" else self.all


NOTHING = _ToMake(0, 0)


def _still_to_make(spark: SparkSession, job: GenerateJob, seeds: DataFrame) -> _ToMake:
    """How many comparisons of these seeds, by the models of the job, are to be made."""
    names = F.array(*(F.lit(model.name) for model in job.models))
    is_ours = F.forall("answers", lambda answer: F.array_contains(names, answer.model))
    made = read_newest(spark, job.tables.generated_comparisons).df.where(is_ours).groupBy("question_id").count()
    # The answer of the reference model becomes the reference of a question that has none.
    has_reference = F.lit(True) if job.comparisons.reference_model is not None else F.isnotnull("reference")
    of_seeds = seeds.select(F.col("seed_id").alias("question_id"), has_reference.alias("has_reference"))
    missing = F.greatest(F.lit(0), comparisons_a_question(job) - F.coalesce("count", F.lit(0)))
    shown = F.when(F.col("has_reference"), missing)
    counted: Any = of_seeds.join(made, "question_id", "left").agg(F.sum(missing), F.sum(shown)).first()
    return _ToMake(*(int(number or 0) for number in counted))


def _of_teacher(spark: SparkSession, job: GenerateJob, teacher: Teacher, to_make: _ToMake) -> Iterator[Estimate]:
    """What the judge jobs of a teacher would still ask, without and with sight of the reference.

    With sight of it only the comparisons that have one are judged: of others nothing would be learned.

    Args:
        spark: the session.
        job: names the comparisons.
        teacher: whose judgments are learned.
        to_make: comparisons that are not in the table yet.
    """
    is_first, comparisons = teacher.agreement == "first", comparisons_of(spark, job)
    for use, judgments in judgments_by_use(spark, job, teacher, comparisons.select("comparison_id")).items():
        shown = comparisons.where("reference IS NOT NULL") if use == "referenced" else comparisons
        needed = needed_orders(shown, is_first)
        is_judged = (~F.col("status").isin(AGAIN)).alias("is_judged")
        each = needed.join(judgments.select(*OF_A_REQUEST, is_judged, "judge_fingerprint"), [*OF_A_REQUEST], "left")
        counted: Any = each.agg(F.count("*"), F.count_if("is_judged"), F.max("judge_fingerprint")).first()
        requests, judged, fingerprint = counted
        name = f"{teacher.name} with sight of references" if use == "referenced" else teacher.name
        still = requests - judged + to_make.of_use(use) * (1 if is_first else ORDERS)
        known = Estimate(name, still, judged, prices=teacher.prices)
        yield known.by_run(_earlier(spark, job, F.col("judge_fingerprint") == fingerprint))


def needed_orders(comparisons: DataFrame, is_first: bool) -> DataFrame:
    """The orders in which a teacher judges each comparison: comparison_id, shown_order.

    Args:
        comparisons: with their answers.
        is_first: whether the original order alone counts.
    """
    orders = F.expr(orders_in_sql("AB" if is_first else "both"))
    return comparisons.select("comparison_id", F.explode(orders).alias("shown_order"))


def _earlier(spark: SparkSession, job: GenerateJob, ours: Column) -> Any:
    """The last of these runs that asked anything and knows its tokens, one that finished if any did; else None."""
    newest = read_newest(spark, job.tables.runs)
    if newest.is_empty:
        return None
    known = "asked > 0 AND requests_per_s > 0 AND prompt_tokens IS NOT NULL AND output_tokens IS NOT NULL"
    has_finished = F.col("outcome") == "finished"
    return newest.df.where(ours).where(known).orderBy(F.desc(has_finished), F.desc("ended_at")).first()


def lines_of_plan(planned: Planned) -> Iterator[str]:
    """The plan, a line each."""
    yield f"seeds in the table that are asked: {planned.seeds:,}"
    for one in planned.models:
        yield f"answers of {one.model}: {_asked(one)}, {one.prompt_bytes:,} bytes of prompts, {_takes(one)}"
    yield (
        f"comparisons: at most {planned.comparisons:,}; a teacher that judges them in both orders is asked "
        f"{planned.teacher_requests:,} times"
    )
    for one in planned.teachers:
        yield f"judgments of {one.model}, by the judge job: at most {_asked(one)}, {_takes(one)}"
    if planned.cost is not None:
        yield f"cost by the prices given: about {planned.cost:,.2f}"


def _asked(one: Estimate) -> str:
    cannot = f", {one.not_asked:,} that cannot be asked" if one.not_asked else ""
    return f"{one.requests:,} to ask for ({one.skipped:,} there before{cannot})"


def _takes(one: Estimate) -> str:
    """Tokens, time and cost, as far as they are known."""
    if one.seconds is None:
        most = one.output_tokens_at_most
        tokens = "tokens and " if most is None else f"at most {most:,} tokens of output, "
        price = one.prices.output
        cost = "" if price is None or most is None else f"; its output costs at most {price * most / A_MILLION:,.2f}"
        return f"{tokens}time unknown: no earlier run of this model{cost}"
    gpus = "" if one.gpu_seconds is None else f" ({one.gpu_seconds / SECONDS_AN_HOUR:,.2f} GPU hours)"
    cost = "" if one.cost is None else f"; about {one.cost:,.2f} by its prices"
    return (
        f"about {one.prompt_tokens:,} + {one.output_tokens:,} tokens and {one.seconds:,.0f} s{gpus} "
        f"at the rate of run {one.run_id}{cost}"
    )
