"""How numbers are written: a value always has its unit, and what is not known is a word, never 0 or NaN."""

from __future__ import annotations

import math

from judgelake.measures import Result, Scale

NOT_KNOWN = "not known"
NO_REASON = "no reason was given"
# Swap rules by which one order alone can make a comparison wrong, or a half of it.
OF_BOTH_ORDERS = frozenset({"tie", "follow_first", "both_right", "mean"})
# Two numbers that differ by less are equal.
ROUNDING_ERROR = 1e-9
NOT_FINITE = "the figure is not a finite number"
# A narrow no-break space keeps a number and its unit on one line.
THIN = "\u202f"
CONFIDENCE = f"95{THIN}% interval"
MINUS = "\u2212"
# Below this a p-value is written as a bound.
LEAST_P = 0.001


def value_text(value: float | None, scale: Scale) -> str | None:
    """A figure as text: "71.1 %", "+3.2 points", "0.496"; None when there is no finite number.

    A share that rounds to 0.0 % or 100.0 % but is neither is written as a bound ("< 0.1 %", "> 99.9 %").
    """
    if value is None or not math.isfinite(value):
        return None
    if scale is Scale.RATE:
        return _percent(value)
    if scale is Scale.POINTS:
        return f"{_signed(100 * value, 1)} points"
    return _plain(value, 3 if scale is Scale.COEFFICIENT else 2)


def interval_text(row: Result) -> str | None:
    """Both ends of the interval without their unit, "68.2 to 73.9"; None when one is absent or not finite."""
    return _ends_text(row.low, row.high, row.scale) if has_interval(row) else None


def simultaneous_text(row: Result) -> str | None:
    """The same of the interval that holds together with those of all that is compared; None where there is no other."""
    ends = simultaneous_ends(row)
    return None if ends is None else _ends_text(*ends, row.scale)


def simultaneous_ends(row: Result) -> tuple[float, float] | None:
    """Both ends of that interval; None when one is absent or not finite, or when both are those of the interval."""
    low, high = row.simultaneous_low, row.simultaneous_high
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return None
    is_same = has_interval(row) and abs(low - (row.low or 0)) + abs(high - (row.high or 0)) <= ROUNDING_ERROR
    return None if is_same else (low, high)


def has_interval(row: Result) -> bool:
    """Whether both ends are there and finite."""
    return all(end is not None and math.isfinite(end) for end in (row.low, row.high))


def reason_text(row: Result) -> str | None:
    """Why the value, or its interval, is absent; None when both are there."""
    if row.value is not None and not math.isfinite(row.value):
        return NOT_FINITE
    if row.value is not None and has_interval(row):
        return row.reason
    return row.reason or NO_REASON


def sentence_number(row: Result) -> str:
    """Value and interval as part of a sentence: "71.1 % (95 % interval 68.2 to 73.9)"."""
    value = value_text(row.value, row.scale)
    if value is None:
        return f"{NOT_KNOWN} ({reason_text(row)})"
    interval = interval_text(row)
    return f"{value} ({CONFIDENCE} {interval})" if interval else f"{value} (no interval)"


def size_text(size: float, scale: Scale) -> str:
    """A size without sign, for "a difference of up to ..."; `size` must be finite."""
    if scale in (Scale.RATE, Scale.POINTS):
        return f"{_at_least_a_digit(100 * size, 1)} points"
    return _at_least_a_digit(size, 3 if scale is Scale.COEFFICIENT else 2)


def bounds_text(row: Result) -> str | None:
    """The figure with all failed judgments wrong, and right.

    "69.7 % if all failed judgments counted as wrong, 72.1 % if as right"; None where no judgment failed, whatever else
    does not count, and for figures without bounds. A value may be above both: then it leaves out failed judgments whose
    other order makes the comparison wrong whatever they had said.
    """
    lower, upper, value = row.if_failures_wrong, row.if_failures_right, row.value
    if lower is None or upper is None or (lower == upper and value in (None, lower)):
        return None
    low, high = value_text(lower, row.scale), value_text(upper, row.scale)
    text = f"{low} if all failed judgments counted as wrong, {high} if as right"
    is_above = value is not None and value > upper + ROUNDING_ERROR
    return f"{text}; in some the other order is already wrong" if is_above and row.swap_rule in OF_BOTH_ORDERS else text


def tie_margin_text(tie_margin: float) -> str | None:
    """When two label scores are a tie, as a clause; None where only equal scores are."""
    return f"label scores within {tie_margin:g} of each other are a tie" if tie_margin > 0 else None


def odds_tie_text(rule: str, tie_margin: float) -> str:
    """When log-odds are a tie, as the end of a clause; empty for rules without log-odds, and where only 0 is one."""
    if rule not in ("margin", "centred") or tie_margin <= 0:
        return ""
    return f"; log-odds of at most {tie_margin:g} are a tie"


def count_text(count: float) -> str:
    """A count with thousands separators."""
    return f"{count:,}"


def p_text(p_value: float | None) -> str | None:
    """A p-value with three decimals, or as a bound; None stays None."""
    if p_value is None or not math.isfinite(p_value):
        return None
    return f"< {LEAST_P}" if p_value < LEAST_P else f"{p_value:.3f}"


def margin_text(margin: float | None) -> str | None:
    """A margin in nats; None stays None, and so does what is not finite."""
    return None if margin is None or not math.isfinite(margin) else f"{_plain(margin, 2)}{THIN}nats"


def _ends_text(low: float | None, high: float | None, scale: Scale) -> str:
    unit = {Scale.RATE: f"{THIN}%", Scale.POINTS: " points"}.get(scale, "")
    ends = [value_text(end, scale) or NOT_KNOWN for end in (low, high)]
    return " to ".join(end.removesuffix(unit) for end in ends)


def _percent(share: float) -> str:
    rounded = f"{100 * share:.1f}"
    if rounded == "100.0" and share < 1:
        return f"> 99.9{THIN}%"
    if rounded in ("0.0", "-0.0"):
        return f"0.0{THIN}%" if share == 0 else f"< 0.1{THIN}%"
    return f"{rounded.replace('-', MINUS)}{THIN}%"


def _signed(number: float, digits: int) -> str:
    text = f"{number:+.{digits}f}"
    is_zero = float(text) == 0
    return text.lstrip("+-") if is_zero else text.replace("-", MINUS)


def _plain(number: float, digits: int) -> str:
    text = f"{number:,.{digits}f}"
    is_zero = float(text.replace(",", "")) == 0
    return text.lstrip("-") if is_zero else text.replace("-", MINUS)


def _at_least_a_digit(size: float, digits: int) -> str:
    least = 10**-digits
    return f"{max(size, least):,.{digits}f}"
