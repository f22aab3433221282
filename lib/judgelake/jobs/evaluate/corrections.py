"""What is tested many times in one evaluation, corrected for that number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from judgelake.measures import Result
from judgelake.measures.families import holm

PAIRS_TESTED, SLICES_TESTED = "agreement_difference", "slice_difference"


def with_corrected(rows: Sequence[Result]) -> Iterator[Result]:
    """The rows with corrected p-values: of two judges over all pairs, of a slice over all slices of its judge."""
    families: dict[str | None, dict[int, float]] = {}
    for place, row in enumerate(rows):
        if row.p_value is not None and (row.is_whole if row.metric == PAIRS_TESTED else row.metric == SLICES_TESTED):
            family = None if row.is_whole else row.judge_fingerprint
            families.setdefault(family, {})[place] = row.p_value
    corrected = {
        place: p_value
        for tested in families.values()
        for place, p_value in zip(tested, holm([*tested.values()]), strict=True)
    }
    for place, row in enumerate(rows):
        yield replace(row, p_corrected=corrected[place]) if place in corrected else row
