"""Every table of counts to the figures of its family, and those to rows of the metrics table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, combinations

from judgelake.evaluating.features import SliceNames
from judgelake.evaluating.groups import Counted, Group
from judgelake.evaluating.inputs import Inputs
from judgelake.evaluating.leaderboards import leaderboard_rows
from judgelake.evaluating.rows import MetricRow, row_of
from judgelake.evaluation import (
    WHOLE,
    EvaluateJob,
    Figure,
    Table,
    alpha_figures,
    aspect_figures,
    family_matrix,
    judge_pair_figures,
    labeler_pair_figures,
    length_figures,
    order_figures,
    pair_figures,
    ranking_figures,
    repeat_figures,
    score_figures,
    self_preference_figures,
)


def metric_rows(counted: Counted, inputs: Inputs, slices: SliceNames, job: EvaluateJob) -> Iterator[MetricRow]:
    """All rows of an evaluation, in the order of judges, families and slices."""
    for (group, number), table in counted.items():
        if number != WHOLE and not table.questions:
            continue
        judge = None if group.judge is None else inputs.judges[group.judge]
        least = 0 if number == WHOLE else job.slices.least
        for figure in _figures(group, table, job):
            yield row_of(figure, judge, slices.name(number), table.questions, least)
    yield from _judges_against_each_other(counted, inputs)
    yield from leaderboard_rows(counted, inputs)


def _figures(group: Group, table: Table, job: EvaluateJob) -> Iterator[Figure]:
    """The figures of one table; those that need several tables at once are made apart."""
    of_one_table: dict[str, Callable[[], Iterator[Figure]]] = {
        "orders": lambda: order_figures(table, job.failure_rule),
        "pairs": lambda: pair_figures(table, job.swap_rules, job.failure_rule),
        "lengths": lambda: length_figures(table),
        "own_family": lambda: self_preference_figures(table),
        "family_matrix": lambda: family_matrix(table),
        "scores": lambda: chain(score_figures(table), aspect_figures(table)),
        "rankings": lambda: ranking_figures(table),
        "repeats": lambda: repeat_figures(table),
        "labelers": lambda: labeler_pair_figures(table, group.subject or ""),
        "units": lambda: alpha_figures(table, "nominal"),
        "score_units": lambda: alpha_figures(table, "interval"),
    }
    return of_one_table.get(group.family, lambda: iter(()))()


def _judges_against_each_other(counted: Counted, inputs: Inputs) -> Iterator[MetricRow]:
    """Every two judges; a pair without a comparison in common has its rows, too, with the reason."""
    pairs = {
        (judge.name, other.name): (
            judge,
            counted.get((Group("judge_pairs", judge.number, other.number), WHOLE), Table()),
        )
        for judge, other in combinations(inputs.judges, 2)
    }
    for names, figure in judge_pair_figures({names: table for names, (_, table) in pairs.items()}):
        judge, table = pairs[names]
        yield row_of(figure, judge, "all", table.questions)
