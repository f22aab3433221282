"""The judge job: what to ask, asking it in order and in chunks, and what is kept of the run."""

from judgelake.jobs.judge.command import main
from judgelake.jobs.judge.config import Asking, JudgeJob, Order
from judgelake.jobs.judge.job import JudgeRun, dry_run, judge

__all__ = [
    "Asking",
    "JudgeJob",
    "JudgeRun",
    "Order",
    "dry_run",
    "judge",
    "main",
]
