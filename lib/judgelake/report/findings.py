"""What can be said of an effect: found, not found with what the data allow, or not known; never "none"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from judgelake.measures import Bracket, Effect, Result, Scale, metric_named
from judgelake.report.content import BothOrders, JudgePair, JudgeSection, Missing
from judgelake.report.numbers import (
    has_interval,
    interval_text,
    p_text,
    reason_text,
    sentence_number,
    size_text,
    value_text,
)

# Holm's corrected p-values are compared with this.
SIGNIFICANCE = 0.05


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether an effect was found (None: not known) and the sentence that says so.

    The sentence holds no text from tables except a reason; what it is about is in `subject`.
    """

    metric: str
    found: bool | None
    sentence: str
    subject: str | None = None
    swap_rule: str | None = None


def findings_of(section: JudgeSection) -> list[Finding]:
    """What was found about a judge, and what was not, in the order of the report; each effect once."""
    rows = [*_rows_of(section)]
    effects = {(row.metric, row.subject, row.swap_rule): row for row in rows if row.is_effect}
    for named, row in tuple(effects.items()):
        other = (_effect_of(row.metric).instead_of or "", row.subject, row.swap_rule)
        if other in effects:
            del effects[named if is_found(row) is None else other]
    return [effect_finding(row, rows) for row in effects.values()]


def effect_finding(row: Result, others: Sequence[Result] = ()) -> Finding:
    """What a row with `is_effect` says: its interval excludes zero, or it does not.

    Args:
        row: about the effect.
        others: rows of the same judge, with the partner of a bracket.
    """
    effect = _effect_of(row.metric)
    if effect.bracket is None:
        return Finding(row.metric, is_found(row), _effect_sentence(row), row.subject, row.swap_rule)
    about = (effect.bracket.partner, row.subject, row.swap_rule)
    partner = next((one for one in others if (one.metric, one.subject, one.swap_rule) == about), None)
    if partner is None:
        partner = Result(effect.bracket.partner, reason="its other figure is missing", n=0)
    return _bracket_finding(row, partner, effect.bracket)


def is_found(row: Result) -> bool | None:
    """Whether the interval excludes zero; None without value or interval. An end at zero means not found."""
    if row.low is None or row.high is None or not has_interval(row):
        return None
    if value_text(row.value, row.scale) is None:
        return None
    return not row.low <= 0 <= row.high


def found_words(row: Result) -> str:
    """The same in a few words, next to the number and its reason: "found", or what the data allow.

    Only of an effect that the row alone decides.
    """
    found = is_found(row)
    if found is None:
        return "not known"
    return "found" if found else f"not found; {data_allow(row)}"


def _rows_of(section: JudgeSection) -> Iterator[Result]:
    """The headline, the figures of both orders, and the further ones."""
    orders = section.both_orders
    if not isinstance(section.headline, Missing):
        yield from section.headline
    if isinstance(orders, BothOrders):
        yield from (*((orders.position_bias,) if orders.position_bias else ()), *orders.others)
    for family in section.families:
        if not isinstance(family.rows, Missing):
            yield from family.rows


def pair_finding(pair: JudgePair) -> Finding:
    """Which of two judges agrees more with the labels.

    Found only where the clustered interval excludes zero and Holm's corrected p-value, where there is one, is below
    `SIGNIFICANCE`: the interval keeps a question's comparisons together, the p-value accounts for the number of pairs.
    """
    about = f"{pair.first} and {pair.second}"
    if isinstance(pair.difference, Missing):
        return Finding("difference", None, f"{about} cannot be compared: {pair.difference.reason}.")
    row = pair.difference
    by_interval = is_found(row)
    if by_interval is None:
        return Finding("difference", None, f"Whether {about} differ is not known: {reason_text(row)}.")
    by_test = pair.p_corrected is None or pair.p_corrected < SIGNIFICANCE
    if by_interval and by_test:
        return Finding("difference", True, _lead_sentence(pair, row))
    if by_interval:
        p_value = p_text(pair.p_corrected)
        why = f": {sentence_number(row)} excludes zero, but p corrected over all pairs compared is {p_value}"
    else:
        why = f"; {data_allow(row)}, first minus second"
    return Finding("difference", False, f"No difference between {about} was found{why}.")


def data_allow(row: Result) -> str:
    """What an interval that includes zero says, as a clause: "the data allow −0.2 to +4.9 points"."""
    unit = " points" if row.scale is Scale.POINTS else ""
    return f"the data allow {interval_text(row)}{unit}"


def data_allow_up_to(differences: Sequence[Result]) -> str:
    """The same of the sizes of several differences, whichever judge is ahead; from the smallest to the largest."""
    ends = [(abs(row.low or 0), abs(row.high or 0), row.scale) for row in differences]
    sizes = sorted((max(low, high), scale) for low, high, scale in ends)
    least, most = size_text(*sizes[0]), size_text(*sizes[-1])
    size = most if least == most else f"{least.partition(' ')[0]} to {most}, depending on the pair"
    return f"the data allow a difference of up to {size}"


def _lead_sentence(pair: JudgePair, row: Result) -> str:
    better, other, lead = pair.first, pair.second, row
    if (lead.value or 0) < 0:
        better, other, lead = other, better, _turned(lead)
    return f"{better} agrees with the labels more often than {other}: {sentence_number(lead)}."


def _turned(difference: Result) -> Result:
    """The same difference, seen from the other side."""
    value, low, high = (None if end is None else -end for end in (difference.value, difference.high, difference.low))
    return replace(difference, value=value, low=low, high=high)


def _effect_of(metric: str) -> Effect:
    effect = metric_named(metric).effect
    assert effect is not None, f"{metric} is not an effect"
    return effect


def _effect_sentence(row: Result) -> str:
    effect = _effect_of(row.metric)
    noun = effect.noun
    found = is_found(row)
    number = sentence_number(row)
    if value_text(row.value, row.scale) is None:
        return f"Whether there is {noun} is not known: {reason_text(row)}."
    if found is None:
        return f"Whether there is {noun} is not known from {number}: {reason_text(row)}."
    if found:
        direction = effect.above if (row.value or 0) > 0 else effect.below
        return f"{noun[:1].upper()}{noun[1:]} was found: {direction}, {number}."
    return f"No {noun} was found; {data_allow(row)}."


def _bracket_finding(row: Result, partner: Result, bracket: Bracket) -> Finding:
    """Found only if both figures exclude zero on the same side; not known if either has no interval."""
    effect = _effect_of(row.metric)
    both = ((row, bracket.words), (partner, bracket.partner_words))
    numbers = [f"{sentence_number(one)} {words}" for one, words in both]
    known = [is_found(one) for one, _ in both]
    is_above = (row.value or 0) > 0
    are_on_one_side = is_above == ((partner.value or 0) > 0)
    found = None if None in known else all(known) and are_on_one_side
    if found is None:
        why = next(reason_text(one) for one, _ in both if is_found(one) is None)
        have_values = all(value_text(one.value, one.scale) is not None for one, _ in both)
        source = f" from {numbers[0]}, and {numbers[1]}" if have_values else ""
        sentence = f"Whether there is {effect.noun} is not known{source}: {why}."
    elif found:
        direction = effect.above if is_above else effect.below
        sentence = f"{direction[:1].upper()}{direction[1:]}: {numbers[0]}, and {numbers[1]}."
    elif all(known):
        sentence = f"No {effect.noun} was found: {numbers[0]}, but {numbers[1]}."
    else:
        unit = " points" if row.scale is Scale.POINTS else ""
        allowed = [f"{interval_text(one)}{unit} {words}" for one, words in both]
        sentence = f"No {effect.noun} was found; the data allow {allowed[0]}, and {allowed[1]}."
    return Finding(row.metric, found, sentence, row.subject, row.swap_rule)
