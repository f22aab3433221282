"""One row per comparison of two answers and judge with the log-odds that decide, for jobs that need no figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from judgelake.jobs.evaluate.inputs import JudgeInfo
from judgelake.jobs.evaluate.log_odds import log_odds_of
from judgelake.jobs.evaluate.verdicts import both_orders, numbered
from judgelake.measures.families import VERDICTS

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame


def odds_rows(judgments: DataFrame, judges: Sequence[JudgeInfo]) -> DataFrame:
    """comparison_id, judge_number, own, reversed, own_log_odds, reversed_log_odds: of `both_orders`, of these judges.

    Args:
        judgments: rows of the judgments table.
        judges: at least one, with different fingerprints; rows of others are left out.
    """
    own = judgments.where(F.col("judge_fingerprint").isin([judge.fingerprint for judge in judges]))
    judged = numbered(own, judges)
    return both_orders(judged, log_odds=log_odds_of(judged, judges))


def is_asked(order: str) -> Column:
    """Whether a judge was asked in an order, `own` or `reversed`, in rows of `odds_rows`."""
    return F.col(order) != VERDICTS.index("not_asked")
