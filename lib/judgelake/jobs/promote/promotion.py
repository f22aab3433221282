"""What came of a candidate: the decision with all that it was made by."""

from __future__ import annotations

from dataclasses import dataclass

from judgelake.jobs.evaluate import Evaluation
from judgelake.jobs.promote.contenders import Contender
from judgelake.jobs.promote.decision import Decision
from judgelake.jobs.promote.evidence import Evidence
from judgelake.jobs.promote.held_out import Counts


@dataclass(frozen=True, slots=True)
class Promotion:
    """What came of a candidate, with everything that it was decided by."""

    candidate: Contender
    champion: Contender | None
    """The champion before; None: there was none."""
    decision: Decision
    evidence: Evidence
    counts: Counts
    evaluation: Evaluation
    notes: tuple[str, ...]
    """What could not be checked, in sentences."""
    mlflow_run_id: str | None = None
    """None in a dry run, which changes and records nothing."""

    @property
    def is_promoted(self) -> bool:
        """Whether the candidate passes every threshold."""
        return self.decision.is_promoted
