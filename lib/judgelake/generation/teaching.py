"""What is learned of a teacher's judgments of one comparison in two orders, or why nothing is."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from judgelake.comparisons import Status, orders_of
from judgelake.training import Judged

UNKNOWN_TERMS = "LicenseRef-unknown"
"""SPDX writes what is not on its list as LicenseRef-NAME, so that the whole stays an expression of it."""
OR = re.compile(r"\sOR\s", re.IGNORECASE)
IN_PARENTHESES = re.compile(r"\([^()]*\)")
NOT_JUDGED, ONE_ORDER_ONLY = "not judged", "judged in one order only"
FAILED = "teacher failed: {}"
NOT_JUDGED_YET = (
    *(NOT_JUDGED, ONE_ORDER_ONLY),
    *(FAILED.format(status) for status in Status if status.is_worth_another_attempt),
)
"""The reasons of comparisons that the teacher has still to judge: never, or again as its engine failed."""
Agreement = Literal["agree", "first", "mean"]
Reasons = Literal["after_first_line", "before_last_line"]


@dataclass(frozen=True, slots=True)
class Said:
    """A teacher's judgment in one order; verdict, scores and log-probabilities in the comparison's own order."""

    order: str
    status: str
    verdict: str | None = None
    scores: Sequence[float] | None = None
    raw_output: str | None = None
    logprobs: Mapping[str, float] | None = None
    bounded: Collection[str] = ()
    """Labels of which only an upper bound of the log-probability is known."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What a judge is to learn of a comparison; `probabilities` are those of each label, None if not known."""

    judged: Judged
    probabilities: Mapping[str, float] | None = None


def learned(
    said: Sequence[Said], answers: int, agreement: Agreement = "agree", reasons: Reasons | None = None
) -> Learned | str:
    """What is learned of a comparison, or the reason why nothing is.

    Scores and reasons are those of the original order, in which reasons name the answers; reasons are not learned with
    another label than that which they were given for.

    Args:
        said: a teacher's judgments, at most one for each order.
        answers: of the comparison.
        agreement: agree: both orders must give the same verdict; first: the original order alone counts; mean: the
            label with the highest mean log-probability over both orders, if it is one label.
        reasons: where in the output the reasons are; None: they are not learned.
    """
    own, reversed_order = orders_of(answers)
    by_order = {one.order: one for one in said}
    first, second = by_order.get(own), by_order.get(reversed_order)
    needed = [first] if agreement == "first" or answers == 1 else [first, second]
    if any(one is None for one in needed):
        return NOT_JUDGED if first is None and second is None else ONE_ORDER_ONLY
    failed = next((one.status for one in needed if one is not None and one.status != "ok"), None)
    if failed is not None:
        return FAILED.format(failed)
    assert first is not None, "an order that is missing was found above"
    text = None if reasons is None else reasons_in(first.raw_output or "", reasons)
    probabilities = None if second is None or answers == 1 else mean_probabilities(first, second)
    if agreement == "mean" and answers > 1:
        if probabilities is None:
            return "no log-probabilities of all labels in both orders"
        return _by_mean(probabilities, first, text)
    if agreement == "agree" and answers > 1 and second is not None and first.verdict != second.verdict:
        return "orders contradict"
    scores = None if first.scores is None else tuple(first.scores)
    return Learned(Judged(first.verdict, scores, text), probabilities)


def _by_mean(probabilities: Mapping[str, float], first: Said, text: str | None) -> Learned | str:
    highest = max(probabilities.values())
    best = [label for label, share in probabilities.items() if math.isclose(share, highest)]
    if len(best) > 1:
        return f"no label has the highest mean probability: {', '.join(best)}"
    return Learned(Judged(best[0], None, text if first.verdict == best[0] else None), probabilities)


def mean_probabilities(first: Said, second: Said) -> dict[str, float] | None:
    """Each label's probability by the mean log-odds of both orders; None unless all are known in both.

    None also if each label is impossible in one of the orders.

    The mean of log-odds cancels what a teacher adds to whichever answer it sees first.
    """
    if not first.logprobs or not second.logprobs or first.bounded or second.bounded:
        return None
    if first.logprobs.keys() != second.logprobs.keys():
        return None
    means = {label: (first.logprobs[label] + second.logprobs[label]) / 2 for label in sorted(first.logprobs)}
    highest = max(means.values())
    if highest == -math.inf:
        return None
    weights = {label: math.exp(mean - highest) for label, mean in means.items()}
    total = math.fsum(weights.values())
    return {label: weight / total for label, weight in weights.items()}


def reasons_in(output: str, where: Reasons) -> str | None:
    """The reasons in a teacher's output, without the line of its verdict; None if there are none."""
    stripped = output.strip()
    head, _, tail = stripped.partition("\n") if where == "after_first_line" else stripped.rpartition("\n")
    return (tail if where == "after_first_line" else head).strip() or None


def terms_of(*licences: str | None) -> str:
    """The licences of all that an example is made of, as one SPDX expression.

    Empty if none is known; `UNKNOWN_TERMS` stands for one that is not known beside others.
    """
    known = {licence for licence in licences if licence}
    parts = sorted(known if all(licences) or not known else {*known, UNKNOWN_TERMS})
    # AND binds before OR.
    return " AND ".join(f"({part})" if len(parts) > 1 and _has_choice(part) else part for part in parts)


def _has_choice(licence: str) -> bool:
    return OR.search(IN_PARENTHESES.sub("", licence)) is not None
