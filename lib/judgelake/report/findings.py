"""What can be said of an effect: found, not found with what the sample could have shown, or not known; never "none"."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from judgelake.measures import Result, metric_named
from judgelake.report.content import BothOrders, JudgePair, JudgeSection, Missing
from judgelake.report.numbers import has_interval, p_text, reason_text, sentence_number, size_text, value_text

# Holm's corrected p-values are held against this.
SIGNIFICANCE = 0.05


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether an effect was found (None: it cannot be said) and the sentence that says so.

    The sentence holds no text from tables but for a reason; what it is about stands in `subject`.
    """

    metric: str
    found: bool | None
    sentence: str
    subject: str | None = None
    swap_rule: str | None = None


def effect_finding(row: Result) -> Finding:
    """What a row with `is_effect` says: its interval leaves zero out, or it does not."""
    return Finding(row.metric, is_found(row), _effect_sentence(row), row.subject, row.swap_rule)


def is_found(row: Result) -> bool | None:
    """Whether the interval leaves zero out; None without value or interval. An end at zero is not found."""
    if row.low is None or row.high is None or not has_interval(row):
        return None
    if value_text(row.value, row.scale) is None:
        return None
    return not row.low <= 0 <= row.high


def found_words(row: Result) -> str:
    """The same in a few words, to stand beside the number and its reason: "found", or what would have been."""
    found = is_found(row)
    if found is None:
        return "cannot be said"
    return "found" if found else f"not found; {could_have_shown([row])}"


def effects_of(section: JudgeSection) -> Iterator[Result]:
    """Every row of a judge that has "no effect" at zero, in the order of the report."""
    orders = section.both_orders
    if not isinstance(section.headline, Missing):
        yield from (row for row in section.headline if row.is_effect)
    if isinstance(orders, BothOrders):
        rows = (*((orders.position_bias,) if orders.position_bias else ()), *orders.others)
        yield from (row for row in rows if row.is_effect)
    for family in section.families:
        if not isinstance(family.rows, Missing):
            yield from (row for row in family.rows if row.is_effect)


def pair_finding(pair: JudgePair) -> Finding:
    """Which of two judges agrees more with the labels.

    Found only where the clustered interval leaves zero out and Holm's corrected p-value, where there is one, is below
    `SIGNIFICANCE`: the interval keeps a question's comparisons together, the p-value minds how many pairs there are.
    """
    about = f"{pair.first} and {pair.second}"
    if isinstance(pair.difference, Missing):
        return Finding("difference", None, f"{about} cannot be compared: {pair.difference.reason}.")
    row = pair.difference
    by_interval = is_found(row)
    if by_interval is None:
        return Finding("difference", None, f"Between {about} nothing can be said: {reason_text(row)}.")
    by_test = pair.p_corrected is None or pair.p_corrected < SIGNIFICANCE
    if by_interval and by_test:
        return Finding("difference", True, _lead_sentence(pair, row))
    but = ""
    if by_interval:
        number = sentence_number(row)
        but = f"; {number} leaves out zero, but over all pairs compared p is {p_text(pair.p_corrected)}"
    sentence = f"No difference between {about} was found, and {could_have_shown([row])}{but}."
    return Finding("difference", False, sentence)


def could_have_shown(effects: Sequence[Result]) -> str:
    """What a sample would have shown of effects that were not found, as a clause; of several, from least to most."""
    known = [(row.detectable, row.scale) for row in effects if row.detectable is not None]
    finite = sorted((size, scale) for size, scale in known if math.isfinite(size))
    if not finite:
        return "what this sample could have shown is not known"
    least, most = size_text(*finite[0]), size_text(*finite[-1])
    size = least if least == most else f"{least.partition(' ')[0]} to {most}, depending on the pair"
    return f"this sample could not have shown less than {size}"


def _lead_sentence(pair: JudgePair, row: Result) -> str:
    better, other, lead = pair.first, pair.second, row
    if (lead.value or 0) < 0:
        better, other, lead = other, better, _turned(lead)
    return f"{better} agrees with the labels more often than {other}: {sentence_number(lead)}."


def _turned(difference: Result) -> Result:
    """The same difference, seen from the other side."""
    value, low, high = (None if end is None else -end for end in (difference.value, difference.high, difference.low))
    return replace(difference, value=value, low=low, high=high)


def _effect_sentence(row: Result) -> str:
    effect = metric_named(row.metric).effect
    assert effect is not None, f"{row.metric} is no effect"
    noun = effect.noun
    found = is_found(row)
    number = sentence_number(row)
    if value_text(row.value, row.scale) is None:
        return f"Whether there is {noun} is not known: {reason_text(row)}."
    if found is None:
        return f"Whether there is {noun} cannot be said from {number}: {reason_text(row)}."
    if found:
        direction = effect.above if (row.value or 0) > 0 else effect.below
        return f"{noun[:1].upper()}{noun[1:]} was found: {direction}, {number}."
    return f"No {noun} was found, and {could_have_shown([row])}."
