"""One judge's figures as the report shows them."""

from __future__ import annotations

from collections.abc import Sequence

from judgelake.jobs.evaluate.evaluation import Evaluation
from judgelake.jobs.evaluate.features import MARGINS
from judgelake.jobs.evaluate.inputs import IMPORTED, JudgeInfo
from judgelake.measures import (
    BASELINES,
    KINDS,
    ORDERS,
    PAIRS,
    SECTIONS,
    Kind,
    OrderRule,
    Result,
    SwapRule,
    headline_of,
    main_metrics,
    metric_named,
    shown_in,
)
from judgelake.report import BothOrders, Confusion, Count, Family, JudgeSection, MarginBin, Missing

JUDGE_MARGIN = "judge_margin"
# The prefix that `engine.identity` gives the version of a model that is a folder.
LOCAL = "local:"
# Between the version of a model and that of the adapter on it.
ADAPTED = "+adapter:"
NO_PAIRS = "no labelled comparison of two answers was asked of this judge"
# With a fixed rule, whatever the headline's is: scores and rankings can combine two orders only by the mean of both
# orders' scores or the verdict that both give.
OF_ONE_RULE = (OrderRule.GRADED, OrderRule.OWN)
# Shown all together or not at all.
COMPARED_SLICES = ("slice_difference", "agreement_shrunk")
BOTH_ORDERS = ("consistency", "bias_first", "bias_second", "position_bias")


def judge_section(evaluation: Evaluation, judge: JudgeInfo, rows: Sequence[Result]) -> JudgeSection:
    """Everything the report shows of one judge.

    Args:
        evaluation: with its rules.
        judge: one of its judges.
        rows: those about the judge.
    """
    whole = [row for row in rows if row.is_whole]
    rules, headline_rule = evaluation.job.rules, evaluation.job.headline.value
    kind = headline_kind(whole)
    return JudgeSection(
        name=judge.name,
        judge=judge.judge,
        headline=_headline(whole, headline_rule, kind) or Missing("no comparison of two answers was judged"),
        fingerprint=judge.fingerprint,
        model=model_name(judge),
        model_version=judge.model_version,
        mode=judge.mode,
        log_odds=judge.log_odds,
        is_imported=judge.is_imported,
        baselines=tuple(row for row in whole if row.metric in shown_in(BASELINES)),
        confusion=_confusion(whole, rules, kind),
        both_orders=_both_orders(whole),
        slices=_slices(rows, headline_rule, kind, evaluation.job.slices.by),
        compared_slices=tuple(row for row in rows if kind == PAIRS and row.metric in COMPARED_SLICES),
        calibration=_calibration(evaluation, rows, kind),
        families=_families(whole, headline_rule, headline_of(kind)),
        not_tested=_not_tested(whole, judge, has_families=bool(evaluation.job.families.models)),
        failures=tuple(Count(status, count) for status, count in judge.statuses.items() if status != "ok"),
    )


def headline_kind(rows: Sequence[Result]) -> Kind:
    """The first of `KINDS` that the judge was asked for; pairs if nothing it was asked has a label.

    Args:
        rows: of one judge, over everything.
    """
    asked = {row.metric for row in rows if row.asked}
    return next((kind for kind in KINDS if asked.intersection(main_metrics(kind))), PAIRS)


def _headline(rows: Sequence[Result], rule: str, kind: Kind) -> tuple[Result, ...]:
    """The headline figures: those of the headline's rule first, so that the first one represents the judge."""
    found = [row for metric in headline_of(kind) for row in rows if row.metric == metric and row.subject is None]
    return tuple(sorted(found, key=lambda row: not is_by_rule(row, rule)))


def is_by_rule(row: Result, rule: str | None) -> bool:
    """Whether a figure is shown with those of a swap rule: it has that rule, none, or the fixed one of its metric."""
    return row.swap_rule in (None, rule) or metric_named(row.metric).swap_rule in OF_ONE_RULE


def model_name(judge: JudgeInfo) -> str | None:
    """The model without its revision; for a local folder, whose path is not stored, the hash of its content.

    None for imported judgments whose file names no model.
    """
    base, _, adapter = judge.model_version.partition(ADAPTED)
    name = _name_of(base)
    return f"{name}, adapter: {_name_of(adapter)}" if name and adapter else name


def _name_of(version: str) -> str | None:
    if version.startswith(LOCAL):
        return f"a local folder with content hash {version.removeprefix(LOCAL)[:12]}"
    name, _, revision = version.rpartition("@")
    return None if version in ("", IMPORTED) else name or revision


def _confusion(rows: Sequence[Result], rules: Sequence[SwapRule], kind: Kind) -> Confusion | Missing:
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
    table = tuple(tuple(_times(counts.get(f"{label}>{verdict}")) for verdict in verdicts) for label in labels)
    return Confusion(tuple(labels), tuple(verdicts), table, rule.value)


def _times(count: float | None) -> float:
    """A count, which has halves where each order counts one half; a whole number as an integer."""
    return int(count or 0) if (count or 0.0).is_integer() else count or 0.0


def _why_no_confusion(rows: Sequence[Result], rules: Sequence[SwapRule], kind: Kind) -> str:
    if kind != PAIRS:
        return NO_PAIRS
    main = main_metrics(PAIRS)
    nothing_judged = next((row.reason for row in rows if row.metric in main and row.value is None), None)
    if nothing_judged is None and set(rules) == {SwapRule.BOTH_RIGHT}:
        return "the swap rule both_right gives no verdicts, and swap_rules has no other rule"
    return nothing_judged or "no labelled comparison has a verdict"


def _both_orders(rows: Sequence[Result]) -> BothOrders | Missing:
    metrics = shown_in(ORDERS)
    found = {row.metric: row for row in rows if row.metric in metrics and row.subject is None}
    if any(metric not in found or found[metric].value is None for metric in BOTH_ORDERS):
        reason = found["consistency"].reason if "consistency" in found else None
        return Missing(reason or "no comparison was asked in both orders")
    others = tuple(found[metric] for metric in metrics if metric in found and metric not in BOTH_ORDERS)
    consistency, first, second, position = (found[metric] for metric in BOTH_ORDERS)
    return BothOrders(consistency, first, second, position, others)


def _slices(rows: Sequence[Result], rule: str, kind: Kind, by: Sequence[str]) -> tuple[Result, ...] | Missing:
    """The judge's main figure, in every slice."""
    main = main_metrics(kind)
    found = [row for row in rows if not row.is_whole and row.metric in main and is_by_rule(row, rule)]
    if found:
        return tuple(found)
    if not by:
        return Missing("slices.by names no dimension")
    return Missing("no labelled comparison that this judge was asked has any of the dimensions in slices.by")


def _calibration(evaluation: Evaluation, rows: Sequence[Result], kind: Kind) -> tuple[MarginBin, ...] | Missing:
    if kind != PAIRS:
        return Missing(NO_PAIRS)
    if evaluation.inputs.labels is None:
        return Missing("there are no labels")
    if JUDGE_MARGIN not in evaluation.job.slices.by:
        return Missing(f"{JUDGE_MARGIN} is not among the dimensions in slices.by")
    rule, main = evaluation.job.headline.value, main_metrics(PAIRS)
    bins = [
        MarginBin(name, row)
        for name, _ in MARGINS[JUDGE_MARGIN]
        for row in rows
        if row.slice == f"{JUDGE_MARGIN}={name}" and row.metric in main and row.swap_rule == rule
    ]
    return tuple(bins) or Missing("no judgment in the original order (AB) has log-probabilities of the judge's labels")


def _not_tested(rows: Sequence[Result], judge: JudgeInfo, *, has_families: bool) -> tuple[str, ...]:
    """What the evaluation did not test of this judge, in plain sentences."""
    sentences = []
    if not any(row.metric == "consistency" and row.value is not None for row in rows):
        sentences.append(f"Position bias of {judge.name}: no comparison has a verdict in both orders.")
    if judge.repeats < 2:
        sentences.append(f"Whether {judge.name} gives the same answer when asked again: nothing was asked twice.")
    if judge.in_other_orders:
        many = f"{judge.in_other_orders:,} judgments count only as repeats"
        sentences.append(f"What {judge.name} says in orders other than the original and the reversed: {many}.")
    own = next((row for row in rows if row.metric == "own_win_share"), None)
    if has_families and (own is None or own.value is None):
        reason = "families.judges does not name it" if own is None else own.reason
        sentences.append(f"Self-preference of {judge.name}: {reason}.")
    return tuple(sentences)


def _families(rows: Sequence[Result], rule: str, told: Sequence[str]) -> tuple[Family, ...]:
    """All further figures; those of the metrics in `told` are shown elsewhere."""
    made = []
    for section in SECTIONS:
        metrics = [metric for metric in shown_in(section) if metric not in told] if section.is_further else []
        found = [row for metric in metrics for row in rows if row.metric == metric and is_by_rule(row, rule)]
        if any(row.value is not None for row in found):
            made.append(Family(section.title, tuple(found)))
    return tuple(made)
