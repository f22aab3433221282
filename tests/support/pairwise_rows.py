"""Comparisons as label and two verdicts, the figures made of them, and the verdicts by rules of their own."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from judgelake.measures.conventions import SCORED, FailureRule, SwapRule
from judgelake.measures.figure import Figure
from judgelake.measures.pairwise import AGREEMENT_OF, figures, scored_figures
from judgelake.measures.rules import CLASSES, VERDICTS
from judgelake.measures.table import SEPARATOR, Table

Row = tuple[str, str, str]
"""Label, verdict in order AB, verdict in order BA; for a rule of `SCORED` its one verdict comes first."""
ROWS = list(product(CLASSES, VERDICTS, VERDICTS))
WITH_VERDICTS = [rule for rule in SwapRule if rule is not SwapRule.BOTH_RIGHT]


def lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a file of published labels or verdicts."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def table_of(rows: Iterable[tuple[str, ...]] | Mapping[Any, Sequence[int] | int]) -> Table:
    counts = rows if isinstance(rows, Mapping) else Counter(rows)
    return Table({SEPARATOR.join(row): np.atleast_1d(np.array(n, dtype=np.float64)) for row, n in counts.items()})


def found_by(table: Table, rule: SwapRule, failures: FailureRule) -> dict[tuple[str, str | None], Figure]:
    of_rule = [figure for figure in made_by(table, rule, failures) if figure.swap_rule in (rule, None)]
    return {(figure.metric, figure.subject): figure for figure in of_rule}


def made_by(table: Table, rule: SwapRule, failures: FailureRule) -> list[Figure]:
    if rule in SCORED:
        return list(scored_figures(of_one_verdict(table), rule, failures))
    return list(figures(table, [rule], failures))


def of_one_verdict(table: Table) -> Table:
    """The same table without the verdicts in order BA, as it is counted for a rule of `SCORED`."""
    counts: dict[str, Any] = {}
    for outcome, count in table.counts.items():
        name = outcome.rpartition(SEPARATOR)[0]
        counts[name] = counts.get(name, 0) + count
    return Table(counts)


def agreement_of(rule: SwapRule) -> str:
    """The name of the agreement by a rule."""
    return AGREEMENT_OF.get(rule, "agreement")


def value(found: Mapping[tuple[str, str | None], Figure], metric: str, subject: str | None = None) -> float | None:
    return found[metric, subject].estimate(questions=1).value


def shown(own: str, reversed_: str, label: str = "A") -> Row:
    return label, own, reversed_


COUNTS = st.dictionaries(st.sampled_from(ROWS), st.integers(1, 40), min_size=1, max_size=25)


def resolved(rows: Mapping[Row, int], rule: SwapRule, failures: FailureRule) -> tuple[list[str], list[str]]:
    """Labels and verdicts of the judged comparisons, one by one, by rules written down a second time.

    For the mean both verdicts of each comparison.
    """
    labels, verdicts = [], []
    for (label, *said), n in rows.items():
        own, back = ("tie" if failures is FailureRule.TIE and one == "failed" else one for one in said)
        of_one = {SwapRule.FIRST: [own], SwapRule.SECOND: [back]} | {scored: [own] for scored in SCORED}
        needed = of_one.get(rule, [own, back])
        if "not_asked" in needed or ("failed" in needed and failures is FailureRule.LEFT_OUT):
            continue
        if rule is SwapRule.MEAN:
            labels += [label] * 2 * n
            verdicts += (["failed"] * 2 if "failed" in needed else [own, back]) * n
            continue
        both = "tie" if rule is SwapRule.TIE else own if "tie" in needed else "tie"
        verdict = "failed" if "failed" in needed else needed[0] if len(set(needed)) == 1 else both
        if rule is SwapRule.STRICT and len(set(needed)) == 2 and verdict != "failed":
            continue
        labels += [label] * n
        verdicts += [verdict] * n
    return labels, verdicts
