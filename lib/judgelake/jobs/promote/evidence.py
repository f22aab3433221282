"""What an evaluation says of a candidate and of the champion: the results that decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from judgelake.errors import UserError
from judgelake.measures import BASELINES, PAIRS, Result, main_metrics, shown_in

CHANCE = "baseline_chance"
DIFFERENCE = "agreement_difference"


@dataclass(frozen=True, slots=True)
class Figures:
    """One judge over everything, by the headline's swap rule."""

    agreement: Result
    verdict_rate: Result
    consistency: Result | None = None
    """None, as the next: no comparison was asked in both orders."""
    delta_bias: Result | None = None
    baselines: tuple[Result, ...] = ()
    """What judges that read nothing would agree with these labels."""

    @property
    def coverage(self) -> float | None:
        """Share of what was asked that has a verdict, whatever a failed judgment counts as."""
        return self.verdict_rate.value


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that a decision is made from; without a champion there is nothing to compare with."""

    candidate: Figures
    champion: Figures | None = None
    difference: Result | None = None
    """Agreement of the candidate minus that of the champion on the same comparisons; and, below, in each slice."""
    slices: tuple[Result, ...] = ()

    @property
    def deciding(self) -> tuple[str, Result]:
        """The number that decides with its words: the difference, or the agreement if there is no champion."""
        if self.difference is not None:
            return "the difference of the agreements", self.difference
        return "its agreement", self.candidate.agreement

    @property
    def questions(self) -> int:
        """The questions behind the number that decides; comparisons without a label or a verdict have no part in it."""
        return self.deciding[1].clusters or 0


@dataclass(frozen=True, slots=True)
class Side:
    """How an evaluation names one of the two: the fingerprint, and the name that is unique in it."""

    fingerprint: str
    name: str


def evidence_of(rows: Sequence[Result], rule: str, candidate: Side, champion: Side | None) -> Evidence:
    """Choose the results of an evaluation of these judges alone.

    Args:
        rows: of the evaluation.
        rule: the swap rule of its headline.
        candidate: one of its judges.
        champion: the other one, if there is one.

    Raises:
        UserError: no comparison of two answers has a label that counts, or all labels name one class.
    """
    figures = _figures(rows, rule, candidate)
    _check_labels(figures)
    if champion is None:
        return Evidence(figures)
    differences = [_of_candidate(row, candidate, champion) for row in rows if row.metric == DIFFERENCE]
    whole = next(row for row in differences if row.is_whole)
    slices = tuple(row for row in differences if not row.is_whole)
    return Evidence(figures, _figures(rows, rule, champion), whole, slices)


def check_questions(evidence: Evidence, least: int) -> None:
    """Check that the number that decides rests on enough questions.

    The comparisons that are chosen may have a label that says nothing, or be asked in too few orders for the swap rule.

    Raises:
        UserError: it rests on fewer than `least`.
    """
    words, questions = evidence.deciding[0], evidence.questions
    if questions < least:
        raise UserError(
            f"Too few labels to decide: {words} rests on {questions_text(questions)}, since the other comparisons have "
            "no label that counts, or not the verdicts that the swap rule needs. held_out.least_questions asks for "
            f"{least:,}, so {least - questions:,} more are needed, or lower it."
        )


def questions_text(number: int) -> str:
    """How many, in words: "1 question"."""
    return f"{number:,} question{'' if number == 1 else 's'}"


def _figures(rows: Sequence[Result], rule: str, side: Side) -> Figures:
    own = [row for row in rows if row.judge_fingerprint == side.fingerprint and row.is_whole]
    named = {row.metric: row for row in own if row.subject is None and row.swap_rule in (None, rule)}
    agreement = next(named[metric] for metric in main_metrics(PAIRS) if metric in named)
    consistency, delta_bias = (
        row if (row := named.get(metric)) is not None and row.asked else None
        for metric in ("consistency", "delta_bias")
    )
    baselines = tuple(row for row in own if row.metric in shown_in(BASELINES) and row.swap_rule == rule)
    return Figures(agreement, named["verdict_rate"], consistency, delta_bias, baselines)


def _check_labels(figures: Figures) -> None:
    if not figures.agreement.n:
        raise UserError(
            f"Nothing can be decided by the swap rule {figures.agreement.swap_rule}: {figures.agreement.reason}."
        )
    chance = next((row for row in figures.baselines if row.metric == CHANCE), None)
    if chance is not None and chance.value is None:
        raise UserError(
            f"Nothing can be decided: {chance.reason}, and a judge that always names it would be the best. Add "
            "comparisons with other labels."
        )


def _of_candidate(row: Result, candidate: Side, champion: Side) -> Result:
    """The difference as candidate minus champion; the evaluation subtracts the judge that it lists later."""
    if (row.judge_fingerprint, row.subject) == (candidate.fingerprint, champion.name):
        return row
    return replace(
        row,
        judge_fingerprint=candidate.fingerprint,
        subject=champion.name,
        value=_negative(row.value),
        low=_negative(row.high),
        high=_negative(row.low),
        simultaneous_low=_negative(row.simultaneous_high),
        simultaneous_high=_negative(row.simultaneous_low),
    )


def _negative(number: float | None) -> float | None:
    # 0.0 and not -0.0, which would be shown with a sign.
    return None if number is None else 0.0 - number
