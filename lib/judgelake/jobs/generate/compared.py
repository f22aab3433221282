"""The step that makes comparisons of the answers, and writes down what is left out and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema

from judgelake.comparisons import Comparison, comparison_to_record
from judgelake.generation import Comparing, Given, LeftOut, Pairing, Seed, seed_from_record
from judgelake.jobs.generate.answerer import Answerer
from judgelake.jobs.generate.config import ComparisonStep, GenerateJob
from judgelake.lake import (
    GENERATED_COMPARISON,
    append_new,
    as_batch,
    as_struct,
    read_newest,
    rejected_rows,
    staging_folder,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

MADE = pa.schema({"comparison": as_struct(GENERATED_COMPARISON), "reason": pa.string(), "raw": pa.string()})
FORMAT = "generated"
"""The format of what is left out, in the table of rejected rows."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of the answers: comparisons that are new or were there before, and what was left out."""

    added: int
    held: int
    left_out: dict[str, int]
    """Answers and comparisons that are not used, by the kind of reason."""


def compare(spark: SparkSession, job: GenerateJob, answerers: Sequence[Answerer], seeds: DataFrame) -> Compared:
    """Make the comparisons of all seeds that these models have been asked, and append those that are new."""
    tables = job.tables
    given = given_answers(read_newest(spark, tables.generated_answers).df, answerers)
    rows = seeds.join(given, "seed_id")
    made = rows.mapInArrow(_comparing(comparing_of(job.comparisons)), from_arrow_schema(MADE))
    with staging_folder(job.staging, tables, "comparisons") as folder:
        # Counted, appended and rejected are the same rows, whatever is answered in the meantime.
        place = str(folder / "made")
        made.write.parquet(place)
        kept = spark.read.schema(made.schema).parquet(place)
        comparisons = kept.where("comparison IS NOT NULL").select("comparison.*")
        total = comparisons.count()
        added = append_new(comparisons, tables.generated_comparisons, "comparison_id") if total else 0
        file, line = F.lit(tables.generated_answers).alias("file"), F.lit(None).cast("bigint").alias("line")
        left_out = kept.where("reason IS NOT NULL").select(file, line, "reason", "raw")
        by_kind = sorted(left_out.groupBy(kind_of_reason().alias("kind")).count().collect())
        if by_kind:
            append_new(rejected_rows(left_out, FORMAT), tables.rejected_rows, "row_id")
    return Compared(added, total - added, {row["kind"]: row["count"] for row in by_kind})


def comparing_of(step: ComparisonStep) -> Comparing:
    """How the config pairs answers."""
    pairing = Pairing(step.how, step.pairs, step.baseline, step.seed)
    return Comparing(pairing, step.most_characters, step.reference_model, step.refusals)


def kind_of_reason() -> Any:
    """What of a reason is the same for all models and lengths: "answer: timeout", "identical answers", ..."""
    of_answer = F.regexp_extract("reason", r"^answer of .*?: ([a-z_]+(?: [a-z]+)*)", 1)
    other = F.regexp_extract("reason", r"^([^:,]+)", 1)
    return F.when(of_answer != "", F.concat(F.lit("answer: "), of_answer)).otherwise(other)


def given_answers(answers: DataFrame, answerers: Sequence[Answerer]) -> DataFrame:
    """What these models answered, the last attempt at each request: seed_id, and the list `given`."""
    # By fingerprint: a model may have got another name since.
    names = F.create_map(*(F.lit(text) for one in answerers for text in (one.fingerprint, one.name)))
    ours = answers.where(F.col("answerer_fingerprint").isin([one.fingerprint for one in answerers]))
    said = F.struct(
        names[F.col("answerer_fingerprint")].alias("model"),
        "sample",
        "status",
        "answer",
        F.col("error").alias("reason"),
    )
    # An answer counts more than the failure of a second driver that asked at the same time.
    last = F.max_by(said, F.struct(F.col("status") == "ok", "attempt", "answered_at")).alias("said")
    by_request = ours.groupBy("seed_id", "answerer_fingerprint", "sample").agg(last)
    return by_request.groupBy("seed_id").agg(F.collect_list("said").alias("given"))


def _comparing(how: Comparing) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def compare_batches(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for record in batch.to_pylist():
                rows = list(made_of(how, record))
                if rows:
                    yield as_batch(rows, MADE)

    return compare_batches


def made_of(how: Comparing, record: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The rows of `MADE` of a seed with what was answered."""
    seed = seed_from_record(record)
    if not isinstance(seed, Seed):
        yield {"comparison": None, "reason": f"seed: {seed.reason}", "raw": str(record["seed_id"])}
        return
    given = [Given(**one) for one in record["given"]]
    for made in how.comparisons(seed, given):
        if isinstance(made, LeftOut):
            yield {"comparison": None, "reason": made.reason, "raw": made.raw}
        else:
            yield {"comparison": _row(made, record), "reason": None, "raw": None}


def _row(comparison: Comparison, record: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **comparison_to_record(comparison),
        "attributes": list(comparison.attributes.items()),
        "question_group": record["question_group"],
        "licence": record["licence"],
    }
