"""Corrected win rates of the models under judgment, from the same counts as their leaderboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from judgelake.measures.families import LEAST_CLUSTERS, SEPARATOR, Estimate, Figure, Table, absent
from judgelake.trust.corrected.prediction_powered import Sums, corrected_mean
from judgelake.trust.corrected.wanted_width import labels_needed

UNLABELLED = "none"
"""In an outcome, instead of the label of a comparison that has none."""
VALUES = {"first": 1.0, "tie": 0.5, "second": 0.0}
"""What a verdict or label gives the first of the two models; the second gets the rest."""
MOST_NAMED = 3
"""Strata without labels that a reason names."""
NO_LABELS = "none of its comparisons with a verdict has a label"
TOO_FEW_LABELS = "too few labels to say how many are needed: label comparisons of two questions or more"
NO_INTERVAL = "a number of labels, which has no interval"


def corrected_figures(table: Table, half_width: float, named: Callable[[str], str] = str) -> Iterator[Figure]:
    """Corrected win rate of each model, and the labels that a wanted interval needs, of one table of "models".

    The subject is the model. Comparisons without a verdict are left out, whether they have a label or not.

    Args:
        table: outcomes are (model_1, model_2, verdict, label), and a stratum if there are strata. Verdict and label are
            those of `VALUES`; any other verdict was not given. A label may also be a number, what divided labels give
            the first model on average, or `UNLABELLED`. Tables whose outcomes have no label, such as those of the
            labels alone, give nothing.
        half_width: of the wanted interval.
        named: the name of a stratum for people.
    """
    outcomes = {tuple(outcome.split(SEPARATOR)): counts for outcome, counts in table.counts.items()}
    if not all(len(outcome) > 3 for outcome in outcomes):
        return
    for model in sorted({model for outcome in outcomes for model in outcome[:2]}):
        own = {outcome: counts for outcome, counts in outcomes.items() if model in outcome[:2]}
        yield from _of_model(model, own, table, half_width, named)


def _of_model(
    model: str,
    outcomes: Mapping[tuple[str, ...], NDArray[np.float64]],
    table: Table,
    half_width: float,
    named: Callable[[str], str],
) -> Iterator[Figure]:
    strata = _strata(outcomes)
    sums = _sums(model, outcomes, strata)
    base, asked = sums.labelled.sum(axis=0), int(sum(counts[0] for counts in outcomes.values()))
    labelled, judged = float(base[0]), int(sums.judged[:, 0].sum())
    reason = _why_none(sums, [*map(named, strata)])
    if reason is not None:
        yield Figure("corrected_win_rate", None, int(labelled), asked, model, reason=reason, base=base)
        yield Figure("labels_needed", None, int(labelled), asked, model, given=absent(reason))
        return
    found = corrected_mean(sums)
    rate = Figure(
        "corrected_win_rate",
        np.clip(found.mean, 0.0, 1.0),
        int(labelled),
        asked,
        model,
        least_error=found.least_error,
        base=base,
    )
    yield rate
    if (base[1:] < base[0]).sum() < LEAST_CLUSTERS:
        given = absent(TOO_FEW_LABELS)
    else:
        given = _needed(labels_needed(found, labelled, half_width), rate, table, half_width, judged)
    yield Figure("labels_needed", None, int(labelled), asked, model, given=given)


def _needed(needed: int | None, rate: Figure, table: Table, half_width: float, judged: int) -> Estimate:
    """The number of labels needed, which is more than there are while the interval is wider than wanted."""
    shown = rate.estimate(table.questions, table.hashed)
    is_wide = shown.low is None or shown.high is None or shown.high - shown.low > 2 * half_width
    if needed is not None and is_wide:
        needed = max(needed, rate.n + 1)
    if needed is None or needed > judged:
        wanted = f"an interval of {100 * half_width:g} points to each side"
        return absent(f"even labels of all {judged:,} comparisons would not give {wanted}: judge more comparisons")
    return Estimate(float(needed), reason=NO_INTERVAL)


def _strata(outcomes: Mapping[tuple[str, ...], NDArray[np.float64]]) -> list[str]:
    """The strata in which a model has a verdict."""
    return sorted({"".join(outcome[4:]) for outcome in outcomes if outcome[2] in VALUES})


def _sums(model: str, outcomes: Mapping[tuple[str, ...], NDArray[np.float64]], strata: Sequence[str]) -> Sums:
    length = len(next(iter(outcomes.values())))
    judged, verdicts, labelled, their, labels = np.zeros((5, max(1, len(strata)), length))
    for (first, _, verdict, label, *stratum), counts in outcomes.items():
        if verdict not in VALUES:
            continue
        place, by_judge = strata.index("".join(stratum)), _value(verdict, is_first=model == first)
        judged[place] += counts
        verdicts[place] += counts * by_judge
        if label != UNLABELLED:
            labelled[place] += counts
            their[place] += counts * by_judge
            labels[place] += counts * _value(label, is_first=model == first)
    return Sums(judged, verdicts, labelled, their, labels)


def _value(verdict: str, *, is_first: bool) -> float:
    value = VALUES[verdict] if verdict in VALUES else float(verdict)
    return value if is_first else 1 - value


def _why_none(sums: Sums, strata: Sequence[str]) -> str | None:
    """Why there is no corrected rate; None if there is one."""
    labelled = sums.labelled[:, 0]
    if not labelled.any():
        return NO_LABELS
    if unlabelled := [name for name, n in zip(strata, labelled, strict=True) if n == 0]:
        names = ", ".join(unlabelled[:MOST_NAMED]) + (" ..." if len(unlabelled) > MOST_NAMED else "")
        return (
            f"{len(unlabelled)} of {len(labelled)} strata of its comparisons have no labels ({names}): label some, or "
            "set no strata"
        )
    return None
