"""How good judges are: pure measures on counts, and their intervals. No job here.

The catalog of metrics and the record of a result load at once and need no numpy; all else loads when it is first used,
so that what only shows numbers, the report, need not load what computes them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

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
from judgelake.evaluation.result import WHOLE_SLICE, Result

if TYPE_CHECKING:
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
    "KINDS",
    "LONGEST_RATIO",
    "METRICS",
    "NO_VOTES",
    "OBSERVATION_DDL",
    "ORDERS",
    "PAIRS",
    "QUESTIONS",
    "ROUNDING",
    "SECTIONS",
    "SEPARATOR",
    "STEPS_A_DOUBLING",
    "VERDICTS",
    "VOTE",
    "WHOLE",
    "WHOLE_SLICE",
    "Buckets",
    "Estimate",
    "EvaluateJob",
    "FailureRule",
    "Figure",
    "JudgePairs",
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
    "counted_as",
    "family_matrix",
    "game_figures",
    "has_yes_no_labels",
    "headline_of",
    "headline_verdicts",
    "holm",
    "in_table_of",
    "judge_pair_figures",
    "labeler_pair_figures",
    "labeler_score_pair_figures",
    "leaderboard_figures",
    "length_bin",
    "length_figures",
    "metric_named",
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
    "table_of",
]

# Name here to module and name there.
_HOMES = {
    "Buckets": "cells.Buckets",
    "CELL": "cells.CELL",
    "CLASSES": "rules.CLASSES",
    "COMPARISONS": "cells.COMPARISONS",
    "Estimate": "estimate.Estimate",
    "EvaluateJob": "settings.EvaluateJob",
    "FAILED": "cells.FAILED",
    "FailureRule": "settings.FailureRule",
    "Figure": "figure.Figure",
    "JudgePairs": "settings.JudgePairs",
    "LONGEST_RATIO": "length_bias.LONGEST_RATIO",
    "Labels": "settings.Labels",
    "NO_VOTES": "votes.NO_VOTES",
    "OBSERVATION_DDL": "cells.OBSERVATION_DDL",
    "QUESTIONS": "cells.QUESTIONS",
    "ROUNDING": "scores.ROUNDING",
    "SEPARATOR": "cells.SEPARATOR",
    "STEPS_A_DOUBLING": "length_bias.STEPS_A_DOUBLING",
    "Slices": "settings.Slices",
    "SwapRule": "settings.SwapRule",
    "Table": "cells.Table",
    "VERDICTS": "rules.VERDICTS",
    "VOTE": "votes.VOTE",
    "WHOLE": "cells.WHOLE",
    "absent": "estimate.absent",
    "alpha_figures": "labelers.alpha_figures",
    "aspect_figures": "aspects.figures",
    "family_matrix": "self_preference.family_matrix",
    "game_figures": "leaderboard.game_figures",
    "has_yes_no_labels": "aspects.has_yes_no_labels",
    "headline_verdicts": "rules.headline_verdicts",
    "holm": "estimate.holm",
    "judge_pair_figures": "judge_pairs.figures",
    "labeler_pair_figures": "labelers.pair_figures",
    "labeler_score_pair_figures": "labelers.score_pair_figures",
    "leaderboard_figures": "leaderboard.figures",
    "length_bin": "length_bias.length_bin",
    "length_figures": "length_bias.figures",
    "order_figures": "both_orders.figures",
    "pair_figures": "pairwise.figures",
    "rank_correlation": "leaderboard.rank_correlation",
    "rank_correlation_figures": "leaderboard.rank_figures",
    "ranked": "rankings.ranked",
    "ranking_figures": "rankings.figures",
    "repeat_figures": "repeats.figures",
    "score_figures": "scores.figures",
    "self_preference_figures": "self_preference.figures",
    "table_of": "cells.table_of",
}


def __getattr__(name: str) -> object:
    """Load a name of `_HOMES` when it is first used (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, name_there = _HOMES[name].partition(".")
    found = getattr(import_module(f"{__name__}.{module}"), name_there)
    globals()[name] = found
    return found
