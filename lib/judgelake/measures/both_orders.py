"""What asking in both orders shows: consistency, and which place the disagreements favour. Needs no labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from judgelake.comparisons import TIE
from judgelake.measures.conventions import FailureRule
from judgelake.measures.figure import Figure
from judgelake.measures.labelers import cohens_kappa
from judgelake.measures.rules import CLASSES, VERDICT_COLUMNS, VERDICTS, dense_counts
from judgelake.measures.statistics.interval import Replicates, ratio
from judgelake.measures.table import FAILED, Table

NOT_IN_BOTH = "no comparison was asked in both orders"
NO_VERDICTS = "no comparison has a verdict in both orders"
ALL_ONE_VERDICT = "all verdicts of both orders belong to one class, so chance agreement is 1 and kappa is undefined"

# How far a verdict leans to the first answer; the order shifts this to one side or the other.
_LEANING = np.array([{"A": 1, TIE: 0, "B": -1}[verdict] for verdict in CLASSES])


@dataclass(frozen=True, slots=True, eq=False)
class OrderCounts:
    """Verdicts shown as AB (axis 0) by verdicts shown as BA (axis 1), both in original order; last axis replicates.

    `verdicts`, shape (3, 3, 1 + replicates), counts the comparisons with a verdict in both orders. `answers`, shape
    (4, 4, ...), has a last class for failed judgments, which is empty except under `FailureRule.WRONG`.
    `asked` are the comparisons asked in both orders.
    """

    answers: NDArray[np.float64]
    asked: Replicates

    @classmethod
    def of(cls, table: Table, failure_rule: FailureRule) -> OrderCounts:
        """From outcomes original, reversed, joined by `SEPARATOR`; under `FailureRule.TIE` a failure is a tie."""
        answers = dense_counts(table, (VERDICTS, VERDICTS))[: len(VERDICT_COLUMNS), : len(VERDICT_COLUMNS)]
        asked = answers.sum(axis=(0, 1))
        failed, tie = VERDICTS.index(FAILED), VERDICTS.index(TIE)
        if failure_rule is FailureRule.TIE:
            answers[tie] += answers[failed]
            answers[:, tie] += answers[:, failed]
        if failure_rule is not FailureRule.WRONG:
            answers[failed] = 0.0
            answers[:, failed] = 0.0
        return cls(answers, asked)

    @property
    def verdicts(self) -> NDArray[np.float64]:
        """The comparisons with a verdict in both orders."""
        return self.answers[: len(CLASSES), : len(CLASSES)]


def consistency(verdicts: NDArray[np.float64]) -> Replicates:
    """Share of comparisons with the same verdict in order AB and in order BA, mapped back to the original order.

    With `bias_first` and `bias_second` it sums to 1.

    Args:
        verdicts: `OrderCounts.verdicts`; here and below the result is nan if there are none.

    Source: JudgeLM (arXiv 2310.17631), judgelm/llm_judge/eval_model_judgement.py, `calculate_metrics`.
    """
    return _share(verdicts, _LEANING[:, None] == _LEANING[None, :])


def bias_first(verdicts: NDArray[np.float64]) -> Replicates:
    """Share of comparisons whose two verdicts differ in favour of the place shown first.

    That is so if the first answer does better when it is shown first (AB) than when it is shown second (BA), where a
    tie is between a win and a loss: A then tie, A then B, tie then B.

    Source: `perfer_before_rate` of JudgeLM's `calculate_metrics`.
    """
    return _share(verdicts, _LEANING[:, None] > _LEANING[None, :])


def bias_second(verdicts: NDArray[np.float64]) -> Replicates:
    """Share of comparisons whose two verdicts differ in favour of the place shown second; see `bias_first`.

    Source: `perfer_after_rate` of JudgeLM's `calculate_metrics`.
    """
    return _share(verdicts, _LEANING[:, None] < _LEANING[None, :])


def position_bias(verdicts: NDArray[np.float64]) -> Replicates:
    """`bias_first` - `bias_second`: above 0 the judge leans to the first place, below 0 to the second."""
    return bias_first(verdicts) - bias_second(verdicts)


def delta_bias(verdicts: NDArray[np.float64]) -> Replicates:
    """|`bias_first` - `bias_second`|, as in JudgeLM. Chance alone makes it positive: test `position_bias` instead."""
    return np.abs(position_bias(verdicts))


def positional_agreement(answers: NDArray[np.float64]) -> Replicates:
    """Share of comparisons with the same answer in both orders; two failures are the same if failed is a class.

    Args:
        answers: `OrderCounts.answers`.

    Source: LLMBar (arXiv 2310.07641), LLMEvaluator/evaluate.py, `equal`.
    """
    return ratio(np.einsum("cc...->...", answers), answers.sum(axis=(0, 1)))


def figures(table: Table, failure_rule: FailureRule) -> Iterator[Figure]:
    """Consistency and biases among comparisons with a verdict in both orders; agreement and kappa of the orders.

    A failed judgment favours no place: only under `FailureRule.WRONG`, and only in `positional_agreement` and
    `positional_kappa`, is it a class of its own, as in LLMBar. `asked` are the comparisons asked in both orders.

    Args:
        table: outcomes are the verdicts in order AB and in order BA, joined by `SEPARATOR`, one per comparison.
        failure_rule: what a judgment without a verdict counts as.
    """
    counts = OrderCounts.of(table, failure_rule)
    verdicts, answers, asked = counts.verdicts, counts.answers, int(counts.asked[0])
    reason = NO_VERDICTS if asked else NOT_IN_BOTH
    base = verdicts.sum(axis=(0, 1))
    figure = partial(Figure, n=int(base[0]), asked=asked, reason=reason, base=base)
    for rate in (consistency, bias_first, bias_second):
        yield figure(rate.__name__, rate(verdicts), trials=float(base[0]))
    yield figure("delta_bias", delta_bias(verdicts))
    yield figure("position_bias", position_bias(verdicts), trials=float(base[0]))
    base = answers.sum(axis=(0, 1))
    answered = partial(Figure, n=int(base[0]), asked=asked, base=base)
    yield answered("positional_agreement", positional_agreement(answers), trials=float(base[0]), reason=reason)
    yield answered("positional_kappa", cohens_kappa(answers), reason=ALL_ONE_VERDICT if base[0] else reason)


def _share(verdicts: NDArray[np.float64], where: NDArray[np.bool_]) -> Replicates:
    return ratio(verdicts[where].sum(axis=0), verdicts.sum(axis=(0, 1)))
