"""What a failed judgment counts as in each figure: the failure rule of the job, as far as it has a meaning there."""

from __future__ import annotations

from judgelake.evaluation.aspects import METRICS as ASPECTS
from judgelake.evaluation.scores import MEASURES
from judgelake.evaluation.settings import FailureRule

# Figures in which a judgment may be wrong without saying anything. In all others a failed one that is "wrong" names no
# answer, place, model or class, so that there is nothing it could count as.
KNOW_WRONG = frozenset(
    {
        *("agreement", "agreement_without_ties", "agreement_with_ties", "both_right_accuracy", "average_accuracy"),
        *(f"{mean}{name}" for mean in ("", "macro_", "weighted_") for name in ("precision", "recall", "f1")),
        *("cohen_kappa", "label_tie_rate", "confusion", "positional_agreement", "positional_kappa"),
        *("agreement_difference", "mcnemar_p", "mcnemar_p_holm"),
        *("top_1_agreement", "induced_pair_agreement"),
    }
)
OF_SCORES = frozenset({*MEASURES, *ASPECTS})
# Asked again, a request that failed gave no answer that could be the same or another; and answers that are all level,
# or that nobody ordered, have no tau.
OF_NO_FAILURE = frozenset({"unanimity", "flip_rate", "mean_kendall_tau"})


def counted_as(metric: str, rule: FailureRule, score: float | None) -> str:
    """What failed judgments counted as in a figure: "left_out", "tie", "wrong", or "score 5".

    Args:
        metric: the figure's name; one that rests on judgments.
        rule: the failure rule of the evaluation.
        score: the score of a failed judgment; None where it has none, so that figures of scores leave it out.
    """
    if metric in OF_SCORES:
        is_scored = score is not None and rule is not FailureRule.LEFT_OUT
        return f"score {score:g}" if is_scored else FailureRule.LEFT_OUT.value
    if metric in OF_NO_FAILURE or (rule is FailureRule.WRONG and metric not in KNOW_WRONG):
        return FailureRule.LEFT_OUT.value
    return rule.value
