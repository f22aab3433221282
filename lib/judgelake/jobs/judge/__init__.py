"""The judge job: planning the requests, asking them in order and in chunks, and recording the run."""

from judgelake.jobs.judge.command import main, report
from judgelake.jobs.judge.config import JudgeJob, Order
from judgelake.jobs.judge.job import JudgeRun, dry_run, judge
from judgelake.jobs.judge.resolve import resolve_judge, settled

__all__ = [
    "JudgeJob",
    "JudgeRun",
    "Order",
    "dry_run",
    "judge",
    "main",
    "report",
    "resolve_judge",
    "settled",
]
