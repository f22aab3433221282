"""The promotion job: evidence of the evaluation, thresholds, and the alias `champion` in MLflow's registry."""

from judgelake.jobs.promote.command import main
from judgelake.jobs.promote.config import PromoteJob, Thresholds
from judgelake.jobs.promote.decision import Check, Decision, number
from judgelake.jobs.promote.evidence import Evidence, Figures, Side, evidence_of
from judgelake.jobs.promote.job import promote
from judgelake.jobs.promote.promotion import Promotion
from judgelake.jobs.promote.terminal import show
from judgelake.jobs.promote.undoing import Undone, undo

__all__ = [
    "Check",
    "Decision",
    "Evidence",
    "Figures",
    "PromoteJob",
    "Promotion",
    "Side",
    "Thresholds",
    "Undone",
    "evidence_of",
    "main",
    "number",
    "promote",
    "show",
    "undo",
]
