"""How a judge ranks three or more answers: the best one, the whole order, and the pairs in the order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb, sqrt
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from judgelake.comparisons import TIE, verdict_of_scores
from judgelake.measures.conventions import FailureRule
from judgelake.measures.figure import Figure
from judgelake.measures.scores import DECIMALS, NOTHING_JUDGED
from judgelake.measures.statistics.interval import Replicates, ratio
from judgelake.measures.table import FAILED, SEPARATOR, Table

ABSTAINED = "abstained"
"""The outcome of a judge that names a different best answer in each order: not a failure, and not counted."""
UNDEFINED_TAU = "undefined"
"""Instead of Kendall's tau if label or judge score all answers alike, or only name the best."""

NO_ORDER = "in every comparison the label or the judge scores all answers alike, or only names the best"
NO_PAIRS = "no comparison has scores of both the label and the judge"

Ranking = Sequence[float] | str
"""The scores of the answers in the original order, or only a verdict: a letter or a tie."""


def ranking_outcome(label: Ranking, judge: Ranking | None, failure_rule: FailureRule = FailureRule.LEFT_OUT) -> str:
    """One comparison as the outcome (top1, tau, agreeing, pairs).

    top1 is "1" if the judge's best answers are the label's. With scores the best are all answers that share the
    highest score, and both must name the same ones: a judge that puts two answers first is not right if the label
    has only one of them. If one side is only a verdict, both are compared as verdicts (`verdict_of_scores`: the
    letter of the one best answer, else a tie). Scores are equal if they are equal when rounded to `DECIMALS`, as in
    `scores.levels`.

    tau is Kendall's tau-b of the two rows of scores, or `UNDEFINED_TAU`. agreeing counts those of the n (n - 1) / 2
    pairs of answers that both order the same way or both tie. A verdict orders no pairs: 0 of 0.

    A failed judgment is (`FAILED`, pairs) if failures are left out; its pairs are those of the label. If they count it
    is (`FAILED`, top1, tau, agreeing, pairs), as of a judge that ties all answers (TIE), or that does not name the
    best, agrees on no pair and has no tau (WRONG).

    Args:
        label: scores or verdict of the label.
        judge: scores or verdict of the judge. None, or scores for a different number of answers than the label has,
            means failed.
        failure_rule: what a failed judgment counts as.
    """
    if judge is not None and (isinstance(label, str) or isinstance(judge, str) or len(label) == len(judge)):
        return _judged(label, judge)
    pairs = 0 if isinstance(label, str) else comb(len(label), 2)
    if failure_rule is FailureRule.TIE:
        return FAILED + SEPARATOR + _judged(label, TIE if isinstance(label, str) else [0.0] * len(label))
    if failure_rule is FailureRule.WRONG:
        return SEPARATOR.join((FAILED, "0", UNDEFINED_TAU, "0", str(pairs)))
    return SEPARATOR.join((FAILED, str(pairs)))


def top_1_agreement(right: Replicates, judged: Replicates) -> Replicates:
    """Share of judged comparisons for which judge and label name the same best answers (`ranking_outcome`)."""
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
    """Share of all pairs of answers, over all comparisons, that judge and label order the same way or both tie.

    A comparison of n answers has n (n - 1) / 2 pairs, so large comparisons have more weight.
    """
    return ratio(agreeing, pairs)


def ranked(
    batches: Iterator[pa.RecordBatch], failure_rule: FailureRule = FailureRule.LEFT_OUT
) -> Iterator[pa.RecordBatch]:
    """Rows of labels and judgments in, observations of the family "rankings" out; runs in Spark's Python workers.

    Columns in: bucket, question_key, group, slices, and for label and judge the scores or, if there are none, the
    verdict; both null if there is neither; judge_abstains if the orders differ. A comparison without a label gives no
    observation.
    """
    for batch in batches:
        outcomes = [
            None
            if (label := _given(row, "label")) is None
            else ABSTAINED
            if row["judge_abstains"]
            else ranking_outcome(label, _given(row, "judge"), failure_rule)
            for row in batch.to_pylist()
        ]
        columns = {
            "bucket": batch.column("bucket"),
            "question_key": batch.column("question_key"),
            "group": batch.column("group"),
            "code": pa.nulls(len(outcomes), pa.int32()),
            "outcome": pa.array(outcomes, pa.string()),
            "slices": batch.column("slices"),
            "n": pa.array([1] * len(outcomes), pa.int32()),
        }
        made = pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))
        yield made.filter(made.column("outcome").is_valid())


def figures(table: Table) -> Iterator[Figure]:
    """The measures of one table of the family "rankings", with outcomes from `ranking_outcome`.

    `n` counts comparisons: those judged, with a tau, and with pairs. Failed ones are among them if failures count. The
    bounds take all failed ones as wrong, and as right, whatever they count as; comparisons on which the judge abstains
    are in neither.
    """
    asked, seen = table.n, _Seen.of(table)
    if not seen.total(seen.is_judged)[0]:
        for metric in ("top_1_agreement", "mean_kendall_tau", "induced_pair_agreement"):
            yield Figure(metric, None, 0, asked, reason=NOTHING_JUDGED)
        return
    yield _top_1_figure(seen, asked)
    has_tau = np.isfinite(seen.tau)
    base, mean = seen.total(has_tau), mean_kendall_tau(seen.tau[has_tau], seen.comparisons[has_tau])
    yield Figure("mean_kendall_tau", mean, int(base[0]), asked, reason=NO_ORDER, base=base)
    yield _pair_figure(seen, asked)


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """The outcomes of a table, read: all of shape (outcomes,) but `comparisons`, (outcomes, 1 + replicates)."""

    has_failed: NDArray[np.bool_]
    is_judged: NDArray[np.bool_]
    """Also if it has failed, when failures count."""
    is_right: NDArray[np.bool_]
    tau: NDArray[np.float64]
    """nan where there is none."""
    agreeing: NDArray[np.float64]
    pairs: NDArray[np.float64]
    comparisons: NDArray[np.float64]

    @classmethod
    def of(cls, table: Table) -> _Seen:
        given = {outcome: counts for outcome, counts in table.counts.items() if outcome != ABSTAINED}
        outcomes = [outcome.split(SEPARATOR) for outcome in given]
        # For failures that are left out only the pairs are known.
        full = [parts[-4:] if len(parts) >= 4 else ("0", UNDEFINED_TAU, "0", parts[-1]) for parts in outcomes]
        return cls(
            has_failed=np.array([parts[0] == FAILED for parts in outcomes], dtype=np.bool_),
            is_judged=np.array([len(parts) >= 4 for parts in outcomes], dtype=np.bool_),
            is_right=np.array([top == "1" for top, *_ in full], dtype=np.bool_),
            tau=np.array([np.nan if tau == UNDEFINED_TAU else float(tau) for _, tau, *_ in full]),
            agreeing=np.array([float(agreeing) for *_, agreeing, _ in full]),
            pairs=np.array([float(pairs) for *_, pairs in full]),
            comparisons=np.stack(list(given.values())) if outcomes else np.zeros((0, 1)),
        )

    def total(self, which: NDArray[np.bool_]) -> Replicates:
        """Comparisons with such an outcome."""
        found: Replicates = self.comparisons[which].sum(axis=0)
        return found


def _top_1_figure(seen: _Seen, asked: int) -> Figure:
    judged, failed = seen.total(seen.is_judged), int(seen.total(seen.has_failed)[0])
    right, answered = int(seen.total(seen.is_right & ~seen.has_failed)[0]), float(seen.comparisons[:, 0].sum())
    return Figure(
        "top_1_agreement",
        top_1_agreement(seen.total(seen.is_right), judged),
        int(judged[0]),
        asked,
        if_wrong=right / answered,
        if_right=(right + failed) / answered,
        base=judged,
    )


def _pair_figure(seen: _Seen, asked: int) -> Figure:
    has_pairs, given = seen.is_judged & (seen.pairs > 0), ~seen.has_failed
    if seen.total(given)[0] and not seen.total(given & has_pairs)[0]:
        # Where it failed, a judge that only names the best would have named it and ordered no pairs.
        has_pairs = given & has_pairs
    base, comparisons = seen.total(has_pairs), seen.comparisons[has_pairs]
    if not base[0]:
        return Figure("induced_pair_agreement", None, 0, asked, reason=NO_PAIRS, base=base)
    of_data = seen.comparisons[:, 0]
    agreeing, failed, pairs = (
        float(part @ of_data) for part in (seen.agreeing * given, seen.pairs * seen.has_failed, seen.pairs)
    )
    return Figure(
        "induced_pair_agreement",
        induced_pair_agreement(seen.agreeing[has_pairs] @ comparisons, seen.pairs[has_pairs] @ comparisons),
        int(base[0]),
        asked,
        if_wrong=agreeing / pairs,
        if_right=(agreeing + failed) / pairs,
        base=base,
    )


def _given(row: Mapping[str, Any], whose: str) -> Ranking | None:
    found: Ranking | None = row[f"{whose}_scores"] or row[f"{whose}_verdict"]
    return found


def _judged(label: Ranking, judge: Ranking) -> str:
    """The outcome of two rankings."""
    if isinstance(label, str) or isinstance(judge, str):
        return SEPARATOR.join((str(int(_verdict(label) == _verdict(judge))), UNDEFINED_TAU, "0", "0"))
    by_label, by_judge = _rounded(label), _rounded(judge)
    tau, agreeing, pairs = _compare_pairs(by_label, by_judge)
    top = str(int(_best(by_label) == _best(by_judge)))
    return SEPARATOR.join((top, UNDEFINED_TAU if tau is None else repr(tau), str(agreeing), str(pairs)))


def _rounded(scores: Sequence[float]) -> list[float]:
    # Only which score is higher counts here, and of two that are equal as decimals neither is (`scores.levels`).
    return [round(score, DECIMALS) for score in scores]


def _verdict(ranking: Ranking) -> str | None:
    return ranking if isinstance(ranking, str) else verdict_of_scores(_rounded(ranking))


def _best(scores: Sequence[float]) -> list[int]:
    highest = max(scores)
    return [place for place, score in enumerate(scores) if score == highest]


def _compare_pairs(label: Sequence[float], judge: Sequence[float]) -> tuple[float | None, int, int]:
    """Kendall's tau-b (None if one side is constant), the pairs ordered alike or tied in both, and all pairs."""
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
