"""The result of one run, counted in the judgments table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from judgelake.asking import Written, count_by_status, written_in

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame


ORDERS = ("original", "reversed", "other")


@dataclass(frozen=True, slots=True)
class Counts(Written):
    """Counts over the judgments of one run. A number that cannot be known is None.

    `coverage` is judgments with status ok over all; `consistency` the share of comparisons with the same
    verdict in the original and the reversed order, among those with a verdict in both (`both_orders` of them).
    """

    both_orders: int = 0
    consistency: float | None = None
    orders: dict[str, int] = field(default_factory=dict)
    """Judgments by the order shown, one of `ORDERS`; orders that were not shown are absent."""
    acting_controls: int = 0
    """Judgments whose material has control strings and whose prompt was sent as text, so that they could act."""

    @property
    def judgments(self) -> int:
        """Judgments written, whatever their status."""
        return self.results


def count_judgments(judgments: DataFrame, run_id: str) -> Counts:
    """Count the judgments of one run."""
    orders = (F.count_if(order_shown() == name).alias(name) for name in ORDERS)
    acting = F.count_if((F.col("prompt_sent_as") == "text") & (F.size("control_strings") > 0)).alias("acting")
    groups = count_by_status(judgments, run_id, acting, *orders)
    both: Any = (
        both_orders(judgments.where(F.col("run_id") == run_id))
        .agg(F.count("*").alias("n"), F.avg((F.col("own") == F.col("reversed")).cast("double")))
        .first()
    )
    return Counts(
        **written_in(groups),
        both_orders=both[0],
        consistency=both[1],
        orders={name: shown for name in ORDERS if (shown := sum(row[name] for row in groups))},
        acting_controls=sum(row["acting"] for row in groups),
    )


def both_orders(judgments: DataFrame) -> DataFrame:
    """Comparisons with a verdict in original and in reversed order: comparison_id, repeat, own, reversed."""

    def verdict_in(order: str) -> Column:
        return F.max(F.when(order_shown() == order, F.col("verdict")))

    pairs = (
        judgments.where((F.length("shown_order") > 1) & F.isnotnull("verdict"))
        .groupBy("comparison_id", "repeat")
        .agg(verdict_in("original").alias("own"), verdict_in("reversed").alias("reversed"))
    )
    return pairs.where("own IS NOT NULL AND reversed IS NOT NULL")


def order_shown() -> Column:
    """Which of `ORDERS` the column shown_order is; a single answer is in its original order."""
    letters = F.array_join(F.array_sort(F.split("shown_order", "")), "")
    shown = F.col("shown_order")
    return F.when(shown == letters, "original").when(shown == F.reverse(letters), "reversed").otherwise("other")


def orders_text(orders: Mapping[str, int]) -> str:
    """Counts by the order shown in words: "55 original, 55 reversed"."""
    return ", ".join(f"{orders[name]:,} {name}" for name in ORDERS if orders.get(name))
