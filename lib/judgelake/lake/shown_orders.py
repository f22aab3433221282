"""The orders in which the answers of a row are shown, as SQL finds them in its column `answers`."""

from __future__ import annotations

from typing import Literal

from judgelake.comparisons import LETTERS


def orders_in_sql(orders: Literal["AB", "BA", "both"]) -> str:
    """An SQL array of orders by letters, those of `comparisons.orders_of`; a single answer has one.

    Args:
        orders: AB: the original order alone; BA: the reversed one, also of more answers; both.
    """
    own = f"substring('{LETTERS}', 1, size(answers))"
    shown = {"AB": own, "BA": f"reverse({own})", "both": f"{own}, reverse({own})"}[orders]
    return f"array_distinct(array({shown}))"
