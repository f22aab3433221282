"""Corrected win rates of the models under judgment, from the same counts as their leaderboard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from judgelake.measures.families import SEPARATOR, Estimate, Figure, Table, absent
from judgelake.trust.corrected.prediction_powered import Sums, corrected_mean
from judgelake.trust.corrected.wanted_width import labels_needed

UNLABELLED = "none"
"""In an outcome, instead of the label of a comparison that has none."""
VALUES = {"first": 1.0, "tie": 0.5, "second": 0.0}
"""What a verdict or label gives the first of the two models; the second gets the rest."""
NO_LABELS = "none of its comparisons with a verdict has a label"
NO_INTERVAL = "a number of labels, which has no interval"


def corrected_figures(table: Table, half_width: float) -> Iterator[Figure]:
    """Corrected win rate of each model, and the labels that a wanted interval needs, of one table of "models".

    The subject is the model. Comparisons without a verdict are left out, whether they have a label or not.

    Args:
        table: outcomes are (model_1, model_2, verdict, label), and a stratum if there are strata. Verdict and label are
            those of `VALUES`; any other verdict was not given, any other label is none. Tables whose outcomes have no
            label, such as those of the labels alone, give nothing.
        half_width: of the wanted interval.
    """
    outcomes = {tuple(outcome.split(SEPARATOR)): counts for outcome, counts in table.counts.items()}
    if not all(len(outcome) > 3 for outcome in outcomes):
        return
    for model in sorted({model for outcome in outcomes for model in outcome[:2]}):
        own = {outcome: counts for outcome, counts in outcomes.items() if model in outcome[:2]}
        yield from _of_model(model, own, half_width)


def _of_model(
    model: str, outcomes: Mapping[tuple[str, ...], NDArray[np.float64]], half_width: float
) -> Iterator[Figure]:
    sums = _sums(model, outcomes)
    base, asked = sums.labelled.sum(axis=0), int(sum(counts[0] for counts in outcomes.values()))
    labelled, judged = float(base[0]), int(sums.judged[:, 0].sum())
    reason = _why_none(sums)
    if reason is not None:
        yield Figure("corrected_win_rate", None, int(labelled), asked, model, reason=reason, base=base)
        yield Figure("labels_needed", None, int(labelled), asked, model, given=absent(reason))
        return
    found = corrected_mean(sums)
    yield Figure(
        "corrected_win_rate",
        np.clip(found.mean, 0.0, 1.0),
        int(labelled),
        asked,
        model,
        least_error=found.least_error,
        base=base,
    )
    needed = labels_needed(found, labelled, half_width)
    wanted = f"an interval of {100 * half_width:g} points to each side"
    if needed is None or needed > judged:
        given = absent(f"even labels of all {judged:,} comparisons would not give {wanted}: judge more comparisons")
    else:
        given = Estimate(float(needed), reason=NO_INTERVAL)
    yield Figure("labels_needed", None, int(labelled), asked, model, given=given)


def _sums(model: str, outcomes: Mapping[tuple[str, ...], NDArray[np.float64]]) -> Sums:
    """The sums of one model, whose strata are those in which it has a verdict."""
    strata = sorted({"".join(outcome[4:]) for outcome in outcomes if outcome[2] in VALUES})
    length = len(next(iter(outcomes.values())))
    judged, verdicts, labelled, their, labels = np.zeros((5, max(1, len(strata)), length))
    for (first, _, verdict, label, *stratum), counts in outcomes.items():
        if verdict not in VALUES:
            continue
        place, by_judge = strata.index("".join(stratum)), _value(verdict, is_first=model == first)
        judged[place] += counts
        verdicts[place] += counts * by_judge
        if label in VALUES:
            labelled[place] += counts
            their[place] += counts * by_judge
            labels[place] += counts * _value(label, is_first=model == first)
    return Sums(judged, verdicts, labelled, their, labels)


def _value(verdict: str, *, is_first: bool) -> float:
    return VALUES[verdict] if is_first else 1 - VALUES[verdict]


def _why_none(sums: Sums) -> str | None:
    """Why there is no corrected rate; None if there is one."""
    labelled = sums.labelled[:, 0]
    if not labelled.any():
        return NO_LABELS
    if unlabelled := int((labelled == 0).sum()):
        return f"{unlabelled} of {len(labelled)} strata of its comparisons have no labels: label some, or set no strata"
    return None
