"""The cascade job: thresholds of a chain of judges from stored judgments and labels, and the chain itself."""

from judgelake.jobs.cascade.command import main
from judgelake.jobs.cascade.config import Budget, CascadeJob, Risk, Stage
from judgelake.jobs.cascade.job import Choice, Ran, choose, run

__all__ = ["Budget", "CascadeJob", "Choice", "Ran", "Risk", "Stage", "choose", "main", "run"]
