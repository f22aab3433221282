"""A judge's answer, and how it maps from the order shown to the comparison's original order."""

from __future__ import annotations

import math
import string
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

TIE = "tie"
LETTERS = string.ascii_uppercase

T = TypeVar("T")


class Status(StrEnum):
    """Whether a request has a verdict, or why it has none."""

    OK = "ok"
    UNPARSEABLE = "unparseable"
    OUT_OF_RANGE = "out_of_range"
    TRUNCATED = "truncated"
    CONTEXT_OVERFLOW = "context_overflow"
    REFUSED = "refused"
    INVALID_INPUT = "invalid_input"
    TIMEOUT = "timeout"
    ENGINE_ERROR = "engine_error"

    @property
    def is_worth_another_attempt(self) -> bool:
        """True if the same request may succeed another time: the engine failed, not the text."""
        return self in (Status.TIMEOUT, Status.ENGINE_ERROR)

    @property
    def is_without_answer(self) -> bool:
        """True if there is no answer to read: the call failed, or the prompt could not be asked, or was refused."""
        not_asked = self in (Status.CONTEXT_OVERFLOW, Status.REFUSED, Status.INVALID_INPUT)
        return not_asked or self.is_worth_another_attempt


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a request has no verdict. Stored and counted, never turned into a tie."""

    status: Status
    reason: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a judge's output says: one score per answer, or a verdict, or both.

    `verdict` is a letter ("A" is the first answer), `TIE`, or None if a single answer is graded.
    Parsers return it in shown order; `to_own_order` maps it to the comparison's original order.
    `logprobs` maps each label to its log-probability if the judge decides in one token.
    """

    scores: tuple[float, ...] | None = None
    verdict: str | None = None
    logprobs: Mapping[str, float] | None = None


def as_shown(items: Sequence[T], order: str) -> tuple[T, ...]:
    """The items in the order shown: `order` gives, by letter, the item at each place."""
    return tuple(items[LETTERS.index(letter)] for letter in order)


def unshown(shown_items: Sequence[T], order: str) -> tuple[T, ...]:
    """Undo `as_shown`: the items back in the comparison's original order."""
    own: dict[str, T] = dict(zip(order, shown_items, strict=True))
    return tuple(own[letter] for letter in sorted(order))


def own_label(shown_label: str, order: str) -> str:
    """The original-order letter of a label given by place shown; a tie and a score such as "7" stay as they are."""
    is_letter = len(shown_label) == 1 and shown_label in LETTERS
    return order[LETTERS.index(shown_label)] if is_letter else shown_label


def to_own_order(reading: Reading, order: str) -> Reading:
    """The same reading, with scores, verdict and log-probabilities in the comparison's original order."""
    return Reading(
        scores=None if reading.scores is None else unshown(reading.scores, order),
        verdict=None if reading.verdict is None else own_label(reading.verdict, order),
        logprobs=None
        if reading.logprobs is None
        else {own_label(label, order): value for label, value in reading.logprobs.items()},
    )


def verdict_of_scores(scores: Sequence[float], tie_margin: float = 0.0) -> str | None:
    """The letter of the best score, `TIE` if the second best is within `tie_margin`, None for one score.

    Source: JudgeLM, judgelm/llm_judge/common.py, `translate_score_to_win_list` with T = tie_margin.
    """
    if len(scores) < 2:
        return None
    ranked = sorted(scores, reverse=True)
    if ranked[0] - ranked[1] <= tie_margin:
        return TIE
    return LETTERS[list(scores).index(ranked[0])]


def margin_of(logprobs: Mapping[str, float] | None) -> float | None:
    """Log-probability of the best label minus that of the next one, in nats; None if fewer than two are known."""
    if logprobs is None or len(logprobs) < 2:
        return None
    best, second = sorted(logprobs.values(), reverse=True)[:2]
    return best - second


LOW_MASS = "less than least_label_mass"
"""In the reason of every judgment without a verdict because of its `mass_of`."""


def mass_of(logprobs: Mapping[str, float] | None, bounded: Collection[str] = ()) -> float | None:
    """The probability that all labels have together, from 0 to 1; None if no log-probability is known.

    Labels of which only a bound is known are `bounded` and add nothing: the probability may be any other token's.

    Near 1, the model would write one of them; near 0, it would write something else, whichever label is the likeliest.
    Log-probabilities that a server rounds may add up to slightly more than 1, which counts as 1.
    """
    known = [value for label, value in (logprobs or {}).items() if label not in bounded and not math.isnan(value)]
    return min(1.0, math.fsum(math.exp(min(value, 0.0)) for value in known)) if known else None


def orders_of(answers: int) -> tuple[str, str]:
    """The comparison's original order and its reverse, as letters: ("AB", "BA") for two answers."""
    own = LETTERS[:answers]
    return own, own[::-1]
