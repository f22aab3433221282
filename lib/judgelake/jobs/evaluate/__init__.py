"""The evaluation job: judgments and labels to metrics, report, cards and MLflow; the measures are in `measures`."""

from judgelake.jobs.evaluate.command import main
from judgelake.jobs.evaluate.config import EachOnce, EvaluateJob, JudgePairs, Labels, Slices, Versions
from judgelake.jobs.evaluate.evaluation import Evaluation, compute
from judgelake.jobs.evaluate.inputs import Chosen
from judgelake.jobs.evaluate.job import Evaluated, evaluate_and_report
from judgelake.jobs.evaluate.rows import label_rule_text
from judgelake.jobs.evaluate.terminal import PLAIN, show_headline

__all__ = [
    "PLAIN",
    "Chosen",
    "EachOnce",
    "EvaluateJob",
    "Evaluated",
    "Evaluation",
    "JudgePairs",
    "Labels",
    "Slices",
    "Versions",
    "compute",
    "evaluate_and_report",
    "label_rule_text",
    "main",
    "show_headline",
]
