"""Metrics of indicators of reliability, and of probabilities made of them; `trust` computes them."""

from __future__ import annotations

from functools import partial

from judgelake.measures.catalog.metric import Effect, Failures, Metric, OrderRule, Scale, Section

RELIABILITY = Section("Reliability of verdicts", is_further=True)
BY_CHANCE = "above zero by chance alone: compare it with ece_by_chance"

_metric = partial(Metric, section=RELIABILITY, swap_rule=OrderRule.HEADLINE, failures=Failures.LEFT_OUT)

OF_RELIABILITY: tuple[Metric, ...] = (
    _metric(
        "reliability_auroc",
        "Right told from wrong",
        "chance that a right verdict has a larger value of the indicator than a wrong one; one half: it tells nothing",
    ),
    _metric(
        "reliability_aurc",
        "Area under the risk-coverage curve",
        "share of wrong verdicts among the most reliable ones, averaged over how many are kept; lower is better",
    ),
    _metric(
        "reliability_aurc_gain",
        "Area below that of a random order",
        "how much smaller that area is than in a random order, where it is the share of all verdicts that are wrong",
        scale=Scale.POINTS,
        effect=Effect("use of the indicator", "its order of the verdicts is better than random", "it is worse"),
    ),
    _metric(
        "kept_half_agreement",
        "Agreement of the more reliable half",
        "agreement with the labels of the half that would be kept",
    ),
    _metric(
        "other_half_agreement",
        "Agreement of the less reliable half",
        "agreement with the labels of the half that would be doubted",
    ),
    _metric(
        "kept_half_gain",
        "More reliable half minus all",
        "agreement of the more reliable half minus that of all, which is what a random half has",
        scale=Scale.POINTS,
        effect=Effect("gain of the half", "the half that is kept agrees more than a random half", "it agrees less"),
    ),
    _metric(
        "halves_difference",
        "More reliable half minus the other",
        "agreement of the more reliable half minus that of the less reliable one",
        scale=Scale.POINTS,
        effect=Effect("difference of the halves", "the half that is kept agrees more than the other", "it agrees less"),
    ),
    _metric(
        "ece",
        "Expected calibration error",
        "mean distance of the share right from the probability, in ten bins of probability",
        no_interval=BY_CHANCE,
    ),
    _metric(
        "ece_by_chance",
        "Calibration error by chance",
        "about what the calibration error would be for as many verdicts if their probabilities were exact",
        no_interval="an expectation, not an estimate",
    ),
    _metric(
        "brier",
        "Brier score",
        "mean squared difference of probability and outcome; lower is better",
        scale=Scale.NUMBER,
    ),
    _metric(
        "brier_skill",
        "Brier skill",
        "how much lower the Brier score is than if every verdict had the share right as its probability",
        scale=Scale.NUMBER,
        effect=Effect("use of the probabilities", "they say more than the share right", "they say less than that"),
    ),
)
