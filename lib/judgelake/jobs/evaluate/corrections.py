"""What is tested many times in one evaluation, corrected for that number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from judgelake.measures import Result
from judgelake.measures.families import holm, simultaneous

PAIRS_TESTED, SLICES_TESTED = "agreement_difference", "slice_difference"


def with_corrected(rows: Sequence[Result]) -> Iterator[Result]:
    """The rows with what is corrected over all comparisons of a kind in the evaluation that could be made.

    p-values by Holm's method: of two judges over all pairs, of a slice over all slices of its judge. Of two judges also
    the second interval and the detectable effect, by Bonferroni's.
    """
    pairs = _holm((place, row) for place, row in enumerate(rows) if row.metric == PAIRS_TESTED and row.is_whole)
    by_judge: dict[str | None, list[tuple[int, Result]]] = {}
    for place, row in enumerate(rows):
        if row.metric == SLICES_TESTED:
            by_judge.setdefault(row.judge_fingerprint, []).append((place, row))
    of_slices: dict[int, float] = {}
    for tested in by_judge.values():
        of_slices |= _holm(tested)
    for place, row in enumerate(rows):
        if place in pairs:
            yield _corrected(row, pairs[place], len(pairs))
        else:
            yield replace(row, p_corrected=of_slices[place]) if place in of_slices else row


def _holm(tested: Iterable[tuple[int, Result]]) -> Mapping[int, float]:
    """The corrected p-values of the rows that have one, by their places."""
    known = {place: row.p_value for place, row in tested if row.p_value is not None}
    return dict(zip(known, holm([*known.values()]), strict=True))


def _corrected(row: Result, p_corrected: float, tests: int) -> Result:
    found = simultaneous(row.value or 0.0, row.spread, tests)
    return replace(
        row,
        p_corrected=p_corrected,
        simultaneous_low=found.low,
        simultaneous_high=found.high,
        detectable=found.detectable,
    )
