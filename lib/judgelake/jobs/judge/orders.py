"""The orders in which the answers of one comparison are shown."""

from __future__ import annotations

import math
import random

from judgelake.comparisons import LETTERS
from judgelake.jobs.judge.config import Order


def shown_orders(answers: int, order: Order, comparison_id: str) -> tuple[str, ...]:
    """The distinct orders in which one comparison is asked, original order first; a single answer has only one.

    Random permutations depend only on the seed and the comparison, so every run asks the same.
    At most all n! orders are returned, however many are requested.
    """
    own = LETTERS[:answers]
    if answers < 2:
        return (own,)
    wanted = {"AB": [own], "BA": [own[::-1]], "both": [own, own[::-1]]}[order.orders]
    if answers == 2 or order.permutations == 0:
        return tuple(wanted)
    generator = random.Random(f"{order.seed}:{comparison_id}")
    most = min(len(wanted) + order.permutations, math.factorial(answers))
    while len(wanted) < most:
        candidate = "".join(generator.sample(own, answers))
        if candidate not in wanted:
            wanted.append(candidate)
    return tuple(wanted)


def most_orders(order: Order) -> int:
    """Upper bound of the number of orders of one comparison, for sizing chunks before any is read."""
    return (2 if order.orders == "both" else 1) + order.permutations
