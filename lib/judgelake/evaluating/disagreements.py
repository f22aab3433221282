"""The comparisons on which a judge is surest and the label says otherwise, with all that a reader needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from pyspark.sql import functions as F

from judgelake.evaluating.inputs import Inputs
from judgelake.report import Disagreement, OrderVerdict, ShownAnswer, Turn

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

MOST = 20
T = TypeVar("T")


def disagreements_of(inputs: Inputs, verdicts: DataFrame) -> tuple[Disagreement, ...]:
    """At most `MOST` disagreements, as evenly of all judges as they have them: both orders wrong first, surest first.

    Args:
        inputs: what was evaluated.
        verdicts: one row a comparison of two answers and judge; see `pair_rows`.
    """
    wrong = verdicts.where("label != 'none' AND verdict IN ('A', 'B', 'tie') AND verdict != label")
    is_consistent = (F.col("own") == F.col("reversed")).cast("int")
    # A hash in the last place: which of many equally sure ones is shown is fixed, and not by their names.
    surest = (F.desc(is_consistent), F.desc_nulls_last("margin"), F.xxhash64("comparison_id"))
    found = []
    for judge in inputs.judges:
        rows = wrong.where(F.col("judge_number") == judge.number).orderBy(*surest).limit(MOST)
        found.append(rows.select("comparison_id", "judge_number", "label").collect())
    chosen: list[Any] = evenly(found, MOST)
    if not chosen:
        return ()
    ids = [row["comparison_id"] for row in chosen]
    texts = {row["comparison_id"]: row for row in inputs.comparisons.where(F.col("comparison_id").isin(ids)).collect()}
    said = _said(inputs, ids)
    return tuple(_disagreement(inputs, row, texts[row["comparison_id"]].asDict(recursive=True), said) for row in chosen)


def evenly(lists: Sequence[Sequence[T]], most: int) -> list[T]:
    """The first of each list, then the second of each, and so on until there are `most`; list by list."""
    turns = [(place, number) for number, members in enumerate(lists) for place in range(len(members))]
    taken = sorted(turns)[:most]
    return [lists[number][place] for place, number in sorted(taken, key=lambda turn: turn[::-1])]


def _said(inputs: Inputs, ids: list[str]) -> dict[tuple[str, str], list[Any]]:
    """The latest judgments of the chosen comparisons, by fingerprint and comparison."""
    columns = ("judge_fingerprint", "comparison_id", "shown_order")
    rows = (
        inputs.judgments.where(F.col("comparison_id").isin(ids) & (F.col("repeat") == 0))
        .groupBy(*columns)
        .agg(F.max_by(F.struct("verdict", "raw_output", "status", "scores", "margin"), "judged_at").alias("said"))
        .orderBy(*columns)
        .collect()
    )
    found: dict[tuple[str, str], list[Any]] = {}
    for row in rows:
        found.setdefault((row["judge_fingerprint"], row["comparison_id"]), []).append(row)
    return found


def _disagreement(
    inputs: Inputs, row: Any, texts: dict[str, Any], said: dict[tuple[str, str], list[Any]]
) -> Disagreement:
    judge = inputs.judges[row["judge_number"]]
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
        for one in said.get((judge.fingerprint, row["comparison_id"]), [])
    )
    return Disagreement(
        judge=judge.name,
        comparison_id=row["comparison_id"],
        messages=tuple(Turn(turn["role"], turn["content"]) for turn in texts["messages"]),
        answers=answers,
        label=row["label"],
        verdicts=verdicts,
        input=texts.get("input"),
        reference=texts.get("reference"),
        source=texts.get("source"),
    )
