"""The report's own words for metrics and rules: what a reader who does not know the papers needs."""

from __future__ import annotations

METRICS = {
    "agreement": "share of judgments whose verdict is the label",
    "agreement_with_ties": "agreement where two different verdicts are a tie, and ties count (MT-bench, setup S1)",
    "agreement_without_ties": "agreement where neither the label nor the verdict is a tie (MT-bench, setup S2)",
    "both_right_accuracy": "share of comparisons with the label's verdict in both orders (Auto-J, LLMBar)",
    "average_accuracy": "mean of the agreement in the two orders (LLMBar)",
    "precision": "of the verdicts of a class, the share that is right",
    "recall": "of the labels of a class, the share that the judge found",
    "f1": "harmonic mean of precision and recall of a class",
    "macro_precision": "precision, averaged over the classes; a rare class counts like any other",
    "macro_recall": "recall, averaged over the classes; a rare class counts like any other",
    "macro_f1": "F1, averaged over the classes; a rare class counts like any other",
    "weighted_precision": "precision, averaged over the classes, each by its share of the labels",
    "weighted_recall": "recall, averaged over the classes, each by its share of the labels",
    "weighted_f1": "F1, averaged over the classes, each by its share of the labels",
    "cohen_kappa": "agreement beyond what chance would give: 1 is perfect, 0 is chance",
    "quadratic_weighted_kappa": "kappa of scores, where a large difference costs more than a small one",
    "tie_rate": "share of ties among the verdicts",
    "label_tie_rate": "share of ties among the labels of the judged comparisons",
    "consistency": "share of comparisons with the same verdict in both orders",
    "bias_first": "share of comparisons whose two verdicts differ in favour of the answer shown first",
    "bias_second": "share of comparisons whose two verdicts differ in favour of the answer shown second",
    "delta_bias": "bias to first less bias to second, without its sign; chance alone lifts it above zero",
    "position_bias": "bias to first less bias to second; above zero the first place is favoured",
    "positional_agreement": "share of comparisons answered alike in both orders, right or wrong (LLMBar)",
    "positional_kappa": "agreement of the two orders beyond chance",
    "own_win_share": "share of wins that the judge gives answers of its own family",
    "own_win_share_of_labels": "share of wins that the labels give answers of the judge's family",
    "self_preference": "share of wins that the judge gives its own family less the share that the labels give it",
    "matched_self_preference": "self-preference, were both families named equally often by the labels",
    "family_win_share": "share of wins that the judge gives the answers of a family; a tie counts one half",
    "own_error_share": "share of the judge's errors that favour its own family",
    "longer_win_share": "share of wins that the judge gives the longer answer",
    "longer_win_share_of_labels": "share of wins that the labels give the longer answer",
    "length_bias": "share of wins that the judge gives the longer answer less the share that the labels give it",
    "length_slope": "what a doubling of the length adds to an answer's wins where the label is the same",
    "flip_rate": "chance that two answers to one and the same request differ in their verdict",
    "unanimity": "share of repeated requests whose verdicts are all the same",
    "pearson": "linear correlation of scores",
    "spearman": "correlation of the ranks of scores",
    "kendall_tau_b": "pairs in the same order less pairs in reversed order, as a share, corrected for ties",
    "mean_absolute_error": "mean distance of the judge's score from the label's, in score points",
    "exact_agreement": "share of scores that equal the label's",
    "within_one_agreement": "share of scores at most one point from the label's",
    "aspect_accuracy": "share of yes and no that are the label's; the threshold was chosen on other questions",
    "aspect_f1": "F1 of yes; the threshold was chosen on other questions",
    "aspect_auroc": "chance that a yes, drawn at random, is scored above a no",
    "top_1_agreement": "share of comparisons whose best answer by the judge is the label's best",
    "mean_kendall_tau": "Kendall's tau of the judge's and the label's ranking of the answers, averaged",
    "induced_pair_agreement": "agreement over the pairs that two rankings of the same answers hold",
    "judge_agreement": "share of comparisons on which two judges give the same verdict",
    "judge_kappa": "agreement of two judges beyond chance",
    "agreement_difference": "agreement with the labels of one judge less that of the other, on the same comparisons",
    "labeler_agreement": "share of comparisons on which two labelers give the same label",
    "labeler_kappa": "agreement of two labelers beyond chance",
    "labeler_quadratic_kappa": "kappa of two labelers' scores, where a large difference costs more than a small one",
    "krippendorff_alpha": "agreement of all labelers beyond chance: 1 is perfect, 0 is chance",
    "krippendorff_alpha_interval": "agreement of all labelers in their scores beyond chance",
    "leaderboard_spearman": "correlation of the ranks of the models on two leaderboards",
    "leaderboard_kendall_tau_b": "pairs of models that two leaderboards order alike less those they do not, as a share",
    "win_rate": "share of comparisons that a model wins; a tie counts one half",
    "bradley_terry": "strength of a model in log-odds; 1 more means winning about 73 of 100",
}
"""Metric to one line of meaning."""

TITLES = {
    "aspect_auroc": "Aspects, AUROC",
    "aspect_accuracy": "Aspects, accuracy",
    "aspect_f1": "Aspects, F1",
    "bias_first": "Bias to first",
    "bias_second": "Bias to second",
    "bradley_terry": "Bradley-Terry strength",
    "cohen_kappa": "Cohen's kappa",
    "kendall_tau_b": "Kendall's tau-b",
    "krippendorff_alpha": "Krippendorff's alpha",
    "krippendorff_alpha_interval": "Krippendorff's alpha of scores",
    "labeler_kappa": "Cohen's kappa of two labelers",
    "labeler_quadratic_kappa": "Quadratic-weighted kappa of two labelers",
    "leaderboard_spearman": "Spearman's rank correlation",
    "leaderboard_kendall_tau_b": "Kendall's tau-b of the ranks",
    "mean_kendall_tau": "Mean Kendall's tau",
    "top_1_agreement": "Top-1 agreement",
    "own_win_share": "Wins of the own family",
    "own_win_share_of_labels": "Wins of the own family by the labels",
    "longer_win_share": "Wins of the longer answer",
    "longer_win_share_of_labels": "Wins of the longer answer by the labels",
    "self_preference": "Self-preference",
    "matched_self_preference": "Self-preference, matched",
    "own_error_share": "Errors in favour of the own family",
}
"""Metrics that are not written as their name is."""

SWAP_RULES = {
    "first": "the comparison's own order (AB) only",
    "second": "the reversed order (BA) only",
    "strict": "both orders; two different verdicts are none",
    "tie": "both orders; two different verdicts are a tie",
    "follow_first": "both orders; the same place named twice is a tie, else the own order counts (PandaLM)",
    "average": "both orders; what their averaged scores say",
    "both_right": "right only where both orders give the label (Auto-J, LLMBar)",
}
FAILURE_RULES = {
    "left_out": "left out of the rate, and told by the coverage",
    "tie": "a tie, as the original code of JudgeLM and PandaLM has it; only to reproduce published numbers",
    "wrong": "a wrong verdict of no class, as in LLMBar and Auto-J; only to reproduce published numbers",
}
LABEL_RULES = {
    "majority": "what more than half of the labelers say",
    "each": "every labeler's vote counts by itself",
    "unanimous": "only comparisons on which all labelers agree",
    "mean": "the mean of the labelers' scores; of verdicts what more than half of them say",
}

STATUSES = {
    "unparseable": "the output does not hold what the judge's format asks for",
    "out_of_range": "the output holds a score beyond the judge's scale",
    "truncated": "the output ended at the limit of tokens before the verdict",
    "context_overflow": "the prompt does not fit the model's context",
    "refused": "the engine refused the request",
    "invalid_input": "the comparison lacks what the judge's prompt needs",
    "timeout": "the engine did not answer in time",
    "engine_error": "the engine failed",
}

# How an effect is named in a sentence, and what it means above and below zero.
EFFECTS = {
    "position_bias": ("position bias", "the answer shown first is favoured", "the answer shown second is favoured"),
    "matched_self_preference": ("matched self-preference", "its own family is favoured", "its own family is put down"),
    "length_slope": ("length bias at equal labels", "longer answers are favoured", "shorter answers are favoured"),
}


def metric_title(metric: str) -> str:
    """The metric as a heading: "Macro F1", "Cohen's kappa"."""
    if metric in TITLES:
        return TITLES[metric]
    words = " ".join("F1" if word == "f1" else word for word in metric.split("_"))
    return words[:1].upper() + words[1:]


def effect_words(metric: str) -> tuple[str, str, str]:
    """Name of an effect, what it means above zero, and what below."""
    return EFFECTS.get(metric, (metric.replace("_", " "), "above zero", "below zero"))
