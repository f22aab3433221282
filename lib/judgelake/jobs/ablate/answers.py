"""What a finished model said to the held-out examples, as numbers for each of their questions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from judgelake.comparisons import TIE, Reading, orders_of, to_own_order

MEASURES = ("agreement", "consistency", "position_bias", "coverage")
"""agreement: share of the verdicts of both orders that are the label, both counted as wrong where one failed, as where
a training chooses its weights. consistency: share of the comparisons with the same verdict in both orders, failed ones
counted as inconsistent. position_bias: share in which an answer does better when it is shown first, less the share in
which it does better when shown second, as in `measures.both_orders`, failed ones counted as neither; its absolute value
is JudgeLM's delta bias. coverage: share of the prompts with a verdict."""
LEANING = {"A": 1, TIE: 0, "B": -1}
ORDERS = orders_of(2)


def read_answers(path: Path) -> list[dict[str, Any]]:
    """The lines that the trainer wrote: a prompt of an example in one order each."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def by_question(lines: Iterable[Mapping[str, Any]], groups: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """For each measure its value in each group of questions, the mean of the group's comparisons.

    Args:
        lines: of `read_answers`, each example in both orders.
        groups: of each example.

    Returns:
        For each measure the value of each group.
    """
    of_example: dict[str, dict[str, Mapping[str, Any]]] = {}
    for line in lines:
        of_example.setdefault(line["example_id"], {})[line["order"]] = line
    of_group: dict[str, list[tuple[float, ...]]] = {}
    for example_id, both in of_example.items():
        of_group.setdefault(groups[example_id], []).append(_values([both[order] for order in ORDERS]))
    means = {group: np.mean(values, axis=0) for group, values in of_group.items()}
    return {
        measure: {group: float(values[place]) for group, values in means.items()}
        for place, measure in enumerate(MEASURES)
    }


def _values(both: Sequence[Mapping[str, Any]]) -> tuple[float, ...]:
    """The measures of one comparison, in their order."""
    verdicts = (to_own_order(Reading(verdict=line["shown_verdict"]), line["order"]).verdict for line in both)
    own = [verdict for verdict in verdicts if verdict is not None]
    if len(own) < len(ORDERS):
        return 0.0, 0.0, 0.0, len(own) / len(ORDERS)
    return (
        sum(verdict == both[0]["label"] for verdict in own) / len(ORDERS),
        float(own[0] == own[1]),
        float(np.sign(LEANING[own[0]] - LEANING[own[1]])),
        1.0,
    )
