"""What is tested many times in one evaluation, corrected for that number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from judgelake.measures import Result
from judgelake.measures.families import holm, simultaneous

PAIRS_TESTED = "agreement_difference"


def with_corrected(rows: Sequence[Result]) -> Iterator[Result]:
    """The rows, those of two judges corrected over all pairs of the evaluation that could be compared.

    Their p-values by Holm's method, their second interval and their detectable effect by Bonferroni's.
    """
    p_values = {place: row.p_value for place, row in enumerate(rows) if row.metric == PAIRS_TESTED and row.is_whole}
    known = {place: p_value for place, p_value in p_values.items() if p_value is not None}
    corrected = dict(zip(known, holm([*known.values()]), strict=True))
    for place, row in enumerate(rows):
        yield _corrected(row, corrected[place], len(known)) if place in corrected else row


def _corrected(row: Result, p_corrected: float, tests: int) -> Result:
    found = simultaneous(row.value or 0.0, row.spread, tests)
    return replace(
        row,
        p_corrected=p_corrected,
        simultaneous_low=found.low,
        simultaneous_high=found.high,
        detectable=found.detectable,
    )
