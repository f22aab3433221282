"""Answers cut to one common length, so that a prompt fits: the same in judging and in training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from judgelake.comparisons import Answer, Comparison, Failure
from judgelake.judges.prompt import Prompt

CUT_MARK = " [... cut: answer longer than the judge can read]"
# At least 51 characters of a cut answer are kept.
LEAST_CUT = 100


def trimmed(
    comparison: Comparison,
    budget: int,
    rendered: Callable[[Comparison], Prompt | Failure],
    count: Callable[[Prompt], int],
) -> Prompt | None:
    """The prompt with every answer cut to the greatest common length that fits; None if no length fits.

    Args:
        comparison: what is judged, with answers that are too long.
        budget: tokens that the prompt may have.
        rendered: makes the prompt of a comparison.
        count: how many tokens a prompt has.
    """
    # A token rarely has more than 16 characters, so a longer cut could not fit anyway.
    longest = max(len(text) for answer in comparison.answers for text in answer.texts)
    # So that some text of a cut answer is left to be judged next to the mark.
    fits, too_long = LEAST_CUT - 1, min(longest, budget * 16) + 1
    best: Prompt | None = None
    while too_long - fits > 1:
        length = (fits + too_long) // 2
        prompt = rendered(cut_answers(comparison, length))
        if isinstance(prompt, Failure):
            return None
        if count(prompt) <= budget:
            fits, best = length, prompt
        else:
            too_long = length
    return best


def shortest(comparison: Comparison) -> Comparison:
    """The comparison with every answer cut as much as an answer ever is."""
    return cut_answers(comparison, LEAST_CUT)


def cut_answers(comparison: Comparison, length: int) -> Comparison:
    """The comparison with every answer (each of its turns) cut to `length` characters, including the mark of a cut."""

    def cut(text: str) -> str:
        return text if len(text) <= length else text[: length - len(CUT_MARK)] + CUT_MARK

    def shortened(answer: Answer) -> Answer:
        turns = None if answer.turns is None else tuple(cut(turn) for turn in answer.turns)
        return replace(answer, text=None if answer.text is None else cut(answer.text), turns=turns)

    return replace(comparison, answers=tuple(shortened(answer) for answer in comparison.answers))
