"""The measures as jobs use them: the figures of every family, and the vocabulary of their outcomes."""

from judgelake.measures.both_orders import figures as order_figures
from judgelake.measures.figure import Figure
from judgelake.measures.judge_pairs import figures as judge_pair_figures
from judgelake.measures.labelers import alpha_figures
from judgelake.measures.labelers import pair_figures as labeler_pair_figures
from judgelake.measures.labelers import score_pair_figures as labeler_score_pair_figures
from judgelake.measures.leaderboard import figures as leaderboard_figures
from judgelake.measures.leaderboard import game_figures, rank_correlation
from judgelake.measures.leaderboard import rank_figures as rank_correlation_figures
from judgelake.measures.length import LONGEST_RATIO, STEPS_A_DOUBLING, length_bin
from judgelake.measures.length import figures as length_figures
from judgelake.measures.length import figures_beyond_labelers as length_beyond_labelers_figures
from judgelake.measures.own_family import family_matrix
from judgelake.measures.own_family import figures as self_preference_figures
from judgelake.measures.own_family import figures_beyond_labelers as self_preference_beyond_labelers_figures
from judgelake.measures.pairwise import figures as pair_figures
from judgelake.measures.rankings import figures as ranking_figures
from judgelake.measures.rankings import ranked
from judgelake.measures.repeats import figures as repeat_figures
from judgelake.measures.rules import CLASSES, VERDICTS, headline_verdicts
from judgelake.measures.scores import ROUNDING
from judgelake.measures.scores import figures as score_figures
from judgelake.measures.statistics.interval import Estimate, absent, holm
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
    "Figure",
    "Table",
    "absent",
    "alpha_figures",
    "aspect_figures",
    "family_matrix",
    "game_figures",
    "has_yes_no_labels",
    "headline_verdicts",
    "holm",
    "judge_pair_figures",
    "labeler_pair_figures",
    "labeler_score_pair_figures",
    "leaderboard_figures",
    "length_beyond_labelers_figures",
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
    "self_preference_beyond_labelers_figures",
    "self_preference_figures",
    "table_of",
]
