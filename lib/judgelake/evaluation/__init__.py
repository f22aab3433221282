"""How good judges are: pure measures on counts, their intervals, and the one Spark pass that counts. No job here."""

from judgelake.evaluation.aspects import figures as aspect_figures
from judgelake.evaluation.aspects import has_yes_no_labels
from judgelake.evaluation.both_orders import figures as order_figures
from judgelake.evaluation.catalog import (
    KINDS,
    METRICS,
    ORDERS,
    PAIRS,
    SECTIONS,
    Kind,
    Metric,
    OrderRule,
    Scale,
    Section,
    counted_as,
    headline_of,
    in_table_of,
    metric_named,
    shown_in,
)
from judgelake.evaluation.cells import (
    COMPARISONS,
    FAILED,
    OBSERVATION_DDL,
    ROWS_A_TASK,
    SEPARATOR,
    WHOLE,
    Table,
    count_cells,
)
from judgelake.evaluation.estimate import Estimate, absent
from judgelake.evaluation.figure import Figure
from judgelake.evaluation.judge_pairs import figures as judge_pair_figures
from judgelake.evaluation.labelers import alpha_figures
from judgelake.evaluation.labelers import pair_figures as labeler_pair_figures
from judgelake.evaluation.labelers import score_pair_figures as labeler_score_pair_figures
from judgelake.evaluation.leaderboard import figures as leaderboard_figures
from judgelake.evaluation.leaderboard import game_figures, model_strengths, rank_correlation
from judgelake.evaluation.leaderboard import rank_figures as rank_correlation_figures
from judgelake.evaluation.length_bias import LONGEST_RATIO, STEPS_A_DOUBLING, length_bin
from judgelake.evaluation.length_bias import figures as length_figures
from judgelake.evaluation.pairwise import figures as pair_figures
from judgelake.evaluation.rankings import figures as ranking_figures
from judgelake.evaluation.rankings import ranked
from judgelake.evaluation.repeats import figures as repeat_figures
from judgelake.evaluation.result import WHOLE_SLICE, Result
from judgelake.evaluation.rules import CLASSES, VERDICTS, headline_verdicts
from judgelake.evaluation.scores import ROUNDING
from judgelake.evaluation.scores import figures as score_figures
from judgelake.evaluation.self_preference import family_matrix
from judgelake.evaluation.self_preference import figures as self_preference_figures
from judgelake.evaluation.settings import EvaluateJob, FailureRule, Labels, Slices, SwapRule
from judgelake.evaluation.votes import NO_VOTES, VOTE

__all__ = [
    "CLASSES",
    "COMPARISONS",
    "FAILED",
    "KINDS",
    "LONGEST_RATIO",
    "METRICS",
    "NO_VOTES",
    "OBSERVATION_DDL",
    "ORDERS",
    "PAIRS",
    "ROUNDING",
    "ROWS_A_TASK",
    "SECTIONS",
    "SEPARATOR",
    "STEPS_A_DOUBLING",
    "VERDICTS",
    "VOTE",
    "WHOLE",
    "WHOLE_SLICE",
    "Estimate",
    "EvaluateJob",
    "FailureRule",
    "Figure",
    "Kind",
    "Labels",
    "Metric",
    "OrderRule",
    "Result",
    "Scale",
    "Section",
    "Slices",
    "SwapRule",
    "Table",
    "absent",
    "alpha_figures",
    "aspect_figures",
    "count_cells",
    "counted_as",
    "family_matrix",
    "game_figures",
    "has_yes_no_labels",
    "headline_of",
    "headline_verdicts",
    "in_table_of",
    "judge_pair_figures",
    "labeler_pair_figures",
    "labeler_score_pair_figures",
    "leaderboard_figures",
    "length_bin",
    "length_figures",
    "metric_named",
    "model_strengths",
    "order_figures",
    "pair_figures",
    "rank_correlation",
    "rank_correlation_figures",
    "ranked",
    "ranking_figures",
    "repeat_figures",
    "score_figures",
    "self_preference_figures",
    "shown_in",
]
