"""How similar two leaderboards of the models under judgment are: those of judges, and that of the labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from judgelake.jobs.evaluate.config import EvaluateJob
from judgelake.jobs.evaluate.inputs import JudgeInfo
from judgelake.jobs.evaluate.observations.judge_pairs import Pair
from judgelake.jobs.evaluate.row_rules import rules_of
from judgelake.jobs.evaluate.rows import row_of
from judgelake.measures import Result
from judgelake.measures.families import APART, rank_correlation, rank_correlation_figures

OF_LABELS = "labels"
"""The subject of a correlation with the labels' leaderboard."""


@dataclass(frozen=True, slots=True)
class Board:
    """One leaderboard; `judge` is None for that of the labels."""

    judge: JudgeInfo | None
    questions: int
    strengths: dict[str, float]

    @classmethod
    def of(cls, judge: JudgeInfo | None, questions: int, rows: Iterable[Result]) -> Board:
        """From its rows; without models that only an assumption puts on one scale with the others."""
        strengths = [row for row in rows if row.metric == "bradley_terry" and row.reason != APART]
        known = [row for row in strengths if row.value is not None]
        return cls(judge, questions, {row.subject or "": row.value or 0.0 for row in known})


def rank_rows(boards: Sequence[Board], pairs: Iterable[Pair], job: EvaluateJob) -> Iterator[Result]:
    """The rank correlations of the leaderboards of every pair of judges compared, and of each with the labels'."""
    compared = set(pairs)
    for place, board in enumerate(boards):
        # The labels are the last of the boards, so the first of two is always a judge.
        for other in boards[place + 1 :]:
            numbers = tuple(one.judge.number for one in (board, other) if one.judge is not None)
            if len(numbers) == 2 and numbers not in compared:
                continue
            correlation = rank_correlation(board.strengths, other.strengths)
            for figure in rank_correlation_figures(correlation, OF_LABELS if other.judge is None else other.judge.name):
                rules = rules_of(figure, board.judge, job)
                yield row_of(figure, board.judge, "all", min(board.questions, other.questions), rules)
