"""The evaluation job: judgments and labels to metrics, report, cards and MLflow; the measures are in `measures`."""

from judgelake.jobs.evaluate.command import main
from judgelake.jobs.evaluate.config import EvaluateJob, JudgePairs, Labels, Slices
from judgelake.jobs.evaluate.job import Evaluated, evaluate_and_report
from judgelake.jobs.evaluate.terminal import show_headline

__all__ = [
    "EvaluateJob",
    "Evaluated",
    "JudgePairs",
    "Labels",
    "Slices",
    "evaluate_and_report",
    "main",
    "show_headline",
]
