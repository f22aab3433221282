"""A judge beside the labelers: how it agrees with them, and whether it may stand in for one."""

from __future__ import annotations

from functools import partial

from judgelake.measures.catalog.metric import Effect, Failures, Metric, OrderRule, Scale, Section

BESIDE_LABELERS = Section("Beside the labelers", is_further=True)
FEW_TESTS = "a share of a few tests, each with its own error"

_beside = partial(Metric, section=BESIDE_LABELERS, swap_rule=OrderRule.HEADLINE, failures=Failures.BY_RULE)

OF_JUDGE_AND_LABELERS: tuple[Metric, ...] = (
    _beside(
        "agreement_with_labelers",
        "Agreement with a labeler",
        "chance that the verdict is the label of a labeler drawn at random, where there are two or more",
    ),
    _beside(
        "agreement_of_labelers",
        "Agreement of two labelers",
        "chance that two labelers drawn at random give the same label, on the same comparisons",
    ),
    _beside(
        "labeler_gap",
        "Judge minus labelers",
        "agreement of the judge with a labeler minus that of another labeler; above zero it agrees more than they do",
        scale=Scale.POINTS,
        effect=Effect(
            "difference between the judge and the labelers",
            "it agrees with a labeler more often than another labeler does",
            "it agrees with a labeler less often than another labeler does",
        ),
    ),
    _beside(
        "winning_rate",
        "Winning rate",
        "share of labelers whom the judge may replace by the alternative annotator test; it passes from one half on",
        no_interval=FEW_TESTS,
    ),
    _beside(
        "advantage_probability",
        "Advantage probability",
        "share of comparisons on which the judge agrees with the other labelers at least as well as a labeler does",
    ),
    _beside(
        "advantage_over_labeler",
        "Advantage over a labeler",
        "the same for one labeler",
        is_shown=False,
    ),
)
