"""What is known of a metric besides its formula: its meaning, how it is written, and its rules."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from enum import StrEnum

COUNT = "a count, which has no interval"


class Scale(StrEnum):
    """How a figure is written and on which axis it is drawn."""

    RATE = "rate"
    """A share between 0 and 1, written in percent."""
    POINTS = "points"
    """A difference of two shares, written in percentage points with its sign."""
    COEFFICIENT = "coefficient"
    """Between -1 and 1: kappa, alpha, a correlation."""
    NUMBER = "number"
    """Anything else: an error in scores, a strength on a log scale, a count."""


class OrderRule(StrEnum):
    """The swap rule that makes one verdict of the two orders, from which a metric is computed."""

    EACH = "each swap rule of the evaluation"
    HEADLINE = "the headline's swap rule, the first of the evaluation"
    GRADED = (
        "one order if the headline's rule takes one or only one was asked; else scores are averaged over both, or both "
        "must agree"
    )
    OWN = "a fixed rule, whatever those of the evaluation"
    NONE = "none"


class Failures(StrEnum):
    """What a judgment without a verdict counts as in a metric."""

    BY_RULE = "as the failure rule says: left out, a tie, or wrong"
    NEVER_WRONG = "a tie where the failure rule says so, else left out"
    """A failed judgment that is "wrong" names no answer, place, model or class, so it cannot count as any."""
    BY_SCORE = "the failure score where there is one, else left out"
    LEFT_OUT = "left out under every failure rule"
    COUNTED = "as what it is, one judgment like any other"
    NO_JUDGMENTS = "based on labels alone"


@dataclass(frozen=True, slots=True)
class Kind:
    """What a judge may be asked for, and so how it is compared with the labels."""

    name: str
    heading: str
    """The title of its table in the terminal."""
    reading: str
    """The sentence below that table, which explains the columns."""


@dataclass(frozen=True, slots=True)
class Section:
    """Metrics that are shown together on a page, under this title."""

    title: str
    is_further: bool = False
    """Whether it is one of the further parts of a judge's page, shown only if they contain a number."""


@dataclass(frozen=True, slots=True)
class Bracket:
    """Another figure of the same effect that is wrong in another way, and what either number is, in a few words.

    The effect is found only if both exclude zero on the same side.
    """

    partner: str
    """The name of the other metric."""
    words: str
    partner_words: str


@dataclass(frozen=True, slots=True)
class Effect:
    """The name of an effect in a sentence, and what it means above and below zero."""

    noun: str
    above: str
    below: str
    bracket: Bracket | None = None
    """None: the metric's own interval decides whether the effect is found."""
    instead_of: str | None = None
    """The name of a metric of the same effect that is not reported as found or not where this one has an interval."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric; its formula and source are in the docstring of the function that computes it."""

    name: str
    """As in the metrics table, in MLflow and in the card."""
    title: str
    """As in headings."""
    meaning: str
    """One line for a reader who does not know the papers: starts in lower case, has no full stop."""
    _: KW_ONLY
    section: Section
    swap_rule: OrderRule
    failures: Failures
    scale: Scale = Scale.RATE
    kind: Kind | None = None
    """The kind of judges that have it among their headline figures, or in their table in the terminal."""
    is_headline: bool = False
    """Whether it is among the headline figures of its kind; the first of these is the judge's main figure."""
    stands_in_for: str | None = None
    """The metric in whose place it is a judge's main figure, under the one swap rule that gives it and not that."""
    column: str | None = None
    """The heading of its column in the terminal's table of its kind; None: no column."""
    effect: Effect | None = None
    """Only where 0 means "no effect" (a bias, a difference): then the report says found or not found."""
    is_shown: bool = True
    """False: it is only in the metrics table."""
    no_interval: str | None = None
    """Why it has no interval; None: it has one."""
    largest: float | None = None
    """The size above which a value or an end of an interval means that the data are too few; None: no limit."""

    @property
    def is_rate(self) -> bool:
        """Whether it is a share of what was counted, so that an interval of a rate applies."""
        return self.scale is Scale.RATE and self.no_interval is None

    @property
    def is_effect(self) -> bool:
        """Whether 0 means "no effect"."""
        return self.effect is not None
