"""Whether a candidate becomes champion: its figures beside the thresholds, and why not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from judgelake.jobs.promote.config import Thresholds
from judgelake.jobs.promote.evidence import CHANCE, Evidence, questions_text
from judgelake.measures import Result, Scale
from judgelake.report import beside, has_interval, interval_text, reason_text, size_text, value_text

NOT_IN_BOTH = "no comparison was asked in both orders (order.orders: both in the judge job)"
NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Check:
    """One threshold: what it demands, what there is, and why it is not reached."""

    name: str
    demanded: str
    candidate: str = ""
    champion: str = ""
    difference: str = ""
    failure: str | None = None
    """A clause about the candidate; None: the threshold is reached."""


@dataclass(frozen=True, slots=True)
class Decision:
    """All checks; the candidate becomes champion if it passes each."""

    checks: tuple[Check, ...]
    lowest_slice: Result | None = None
    """The slice with the lowest difference among those that are large enough; None without any."""

    @property
    def is_promoted(self) -> bool:
        """Whether every threshold is reached."""
        return not self.failures

    @property
    def failures(self) -> tuple[str, ...]:
        """Why it is not promoted, in clauses."""
        return tuple(check.failure for check in self.checks if check.failure is not None)


def decide(evidence: Evidence, thresholds: Thresholds, least_questions: int) -> Decision:
    """Compare the evidence with the thresholds; those that are null are not checked.

    With a champion, the agreement is compared with the champion's on the same comparisons. Without one, it is compared
    with judges that read nothing. The other thresholds are the same for both. What both orders show is not believed
    of fewer than `least_questions`.
    """
    compared = _compared_slices(evidence)
    lowest = min(compared, key=lambda row: row.value or 0.0, default=None)
    return Decision(tuple(_checks(evidence, thresholds, compared, least_questions)), lowest)


def _checks(
    evidence: Evidence, thresholds: Thresholds, slices: tuple[Result, ...], least_questions: int
) -> Iterator[Check]:
    if evidence.difference is not None:
        yield _agreement(evidence, evidence.difference, thresholds.most_fall)
    elif thresholds.first_above is not None:
        yield _above_baselines(evidence, thresholds.first_above)
    if thresholds.consistency is not None:
        yield _consistency(evidence, thresholds.consistency, least_questions)
    if thresholds.delta_bias is not None:
        yield _delta_bias(evidence, thresholds.delta_bias, least_questions)
    if thresholds.coverage is not None:
        yield _coverage(evidence, thresholds.coverage)
    if thresholds.slice_fall is not None and evidence.difference is not None:
        yield _slices(slices, thresholds.slice_fall)


def _agreement(evidence: Evidence, difference: Result, most_fall: float) -> Check:
    """Better in the number, and not worse by more than `most_fall` with the confidence of the interval."""
    failure = None
    if difference.value is None or not has_interval(difference):
        failure = f"how its agreement differs from the champion's is {NOT_KNOWN}: {reason_text(difference)}"
    elif difference.value <= 0:
        failure = f"its agreement is not higher than the champion's ({number(difference)})"
    elif (difference.low or 0.0) <= -most_fall:
        failure = f"it is not certain that its agreement is {_allowed(most_fall)} ({number(difference)})"
    champion = evidence.champion.agreement if evidence.champion is not None else None
    own = evidence.candidate.agreement
    demanded = f"higher, and with 95 % {_allowed(most_fall)}" if most_fall else "higher for certain"
    return Check("agreement", demanded, number(own), number(champion), number(difference), failure)


def _above_baselines(evidence: Evidence, first_above: str) -> Check:
    own = evidence.candidate
    rows = [row for row in own.baselines if first_above == "best" or row.metric == CHANCE]
    others = beside(own.agreement, rows)
    if others is None:
        return Check(
            "agreement", "above guessing", number(own.agreement), failure="what guessing would reach is not known"
        )
    failure = None
    if not has_interval(own.agreement):
        failure = f"whether its agreement is above {others.words} is {NOT_KNOWN}: {reason_text(own.agreement)}"
    elif others.standing is not None:
        failure = f"its agreement is {others.standing} ({number(own.agreement)}, compared with {others.words})"
    return Check("agreement", f"above {others.words}", number(own.agreement), failure=failure)


def _consistency(evidence: Evidence, least: float, least_questions: int) -> Check:
    row, other = evidence.candidate.consistency, evidence.champion.consistency if evidence.champion else None
    demanded, failure = f"at least {_percent(least)}", _not_known("consistency", row, least_questions)
    if failure is None and row is not None and row.value is not None and row.value < least:
        failure = f"its consistency is {value_text(row.value, row.scale)}, below {_percent(least)}"
    return Check("consistency", demanded, number(row), number(other), failure=failure)


def _delta_bias(evidence: Evidence, most: float, least_questions: int) -> Check:
    row, other = evidence.candidate.delta_bias, evidence.champion.delta_bias if evidence.champion else None
    demanded, failure = f"at most {_percent(most)}", _not_known("delta bias", row, least_questions)
    if failure is None and row is not None and row.value is not None and row.value > most:
        failure = f"its delta bias is {value_text(row.value, row.scale)}, above {_percent(most)}"
    return Check("delta bias", demanded, number(row), number(other), failure=failure)


def _not_known(name: str, row: Result | None, least_questions: int) -> str | None:
    """Why a figure of both orders says too little; None if it can be compared with its threshold."""
    if row is None or row.value is None:
        return f"its {name} is {NOT_KNOWN}: {NOT_IN_BOTH if row is None else reason_text(row)}"
    questions = row.clusters or 0
    if questions >= least_questions:
        return None
    verb = "was" if questions == 1 else "were"
    return (
        f"its {name} is {NOT_KNOWN} well enough: {questions_text(questions)} {verb} asked in both orders, fewer than "
        f"held_out.least_questions ({least_questions:,})"
    )


def _coverage(evidence: Evidence, least: float) -> Check:
    own = evidence.candidate.coverage
    shown = value_text(own, Scale.RATE) or NOT_KNOWN
    other = value_text(evidence.champion.coverage, Scale.RATE) or NOT_KNOWN if evidence.champion else ""
    failure = None if own is not None and own >= least else f"its coverage is {shown}, below {_percent(least)}"
    return Check("coverage", f"at least {_percent(least)}", shown, other, failure=failure)


def _slices(slices: tuple[Result, ...], most_fall: float) -> Check:
    fallen = [row for row in slices if (row.simultaneous_high or 0.0) < -most_fall]
    failure = None
    if fallen:
        named = "; ".join(f"{row.slice}: {number(together(row))}" for row in fallen)
        failure = f"its agreement is certainly lower in {named}"
    demanded = "none lower for certain" + (f" by {size_text(most_fall, Scale.POINTS)}" if most_fall else "")
    counted = f"{len(slices)} slice{'' if len(slices) == 1 else 's'}"
    return Check("slices", demanded, counted, "", f"{len(fallen)} lower" if slices else "none is large enough", failure)


def _compared_slices(evidence: Evidence) -> tuple[Result, ...]:
    """Those with an interval that holds for all of them together."""
    return tuple(row for row in evidence.slices if row.value is not None and row.simultaneous_high is not None)


def together(row: Result) -> Result:
    """A difference with the interval that holds together with those of all that is compared."""
    return replace(row, low=row.simultaneous_low, high=row.simultaneous_high)


def number(row: Result | None) -> str:
    """A figure with its interval: "71.1 % (68.2 to 73.9)"; empty without one."""
    if row is None:
        return ""
    value = value_text(row.value, row.scale)
    if value is None:
        return NOT_KNOWN
    interval = interval_text(row)
    return value if interval is None else f"{value} ({interval})"


def _allowed(most_fall: float) -> str:
    return f"less than {size_text(most_fall, Scale.POINTS)} lower" if most_fall else "higher"


def _percent(share: float) -> str:
    return f"{100 * share:g} %"
