"""Metrics of verdicts on two answers: agreement with the labels, by class, without ties, and in both orders."""

from __future__ import annotations

from functools import partial

from judgelake.measures.catalog.metric import COUNT, Effect, Failures, Kind, Metric, OrderRule, Scale, Section

PAIRS = Kind(
    "pairs",
    "Judges against labels",
    "agreement with its 95 % interval, all judgments of a question as one unit; strict: only where both orders agree; "
    "same: same verdict in both orders; bias: disagreements that favour the first place minus those that favour the "
    "second",
)

AGREEMENT = Section("Agreement with the labels")
ORDERS = Section("Both orders")
CLASSES = Section("Classes", is_further=True)
TIES = Section("Ties and votes", is_further=True)

_agreement = partial(Metric, section=AGREEMENT, swap_rule=OrderRule.EACH, failures=Failures.BY_RULE)
_slice = partial(_agreement, swap_rule=OrderRule.HEADLINE)
_headline = partial(_agreement, kind=PAIRS, is_headline=True)
# A failed judgment favours no place; where only the two answers are compared, it is a class of its own.
_favour = partial(Metric, section=ORDERS, swap_rule=OrderRule.NONE, failures=Failures.NEVER_WRONG)
_answers = partial(Metric, section=ORDERS, swap_rule=OrderRule.NONE, failures=Failures.BY_RULE)
# Of judgments with log-odds; a failed one has none.
_odds = partial(Metric, section=ORDERS, swap_rule=OrderRule.NONE, failures=Failures.LEFT_OUT)
_class = partial(Metric, section=CLASSES, swap_rule=OrderRule.EACH, failures=Failures.BY_RULE)
_ties = partial(Metric, section=TIES, failures=Failures.BY_RULE)

OF_PAIRS: tuple[Metric, ...] = (
    _headline("agreement", "Agreement", "share of judgments whose verdict is the label", column="agreement, %"),
    _headline(
        "agreement_when_consistent",
        "Agreement where both orders agree",
        "share of comparisons with the same verdict in both orders whose verdict is the label",
        stands_in_for="agreement",
    ),
    _headline(
        "macro_f1", "Macro F1", "F1, averaged over the classes of the labels; a rare class counts like any other"
    ),
    _headline(
        "cohen_kappa",
        "Cohen's kappa",
        "agreement beyond what chance would give: 1 is perfect, 0 is chance",
        scale=Scale.COEFFICIENT,
        column="kappa",
    ),
    _headline("tie_rate", "Tie rate", "share of ties among the verdicts", failures=Failures.NEVER_WRONG),
    _headline("label_tie_rate", "Label tie rate", "share of ties among the labels of the judged comparisons"),
    _agreement(
        "verdict_rate",
        "Verdict rate",
        "share of the comparisons asked for that have a verdict, whatever one without counts as elsewhere",
        failures=Failures.COUNTED,
        is_shown=False,
    ),
    _slice(
        "slice_difference",
        "Difference to all others",
        "agreement in a slice minus the agreement on all comparisons outside of it",
        scale=Scale.POINTS,
    ),
    _slice(
        "agreement_shrunk",
        "Agreement, shrunk",
        "agreement in a slice, drawn towards the judge's overall agreement as far as chance explains the difference",
        is_shown=False,
        no_interval="it is for sorting; see the interval of agreement",
    ),
    _agreement(
        "confusion",
        "Confusion",
        "how often a label and a verdict occur together: label > verdict",
        scale=Scale.NUMBER,
        no_interval=COUNT,
    ),
    _favour(
        "consistency",
        "Consistency",
        "share of comparisons with the same verdict in both orders",
        kind=PAIRS,
        column="same, %",
    ),
    _favour(
        "bias_first",
        "Bias to first",
        "share of comparisons whose two verdicts differ in favour of the answer shown first",
    ),
    _favour(
        "bias_second",
        "Bias to second",
        "share of comparisons whose two verdicts differ in favour of the answer shown second",
    ),
    _favour(
        "position_bias",
        "Position bias",
        "bias to first minus bias to second; above zero the first place is favoured",
        scale=Scale.POINTS,
        effect=Effect("position bias", "the answer shown first is favoured", "the answer shown second is favoured"),
        kind=PAIRS,
        column="bias, %",
    ),
    _favour(
        "delta_bias",
        "Delta bias",
        "absolute difference of bias to first and bias to second; chance alone makes it larger than zero",
        no_interval="an absolute value cannot be on both sides of zero: see the interval of position_bias",
    ),
    _odds(
        "position_offset",
        "Position offset",
        "what being shown first adds to an answer's log-odds: half the mean gap between the orders, in nats or points",
        scale=Scale.NUMBER,
    ),
    _odds(
        "centred_consistency",
        "Consistency, centred",
        "share of comparisons with the same verdict in both orders once the position offset is taken off",
    ),
    _answers(
        "positional_agreement",
        "Positional agreement",
        "share of comparisons with the same answer in both orders, right or wrong (LLMBar)",
    ),
    _answers(
        "positional_kappa",
        "Positional kappa",
        "agreement of the two orders beyond chance",
        scale=Scale.COEFFICIENT,
    ),
    _answers(
        "average_accuracy",
        "Average accuracy",
        "mean of the agreement in the two orders (LLMBar)",
    ),
    _answers(
        "both_right_accuracy",
        "Both right accuracy",
        "share of comparisons with the label's verdict in both orders (Auto-J, LLMBar)",
        swap_rule=OrderRule.OWN,
    ),
    _class("precision", "Precision", "of the verdicts of a class, the share that is right"),
    _class("recall", "Recall", "of the labels of a class, the share that the judge gave"),
    _class("f1", "F1", "harmonic mean of precision and recall of a class"),
    _class(
        "macro_precision",
        "Macro precision",
        "precision, averaged over the classes of the labels; a rare class counts like any other",
    ),
    _class(
        "macro_recall",
        "Macro recall",
        "recall, averaged over the classes of the labels; a rare class counts like any other",
    ),
    _class("weighted_f1", "Weighted F1", "F1, averaged over the classes, each by its share of the labels"),
    _class(
        "weighted_precision",
        "Weighted precision",
        "precision, averaged over the classes, each by its share of the labels",
        is_shown=False,
    ),
    _class(
        "weighted_recall",
        "Weighted recall",
        "recall, averaged over the classes, each by its share of the labels",
        is_shown=False,
    ),
    _ties(
        "agreement_with_ties",
        "Agreement with ties",
        "agreement where two different verdicts count as a tie, ties included (MT-bench, setup S1)",
        swap_rule=OrderRule.OWN,
    ),
    _ties(
        "agreement_without_ties",
        "Agreement without ties",
        "agreement where neither the label nor the verdict is a tie (MT-bench, setup S2)",
        swap_rule=OrderRule.EACH,
    ),
)
"""In the order of report and terminal, like all tuples of metrics."""
