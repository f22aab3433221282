"""Metrics of how a judge's verdicts go with length and with its own family of models.

Labels alone cannot say why: a label is a noisy reading of quality, and a verdict may know more of it. So an effect here
"goes with" length or family; only position bias, which both orders identify, says "favoured". Where longer answers, or
those of the family, really are better, the figure at equal labels is too large, and the figure over all labels is too
small if the judge errs more than the labels do, since random errors pull every share towards one half: together they
are a bracket. Where comparisons have labels of two labelers, the figure at equal labels is compared with that of one of
them at the other's label, which is as large without any preference if the judge is as precise as they are; a noisier
judge has a smaller one.
"""

from __future__ import annotations

from functools import partial

from judgelake.measures.catalog.metric import Bracket, Effect, Failures, Metric, OrderRule, Scale, Section

LENGTH = Section("Length", is_further=True)
OWN_FAMILY = Section("Own family", is_further=True)
FAMILIES = Section("Wins by family of the answer", is_further=True)

_bias = partial(Metric, swap_rule=OrderRule.HEADLINE, failures=Failures.NEVER_WRONG)
_length = partial(_bias, section=LENGTH)
_own = partial(_bias, section=OWN_FAMILY)

OF_BIASES: tuple[Metric, ...] = (
    _length("longer_win_share", "Wins of the longer answer", "share of wins that the judge gives the longer answer"),
    _length(
        "longer_win_share_of_labels",
        "Wins of the longer answer by the labels",
        "share of wins that the labels give the longer answer",
    ),
    _length(
        "length_bias",
        "Length bias",
        "share of wins that the judge gives the longer answer minus the share that the labels give it",
        scale=Scale.POINTS,
    ),
    _length(
        "length_slope",
        "Length slope",
        "change in an answer's wins that goes with a doubling of its length, where the label is the same",
        scale=Scale.POINTS,
        effect=Effect(
            "association with length",
            "winning goes with longer answers",
            "winning goes with shorter answers",
            Bracket("length_bias", "for a doubling of the length at equal labels", "over all labels"),
        ),
        largest=1.0,
    ),
    _length(
        "length_slope_difference",
        "Length slope beyond labelers",
        "length slope of the judge minus that of one labeler at another's label, where there are two labels",
        scale=Scale.POINTS,
        effect=Effect(
            "association with length beyond that of labelers",
            "winning goes with longer answers more than for labelers",
            "winning goes with longer answers less than for labelers",
            instead_of="length_slope",
        ),
        largest=1.0,
    ),
    _own("own_win_share", "Wins of the own family", "share of wins that the judge gives answers of its own family"),
    _own(
        "own_win_share_of_labels",
        "Wins of the own family by the labels",
        "share of wins that the labels give answers of the judge's family",
    ),
    # A judge without preference need not have 0 here, nor in `length_bias`: neither is an effect by itself.
    _own(
        "self_preference",
        "Self-preference",
        "share of wins that the judge gives its own family minus the share that the labels give it",
        scale=Scale.POINTS,
    ),
    _own(
        "matched_self_preference",
        "Self-preference, matched",
        "self-preference if the labels named both families equally often",
        scale=Scale.POINTS,
        effect=Effect(
            "association with the judge's own family",
            "winning goes with its own family",
            "winning goes with other families",
            Bracket("self_preference", "at equal labels", "over all labels"),
        ),
    ),
    _own(
        "matched_self_preference_difference",
        "Self-preference beyond labelers",
        "matched self-preference of the judge minus that of one labeler at another's label, for the same family, "
        "where there are two labels",
        scale=Scale.POINTS,
        effect=Effect(
            "association with the judge's own family beyond that of labelers",
            "winning goes with its own family more than for labelers",
            "winning goes with its own family less than for labelers",
            instead_of="matched_self_preference",
        ),
    ),
    _own(
        "own_error_share",
        "Errors that raise the own family",
        "share of the judge's errors in which its own family does better than in the label",
    ),
    _bias(
        "family_win_share",
        "Family win share",
        "share of wins that the judge gives the answers of a family; a tie counts one half",
        section=FAMILIES,
    ),
)
