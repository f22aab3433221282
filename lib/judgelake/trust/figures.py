"""Indicators and probabilities compared with labels, as figures with the evaluation's intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from judgelake.measures.families import Figure
from judgelake.trust.calibration import Labelled
from judgelake.trust.diagram import brier, brier_skill, ece, ece_by_chance, share_right
from judgelake.trust.replicates import leaving_out
from judgelake.trust.selective import Halves, aurc, aurc_gain, auroc

Floats = NDArray[np.float64]

BEFORE = "uncalibrated"
"""What a probability is called that the log-odds say themselves."""
OF_INDICATORS: dict[str, Callable[[Floats, Floats], float]] = {
    "reliability_auroc": auroc,
    "reliability_aurc": aurc,
    "reliability_aurc_gain": aurc_gain,
}
OF_HALVES: dict[str, Callable[[Halves, Floats], float]] = {
    "kept_half_agreement": lambda halves, _: halves.kept,
    "other_half_agreement": lambda halves, _: halves.other,
    "kept_half_gain": lambda halves, right: halves.kept - share_right(right),
    "halves_difference": lambda halves, _: halves.kept - halves.other,
}
OF_PROBABILITIES: dict[str, Callable[[Floats, Floats], float]] = {
    "ece": ece,
    "ece_by_chance": lambda probabilities, _: ece_by_chance(probabilities),
    "brier": brier,
    "brier_skill": brier_skill,
}
SHARES = ("kept_half_agreement", "other_half_agreement")


def indicator_figures(labelled: Labelled, indicator: str, reason: str | None = None) -> Iterator[Figure]:
    """How well an indicator tells right verdicts from wrong ones.

    Args:
        labelled: the labelled verdicts that have a value.
        indicator: its name.
        reason: why there is no number, where there is none.
    """
    yield from _figures(OF_INDICATORS, labelled, labelled.values, indicator, reason)
    blurred = {name: partial(_of_blurred, of) for name, of in OF_HALVES.items()}
    for figure in _figures(blurred, labelled, labelled.values, indicator, reason):
        if figure.replicates is None:
            yield figure
            continue
        exact = OF_HALVES[figure.metric](Halves.of(labelled.values, labelled.right), labelled.right)
        yield replace(figure, replicates=figure.replicates - figure.replicates[0] + exact)


def _of_blurred(of: Callable[[Halves, Floats], float], values: Floats, right: Floats) -> float:
    return of(Halves.blurred(values, right), right)


def calibration_figures(
    labelled: Labelled, probabilities: Floats | None, subject: str, reason: str | None = None
) -> Iterator[Figure]:
    """How well probabilities are calibrated; the maps that gave them are taken as they are.

    Args:
        labelled: the labelled verdicts.
        probabilities: of these; None: there are none.
        subject: what they are made of, as indicator and method.
        reason: why there are none.
    """
    chosen = labelled if probabilities is not None else labelled.where(np.zeros(len(labelled.right), dtype=bool))
    values = chosen.values if probabilities is None else probabilities
    yield from _figures(OF_PROBABILITIES, chosen, values, subject, reason)


def _figures(
    measures: Mapping[str, Callable[[Floats, Floats], float]],
    labelled: Labelled,
    values: Floats,
    subject: str,
    reason: str | None,
) -> Iterator[Figure]:
    n = len(values)
    figure = partial(Figure, n=n, asked=labelled.asked, subject=subject, reason=reason)
    for name, measure in measures.items():
        if not n:
            yield figure(name, None)
            continue
        replicates, base = leaving_out(measure, labelled.buckets, values, labelled.right)
        yield figure(name, replicates, base=base, trials=n / 2 if name in SHARES else None)
