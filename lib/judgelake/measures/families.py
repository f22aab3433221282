"""The measures as jobs use them: the figures of every family, and the vocabulary of their outcomes."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from judgelake.measures.alternative import LEAST_LABELERS, MOST_TESTED, RESULTS
from judgelake.measures.alternative import figures as alternative_figures
from judgelake.measures.baselines import longer_figures
from judgelake.measures.both_orders import figures as order_figures
from judgelake.measures.conventions import FailureRule, SwapRule
from judgelake.measures.figure import Figure
from judgelake.measures.judge_pairs import figures as judge_pair_figures
from judgelake.measures.labeler_gap import figures as labeler_gap_figures
from judgelake.measures.labelers import alpha_figures
from judgelake.measures.labelers import pair_figures as labeler_pair_figures
from judgelake.measures.labelers import score_pair_figures as labeler_score_pair_figures
from judgelake.measures.leaderboard import APART, game_figures
from judgelake.measures.leaderboard import figures as leaderboard_figures
from judgelake.measures.length import LONGEST_RATIO, STEPS_A_DOUBLING, length_bin
from judgelake.measures.length import figures as length_figures
from judgelake.measures.length import figures_beyond_labelers as length_beyond_labelers_figures
from judgelake.measures.margin import DIFFERENT, GAP, LACKING, LONGEST_ODDS, OFFSET_OUTCOMES, SAME, STEPS, LogOdds
from judgelake.measures.margin import figures as offset_figures
from judgelake.measures.masses import DROPPED, KEPT, MASS_BANDS, MASS_BOUNDS, MASS_OUTCOMES
from judgelake.measures.masses import figures as mass_figures
from judgelake.measures.own_family import family_matrix
from judgelake.measures.own_family import figures as self_preference_figures
from judgelake.measures.own_family import figures_beyond_labelers as self_preference_beyond_labelers_figures
from judgelake.measures.pairwise import figures as pair_figures
from judgelake.measures.pairwise import scored_figures as scored_pair_figures
from judgelake.measures.rank_correlations import rank_correlation
from judgelake.measures.rank_correlations import rank_figures as rank_correlation_figures
from judgelake.measures.rankings import figures as ranking_figures
from judgelake.measures.rankings import ranked
from judgelake.measures.repeats import figures as repeat_figures
from judgelake.measures.rules import CLASSES, VERDICTS, WRONG, headline_verdicts
from judgelake.measures.scores import ROUNDING
from judgelake.measures.scores import figures as score_figures
from judgelake.measures.slices import RightCounts
from judgelake.measures.slices import figures as slice_figures
from judgelake.measures.statistics.crossed import LEAST_SEEDS, crossed_estimate
from judgelake.measures.statistics.interval import (
    LEAST_CLUSTERS,
    Estimate,
    Replicates,
    absent,
    effective_clusters,
    estimate,
    holm,
    ratio,
)
from judgelake.measures.statistics.paired import simultaneous
from judgelake.measures.table import (
    CELL,
    COMPARISONS,
    FAILED,
    OBSERVATION_DDL,
    QUESTIONS,
    SEPARATOR,
    WHOLE,
    Buckets,
    Table,
    table_of,
)
from judgelake.measures.votes import NO_VOTES, VOTE
from judgelake.measures.yes_no import figures as aspect_figures
from judgelake.measures.yes_no import has_yes_no_labels

__all__ = [
    "APART",
    "BY_HEADLINE",
    "CELL",
    "CLASSES",
    "COMPARISONS",
    "DIFFERENT",
    "DROPPED",
    "FAILED",
    "FIGURES_OF",
    "GAP",
    "KEPT",
    "LACKING",
    "LEAST_CLUSTERS",
    "LEAST_LABELERS",
    "LEAST_SEEDS",
    "LONGEST_ODDS",
    "LONGEST_RATIO",
    "MASS_BANDS",
    "MASS_BOUNDS",
    "MASS_OUTCOMES",
    "MOST_TESTED",
    "NO_VOTES",
    "OBSERVATION_DDL",
    "OFFSET_OUTCOMES",
    "QUESTIONS",
    "RESULTS",
    "ROUNDING",
    "SAME",
    "SEPARATOR",
    "STEPS",
    "STEPS_A_DOUBLING",
    "VERDICTS",
    "VOTE",
    "WHOLE",
    "WRONG",
    "Asked",
    "Buckets",
    "Estimate",
    "Figure",
    "LogOdds",
    "Replicates",
    "RightCounts",
    "Table",
    "absent",
    "crossed_estimate",
    "effective_clusters",
    "estimate",
    "headline_verdicts",
    "holm",
    "length_bin",
    "rank_correlation",
    "rank_correlation_figures",
    "ranked",
    "ratio",
    "simultaneous",
    "slice_figures",
    "table_of",
]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the figures of a family depend on besides its counts: the rules of the evaluation, and the subject."""

    swap_rules: Sequence[SwapRule]
    failure_rule: FailureRule
    failure_score: float | None
    epsilon: float
    subject: str
    """Another judge, two labelers, a swap rule; "" where the family has none."""


FIGURES_OF: dict[str, Callable[[Table, Asked], Iterable[Figure]]] = {
    "offsets": lambda table, _: offset_figures(table),
    "orders": lambda table, asked: order_figures(table, asked.failure_rule),
    "pairs": lambda table, asked: pair_figures(table, asked.swap_rules, asked.failure_rule),
    "scored_pairs": lambda table, asked: scored_pair_figures(table, SwapRule(asked.subject), asked.failure_rule),
    "lengths": lambda table, _: chain(length_figures(table), longer_figures(table)),
    "lengths_of_labelers": lambda table, _: chain(length_beyond_labelers_figures(table), labeler_gap_figures(table)),
    "alternatives": lambda table, asked: alternative_figures(table, asked.epsilon),
    "own_family": lambda table, _: self_preference_figures(table),
    "own_family_of_labelers": lambda table, _: self_preference_beyond_labelers_figures(table),
    "family_matrix": lambda table, _: family_matrix(table),
    "scores": lambda table, asked: chain(
        score_figures(table, asked.failure_score),
        aspect_figures(table, asked.failure_score) if has_yes_no_labels(table) else (),
    ),
    "rankings": lambda table, _: ranking_figures(table),
    "repeats": lambda table, _: repeat_figures(table),
    "masses": lambda table, _: mass_figures(table),
    "judge_pairs": lambda table, asked: judge_pair_figures(table, asked.subject),
    "models": lambda table, _: chain(leaderboard_figures(table), game_figures(table)),
    "labelers": lambda table, asked: labeler_pair_figures(table, asked.subject),
    "labeler_scores": lambda table, asked: labeler_score_pair_figures(table, asked.subject) if table.counts else (),
    "units": lambda table, _: alpha_figures(table, "nominal"),
    "score_units": lambda table, _: alpha_figures(table, "interval"),
}
"""The figures of each family, from the counts of its observations; the outcomes are described at each function."""
BY_HEADLINE = (
    "lengths",
    "lengths_of_labelers",
    "alternatives",
    "own_family",
    "own_family_of_labelers",
    "family_matrix",
    "judge_pairs",
    "models",
)
"""Families of the verdicts by the headline's rule: where it counts each order one half, so do their observations."""
