"""An example with its answers in the reversed order, and all that is said of them with it."""

from __future__ import annotations

from dataclasses import replace

from judgelake.comparisons import Comparison, orders_of, own_label
from judgelake.training.example import Example, Judged
from judgelake.training.positions import reversed_places


def swap_example(example: Example) -> Example:
    """The example as a judge sees it in the reversed order: answers, scores, verdicts, probabilities and reasons.

    Its id stays: it is the same example, shown otherwise. The words of the reasons that name places change as
    `reversed_places` says; reasons in which they are ambiguous become None. Swapping twice gives the example back, but
    for such reasons. An example of a single answer is its own swap.
    """
    answers = len(example.comparison.answers)
    probabilities = example.probabilities
    reverse = orders_of(answers)[1]
    return replace(
        example,
        comparison=swap_answers(example.comparison),
        judged=swap_judged(example.judged, answers),
        referenced=None if example.referenced is None else swap_judged(example.referenced, answers),
        probabilities=None
        if probabilities is None
        else {own_label(label, reverse): share for label, share in probabilities.items()},
    )


def swap_answers(comparison: Comparison) -> Comparison:
    """The comparison with its answers in the reversed order."""
    return replace(comparison, answers=comparison.answers[::-1])


def swap_judged(judged: Judged, answers: int) -> Judged:
    """What was said of so many answers, said of them in the reversed order; without reasons that are ambiguous."""
    reverse = orders_of(answers)[1]
    return Judged(
        verdict=None if judged.verdict is None else own_label(judged.verdict, reverse),
        scores=None if judged.scores is None else judged.scores[::-1],
        reasons=None if judged.reasons is None else reversed_places(judged.reasons, answers),
    )
