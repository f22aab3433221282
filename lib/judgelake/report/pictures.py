"""The geometry of the small pictures: positions of intervals, axis marks and bar parts, in percent of the width."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from judgelake.measures import Result, Scale
from judgelake.report.content import BothOrders
from judgelake.report.numbers import (
    MINUS,
    THIN,
    has_interval,
    interval_text,
    simultaneous_ends,
    simultaneous_text,
    value_text,
)

# An axis ends at one of these times a power of ten, so that its marks are easy to read.
ROUND_ENDS = (1.0, 2.0, 5.0, 10.0)
LEAST_POINTS = 0.01
# How far the sum of the three shares may be from 1 and still be drawn as one bar.
WHOLE_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark of an axis: its place and its text."""

    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Axis:
    """A scale on which all figures of one kind in a table are drawn."""

    low: float
    high: float
    marks: tuple[Mark, ...]

    def place(self, value: float) -> str:
        """Position of a value, as a percentage of the width; a value beyond an end is placed at that end."""
        return _share_text((value - self.low) / (self.high - self.low))


@dataclass(frozen=True, slots=True)
class Track:
    """A value and its interval on an axis; `low` and `high` are None where there is no interval."""

    value: str
    low: str | None
    high: str | None
    words: str
    """The same in words, for screen readers."""
    outer: tuple[str, str] | None = None
    """The ends of the interval that holds together with those of all that is compared."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bar: its start, its width and its fill."""

    start: str
    width: str
    fill: str


def axis_of(rows: Iterable[Result], scale: Scale) -> Axis:
    """The axis for the rows of one scale: all of 0 to 100 % for shares, so that small differences look small."""
    ends = [end for row in rows for end in _ends(row)]
    if scale is Scale.RATE:
        return _axis(0.0, 1.0, {0.0: "0", 0.5: "50", 1.0: f"100{THIN}%"})
    if scale is Scale.COEFFICIENT:
        if min(ends, default=0.0) >= 0:
            return _axis(0.0, 1.0, {0.0: "0", 0.5: "0.5", 1.0: "1"})
        return _axis(-1.0, 1.0, {-1.0: f"{MINUS}1", 0.0: "0", 1.0: "1"})
    furthest = max((abs(end) for end in ends), default=0.0)
    if scale is Scale.POINTS:
        end = _round_up(max(furthest, LEAST_POINTS))
        return _axis(-end, end, {-end: f"{MINUS}{100 * end:g}", 0.0: "0", end: f"+{100 * end:g}"})
    end = _round_up(furthest or 1.0)
    if min(ends, default=0.0) >= 0:
        return _axis(0.0, end, {0.0: "0", end: f"{end:g}"})
    return _axis(-end, end, {-end: f"{MINUS}{end:g}", 0.0: "0", end: f"{end:g}"})


def track(row: Result, axis: Axis) -> Track | None:
    """The picture of one row; None where there is no finite value."""
    text = value_text(row.value, row.scale)
    if text is None or row.value is None:
        return None
    interval = interval_text(row)
    words = f"{text}, interval {interval}" if interval else f"{text}, no interval"
    low = high = outer = None
    if row.low is not None and row.high is not None and has_interval(row):
        low, high = axis.place(row.low), axis.place(row.high)
    if ends := simultaneous_ends(row):
        words += f", all at once {simultaneous_text(row)}"
        outer = (axis.place(ends[0]), axis.place(ends[1]))
    return Track(axis.place(row.value), low, high, words, outer)


def parts_of(orders: BothOrders) -> tuple[Part, ...] | None:
    """Bias to first, consistency and bias to second as the parts of one bar; None unless all are known and sum to 1."""
    rows = (orders.bias_first, orders.consistency, orders.bias_second)
    shares = [row.value for row in rows]
    known = [share for share in shares if share is not None and math.isfinite(share)]
    if len(known) < len(rows) or min(known) < 0 or abs(sum(known) - 1) > WHOLE_TOLERANCE:
        return None
    starts = (0.0, known[0], known[0] + known[1])
    fills = ("first", "consistent", "second")
    return tuple(
        Part(_share_text(start), _share_text(share), fill)
        for start, share, fill in zip(starts, known, fills, strict=True)
    )


def heat(share: float | None, levels: int = 5) -> int:
    """How strongly a cell is coloured, 0 to `levels`; below 0 and not known give 0."""
    if share is None or not math.isfinite(share) or share <= 0:
        return 0
    return min(levels, 1 + int(share * levels))


def _ends(row: Result) -> Sequence[float]:
    ends = (row.low, row.value, row.high, *(simultaneous_ends(row) or ()))
    return [x for x in ends if x is not None and math.isfinite(x)]


def _axis(low: float, high: float, marks: dict[float, str]) -> Axis:
    bare = Axis(low, high, ())
    return Axis(low, high, tuple(Mark(bare.place(value), text) for value, text in marks.items()))


def _round_up(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    # A value just above a round end still ends there: 0.1 + 0.2 must not double the axis.
    return next(end for end in ROUND_ENDS if value <= end * power * (1 + 1e-9)) * power


def _share_text(share: float) -> str:
    return f"{100 * min(1.0, max(0.0, share)):.2f}%"
