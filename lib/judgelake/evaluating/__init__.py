"""The evaluation job: judgments and labels to metrics, report, cards and MLflow; the measures are in `evaluation`."""

from judgelake.evaluating.job import Evaluated, evaluate_and_report
from judgelake.evaluating.program import main
from judgelake.evaluating.show import show_headline

__all__ = ["Evaluated", "evaluate_and_report", "main", "show_headline"]
