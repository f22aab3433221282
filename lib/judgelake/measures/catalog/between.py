"""Metrics between judgments, judges, models and labelers: repeats, two judges, leaderboards, agreement of labelers."""

from __future__ import annotations

from functools import partial

from judgelake.measures.catalog.metric import COUNT, Effect, Failures, Metric, OrderRule, Scale, Section

REPEATS = Section("Asked the same again", is_further=True)
JUDGES = Section("Judge against judge")
MODELS = Section("Models under judgment")
LABELERS = Section("Labelers among themselves")
RANKS = "ranks move in jumps, which no interval over questions describes"
LABELS = "a number of labels, which has no interval"

# A repeated request that failed gave no answer that could be equal or different.
_repeat = partial(Metric, section=REPEATS, swap_rule=OrderRule.NONE, failures=Failures.LEFT_OUT)
_judges = partial(Metric, section=JUDGES, swap_rule=OrderRule.HEADLINE)
_model = partial(Metric, section=MODELS, swap_rule=OrderRule.HEADLINE, failures=Failures.NEVER_WRONG)
_labeler = partial(Metric, section=LABELERS, swap_rule=OrderRule.NONE, failures=Failures.NO_JUDGMENTS)

BETWEEN: tuple[Metric, ...] = (
    _repeat("unanimity", "Unanimity", "share of repeated requests whose verdicts are all the same"),
    _repeat("flip_rate", "Flip rate", "chance that two answers to the same request differ in their verdict"),
    _judges(
        "judge_agreement",
        "Judge agreement",
        "share of comparisons on which two judges give the same verdict",
        failures=Failures.NEVER_WRONG,
    ),
    _judges(
        "judge_kappa",
        "Judge kappa",
        "agreement of two judges beyond chance",
        failures=Failures.NEVER_WRONG,
        scale=Scale.COEFFICIENT,
    ),
    _judges(
        "agreement_difference",
        "Agreement difference",
        "agreement with the labels of one judge minus that of the other, on the same comparisons",
        failures=Failures.BY_RULE,
        scale=Scale.POINTS,
        effect=Effect(
            "agreement difference", "the first judge agrees more often", "the second judge agrees more often"
        ),
    ),
    _model(
        "win_rate",
        "Win rate",
        "share of comparisons that a model wins according to the judge or the labels; a tie counts one half",
    ),
    _model(
        "corrected_win_rate",
        "Corrected win rate",
        "win rate of a model by the labels over all comparisons with a verdict, estimated from all verdicts and the "
        "labels there are; n is their number; right only if the labelled comparisons are a random part",
    ),
    _model(
        "labels_needed",
        "Labels needed",
        "labels with which the corrected win rate would have an interval of the width in corrected.half_width",
        scale=Scale.NUMBER,
        no_interval=LABELS,
    ),
    _model(
        "bradley_terry",
        "Bradley-Terry strength",
        "strength of a model in log-odds, according to the judge or the labels; 1 more means winning about 73 of 100; "
        "each model has half a win and half a loss added against one middling opponent, so that one that never lost "
        "has a strength too",
        scale=Scale.NUMBER,
    ),
    _model(
        "rank",
        "Rank",
        "rank of a model by Bradley-Terry strength, 1 is best, equal strengths share one; the interval holds the ranks "
        "that the differences in strength allow",
        scale=Scale.NUMBER,
    ),
    _model(
        "games",
        "Games",
        "how often one model beat another, or tied with it",
        scale=Scale.NUMBER,
        no_interval=COUNT,
    ),
    _model(
        "leaderboard_spearman",
        "Spearman's rank correlation",
        "correlation of the ranks of the models on two leaderboards",
        scale=Scale.COEFFICIENT,
        no_interval=RANKS,
    ),
    _model(
        "leaderboard_kendall_tau_b",
        "Kendall's tau-b of the ranks",
        "share of model pairs in the same order on two leaderboards minus the share in reversed order",
        scale=Scale.COEFFICIENT,
        no_interval=RANKS,
    ),
    _labeler(
        "labeler_agreement",
        "Labeler agreement",
        "share of comparisons on which two labelers give the same label",
    ),
    _labeler(
        "labeler_kappa",
        "Cohen's kappa of two labelers",
        "agreement of two labelers beyond chance",
        scale=Scale.COEFFICIENT,
    ),
    _labeler(
        "labeler_quadratic_kappa",
        "Quadratic-weighted kappa of two labelers",
        "kappa of two labelers' scores, where a large difference costs more than a small one",
        scale=Scale.COEFFICIENT,
    ),
    _labeler(
        "krippendorff_alpha",
        "Krippendorff's alpha",
        "agreement of all labelers beyond chance: 1 is perfect, 0 is chance",
        scale=Scale.COEFFICIENT,
    ),
    _labeler(
        "krippendorff_alpha_interval",
        "Krippendorff's alpha of scores",
        "agreement of all labelers in their scores beyond chance",
        scale=Scale.COEFFICIENT,
    ),
)
