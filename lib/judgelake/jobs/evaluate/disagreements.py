"""The comparisons where the label differs and a judge is most confident, or farthest off, with all texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any, TypeVar

from pyspark.sql import Column, Window
from pyspark.sql import functions as F

from judgelake.jobs.evaluate.inputs import Inputs
from judgelake.jobs.evaluate.observations.judged import NAMED
from judgelake.jobs.evaluate.verdicts import best_of, moment_of, text_of
from judgelake.measures.families import CLASSES, NO_VOTES, ROUNDING
from judgelake.report import Disagreement, OrderVerdict, ShownAnswer, Turn

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

MOST = 20
NO_PAIR = "size != 2"
# Yes is 1 and no is 0: a score nearer to the other end of the judge's scale is the other answer.
HALF = 0.5
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Apart:
    """A comparison to show: its judge, and the label, scores or a verdict, as text."""

    comparison_id: str
    judge_number: int
    label: str
    is_scored: bool = False


def disagreements_of(inputs: Inputs, verdicts: DataFrame, graded: DataFrame | None) -> tuple[Disagreement, ...]:
    """At most `MOST` disagreements, spread over the judges as evenly as possible.

    For two answers: both orders wrong first, most confident first. For single answers and three or more: first those
    where a score of the judge is farthest from the label's, then those with verdicts alone. If all labels are yes or no
    (1 or 0), only a score nearer to the other end of the judge's scale disagrees.

    Args:
        inputs: what was evaluated.
        verdicts: one row per comparison of two answers and judge; see `pair_rows`.
        graded: one row per judge, labeled comparison and vote; see `graded_rows`. None if there are none.
    """
    lists = [_of_verdicts(verdicts)]
    # A judge that scores two answers has a verdict on them, so these are among the verdicts.
    if graded is not None and not graded.where(NO_PAIR).isEmpty():
        lists.append(_of_grades(graded))
    found = [of_judges.get(judge.number, []) for judge in inputs.judges for of_judges in lists]
    chosen = evenly(found, MOST)
    if not chosen:
        return ()
    ids = [one.comparison_id for one in chosen]
    texts = {row["comparison_id"]: row for row in inputs.comparisons.where(F.col("comparison_id").isin(ids)).collect()}
    said = _said(inputs, ids)
    return tuple(_disagreement(inputs, one, texts[one.comparison_id].asDict(recursive=True), said) for one in chosen)


def scores_text(scores: Sequence[float]) -> str:
    """One score per answer, with at most two decimals: "4", "7, 3, 5", "4.33"."""
    return ", ".join(f"{score:.2f}".rstrip("0").rstrip(".") for score in scores)


def _of_verdicts(verdicts: DataFrame) -> dict[int, list[Apart]]:
    """The first disagreements of each judge, in order."""
    # Under the rule mean there are two verdicts, and either may differ.
    given = [F.col(name) for name in NAMED.values() if name in verdicts.columns]
    differs = [verdict.isin(*CLASSES) & (verdict != F.col("label")) for verdict in given]
    wrong = verdicts.where((F.col("label") != NO_VOTES) & reduce(Column.__or__, differs))
    is_consistent = (F.col("own") == F.col("reversed")).cast("int")
    # A hash as the last key: which of many equally confident ones is shown is fixed, but not by their names.
    surest = (F.desc(is_consistent), F.desc_nulls_last("margin"), F.xxhash64("comparison_id"))
    rows = _first(wrong, surest).select("comparison_id", "judge_number", "label", "place").collect()
    return _by_judge(rows, lambda row: Apart(row["comparison_id"], row["judge_number"], row["label"]))


def _of_grades(graded: DataFrame) -> dict[int, list[Apart]]:
    """The first disagreements of each judge; each comparison once, with the vote that is farthest off."""
    rows = graded.where(NO_PAIR).join(F.broadcast(_scales(graded)), "judge_number").withColumn("gap", _gap())
    has_scores = F.col("label_scores").isNotNull() & F.col("judge_scores").isNotNull()
    label, judge = (F.coalesce(best_of(f"{of}_scores"), f"{of}_verdict") for of in ("label", "judge"))
    is_apart = F.col("gap").isNotNull() | (~has_scores & (label != judge))
    vote = F.struct("gap", F.when(has_scores, F.col("label_scores")).alias("scores"), label.alias("verdict"))
    farthest = rows.where(is_apart).groupBy("judge_number", "comparison_id").agg(F.max(vote).alias("vote"))
    ordered = _first(farthest, (F.desc_nulls_last("vote.gap"), F.xxhash64("comparison_id")))

    def apart(row: Any) -> Apart:
        is_scored = row["scores"] is not None
        label = scores_text(row["scores"]) if is_scored else row["verdict"]
        return Apart(row["comparison_id"], row["judge_number"], label, is_scored)

    return _by_judge(ordered.select("comparison_id", "judge_number", "vote.*", "place").collect(), apart)


def _first(rows: DataFrame, order: Sequence[Column]) -> DataFrame:
    """The first `MOST` rows of each judge, with their `place`."""
    place = F.row_number().over(Window.partitionBy("judge_number").orderBy(*order))
    return rows.withColumn("place", place).where(F.col("place") <= MOST)


def _by_judge(rows: list[Any], apart: Callable[[Any], Apart]) -> dict[int, list[Apart]]:
    found: dict[int, list[Apart]] = {}
    for row in sorted(rows, key=lambda row: row["place"]):
        found.setdefault(row["judge_number"], []).append(apart(row))
    return found


def _scales(graded: DataFrame) -> DataFrame:
    """One row per judge: whether all its labels are yes or no, and its lowest and highest score of labeled ones."""
    is_yes_no = F.bool_and(F.forall("label_scores", lambda score: score.isin(0.0, 1.0)))
    lowest, highest = F.min(F.array_min("judge_scores")), F.max(F.array_max("judge_scores"))
    made = (is_yes_no.alias("is_yes_no"), lowest.alias("lowest"), highest.alias("highest"))
    scored = F.when(F.col("label_scores").isNotNull(), F.col("judge_scores"))
    return graded.withColumn("judge_scores", scored).groupBy("judge_number").agg(*made)


def _gap() -> Column:
    """The largest distance of the judge's score from the label's over the answers; NULL if they do not differ.

    For yes or no it is a share of the judge's scale: from 0 to 1, or, if it gives other scores, from its lowest to its
    highest.
    """
    is_yes_no = F.col("is_yes_no") & F.col("lowest").isNotNull()
    is_own_scale = is_yes_no & ((F.col("lowest") < 0) | (F.col("highest") > 1))
    start = F.when(is_own_scale, F.col("lowest")).otherwise(0.0)
    scale = F.when(is_own_scale, F.nullif(F.col("highest") - F.col("lowest"), F.lit(0.0))).otherwise(1.0)
    distances = F.zip_with("label_scores", "judge_scores", lambda one, other: F.abs(one - (other - start) / scale))
    distance = F.array_max(distances)
    return F.when(distance > F.when(is_yes_no, HALF).otherwise(ROUNDING), distance)


def evenly(lists: Sequence[Sequence[T]], most: int) -> list[T]:
    """The first of each list, then the second of each, and so on until there are `most`; list by list."""
    turns = [(place, number) for number, members in enumerate(lists) for place in range(len(members))]
    taken = sorted(turns)[:most]
    return [lists[number][place] for place, number in sorted(taken, key=lambda turn: turn[::-1])]


def _said(inputs: Inputs, ids: list[str]) -> dict[tuple[str, str], list[Any]]:
    """The latest judgments of the chosen comparisons, by fingerprint and comparison; only of the newest text."""
    columns = ("judge_fingerprint", "comparison_id", "shown_order")
    moment, said = moment_of(inputs.judgments), ("verdict", "raw_output", "status", "scores", "margin")
    rows = (
        inputs.judgments.where(F.col("comparison_id").isin(ids) & (F.col("repeat") == 0))
        .groupBy(*columns)
        .agg(F.max_by(F.struct(*said, text_of(inputs.judgments)), moment).alias("said"), F.max(moment).alias("moment"))
        .orderBy(*columns)
        .collect()
    )
    found: dict[tuple[str, str], list[Any]] = {}
    for row in rows:
        found.setdefault((row["judge_fingerprint"], row["comparison_id"]), []).append(row)
    return {place: of_newest_text(rows) for place, rows in found.items()}


def of_newest_text(rows: list[Any]) -> list[Any]:
    """The rows whose text is that of the latest judgment; unknown texts count as the same."""
    known = [row for row in rows if row["said"]["text"] is not None]
    newest = max(known, key=lambda row: row["moment"])["said"]["text"] if known else None
    return [row for row in rows if row["said"]["text"] in (None, newest)]


def _disagreement(
    inputs: Inputs, chosen: Apart, texts: dict[str, Any], said: dict[tuple[str, str], list[Any]]
) -> Disagreement:
    judge = inputs.judges[chosen.judge_number]
    answers = tuple(
        ShownAnswer(tuple(answer.get("turns") or [answer.get("text") or ""]), answer.get("model"))
        for answer in texts["answers"]
    )
    verdicts = tuple(
        OrderVerdict(
            shown_order=one["shown_order"],
            verdict=one["said"]["verdict"],
            raw_output=one["said"]["raw_output"],
            status=one["said"]["status"],
            scores=None if one["said"]["scores"] is None else tuple(one["said"]["scores"]),
            margin=one["said"]["margin"],
        )
        for one in said.get((judge.fingerprint, chosen.comparison_id), [])
    )
    return Disagreement(
        judge=judge.name,
        comparison_id=chosen.comparison_id,
        messages=tuple(Turn(turn["role"], turn["content"]) for turn in texts["messages"]),
        answers=answers,
        label=chosen.label,
        verdicts=verdicts,
        input=texts.get("input"),
        reference=texts.get("reference"),
        source=texts.get("source"),
        is_scored=chosen.is_scored,
    )
