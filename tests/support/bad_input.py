"""Judges whose input leaves some number without sense, and what must come of each; see test_evaluation_bad_input.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Case:
    """A judge and the comparisons that it alone was asked.

    A label or saying is a verdict, scores, both as a pair, or None: no label, a failed judgment. What must come of it
    is named "metric", "metric of subject", "metric by swap rule" or "metric of subject by swap rule".
    """

    labels: list[Any]
    said: list[Any]
    reasons: dict[str, str] = field(default_factory=dict)
    values: dict[str, float] = field(default_factory=dict)
    answers: int = 2
    in_reverse: list[Any] = field(default_factory=list)
    again: list[Any] = field(default_factory=list)
    question: str | None = None


ONE_QUESTION = "one question only, so there is no interval"
NO_SPREAD = "the same whichever question is left out, so there is no interval"
NOTHING_COUNTS = "nothing counts: 3 without a verdict, 0 with another verdict in each order"
CORRELATIONS = ("pearson", "spearman", "kendall_tau_b")
RANKINGS = ("top_1_agreement by first", "mean_kendall_tau by first", "induced_pair_agreement by first")

CASES = {
    "one class": Case(
        labels=["A"] * 3,
        said=["A"] * 3,
        in_reverse=["A"] * 3,
        values={"agreement by first": 1, "consistency": 1, "position_bias": 0, "delta_bias": 0},
        reasons={
            "cohen_kappa by first": "all labels and verdicts belong to one class, so chance agreement is 1 "
            "and kappa is undefined",
            "positional_kappa": "all verdicts of both orders belong to one class, so chance agreement is 1 "
            "and kappa is undefined",
            "bradley_terry of model-a by first": "no chain of wins leads from any model to another and back, so no "
            "strength is finite",
            "own_error_share by first": "the judge makes no errors here",
            "matched_self_preference by first": "the labels name only one of the two sides, so matching "
            "is not possible",
            "longer_win_share by first": "no comparison of answers of different length",
        },
    ),
    "all ties": Case(
        labels=["tie"] * 3,
        said=["tie"] * 3,
        values={"agreement by first": 1, "tie_rate by first": 1, "label_tie_rate by first": 1},
        reasons={
            "agreement_without_ties by first": "the label or the verdict of each comparison is a tie",
            "agreement_when_consistent by strict": "each labelled comparison was asked in one order only, "
            "but this rule needs both",
            "consistency": "no comparison was asked in both orders",
        },
    ),
    "a class never named": Case(
        labels=["A", "B", "B"],
        said=["A"] * 3,
        values={"recall of B by first": 0, "macro_precision by first": 1 / 6},
        reasons={"precision of B by first": "no verdict names this class"},
    ),
    "no verdict": Case(
        labels=["A", "B", "tie"],
        said=[None] * 3,
        in_reverse=[None] * 3,
        reasons={
            **dict.fromkeys(("agreement by first", "cohen_kappa by first", "macro_f1 by strict"), NOTHING_COUNTS),
            **dict.fromkeys(
                ("consistency", "bias_first", "position_bias", "positional_kappa"),
                "no comparison has a verdict in both orders",
            ),
            "win_rate of model-a by first": "nothing was judged",
        },
    ),
    "another verdict in each order": Case(
        labels=["A"] * 3,
        said=["A"] * 3,
        in_reverse=["B"] * 3,
        values={"consistency": 0, "bias_first": 1, "agreement by first": 1},
        reasons={
            "agreement_when_consistent by strict": "nothing counts: 0 without a verdict, "
            "3 with another verdict in each order"
        },
    ),
    "no label": Case(
        labels=[None] * 3,
        said=["A"] * 3,
        in_reverse=["A"] * 3,
        values={"consistency": 1},
        reasons={"agreement by first": "no comparison asked of this judge has a label"},
    ),
    "one question": Case(
        labels=["A"] * 2,
        said=["A", "B"],
        question="one and the same",
        values={"agreement by first": 1 / 2},
        reasons={"agreement by first": ONE_QUESTION},
    ),
    "one comparison": Case(
        labels=["A"],
        said=["A"],
        values={"agreement by first": 1},
        reasons={"agreement by first": ONE_QUESTION},
    ),
    "one comparison in both orders": Case(
        labels=["A"],
        said=["A"],
        in_reverse=["A"],
        values={"agreement by first": 1, "consistency": 1},
        reasons={"agreement by first": ONE_QUESTION, "consistency": ONE_QUESTION},
    ),
    "two comparisons": Case(
        labels=["A"] * 2,
        said=["A", "B"],
        values={"agreement by first": 1 / 2},
    ),
    "three scores for two answers": Case(
        labels=["A"] * 3,
        said=[("A", [9, 1, 1])] * 3,
        in_reverse=[("A", [9, 1, 1])] * 3,
        values={"agreement by first": 1},
        reasons={"agreement by average": "no labelled comparison has scores in both orders to average"},
    ),
    "asked again in vain": Case(
        labels=["A"] * 3,
        said=["A"] * 3,
        again=[None] * 3,
        reasons=dict.fromkeys(("unanimity", "flip_rate"), "no repeated request has two verdicts"),
    ),
    "judge's scores all one": Case(
        answers=1,
        labels=[[1], [2], [3]],
        said=[[2]] * 3,
        values={"mean_absolute_error": 2 / 3, "quadratic_weighted_kappa": 0},
        reasons=dict.fromkeys(CORRELATIONS, "the judge gave everything the same score"),
    ),
    "labels' scores all one": Case(
        answers=1,
        labels=[[2]] * 3,
        said=[[1], [2], [3]],
        values={"exact_agreement": 1 / 3},
        reasons=dict.fromkeys(CORRELATIONS, "all labels are the same score"),
    ),
    "all scores one": Case(
        answers=1,
        labels=[[2]] * 3,
        said=[[2]] * 3,
        values={"exact_agreement": 1, "mean_absolute_error": 0},
        reasons={
            **dict.fromkeys(CORRELATIONS, "all labels are the same score"),
            "quadratic_weighted_kappa": "labels and judge gave everything the same score",
            "mean_absolute_error": NO_SPREAD,
        },
    ),
    "one score": Case(
        answers=1,
        labels=[[2]],
        said=[[3]],
        values={"mean_absolute_error": 1},
        reasons={
            **dict.fromkeys(CORRELATIONS, "only one score was given, and a correlation needs two"),
            "mean_absolute_error": ONE_QUESTION,
        },
    ),
    "two scores for one answer": Case(
        answers=1,
        labels=[[1], [2], [3]],
        said=[[1, 2]] * 3,
        reasons=dict.fromkeys((*CORRELATIONS, "exact_agreement", "mean_absolute_error"), "nothing was judged"),
    ),
    "yes alone": Case(
        answers=1,
        labels=[[1]] * 3,
        said=[[0.1], [0.5], [0.9]],
        reasons=dict.fromkeys(("aspect_accuracy", "aspect_f1", "aspect_auroc"), "all labels belong to one class"),
    ),
    "three answers level": Case(
        answers=3,
        labels=[[5, 5, 5]] * 3,
        said=[[1, 2, 3]] * 3,
        values={"top_1_agreement by first": 0, "induced_pair_agreement by first": 0},
        reasons={
            "mean_kendall_tau by first": "in every comparison the label or the judge scores all answers alike, "
            "or only names the best"
        },
    ),
    "best of three answers": Case(
        answers=3,
        labels=["A"] * 3,
        said=[[3, 2, 1]] * 3,
        values={"top_1_agreement by first": 1},
        reasons={"induced_pair_agreement by first": "no comparison has scores of both the label and the judge"},
    ),
    "two scores for three answers": Case(
        answers=3,
        labels=[[3, 2, 1]] * 3,
        said=[[3, 2]] * 3,
        reasons=dict.fromkeys(RANKINGS, "nothing was judged"),
    ),
}
