"""What is tested many times in one evaluation, corrected for that number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from judgelake.measures import Result
from judgelake.measures.families import holm

PAIRS_TESTED = "agreement_difference"


def with_corrected(rows: Sequence[Result]) -> Iterator[Result]:
    """The rows, those of two judges with their p-value corrected over all pairs of the evaluation."""
    p_values = {place: row.p_value for place, row in enumerate(rows) if row.metric == PAIRS_TESTED and row.is_whole}
    known = {place: p_value for place, p_value in p_values.items() if p_value is not None}
    corrected = dict(zip(known, holm([*known.values()]), strict=True))
    for place, row in enumerate(rows):
        yield replace(row, p_corrected=corrected[place]) if place in corrected else row
