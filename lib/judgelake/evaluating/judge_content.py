"""One judge's figures as the report shows them."""

from __future__ import annotations

from collections.abc import Sequence

from judgelake.evaluating.evaluate import Evaluation
from judgelake.evaluating.features import MARGINS
from judgelake.evaluating.inputs import IMPORTED, JudgeInfo
from judgelake.evaluating.rows import MetricRow, of_judge
from judgelake.evaluation import Estimate, SwapRule
from judgelake.report import (
    BothOrders,
    Confusion,
    Count,
    Family,
    JudgeSection,
    MarginBin,
    Missing,
    Row,
    Scale,
    Slice,
)

PAIRS = "pairs"
HEADLINES = {
    PAIRS: ("agreement", "macro_f1", "cohen_kappa", "tie_rate", "label_tie_rate"),
    "aspects": ("aspect_accuracy", "aspect_f1", "aspect_auroc"),
    "rankings": ("top_1_agreement", "mean_kendall_tau", "induced_pair_agreement"),
    "scores": (
        *("spearman", "pearson", "mean_absolute_error", "exact_agreement", "within_one_agreement"),
        *("kendall_tau_b", "quadratic_weighted_kappa"),
    ),
}
"""What a judge can be held against labels by, to its headline figures; the first of them stands for the judge."""
ORDERS = ("consistency", "bias_first", "bias_second", "position_bias")
MORE_ORDERS = ("delta_bias", "positional_agreement", "positional_kappa", "average_accuracy", "both_right_accuracy")
NUMBERS = frozenset({"mean_absolute_error", "bradley_terry", "confusion", "games"})
# By a rule of their own, whichever the headline's is: scores and rankings know the mean of both orders' scores and the
# verdict that both give, but no other way to make one of two orders.
OF_ONE_RULE = frozenset({"both_right_accuracy", "agreement_with_ties"}).union(
    *(metrics for kind, metrics in HEADLINES.items() if kind != PAIRS)
)
RATES_WITHOUT_FLAG = frozenset({"delta_bias"})
# Differences of shares in which a fair judge need not have 0: see `self_preference` and `length_bias`.
DIFFERENCES = frozenset({"self_preference", "length_bias"})
FAMILIES = {
    "Classes": ("precision", "recall", "f1", "macro_precision", "macro_recall", "weighted_f1"),
    "Ties and votes": ("agreement_with_ties", "agreement_without_ties"),
    "Length": ("longer_win_share", "longer_win_share_of_labels", "length_bias", "length_slope"),
    "Own family": (
        "own_win_share",
        "own_win_share_of_labels",
        "self_preference",
        "matched_self_preference",
        "own_error_share",
    ),
    "Wins by family of the answer": ("family_win_share",),
    "Scores": HEADLINES["scores"],
    "Yes or no": HEADLINES["aspects"],
    "Rankings": HEADLINES["rankings"],
    "Asked the same again": ("unanimity", "flip_rate"),
}
JUDGE_MARGIN = "judge_margin"
# How `engine.identity` begins the version of a model that is a folder.
LOCAL = "local:"
NO_PAIRS = "no labelled comparison of two answers was asked of this judge"


def shown(row: MetricRow) -> Row:
    """A row of the metrics table as the report has it."""
    dimension, _, value = row.slice.partition("=")
    return Row(
        metric=row.metric,
        estimate=Estimate(row.value, row.low, row.high, row.detectable, row.reason),
        n=row.n,
        asked=row.asked,
        questions=row.clusters,
        subject=row.subject,
        swap_rule=row.swap_rule,
        slice=None if row.slice == "all" else Slice(dimension, value),
        if_wrong=row.if_failures_wrong,
        if_right=row.if_failures_right,
        scale=_scale(row),
        is_effect=row.is_effect,
    )


def judge_section(evaluation: Evaluation, judge: JudgeInfo) -> JudgeSection:
    """All that the report says of one judge."""
    rows = of_judge(evaluation.rows, judge)
    whole = [row for row in rows if row.slice == "all"]
    rules = evaluation.job.swap_rules
    headline_rule = rules[0].value
    kind = headline_kind(whole)
    headline = tuple(
        shown(row) for metric in HEADLINES[kind] for row in whole if row.metric == metric and row.subject is None
    )
    return JudgeSection(
        name=judge.name,
        judge=judge.judge,
        headline=headline or Missing("no comparison of two answers was judged"),
        fingerprint=judge.fingerprint,
        model=model_name(judge),
        model_version=judge.model_version,
        mode=judge.mode,
        is_imported=judge.is_imported,
        confusion=_confusion(whole, rules, kind),
        both_orders=_both_orders(whole),
        slices=_slices(rows, headline_rule, kind, evaluation.job.slices.by),
        calibration=_calibration(evaluation, rows, kind),
        families=_families(whole, headline_rule, HEADLINES[kind]),
        not_tested=_not_tested(whole, judge, has_families=bool(evaluation.job.families.models)),
        failures=tuple(Count(status, count) for status, count in judge.statuses.items() if status != "ok"),
    )


def headline_kind(rows: Sequence[MetricRow]) -> str:
    """By what the judge is held against labels, one of `HEADLINES`: the first that it was asked for.

    A judge that was asked nothing that has a label is one of pairs.

    Args:
        rows: of one judge, over everything.
    """
    asked = {row.metric for row in rows if row.asked}
    return next((kind for kind, metrics in HEADLINES.items() if metrics[0] in asked), PAIRS)


def is_by_rule(row: MetricRow, rule: str | None) -> bool:
    """Whether a figure stands beside those of a swap rule: it came by that one, by none, or by its metric's own."""
    return row.swap_rule in (None, rule) or row.metric in OF_ONE_RULE


def model_name(judge: JudgeInfo) -> str | None:
    """The model without its revision; of a local folder, whose path is not kept, what its content hashes to.

    None for imported judgments whose file named no model.
    """
    version = judge.model_version
    if version.startswith(LOCAL):
        return f"a local folder of content {version.removeprefix(LOCAL)[:12]}"
    name, _, revision = version.rpartition("@")
    return None if version in ("", IMPORTED) else name or revision


def _scale(row: MetricRow) -> Scale:
    if row.is_effect or row.metric in DIFFERENCES:
        return Scale.POINTS
    if row.is_rate or row.metric in RATES_WITHOUT_FLAG:
        return Scale.RATE
    return Scale.NUMBER if row.metric in NUMBERS else Scale.COEFFICIENT


def _confusion(rows: Sequence[MetricRow], rules: Sequence[SwapRule], kind: str) -> Confusion | Missing:
    """Of the first swap rule that has verdicts."""
    counts: dict[str | None, float | None] = {}
    for rule in rules:
        counts = {row.subject: row.value for row in rows if row.metric == "confusion" and row.swap_rule == rule.value}
        if counts:
            break
    else:
        return Missing(_why_no_confusion(rows, rules, kind))
    met = [name for subject in counts if subject for name in subject.split(">")]
    labels = [name for name in ("A", "B", "tie") if name in met]
    verdicts = [name for name in ("A", "B", "tie", "failed") if name in met]
    table = tuple(tuple(int(counts.get(f"{label}>{verdict}") or 0) for verdict in verdicts) for label in labels)
    return Confusion(tuple(labels), tuple(verdicts), table, rule.value)


def _why_no_confusion(rows: Sequence[MetricRow], rules: Sequence[SwapRule], kind: str) -> str:
    if kind != PAIRS:
        return NO_PAIRS
    nothing_judged = next((row.reason for row in rows if row.metric == "agreement" and row.value is None), None)
    if nothing_judged is None and set(rules) == {SwapRule.BOTH_RIGHT}:
        return "the swap rule both_right gives no verdict of its own, and swap_rules has no other"
    return nothing_judged or "no labelled comparison has a verdict"


def _both_orders(rows: Sequence[MetricRow]) -> BothOrders | Missing:
    found = {row.metric: row for row in rows if row.metric in (*ORDERS, *MORE_ORDERS) and row.subject is None}
    if any(metric not in found or found[metric].value is None for metric in ORDERS):
        reason = found["consistency"].reason if "consistency" in found else None
        return Missing(reason or "no comparison was asked in both orders")
    consistency, first, second, position = (shown(found[metric]) for metric in ORDERS)
    more = tuple(shown(found[metric]) for metric in MORE_ORDERS if metric in found)
    return BothOrders(consistency, first, second, position, more)


def _slices(rows: Sequence[MetricRow], rule: str, kind: str, by: Sequence[str]) -> tuple[Row, ...] | Missing:
    """The figure that stands for the judge, in every slice."""
    sliced = HEADLINES[kind][0]
    found = [row for row in rows if row.slice != "all" and row.metric == sliced and is_by_rule(row, rule)]
    if found:
        return tuple(map(shown, found))
    if not by:
        return Missing("slices.by names no dimension")
    return Missing("no labelled comparison that this judge was asked has any of the dimensions in slices.by")


def _calibration(evaluation: Evaluation, rows: Sequence[MetricRow], kind: str) -> tuple[MarginBin, ...] | Missing:
    if kind != PAIRS:
        return Missing(NO_PAIRS)
    if evaluation.inputs.labels is None:
        return Missing("there are no labels")
    if JUDGE_MARGIN not in evaluation.job.slices.by:
        return Missing(f"{JUDGE_MARGIN} is not among the dimensions in slices.by")
    rule = evaluation.job.swap_rules[0].value
    bins = [
        MarginBin(name, shown(row))
        for name, _ in MARGINS[JUDGE_MARGIN]
        for row in rows
        if row.slice == f"{JUDGE_MARGIN}={name}" and row.metric == "agreement" and row.swap_rule == rule
    ]
    return tuple(bins) or Missing("no judgment in the own order (AB) has log-probabilities of the judge's labels")


def _not_tested(rows: Sequence[MetricRow], judge: JudgeInfo, *, has_families: bool) -> tuple[str, ...]:
    """What the evaluation says nothing about of this judge, in plain sentences."""
    said = []
    if not any(row.metric == "consistency" and row.value is not None for row in rows):
        said.append(f"Position bias of {judge.name}: no comparison has a verdict in both orders.")
    if judge.repeats < 2:
        said.append(f"Whether {judge.name} answers the same when asked the same again: nothing was asked twice.")
    if judge.in_other_orders:
        many = f"{judge.in_other_orders:,} judgments count only as repeats"
        said.append(f"What {judge.name} says in other orders than the own and the reversed: {many}.")
    own = next((row for row in rows if row.metric == "own_win_share"), None)
    if has_families and (own is None or own.value is None):
        reason = "families.judges does not name it" if own is None else own.reason
        said.append(f"Self-preference of {judge.name}: {reason}.")
    return tuple(said)


def _families(rows: Sequence[MetricRow], rule: str, told: Sequence[str]) -> tuple[Family, ...]:
    """All further figures; those of the metrics in `told` stand elsewhere."""
    made = []
    for title, metrics in FAMILIES.items():
        chosen = [metric for metric in metrics if metric not in told]
        found = [row for metric in chosen for row in rows if row.metric == metric and is_by_rule(row, rule)]
        if any(row.value is not None for row in found):
            made.append(Family(title, tuple(map(shown, found))))
    return tuple(made)
