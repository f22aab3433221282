"""A judge's own judgments of the training examples, from the table of judgments at one version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pyspark.errors import AnalysisException, ParseException
from pyspark.sql import Window
from pyspark.sql import functions as F

from judgelake.errors import UserError, first_line
from judgelake.jobs.train.config import SampledJudgments, TrainJob
from judgelake.jobs.train.examples import Selected
from judgelake.jobs.train.lessons import ASK_SEVERAL, LEARNED, OF_A_PROMPT, lessons_of
from judgelake.lake import named_in, read_pinned, register
from judgelake.training import Asking, Lesson

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row, SparkSession

REQUEST = (*OF_A_PROMPT, "repeat")
"""What identifies a prompt and its repeat, whichever text the comparison has had since."""
READ = (*REQUEST, "raw_output", "verdict")
NEEDED = (*READ, "judge", "mode", "judge_fingerprint", "model_version", "status", "finish_reason", "thinking")
MOST_SHOWN = 3


@dataclass(frozen=True, slots=True)
class OwnJudgments:
    """By whom the judgments are, where they are from, and what is learned of them."""

    table: str
    version: int
    fingerprint: str
    """Of the judge in its mode; of several modes all, joined by commas."""
    model_version: str
    lessons: Mapping[str, tuple[Lesson, ...]] = field(repr=False)
    """By the id of the example."""
    counts: Mapping[str, int]
    """What became of them, as `lessons.Lessons.counts`, and `no_verdict`: failed calls, and outputs that could not be
    read; `cut_off`: outputs that did not end by themselves; `thinking_apart`: the server has returned the thinking
    apart from the output, so that the text is not all that the model wrote."""

    def line(self, base: str) -> str:
        """What is learned in one line, for people; `base` names the content of the model that is trained."""
        rest = ", ".join(f"{count:,} {name}" for name, count in self.counts.items() if name != LEARNED)
        by = "" if self.model_version == base else f"; they are by the model {self.model_version}, not the base"
        return f"{self.counts[LEARNED]:,} of the judge's own judgments, or pairs of them, are learned ({rest}){by}"


def own_judgments(
    spark: SparkSession, job: TrainJob, chosen: SampledJudgments, selected: Selected, asking: Asking
) -> OwnJudgments:
    """Read what the judge wrote of the training examples; the last attempt at each request counts.

    Args:
        spark: a session.
        job: that trains.
        chosen: which judgments, its `rows.sampled`.
        selected: the examples.
        asking: how the judge is asked.

    Raises:
        UserError: the table is missing, `where` is not SQL, the judgments are by several judges, or nothing can be
            learned of them.
    """
    modes = _modes(asking)
    register(spark, job.tables, {"judgments", *named_in(job.tables, chosen.where)})
    pinned = read_pinned(spark, job.tables.judgments, chosen.version, needs=NEEDED)
    ids = sorted({example.comparison.comparison_id for example in selected.train})
    of_examples = spark.createDataFrame([(one,) for one in ids], "comparison_id string")
    ours = pinned.df.where((F.col("judge") == asking.spec.name) & F.col("mode").isin(modes))
    try:
        ours = ours if chosen.where is None else ours.where(chosen.where)
        ours = ours.join(of_examples, "comparison_id", "left_semi")
        by = ours.select("mode", "judge_fingerprint", "model_version").distinct().collect()
    except (AnalysisException, ParseException) as error:
        raise UserError(
            f"rows.sampled.where {chosen.where!r} does not fit {pinned.table}: {first_line(error)}"
        ) from error
    place = f"{pinned.table} version {pinned.version}" + (f" where {chosen.where}" if chosen.where else "")
    _check_judges(by, place, asking.spec.name, modes)
    unusable, rows = _whole(ours)
    lessons = lessons_of(
        selected.train,
        asking,
        (row.asDict() for row in rows.toLocalIterator()),
        most=chosen.most,
        seed=job.recipe.seed,
        in_pairs=job.recipe.dpo is not None,
    )
    return OwnJudgments(
        pinned.table,
        pinned.version,
        ", ".join(sorted(row["judge_fingerprint"] for row in by)),
        ", ".join(sorted({row["model_version"] or "unknown" for row in by})),
        lessons.of_example,
        {**unusable, **lessons.counts},
    )


def _modes(asking: Asking) -> list[str]:
    """The modes in which examples are asked, if their outputs can differ."""
    modes = sorted({asking.mode, asking.reference_mode or asking.mode})
    for mode in modes:
        if asking.spec.mode(mode).labels_decide:
            raise UserError(
                f"Mode {mode!r} of judge {asking.spec.name!r} decides by the probabilities of its labels, so its "
                "judgments of one prompt do not differ: name a mode that writes its verdict."
            )
    return modes


def _check_judges(by: Sequence[Row], place: str, judge: str, modes: Sequence[str]) -> None:
    """Refuse judgments of nobody, or of several judges in one mode."""
    if not by:
        raise UserError(
            f"{place} has no judgments of the training examples by judge {judge!r} in mode {' or '.join(modes)}: "
            f"judge their comparisons {ASK_SEVERAL}."
        )
    if len({row["mode"] for row in by}) < len(by):
        shown = "; ".join(f"mode {row['mode']}, {row['judge_fingerprint']}" for row in sorted(by, key=str)[:MOST_SHOWN])
        raise UserError(
            f"{place} has judgments of the training examples by several judges ({shown}): choose one in "
            "rows.sampled.where, for example by judge_fingerprint."
        )


def _whole(judgments: DataFrame) -> tuple[dict[str, int], DataFrame]:
    """How many of the last judgments cannot be used, by cause, and the columns `READ` of the others."""
    last = Window.partitionBy(*REQUEST).orderBy(F.desc("judged_at"), F.desc("attempt"), F.desc("judgment_id"))
    latest = judgments.withColumn("place", F.row_number().over(last)).where("place = 1")
    cause = (
        F.when(F.expr("status != 'ok' OR verdict IS NULL OR raw_output IS NULL"), "no_verdict")
        .when(F.expr("NOT (finish_reason <=> 'stop')"), "cut_off")
        .when(F.expr("coalesce(thinking, '') != ''"), "thinking_apart")
    )
    judged = latest.withColumn("cause", cause)
    counts = judged.where("cause IS NOT NULL").groupBy("cause").agg(F.count("*"))
    return {row[0]: row[1] for row in sorted(counts.collect())}, judged.where("cause IS NULL").select(*READ)
