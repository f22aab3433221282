"""The generate job: from questions to answers of several models and comparisons of them, each step a table."""

from judgelake.jobs.generate.command import main
from judgelake.jobs.generate.config import GenerateJob
from judgelake.jobs.generate.generated import Generated
from judgelake.jobs.generate.job import STEPS, dry_run, generate

__all__ = [
    "STEPS",
    "GenerateJob",
    "Generated",
    "dry_run",
    "generate",
    "main",
]
