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
    simultaneous_ends,
    simultaneous_text,
    size_text,
    value_text,
)

# Holm's corrected p-values are compared with this.
SIGNIFICANCE = 0.05
NOT_TESTED = "it was not tested"


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


def effect_findings(section: JudgeSection) -> list[Finding]:
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

    Found where the p-value that keeps a question's comparisons together, corrected over all pairs compared, is below
    `SIGNIFICANCE`, whatever the interval of the pair alone.
    """
    about = f"{pair.first} and {pair.second}"
    if isinstance(pair.difference, Missing):
        return Finding("difference", None, f"{about} cannot be compared: {pair.difference.reason}.")
    row = pair.difference
    p_value = p_text(row.p_corrected)
    if p_value is None or value_text(row.value, row.scale) is None:
        return Finding("difference", None, f"Whether {about} differ is not known: {reason_text(row) or NOT_TESTED}.")
    if row.p_corrected is not None and row.p_corrected < SIGNIFICANCE:
        return Finding("difference", True, _lead_sentence(pair, row))
    if not has_interval(row):
        return Finding("difference", None, f"Whether {about} differ is not known: {reason_text(row)}.")
    return Finding("difference", False, f"No difference between {about} was found{_not_found_because(row)}.")


def slice_findings(compared: Sequence[Result]) -> list[Finding]:
    """The slices in which a judge was found to be worse than outside of them, the worst first, or that there is none.

    Args:
        compared: rows of `slice_difference`, among others.
    """
    tested = [row for row in compared if row.metric == "slice_difference" and row.p_corrected is not None]
    number = "the only slice" if len(tested) == 1 else f"any of {len(tested):,} slices"
    worse = [row for row in tested if (row.value or 0) < 0 and (row.p_corrected or 0) < SIGNIFICANCE]
    below = [row.p_corrected or 0 for row in tested if (row.value or 0) < 0]
    if tested and not worse:
        why = (
            f"the smallest p of those below, corrected over all slices of the judge, is {p_text(min(below, default=1))}"
        )
        return [Finding("slice_difference", False, f"Lower agreement in {number} than outside was not found: {why}.")]
    worse.sort(key=lambda row: row.value or 0)
    return [Finding("slice_difference", True, _worse_sentence(row), row.slice, row.swap_rule) for row in worse]


def data_allow(row: Result) -> str:
    """What an interval that includes zero says, as a clause: "the data allow −0.2 to +4.9 points".

    For one of many comparisons it is the interval that holds together with those of the others.
    """
    unit = " points" if row.scale is Scale.POINTS else ""
    return f"the data allow {simultaneous_text(row) or interval_text(row)}{unit}"


def data_allow_up_to(differences: Sequence[Result]) -> str:
    """The same of the sizes of several differences, whichever judge is ahead; from the smallest to the largest."""
    ends = [simultaneous_ends(row) or (row.low or 0.0, row.high or 0.0) for row in differences]
    sizes = sorted((max(map(abs, both)), row.scale) for both, row in zip(ends, differences, strict=True))
    least, most = size_text(*sizes[0]), size_text(*sizes[-1])
    size = most if least == most else f"{least.partition(' ')[0]} to {most}, depending on the pair"
    return f"the data allow a difference of up to {size}"


def _worse_sentence(row: Result) -> str:
    p_value = p_text(row.p_corrected)
    return (
        f"agreement is lower than outside of this slice: {sentence_number(row)}, p corrected over all slices {p_value}."
    )


def _lead_sentence(pair: JudgePair, row: Result) -> str:
    better, other, lead = pair.first, pair.second, row
    if (lead.value or 0) < 0:
        better, other, lead = other, better, _turned(lead)
    number, p_value = sentence_number(lead), p_text(lead.p_corrected)
    # An exact test of few questions may find what an interval, for which they are too few, does not exclude.
    why = "" if is_found(lead) else ", an exact test, since too few questions differ for a good interval"
    return f"{better} agrees with the labels more often than {other}: {number}, corrected p {p_value}{why}."


def _turned(difference: Result) -> Result:
    """The same difference, seen from the other side."""
    value, low, high = (None if end is None else -end for end in (difference.value, difference.high, difference.low))
    return replace(difference, value=value, low=low, high=high)


def _not_found_because(row: Result) -> str:
    """What the data allow instead and, where the interval of the pair alone excludes zero, why that is not enough."""
    low, high = simultaneous_ends(row) or (row.low or 0.0, row.high or 0.0)
    alone = (
        f"{sentence_number(row)} excludes zero, but p corrected over all pairs compared is {p_text(row.p_corrected)}"
    )
    if not low <= 0 <= high:
        # The exact test of few questions, which knows no normal distribution, sees less than the intervals.
        return f": {alone}"
    allowed = f"{data_allow(row)}, first minus second"
    return f": {alone}; {allowed}" if is_found(row) else f"; {allowed}"


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
