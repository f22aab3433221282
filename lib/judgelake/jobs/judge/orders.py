"""The orders in which the answers of one comparison are shown."""

from __future__ import annotations

import hashlib
import math
import random

from judgelake.comparisons import LETTERS, orders_of
from judgelake.jobs.judge.config import Order

# Hexadecimal digits of a hash that make a share: 52 bits, so that the share is exact in double precision.
SHARE_DIGITS = 13


def shown_orders(answers: int, order: Order, comparison_id: str) -> tuple[str, ...]:
    """The distinct orders in which one comparison is asked, original order first; a single answer has only one.

    Mixed orders depend only on the comparison, random permutations also on the seed, so every run asks the same; a
    larger `both_share` asks all that a smaller one does. At most all n! orders are returned, however many are wanted.
    """
    if answers < 2:
        return (LETTERS[:answers],)
    wanted = list(_two_orders(answers, order, comparison_id))
    if answers == 2 or order.permutations == 0:
        return tuple(wanted)
    own = LETTERS[:answers]
    generator = random.Random(f"{order.seed}:{comparison_id}")
    most = min(len(wanted) + order.permutations, math.factorial(answers))
    while len(wanted) < most:
        candidate = "".join(generator.sample(own, answers))
        if candidate not in wanted:
            wanted.append(candidate)
    return tuple(wanted)


def _two_orders(answers: int, order: Order, comparison_id: str) -> tuple[str, ...]:
    own, reversed_order = orders_of(answers)
    if order.orders == "both":
        return own, reversed_order
    if order.orders == "mixed":
        if share_of("both", comparison_id) < order.share_in_both:
            return own, reversed_order
        return (own,) if share_of("order", comparison_id) < 0.5 else (reversed_order,)
    return (own,) if order.orders == "AB" else (reversed_order,)


def share_of(purpose: str, comparison_id: str) -> float:
    """A number in [0, 1) that is the same for a comparison everywhere, and independent of that of another purpose.

    In SQL: `conv(left(sha2(concat('PURPOSE:', comparison_id), 256), 13), 16, 10) / pow(2, 52)`.
    """
    digest = hashlib.sha256(f"{purpose}:{comparison_id}".encode()).hexdigest()
    return int(digest[:SHARE_DIGITS], 16) / 16.0**SHARE_DIGITS


def orders_a_comparison(order: Order) -> float:
    """Mean number of orders of one comparison of many answers, for sizing chunks before any is read."""
    return 1 + order.share_in_both + order.permutations
