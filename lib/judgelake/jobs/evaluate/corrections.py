"""What is tested many times in one evaluation, corrected for that number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from judgelake.measures import Result
from judgelake.measures.families import holm, simultaneous

PAIRS_TESTED, SLICES_TESTED = "agreement_difference", "slice_difference"


def with_corrected(rows: Sequence[Result]) -> Iterator[Result]:
    """The rows with what is corrected over all comparisons of a kind in the evaluation that could be made.

    p-values by Holm's method: of two judges over all pairs, and in slices over all slices of the pair; of a slice over
    all slices of its judge. Of two judges also the second interval and the detectable effect, by Bonferroni's.
    """
    together: dict[tuple[str | None, ...], list[tuple[int, Result]]] = {}
    for place, row in enumerate(rows):
        if row.metric == PAIRS_TESTED:
            kind = (row.metric,) if row.is_whole else (row.metric, row.judge_fingerprint, row.subject)
            together.setdefault(kind, []).append((place, row))
        elif row.metric == SLICES_TESTED:
            together.setdefault((row.metric, row.judge_fingerprint), []).append((place, row))
    corrected: dict[int, Result] = {}
    for tested in together.values():
        p_values = _holm(tested)
        for place, p_corrected in p_values.items():
            is_of_two = rows[place].metric == PAIRS_TESTED
            with_p = replace(rows[place], p_corrected=p_corrected)
            corrected[place] = _simultaneous(with_p, len(p_values)) if is_of_two else with_p
    yield from (corrected.get(place, row) for place, row in enumerate(rows))


def _holm(tested: Iterable[tuple[int, Result]]) -> Mapping[int, float]:
    """The corrected p-values of the rows that have one, by their places."""
    known = {place: row.p_value for place, row in tested if row.p_value is not None}
    return dict(zip(known, holm([*known.values()]), strict=True))


def _simultaneous(row: Result, tests: int) -> Result:
    found = simultaneous(row.value or 0.0, row.spread, tests)
    return replace(row, simultaneous_low=found.low, simultaneous_high=found.high, detectable=found.detectable)
