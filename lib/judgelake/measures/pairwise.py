"""How a judge's verdicts on pairs of answers agree with the labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from judgelake.comparisons import TIE
from judgelake.measures.baselines import rule_figures
from judgelake.measures.by_class import ClassCounts, Confusion, Limits, class_figures, known
from judgelake.measures.conventions import SCORED, FailureRule, SwapRule
from judgelake.measures.figure import Figure
from judgelake.measures.labelers import cohens_kappa
from judgelake.measures.rules import CLASSES, VERDICT_COLUMNS, VERDICTS, Combined, PairCounts, combined
from judgelake.measures.statistics.interval import Replicates, ratio
from judgelake.measures.table import FAILED, Table

# Both orders of a comparison have the same label, and a verdict together or none.
OF_BOTH_TOGETHER = ("label_tie_rate", "verdict_rate")
Combine = Callable[[PairCounts, SwapRule, FailureRule], Combined]

NO_LABELS = "no comparison asked of this judge has a label"
NOT_ASKED_SO = {
    SwapRule.FIRST: "no labelled comparison was asked in the original order (AB)",
    SwapRule.SECOND: "no labelled comparison was asked in the reversed order (BA)",
    SwapRule.AVERAGE: "no labelled comparison has scores in both orders to average",
    SwapRule.MARGIN: "no labelled comparison was asked in both orders, or the judge gives no log-odds",
    SwapRule.CENTRED: "no comparison has log-odds in both orders, so the position offset is not known",
}
AGREEMENT_OF = {SwapRule.STRICT: "agreement_when_consistent"}
"""Where a rule leaves out what is hard, its agreement is another number than that of all comparisons."""
ONE_ORDER_ONLY = "each labelled comparison was asked in one order only, but this rule needs both"
ONLY_TIES = "the label or the verdict of each comparison is a tie"
ALL_FAILED = "no judgment that counts has a verdict"
ONE_CLASS = "all labels and verdicts belong to one class, so chance agreement is 1 and kappa is undefined"


def agreement(found: Combined) -> Replicates:
    """Share of the judged comparisons whose verdict is the label: accuracy; nan if none is judged.

    JudgeLM and PandaLM report it for the original order (`SwapRule.FIRST`), Auto-J and LLMBar with both orders required
    to be right (`SwapRule.BOTH_RIGHT`).
    """
    return ratio(found.right, found.judged)


def label_kappa(confusion: Confusion) -> Replicates:
    """Cohen's kappa of verdicts and labels; a failed verdict that counts is a class that is never a label."""
    square = np.zeros((len(VERDICT_COLUMNS), len(VERDICT_COLUMNS), confusion.shape[-1]))
    square[: len(CLASSES)] = confusion
    return cohens_kappa(square)


def tie_rate(confusion: Confusion) -> Replicates:
    """Share of ties among the verdicts; a failed judgment is not a verdict."""
    verdicts = confusion[:, : len(CLASSES)].sum(axis=0)
    return ratio(verdicts[CLASSES.index(TIE)], verdicts.sum(axis=0))


def verdict_rate(counts: PairCounts, swap_rule: SwapRule) -> tuple[Replicates, Replicates]:
    """Share of the comparisons asked for that have a verdict, and how many were asked for; nan if none was.

    A judgment without a verdict is none whatever the failure rule; likewise two that differ under STRICT.

    Raises:
        ValueError: `SwapRule.BOTH_RIGHT`, which has no verdicts.
    """
    # WRONG alone keeps what failed apart from all verdicts.
    found = combined(counts, swap_rule, FailureRule.WRONG)
    if found.confusion is None:
        raise ValueError(f"the swap rule {swap_rule} gives no verdicts")
    return ratio(found.confusion[:, : len(CLASSES)].sum(axis=(0, 1)), found.asked), found.asked


def label_tie_rate(confusion: Confusion) -> Replicates:
    """Share of ties among the labels of the judged comparisons."""
    return ratio(confusion[CLASSES.index(TIE)].sum(axis=0), confusion.sum(axis=(0, 1)))


def without_ties(counts: PairCounts, swap_rule: SwapRule, failure_rule: FailureRule) -> Combined:
    """Only the votes and verdicts that are not ties: MT-bench's setup S2; the agreement of all of them is setup S1.

    MT-bench takes two different verdicts as a tie (`SwapRule.TIE`) and counts each human's vote (labels of rule
    "each"), so a comparison is weighted by its votes. A comparison whose label or verdict is a tie no longer counts as
    asked.

    Raises:
        ValueError: `SwapRule.BOTH_RIGHT`, which has no verdicts.

    Source: MT-bench (arXiv 2306.05685) table 5; FastChat, fastchat/llm_judge/compute_agreement.py,
    `get_mt_bench_agreement` with and without a ban on ties.
    """
    found = combined(counts.with_label([label for label in CLASSES if label != TIE]), swap_rule, failure_rule)
    if found.confusion is None:
        raise ValueError(f"the swap rule {swap_rule} gives no verdicts, so there are no ties to leave out")
    ties = found.confusion[:, CLASSES.index(TIE)].sum(axis=0)
    decided = found.confusion.copy()
    decided[:, CLASSES.index(TIE)] = 0.0
    labels = decided.sum(axis=1)
    return replace(found, confusion=decided, judged=found.judged - ties, asked=found.asked - ties, labels=labels)


def average_accuracy(first: Combined, second: Combined) -> Replicates:
    """LLMBar's accuracy: the mean of the agreements in order AB and in order BA; nan where either is.

    Source: LLMBar (arXiv 2310.07641), LLMEvaluator/evaluate.py, `correct_average`.
    """
    return (agreement(first) + agreement(second)) / 2


def figures(table: Table, swap_rules: Sequence[SwapRule], failure_rule: FailureRule) -> Iterator[Figure]:
    """All pairwise figures for each swap rule of verdicts, then those that a paper defines with its own rule.

    For each rule: agreement and its form without ties, precision, recall and F1 (macro, weighted, and with a class as
    the subject), Cohen's kappa, tie rates, and the confusion: the subject "A>B" is the number of comparisons with the
    label A and the verdict B. Only classes that occur are shown. BOTH_RIGHT gives only agreement. The agreement of
    STRICT is agreement_when_consistent. Beside each agreement is what trivial judges reach (`baselines`). The figures
    of the rules in `SCORED` are in `scored_figures`.

    Once, whatever the rules: LLMBar's `average_accuracy` and `both_right_accuracy`, MT-bench's `agreement_with_ties`
    and `agreement_without_ties`.

    Args:
        table: outcomes are label, own and reversed verdict; see `PairCounts`.
        swap_rules: those to report; those in `SCORED` are passed over.
        failure_rule: what a judgment without a verdict counts as. The bounds do not depend on it: no verdicts that the
            failed judgments might have given lead beyond them. With failures left out, the figure itself can be above
            the upper bound: one order may already make the comparison wrong, whatever the failed order had said.
    """
    counts = PairCounts.of(table)
    for swap_rule in swap_rules:
        of_rule = _of_rule(counts, swap_rule, failure_rule) if swap_rule not in SCORED else iter(())
        yield from map(_with_both_orders, of_rule) if swap_rule is SwapRule.MEAN else of_rule
    yield _average_accuracy(counts, failure_rule)
    yield _agreement("both_right_accuracy", counts, SwapRule.BOTH_RIGHT, failure_rule)
    yield _agreement("agreement_with_ties", counts, SwapRule.TIE, failure_rule)
    if SwapRule.TIE not in swap_rules:
        yield _agreement("agreement_without_ties", counts, SwapRule.TIE, failure_rule, combine=without_ties)


def scored_figures(table: Table, swap_rule: SwapRule, failure_rule: FailureRule) -> Iterator[Figure]:
    """The same figures for a rule in `SCORED`, which makes one verdict before anything is counted.

    Args:
        table: outcomes are label and verdict; see `PairCounts.of_one`.
        swap_rule: the rule.
        failure_rule: what a judgment without a verdict counts as.
    """
    yield from _of_rule(PairCounts.of_one(table), swap_rule, failure_rule)


def _of_rule(counts: PairCounts, swap_rule: SwapRule, failure_rule: FailureRule) -> Iterator[Figure]:
    agreed = _agreement(AGREEMENT_OF.get(swap_rule, "agreement"), counts, swap_rule, failure_rule)
    found = combined(counts, swap_rule, failure_rule)
    yield agreed
    yield from rule_figures(found.labels, swap_rule, agreed)
    confusion = found.confusion
    if confusion is None:
        return
    yield _agreement("agreement_without_ties", counts, swap_rule, failure_rule, combine=without_ties)
    judged, asked = int(found.judged[0]), int(found.asked[0])
    reason = _reason(counts, swap_rule, found)
    figure = partial(Figure, n=judged, asked=asked, swap_rule=swap_rule.value, reason=reason, base=found.judged)
    limits = [limit.confusion for limit in _limits(counts, swap_rule) if limit.confusion is not None]
    yield from class_figures(confusion, Limits.of(*limits), figure)
    yield figure("cohen_kappa", label_kappa(confusion), reason=ONE_CLASS if judged else reason)
    verdicts = confusion[:, : len(CLASSES)].sum(axis=(0, 1))
    given, why = int(verdicts[0]), ALL_FAILED if judged else reason
    yield figure("tie_rate", tie_rate(confusion), n=given, trials=given, reason=why, base=verdicts)
    yield figure("label_tie_rate", label_tie_rate(confusion), trials=judged)
    share, of_all = verdict_rate(counts, swap_rule)
    yield figure("verdict_rate", share, n=asked, trials=asked, base=of_all)
    yield from (figure("confusion", cell, subject=subject) for subject, cell in _cells(confusion))


def _with_both_orders(figure: Figure) -> Figure:
    """Under MEAN a comparison is two observations, whose errors may be independent."""
    is_of_both = figure.trials is not None and figure.metric not in OF_BOTH_TOGETHER
    return replace(figure, trials=2 * (figure.trials or 0.0)) if is_of_both else figure


def _agreement(
    metric: str,
    counts: PairCounts,
    swap_rule: SwapRule,
    failure_rule: FailureRule,
    *,
    combine: Combine = combined,
) -> Figure:
    found = combine(counts, swap_rule, failure_rule)
    if_wrong, if_right = (agreement(limit) for limit in _limits(counts, swap_rule, combine))
    return Figure(
        metric,
        agreement(found),
        n=int(found.judged[0]),
        asked=int(found.asked[0]),
        if_wrong=known(if_wrong),
        if_right=known(if_right),
        swap_rule=swap_rule.value,
        trials=float(found.judged[0]),
        reason=_reason(counts, swap_rule, found),
        base=found.judged,
    )


def _average_accuracy(counts: PairCounts, failure_rule: FailureRule) -> Figure:
    """Over the comparisons asked in both orders; `n` is the number judged in the order that has fewer."""
    in_both = counts.asked_in_both()
    orders = (SwapRule.FIRST, SwapRule.SECOND)
    first, second = (combined(in_both, order, failure_rule) for order in orders)
    if_wrong, if_right = (
        average_accuracy(*limits) for limits in zip(*(_limits(in_both, order) for order in orders), strict=True)
    )
    return Figure(
        "average_accuracy",
        average_accuracy(first, second),
        n=int(min(first.judged[0], second.judged[0])),
        asked=int(first.asked[0]),
        if_wrong=known(if_wrong),
        if_right=known(if_right),
        reason=_reason(counts, SwapRule.BOTH_RIGHT, first if not first.judged[0] else second),
        base=min(first.judged, second.judged, key=lambda judged: judged[0]),
    )


def _limits(counts: PairCounts, swap_rule: SwapRule, combine: Combine = combined) -> tuple[Combined, Combined]:
    """The data with all failed judgments wrong, and with all giving the label."""
    data = counts.without_replicates()
    all_right = _with_ties_followed(data) if swap_rule is SwapRule.FOLLOW_FIRST else data
    all_right = all_right.with_failures_right()
    return combine(data, swap_rule, FailureRule.WRONG), combine(all_right, swap_rule, FailureRule.LEFT_OUT)


def _with_ties_followed(counts: PairCounts) -> PairCounts:
    """The counts if failed judgments of the reversed order had made ties of comparisons with the label tie.

    Under FOLLOW_FIRST a judgment does so by choosing the same place as the original order, though that is wrong; a tie,
    though it is right, would leave the original order to count.
    """
    followed = counts.counts.copy()
    of_ties, failed = followed[CLASSES.index(TIE)], VERDICTS.index(FAILED)
    for own, other in (("A", "B"), ("B", "A")):
        of_own = of_ties[VERDICTS.index(own)]
        of_own[VERDICTS.index(other)] += of_own[failed]
        of_own[failed] = 0.0
    return PairCounts(followed)


def _reason(counts: PairCounts, swap_rule: SwapRule, found: Combined) -> str | None:
    """Why nothing is judged; None if something is."""
    if found.judged[0]:
        return None
    if not counts.counts[..., 0].any():
        return NO_LABELS
    if not combined(counts, swap_rule, FailureRule.LEFT_OUT).asked[0]:
        return NOT_ASKED_SO.get(swap_rule, ONE_ORDER_ONLY)
    if not found.asked[0]:
        return ONLY_TIES
    failed, abstained = int(found.failed[0]), int(found.abstained[0])
    return f"nothing counts: {failed} without a verdict, {abstained} with another verdict in each order"


def _cells(confusion: Confusion) -> Iterator[tuple[str, Replicates]]:
    occurs = dict(zip(CLASSES, ClassCounts.of(confusion).labels_and_verdicts[:, 0] > 0, strict=True))
    shown = {**occurs, VERDICT_COLUMNS[-1]: confusion[:, -1, 0].any()}
    for label, row in zip(CLASSES, confusion, strict=True):
        for verdict, cell in zip(VERDICT_COLUMNS, row, strict=True):
            if shown[label] and shown[verdict]:
                yield f"{label}>{verdict}", cell
