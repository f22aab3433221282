"""One number of an evaluation with all that it is based on, from the statistic to the page, or why there is none."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from judgelake.measures.catalog import metric_named
from judgelake.measures.catalog.metric import Scale
from judgelake.measures.spread import Spread

WHOLE_SLICE = "all"


@dataclass(frozen=True, slots=True)
class Result:
    """One number; a row of the table `metrics` without the columns shared by all rows of an evaluation.

    If `value`, or `low` and `high`, are None, `reason` says why. The fields have the names of the table's columns.
    """

    metric: str
    """A name in the catalog."""
    value: float | None = None
    low: float | None = None
    """The ends of the 95 % interval."""
    high: float | None = None
    detectable: float | None = None
    """Size of an effect that a sample like this would miss one time in five; only where 0 means "no effect". At the
    corrected level if `p_corrected` is what decides."""
    reason: str | None = None
    _: KW_ONLY
    n: int
    """Number of observations counted."""
    asked: int | None = None
    """Number of observations asked for; None if nothing is asked of a judge."""
    clusters: int | None = None
    """Number of questions it is based on."""
    subject: str | None = None
    """What it is about besides judge and slice: a class, another judge, a model, a labeler."""
    slice: str = WHOLE_SLICE
    """The part of the comparisons: "all", or dimension=value."""
    p_value: float | None = None
    """Two-sided, under no difference, before any correction; the comparisons of a question are one unit."""
    p_corrected: float | None = None
    """The same after Holm's correction over everything that the evaluation compares in this way."""
    mcnemar_p: float | None = None
    """The exact test that papers report: it takes the comparisons of a question as independent."""
    simultaneous_low: float | None = None
    """The ends of an interval that, together with those of all that is compared, contains the true values with 95 %."""
    simultaneous_high: float | None = None
    spread: Spread | None = None
    """What the correction for many tests needs; not a column."""
    if_failures_wrong: float | None = None
    """The number if every failed judgment counted as wrong; and, below, as right."""
    if_failures_right: float | None = None
    swap_rule: str | None = None
    failure_rule: str | None = None
    """What a failed judgment counted as; None for figures of labels alone."""
    judge: str | None = None
    judge_fingerprint: str | None = None
    model_version: str | None = None
    mode: str | None = None

    @property
    def coverage(self) -> float | None:
        """Share of what was asked that is counted; None if nothing was asked."""
        return self.n / self.asked if self.asked else None

    @property
    def scale(self) -> Scale:
        """How the number is written."""
        return metric_named(self.metric).scale

    @property
    def is_effect(self) -> bool:
        """Whether 0 means "no effect" (a bias, a difference): then the report says found or not found."""
        return metric_named(self.metric).is_effect

    @property
    def is_whole(self) -> bool:
        """Whether it is about all comparisons, not a slice of them."""
        return self.slice == WHOLE_SLICE

    @property
    def dimension(self) -> str:
        """The dimension of its slice: source, length, ..."""
        return self.slice.partition("=")[0]

    @property
    def slice_value(self) -> str:
        """The value of that dimension."""
        return self.slice.partition("=")[2]
