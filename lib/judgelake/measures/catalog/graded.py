"""Metrics of scores, of yes or no, and of rankings of three or more answers."""

from __future__ import annotations

from functools import partial

from judgelake.measures.catalog.metric import Failures, Kind, Metric, OrderRule, Scale, Section

ASPECTS = Kind(
    "aspects",
    "Aspects against labels",
    "yes or no with a 95 % interval, with a threshold chosen on other questions",
)
RANKINGS = Kind(
    "rankings",
    "Rankings against labels",
    "top-1: same best answer as the label; tau: Kendall's, averaged; pairs: agreement over a ranking's pairs",
)
SCORES = Kind(
    "scores",
    "Scores against labels",
    "correlations; error: mean distance from the label's score; exact: equal to the label's score",
)

_graded = partial(Metric, swap_rule=OrderRule.GRADED, is_headline=True)
_score = partial(_graded, section=Section("Scores", is_further=True), kind=SCORES, failures=Failures.BY_SCORE)
_aspect = partial(_graded, section=Section("Yes or no", is_further=True), kind=ASPECTS, failures=Failures.BY_SCORE)
_ranking = partial(_graded, section=Section("Rankings", is_further=True), kind=RANKINGS)

OF_GRADES: tuple[Metric, ...] = (
    _score("spearman", "Spearman", "correlation of the ranks of scores", scale=Scale.COEFFICIENT, column="spearman"),
    _score("pearson", "Pearson", "linear correlation of scores", scale=Scale.COEFFICIENT, column="pearson"),
    _score(
        "mean_absolute_error",
        "Mean absolute error",
        "mean distance of the judge's score from the label's, in score points",
        scale=Scale.NUMBER,
        column="error",
    ),
    _score("exact_agreement", "Exact agreement", "share of scores that equal the label's", column="exact, %"),
    _score("within_one_agreement", "Within one agreement", "share of scores at most one point from the label's"),
    _score(
        "kendall_tau_b",
        "Kendall's tau-b",
        "share of pairs in the same order minus share in reversed order, corrected for ties",
        scale=Scale.COEFFICIENT,
    ),
    _score(
        "quadratic_weighted_kappa",
        "Quadratic weighted kappa",
        "kappa of scores, where a large difference costs more than a small one",
        scale=Scale.COEFFICIENT,
    ),
    _aspect(
        "aspect_accuracy",
        "Aspects, accuracy",
        "share of yes or no answers equal to the label; the threshold was chosen on other questions",
        column="accuracy, %",
    ),
    _aspect("aspect_f1", "Aspects, F1", "F1 of yes; the threshold was chosen on other questions", column="F1, %"),
    _aspect(
        "aspect_auroc",
        "Aspects, AUROC",
        "chance that a random yes is scored above a random no",
        column="AUROC, %",
    ),
    _ranking(
        "top_1_agreement",
        "Top-1 agreement",
        "share of comparisons whose best answer by the judge is the label's best",
        failures=Failures.BY_RULE,
        column="top-1, %",
    ),
    _ranking(
        "mean_kendall_tau",
        "Mean Kendall's tau",
        "Kendall's tau of the judge's and the label's ranking of the answers, averaged",
        # Answers that are all tied, or that nobody ordered, have no tau.
        failures=Failures.LEFT_OUT,
        scale=Scale.COEFFICIENT,
        column="tau",
    ),
    _ranking(
        "induced_pair_agreement",
        "Induced pair agreement",
        "agreement over the pairs of answers in two rankings of the same answers",
        failures=Failures.BY_RULE,
        column="pairs, %",
    ),
)
