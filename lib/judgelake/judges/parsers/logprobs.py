"""The most likely of the labels that a mode allows, by the log-probabilities of one output token."""

from __future__ import annotations

import math

from judgelake.comparisons import LOW_MASS, Failure, Reading, Status, mass_of
from judgelake.judges.parsers.output import Output, read_label

ROUNDING = 1e-9


def read_logprobs(output: Output, least_mass: float) -> Reading | Failure:
    """The most likely label, and every label's log-probability by the verdict (or score) that it means.

    Two labels that are exactly equally likely give no verdict: choosing one would be a guess, and a tie has
    its own label. Nor do labels that together have less than `least_mass` of the probability: the model would have
    written something else, such as the beginning of its thinking, and the order of what it would not write is chance.
    """
    logprobs = output.label_logprobs
    if not logprobs:
        return Failure(Status.UNPARSEABLE, "the engine returned no log-probabilities of the labels")
    missing = [label for label in output.verdict_of if not _is_number(logprobs.get(label))]
    if missing:
        return Failure(Status.UNPARSEABLE, f"no log-probability of the label {missing[0]!r}")
    mass = mass_of({label: logprobs[label] for label in output.verdict_of}, output.bounded_labels)
    if mass is None or mass < least_mass - ROUNDING:
        return Failure(
            Status.UNPARSEABLE,
            f"the labels have {mass or 0:.2g} of the probability, {LOW_MASS} {least_mass:g}: "
            "the model would write something else",
        )
    ranked = sorted(output.verdict_of, key=lambda label: logprobs[label], reverse=True)
    if len(ranked) > 1 and logprobs[ranked[0]] == logprobs[ranked[1]]:
        return Failure(Status.UNPARSEABLE, f"the labels {ranked[0]!r} and {ranked[1]!r} are exactly equally likely")
    best = read_label(output, ranked[0])
    assert best is not None  # ranked contains only labels of verdict_of
    by_verdict = {verdict_name(output.verdict_of[label]): logprobs[label] for label in output.verdict_of}
    return Reading(scores=best.scores, verdict=best.verdict, logprobs=by_verdict)


def _is_number(value: float | None) -> bool:
    return value is not None and not math.isnan(value)


def verdict_name(value: str | float) -> str:
    """A letter or tie as it is, a score as text: the name of its log-probability."""
    return value if isinstance(value, str) else f"{value:g}"
