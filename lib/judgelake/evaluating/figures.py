"""Every table of counts to the figures of its family, and those to rows of the metrics table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, combinations

from judgelake.evaluating.features import SliceNames
from judgelake.evaluating.groups import Counted, Group
from judgelake.evaluating.inputs import Inputs
from judgelake.evaluating.leaderboards import leaderboard_rows
from judgelake.evaluating.row_rules import rules_of
from judgelake.evaluating.rows import row_of
from judgelake.evaluation import (
    WHOLE,
    EvaluateJob,
    Figure,
    Result,
    Table,
    alpha_figures,
    aspect_figures,
    family_matrix,
    has_yes_no_labels,
    judge_pair_figures,
    labeler_pair_figures,
    labeler_score_pair_figures,
    length_figures,
    order_figures,
    pair_figures,
    ranking_figures,
    repeat_figures,
    score_figures,
    self_preference_figures,
)

TOO_FEW = "fewer than {} comparisons count in this slice"


def metric_rows(counted: Counted, inputs: Inputs, slices: SliceNames, job: EvaluateJob) -> Iterator[Result]:
    """All rows of an evaluation, in the order of judges, families and slices."""
    for (group, number), table in counted.items():
        if number != WHOLE and not table.questions:
            continue
        judge = None if group.judge is None else inputs.judges[group.judge]
        for figure in _figures(group, table, counted[group, WHOLE], job):
            # Where none counts the figure says why, and needs no other reason.
            is_small = number != WHOLE and 0 < table.comparisons_of(figure.n) < job.slices.least
            rules = rules_of(figure, judge, job, TOO_FEW.format(job.slices.least) if is_small else None)
            yield row_of(figure, judge, slices.name(number), table.questions, rules)
    yield from _judges_against_each_other(counted, inputs, job)
    yield from leaderboard_rows(counted, inputs, job)


def _figures(group: Group, table: Table, whole: Table, job: EvaluateJob) -> Iterator[Figure]:
    """The figures of one table; those that need several tables at once are made apart.

    Whether scores answer yes or no is said of `whole`: in a small slice any scale may happen to know only 0 and 1.
    """
    of_one_table: dict[str, Callable[[], Iterator[Figure]]] = {
        "orders": lambda: order_figures(table, job.failure_rule),
        "pairs": lambda: pair_figures(table, job.swap_rules, job.failure_rule),
        "lengths": lambda: length_figures(table),
        "own_family": lambda: self_preference_figures(table),
        "family_matrix": lambda: family_matrix(table),
        "scores": lambda: chain(
            score_figures(table, job.failure_score),
            aspect_figures(table, job.failure_score) if has_yes_no_labels(whole) else (),
        ),
        "rankings": lambda: ranking_figures(table),
        "repeats": lambda: repeat_figures(table),
        "labelers": lambda: labeler_pair_figures(table, group.subject or ""),
        "labeler_scores": lambda: labeler_score_pair_figures(table, group.subject or "") if table.counts else iter(()),
        "units": lambda: alpha_figures(table, "nominal"),
        "score_units": lambda: alpha_figures(table, "interval"),
    }
    return of_one_table.get(group.family, lambda: iter(()))()


def _judges_against_each_other(counted: Counted, inputs: Inputs, job: EvaluateJob) -> Iterator[Result]:
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
        yield row_of(figure, judge, "all", table.questions, rules_of(figure, judge, job))
