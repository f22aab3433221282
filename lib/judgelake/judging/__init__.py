"""The judge job: what to ask, asking it in order and in chunks, and what is kept of the run."""

from judgelake.judging.job import JudgeRun, dry_run, judge
from judgelake.judging.program import main

__all__ = ["JudgeRun", "dry_run", "judge", "main"]
