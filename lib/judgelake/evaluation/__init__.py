"""How good judges are: pure measures on counts, and their intervals. No job here."""

from judgelake.evaluation.aspects import figures as aspect_figures
from judgelake.evaluation.aspects import has_yes_no_labels
from judgelake.evaluation.both_orders import figures as order_figures
from judgelake.evaluation.cells import (
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
from judgelake.evaluation.estimate import Estimate, absent, holm
from judgelake.evaluation.failure_reach import counted_as
from judgelake.evaluation.figure import Figure
from judgelake.evaluation.judge_pairs import figures as judge_pair_figures
from judgelake.evaluation.labelers import alpha_figures
from judgelake.evaluation.labelers import pair_figures as labeler_pair_figures
from judgelake.evaluation.labelers import score_pair_figures as labeler_score_pair_figures
from judgelake.evaluation.leaderboard import figures as leaderboard_figures
from judgelake.evaluation.leaderboard import game_figures, rank_correlation
from judgelake.evaluation.leaderboard import rank_figures as rank_correlation_figures
from judgelake.evaluation.length_bias import LONGEST_RATIO, STEPS_A_DOUBLING, length_bin
from judgelake.evaluation.length_bias import figures as length_figures
from judgelake.evaluation.pairwise import figures as pair_figures
from judgelake.evaluation.rankings import figures as ranking_figures
from judgelake.evaluation.rankings import ranked
from judgelake.evaluation.repeats import figures as repeat_figures
from judgelake.evaluation.rules import CLASSES, VERDICTS, headline_verdicts
from judgelake.evaluation.scores import ROUNDING
from judgelake.evaluation.scores import figures as score_figures
from judgelake.evaluation.self_preference import family_matrix
from judgelake.evaluation.self_preference import figures as self_preference_figures
from judgelake.evaluation.settings import EvaluateJob, FailureRule, JudgePairs, Labels, Slices, SwapRule
from judgelake.evaluation.votes import NO_VOTES, VOTE

__all__ = [
    "CELL",
    "CLASSES",
    "COMPARISONS",
    "FAILED",
    "LONGEST_RATIO",
    "NO_VOTES",
    "OBSERVATION_DDL",
    "QUESTIONS",
    "ROUNDING",
    "SEPARATOR",
    "STEPS_A_DOUBLING",
    "VERDICTS",
    "VOTE",
    "WHOLE",
    "Buckets",
    "Estimate",
    "EvaluateJob",
    "FailureRule",
    "Figure",
    "JudgePairs",
    "Labels",
    "Slices",
    "SwapRule",
    "Table",
    "absent",
    "alpha_figures",
    "aspect_figures",
    "counted_as",
    "family_matrix",
    "game_figures",
    "has_yes_no_labels",
    "headline_verdicts",
    "holm",
    "judge_pair_figures",
    "labeler_pair_figures",
    "labeler_score_pair_figures",
    "leaderboard_figures",
    "length_bin",
    "length_figures",
    "order_figures",
    "pair_figures",
    "rank_correlation",
    "rank_correlation_figures",
    "ranked",
    "ranking_figures",
    "repeat_figures",
    "score_figures",
    "self_preference_figures",
    "table_of",
]
