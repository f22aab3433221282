"""The promotion job: evidence of the evaluation, thresholds, and the alias `champion` in MLflow's registry."""

from judgelake.jobs.promote.command import main
from judgelake.jobs.promote.config import PromoteJob, Thresholds
from judgelake.jobs.promote.decision import Check, Decision
from judgelake.jobs.promote.job import promote
from judgelake.jobs.promote.promotion import Promotion
from judgelake.jobs.promote.undoing import Undone, undo

__all__ = ["Check", "Decision", "PromoteJob", "Promotion", "Thresholds", "Undone", "main", "promote", "undo"]
