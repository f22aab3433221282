"""The judge job: planning the requests, asking them in order and in chunks, and recording the run."""

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
