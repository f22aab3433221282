"""Thresholds from the evidence: by risk or by a budget, and the cost curve beside them."""

from __future__ import annotations

from dataclasses import dataclass

from judgelake.errors import UserError
from judgelake.jobs.cascade.config import CascadeJob
from judgelake.jobs.cascade.evidence import Evidence
from judgelake.trust.cascade import (
    Point,
    StageChoice,
    by_cost,
    by_risk,
    by_share,
    curve,
    evaluated,
    frontier,
    least_labels,
    promise,
    reaching,
    split,
)

WHOM = {"human": "people", "gold": "the gold labels", "teacher": "the teacher's labels"}


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """The thresholds that were chosen, what speaks for them, and the curve."""

    evidence: Evidence
    point: Point
    """The cascade with the chosen thresholds, on the labelled comparisons."""
    tested: tuple[StageChoice, ...] | None
    """The evidence for each stage's promise; None if chosen by a budget."""
    promise: str | None
    curve: tuple[Point, ...]

    @property
    def best(self) -> tuple[Point, ...]:
        """The points of the curve that no other one beats."""
        return frontier(self.curve)

    @property
    def reaching(self) -> Point | None:
        """The point with the fewest calls of the last judge that is right as often as that judge alone."""
        return reaching(self.curve, self.evidence.labelled)

    @property
    def saving(self) -> str:
        """What of the last judge's calls can be saved, as a sentence."""
        labelled, last = self.evidence.labelled, self.evidence.judges[-1].judge
        point = self.reaching
        if labelled.stages < 2 or point is None:
            return f"No thresholds of this cascade reach the agreement of {last} alone."
        return (
            f"With {100 * point.calls[-1]:.0f} % of its calls the cascade is right as often as {last} alone "
            f"({100 * point.right:.1f} % of {labelled.comparisons:,} labelled comparisons; chosen on these, so on "
            "others it may be a little less)."
        )


def chosen_by(job: CascadeJob, evidence: Evidence) -> Chosen:
    """The thresholds of the job, from what is known.

    Raises:
        UserError: the labels are too few for any promise, or the first stage costs more than the budget.
    """
    labelled, tested, text = evidence.labelled, None, None
    if job.chosen_by == "risk":
        tested = _tested(job, evidence)
        thresholds = tuple(choice.threshold for choice in tested)
    elif job.budget.share is not None:
        shares = [job.budget.share**place for place in range(1, labelled.stages)]
        thresholds = by_share(labelled.reliability, shares)
    else:
        assert job.budget.cost is not None
        try:
            thresholds = by_cost(labelled.reliability, evidence.costs, job.budget.cost)
        except ValueError as error:
            raise UserError(f"budget.cost: {error} Raise it (unit: {evidence.cost_unit}).") from error
    point = evaluated(labelled, thresholds, evidence.costs)
    if tested is not None:
        names = [judge.judge for judge in evidence.judges]
        text = promise(names, tested, point, job.risk.alpha, job.risk.delta, WHOM[evidence.label_kind])
    return Chosen(evidence, point, tested, text, curve(labelled, evidence.costs))


def _tested(job: CascadeJob, evidence: Evidence) -> tuple[StageChoice, ...]:
    deltas = split(job.risk.delta, len(job.stages), [stage.delta_share for stage in job.stages])
    needed = min(least_labels(job.risk.alpha, delta) for delta in deltas)
    if evidence.questions < needed:
        raise UserError(
            f"A promise of at most {job.risk.alpha:g} with certainty {1 - job.risk.delta:g} needs at least {needed:,} "
            f"labelled comparisons of different questions, judged by all stages, has {evidence.questions:,}: label "
            "more, or raise risk.alpha or risk.delta."
        )
    return by_risk(evidence.labelled.one_a_question(), job.risk.alpha, deltas)
