"""What a run that asked has written, counted in its table, and the run's row in the table of runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from judgelake.asking.plan import Plan
from judgelake.asking.run_record import RunRecord, git_commit
from judgelake.lake import RUN, append_once, check_names

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

TOKENS = ("prompt", "cached", "output")


@dataclass(frozen=True, slots=True)
class Written:
    """Counts over the results of one run. A number that cannot be known is None."""

    statuses: dict[str, int] = field(default_factory=dict)
    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    output_tokens: int | None = None
    engines: tuple[str, ...] = ()

    @property
    def results(self) -> int:
        """Results written, whatever their status."""
        return sum(self.statuses.values())

    @property
    def coverage(self) -> float | None:
        """Share with status ok; None if nothing was written."""
        return self.statuses.get("ok", 0) / self.results if self.results else None

    @property
    def cached_share(self) -> float | None:
        """Share of the prompt tokens found in the prefix cache; None if the engine does not report it."""
        if self.cached_tokens is None or not self.prompt_tokens:
            return None
        return self.cached_tokens / self.prompt_tokens


def count_by_status(results: DataFrame, run_id: str, *more: Column) -> list[Any]:
    """The results of a run by status: `count`, the sums of `TOKENS`, the `engines`, and `more` with their names."""
    sums = (F.sum(f"{name}_tokens").alias(name) for name in TOKENS)
    engines = F.collect_set("engine").alias("engines")
    counted = results.where(F.col("run_id") == run_id).groupBy("status")
    groups = counted.agg(F.count("*").alias("count"), *sums, engines, *more).collect()
    return sorted(groups, key=lambda row: str(row["status"]))


def written_in(groups: Iterable[Any]) -> dict[str, Any]:
    """The fields of `Written` of counts by status."""
    rows = list(groups)
    known = {name: [row[name] for row in rows if row[name] is not None] for name in TOKENS}
    return {
        "statuses": {row["status"]: row["count"] for row in rows},
        "engines": tuple(sorted({engine for row in rows for engine in row["engines"]})),
        **{f"{name}_tokens": sum(values) if values else None for name, values in known.items()},
    }


def run_row(record: RunRecord, plan: Plan, written: Written, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The run as a row of the table of runs, by column.

    Args:
        record: from its start to its end.
        plan: what it was to ask.
        written: what it has written.
        facts: what identifies its model, config and input, and the job's own figures.
    """
    row = {
        **asdict(record),
        "input_version": plan.source.version,
        "engine": "; ".join(written.engines) or None,
        "requests": plan.requests + plan.skipped,
        "asked": plan.to_ask,
        "skipped": plan.skipped,
        "answered_by_status": written.statuses,
        "answered_by_order": {},
        "coverage": written.coverage,
        "consistency": None,
        **{f"{name}_tokens": getattr(written, f"{name}_tokens") for name in TOKENS},
        "requests_per_s": record.requests_per_s(written.results),
        **code_facts(),
        **facts,
    }
    # Input of requests_per_s, not a column.
    del row["asking_s"]
    check_names(row, RUN)
    return row


def code_facts() -> dict[str, str | None]:
    """The code that runs."""
    return {"git_commit": git_commit(), "judgelake_version": version("judgelake")}


def write_run(spark: SparkSession, runs: str, row: Mapping[str, Any]) -> None:
    """Append a run's row to the table of runs, once."""
    columns = spark.read.table(runs).schema
    values = tuple(row.get(name) for name in columns.names)
    append_once(spark.createDataFrame([values], columns), runs, row["run_id"])
