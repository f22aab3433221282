"""The judge job: planning the requests, asking them in order and in chunks, and recording the run."""

from judgelake.jobs.judge.amounts import amounts_of, profile_of
from judgelake.jobs.judge.command import main
from judgelake.jobs.judge.config import Asking, JudgeJob, Order
from judgelake.jobs.judge.job import JudgeRun, dry_run, judge
from judgelake.jobs.judge.resolve import resolve_judge
from judgelake.jobs.judge.slots import Place, Slots, find_slots

__all__ = [
    "Asking",
    "JudgeJob",
    "JudgeRun",
    "Order",
    "Place",
    "Slots",
    "amounts_of",
    "dry_run",
    "find_slots",
    "judge",
    "main",
    "profile_of",
    "resolve_judge",
]
