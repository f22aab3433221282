"""What teachers and labelers have said of the comparisons, from the tables of judgments and labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.errors import AnalysisException, ParseException
from pyspark.sql import Window
from pyspark.sql import functions as F

from judgelake.errors import UserError, first_line
from judgelake.jobs.generate.config import GenerateJob, Teacher
from judgelake.lake import LABEL, read_newest

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

SAID = ("shown_order", "status", "verdict", "scores", "raw_output", "verdict_logprobs", "bounded_labels")
OF_A_REQUEST = ("comparison_id", "shown_order")
MOST_SHOWN = 3


def said_by(spark: SparkSession, job: GenerateJob, teacher: Teacher, ids: DataFrame) -> dict[str, DataFrame]:
    """What the examples of these comparisons are made of, by the name of the column that has it.

    Raises:
        UserError: a predicate is not SQL, or selects the judgments of several judges.
    """
    if teacher.judged is None:
        labels = read_newest(spark, job.tables.labels).df.select(*LABEL.names)
        return {"labels": labels.join(ids, "comparison_id", "left_semi")}
    uses = judgments_by_use(spark, job, teacher, ids)
    return {use: rows.select("comparison_id", *SAID) for use, rows in uses.items()}


def judgments_by_use(spark: SparkSession, job: GenerateJob, teacher: Teacher, ids: DataFrame) -> dict[str, DataFrame]:
    """The last judgment of each of these comparisons and order, as `judged` and, if there are any, `referenced`.

    Raises:
        UserError: as `said_by`.
    """
    # Judgments of other comparisons may be by other judges.
    judgments = read_newest(spark, job.tables.judgments).df.where("repeat = 0").join(ids, "comparison_id", "left_semi")
    predicates = {"judged": teacher.judged, "referenced": teacher.referenced}
    return {use: _last(judgments, job, teacher, use, where) for use, where in predicates.items() if where is not None}


def _last(judgments: DataFrame, job: GenerateJob, teacher: Teacher, use: str, where: str) -> DataFrame:
    try:
        ours = judgments.where(where)
        judges = ours.select("judge", "mode", "judge_fingerprint").distinct().limit(MOST_SHOWN).collect()
    except (AnalysisException, ParseException) as error:
        raise UserError(
            f"examples.teachers ({teacher.name!r}): {use} {where!r} does not fit {job.tables.judgments}: "
            f"{first_line(error)}"
        ) from error
    if len(judges) > 1:
        found = "; ".join(f"{row['judge']}, mode {row['mode']}, {row['judge_fingerprint']}" for row in judges)
        raise UserError(
            f"examples.teachers ({teacher.name!r}): {use} {where!r} selects judgments of several judges ({found}): "
            "name one, for example by judge_fingerprint."
        )
    last = Window.partitionBy(*OF_A_REQUEST).orderBy(F.desc("judged_at"), F.desc("attempt"), F.desc("judgment_id"))
    return ours.withColumn("place", F.row_number().over(last)).where("place = 1").drop("place")
