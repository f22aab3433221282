"""How a judge ranks three and more answers: the best one, the whole order, and the pairs that the order holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from math import sqrt
from typing import Any

import numpy as np
import pyarrow as pa

from judgelake.evaluation.cells import FAILED, SEPARATOR, Table
from judgelake.evaluation.estimate import Replicates, ratio
from judgelake.evaluation.figure import Figure
from judgelake.evaluation.scores import NOTHING_JUDGED
from judgelake.judges import verdict_of_scores

UNDEFINED_TAU = "undefined"
"""In place of Kendall's tau where label or judge score all answers alike, or only name the best."""

NO_ORDER = "in every comparison the label or the judge puts all answers level, or only names the best"
NO_PAIRS = "no comparison has scores of both the label and the judge"

Ranking = Sequence[float] | str
"""The scores of the answers in the comparison's own order, or only a verdict: a letter or a tie."""


def ranking_outcome(label: Ranking, judge: Ranking | None) -> str:
    """One comparison as the outcome (top1, tau, agreeing, pairs), or `FAILED`.

    top1 is "1" where the judge's best answers are the label's. With scores the best are all answers that share the
    highest score, and both must name the same ones: a judge that puts two answers first is not right where the label
    has only one of them. Where one side is only a verdict, both are compared as verdicts (`verdict_of_scores`: the
    letter of the one best answer, else a tie).

    tau is Kendall's tau-b of the two rows of scores, or `UNDEFINED_TAU`. agreeing counts those of the n (n - 1) / 2
    pairs of answers that both order the same way or both put level. A verdict orders no pairs: 0 of 0.

    Args:
        label: scores or verdict of the label.
        judge: scores or verdict of the judge. None, and scores for another number of answers than the label has, have
            not judged this comparison.
    """
    if judge is None:
        return FAILED
    if isinstance(label, str) or isinstance(judge, str):
        return SEPARATOR.join((str(int(_verdict(label) == _verdict(judge))), UNDEFINED_TAU, "0", "0"))
    if len(label) != len(judge):
        return FAILED
    tau, agreeing, pairs = _compare_pairs(label, judge)
    top = str(int(_best(label) == _best(judge)))
    return SEPARATOR.join((top, UNDEFINED_TAU if tau is None else repr(tau), str(agreeing), str(pairs)))


def top_1_agreement(right: Replicates, judged: Replicates) -> Replicates:
    """Share of judged comparisons whose best answers the judge and the label name alike (`ranking_outcome`)."""
    return ratio(right, judged)


def mean_kendall_tau(taus: Replicates, counts: Replicates) -> Replicates:
    """Mean over comparisons of Kendall's tau-b between the two orders of their answers, -1 to 1.

    Comparisons without a tau are left out. Source: Kendall 1945, "The treatment of ties in ranking problems".

    Args:
        taus: the distinct taus, shape (taus,).
        counts: comparisons with each, shape (taus, replicates).
    """
    return ratio(taus @ counts, counts.sum(axis=0))


def induced_pair_agreement(agreeing: Replicates, pairs: Replicates) -> Replicates:
    """Share of all pairs of answers, over all comparisons, that judge and label order the same way or both put level.

    A comparison of n answers brings n (n - 1) / 2 pairs, so large comparisons weigh more.
    """
    return ratio(agreeing, pairs)


def ranked(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Rows of labels and judgments in, observations of the family "rankings" out; runs in Spark's Python workers.

    Columns in: question_key, group, slices, and of label and judge the scores or, where there are none, the verdict;
    both null where there is nothing. A comparison without a label gives no observation.
    """
    for batch in batches:
        outcomes = [
            None
            if (label := _given(row, "label")) is None
            else FAILED
            if (judge := _given(row, "judge")) is None
            else ranking_outcome(label, judge)
            for row in batch.to_pylist()
        ]
        columns = {
            "question_key": batch.column("question_key"),
            "group": batch.column("group"),
            "outcome": pa.array(outcomes, pa.string()),
            "slices": batch.column("slices"),
            "n": pa.array([1] * len(outcomes), pa.int32()),
        }
        made = pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))
        yield made.filter(made.column("outcome").is_valid())


def _given(row: Mapping[str, Any], whose: str) -> Ranking | None:
    found: Ranking | None = row[f"{whose}_scores"] or row[f"{whose}_verdict"]
    return found


def figures(table: Table) -> Iterator[Figure]:
    """The measures of one table of the family "rankings", whose outcomes `ranking_outcome` made.

    `n` counts comparisons: those judged, with a tau, and with pairs.
    """
    asked = table.n
    judged = [(outcome.split(SEPARATOR), counts) for outcome, counts in table.counts.items() if outcome != FAILED]
    if not any(counts[0] for _, counts in judged):
        for metric in ("top_1_agreement", "mean_kendall_tau", "induced_pair_agreement"):
            yield Figure(metric, None, 0, asked, reason=NOTHING_JUDGED)
        return
    counts = np.stack([counts for _, counts in judged])
    is_right, has_tau, agreeing, pairs = (np.array(column) for column in zip(*map(_numbers, judged), strict=True))
    n, right = int(counts[:, 0].sum()), int(counts[is_right, 0].sum())
    yield Figure(
        "top_1_agreement",
        top_1_agreement(counts[is_right].sum(axis=0), counts.sum(axis=0)),
        n,
        asked,
        is_rate=True,
        if_wrong=right / asked,
        if_right=(right + asked - n) / asked,
        base=counts.sum(axis=0),
    )
    taus = np.array([float(parts[1]) for parts, _ in judged if parts[1] != UNDEFINED_TAU])
    base = counts[has_tau].sum(axis=0)
    mean = mean_kendall_tau(taus, counts[has_tau])
    yield Figure("mean_kendall_tau", mean, int(base[0]), asked, reason=NO_ORDER, base=base)
    base = counts[pairs > 0].sum(axis=0)
    yield Figure(
        "induced_pair_agreement",
        induced_pair_agreement(agreeing @ counts, pairs @ counts),
        int(base[0]),
        asked,
        is_rate=True,
        reason=NO_PAIRS,
        base=base,
    )


def _numbers(judged: tuple[list[str], Replicates]) -> tuple[bool, bool, float, float]:
    (top, tau, agreeing, pairs), _ = judged
    return top == "1", tau != UNDEFINED_TAU, float(agreeing), float(pairs)


def _verdict(ranking: Ranking) -> str | None:
    return ranking if isinstance(ranking, str) else verdict_of_scores(ranking)


def _best(scores: Sequence[float]) -> list[int]:
    highest = max(scores)
    return [place for place, score in enumerate(scores) if score == highest]


def _compare_pairs(label: Sequence[float], judge: Sequence[float]) -> tuple[float | None, int, int]:
    """Kendall's tau-b (None where one side is constant), the pairs ordered alike or level in both, and all pairs."""
    surplus = agreeing = pairs = untied_label = untied_judge = 0
    for (label_one, judge_one), (label_two, judge_two) in combinations(zip(label, judge, strict=True), 2):
        by_label = (label_one > label_two) - (label_one < label_two)
        by_judge = (judge_one > judge_two) - (judge_one < judge_two)
        pairs += 1
        agreeing += by_label == by_judge
        surplus += by_label * by_judge
        untied_label += by_label != 0
        untied_judge += by_judge != 0
    if not untied_label or not untied_judge:
        return None, agreeing, pairs
    return surplus / sqrt(untied_label * untied_judge), agreeing, pairs
