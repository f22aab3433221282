"""Leaderboards of the models under judgment, by every judge and by the labels, and how alike they rank."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, combinations

from judgelake.evaluating.groups import Counted
from judgelake.evaluating.inputs import Inputs, JudgeInfo
from judgelake.evaluating.row_rules import rules_of
from judgelake.evaluating.rows import row_of
from judgelake.evaluation import (
    WHOLE,
    EvaluateJob,
    Result,
    Table,
    game_figures,
    leaderboard_figures,
    model_strengths,
    rank_correlation,
    rank_correlation_figures,
)

OF_LABELS = "labels"
"""The subject of a correlation with the labels' leaderboard."""


def leaderboard_rows(counted: Counted, inputs: Inputs, job: EvaluateJob) -> Iterator[Result]:
    """Win rates, strengths and games of every leaderboard, and the rank correlation of every two."""
    boards: list[tuple[JudgeInfo | None, Table]] = [
        (None if group.judge is None else inputs.judges[group.judge], table)
        for (group, number), table in counted.items()
        if group.family == "models" and number == WHOLE and table.questions
    ]
    for judge, table in boards:
        for figure in chain(leaderboard_figures(table), game_figures(table)):
            yield row_of(figure, judge, "all", table.questions, rules_of(figure, judge, job))
    ranked = [(judge, table.questions, model_strengths(table)) for judge, table in boards]
    for (judge, questions, strengths), (other, other_questions, other_strengths) in combinations(ranked, 2):
        # The labels come last among the boards, so that the first of two is always a judge.
        correlation = rank_correlation(strengths, other_strengths)
        for figure in rank_correlation_figures(correlation, OF_LABELS if other is None else other.name):
            rules = rules_of(figure, judge, job)
            yield row_of(figure, judge, "all", min(questions, other_questions), rules)
