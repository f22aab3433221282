"""The evaluation job: judgments and labels to metrics, report, cards and MLflow; the measures are in `measures`."""

from judgelake.jobs.evaluate.command import main
from judgelake.jobs.evaluate.config import EachOnce, EvaluateJob, JudgePairs, Labels, Slices, Versions
from judgelake.jobs.evaluate.evaluation import Evaluation, compute
from judgelake.jobs.evaluate.inputs import NATS, Chosen, Inputs, JudgeInfo, chosen_rows, gone_versions_named, inputs_of
from judgelake.jobs.evaluate.job import Evaluated, evaluate_and_report
from judgelake.jobs.evaluate.rows import label_rule_text
from judgelake.jobs.evaluate.sureness import centred_odds, gap_of_orders, is_asked, mean_odds, odds_rows
from judgelake.jobs.evaluate.terminal import PLAIN, show_headline
from judgelake.jobs.evaluate.verdicts import VOTES, side_of, votes_of

__all__ = [
    "NATS",
    "PLAIN",
    "VOTES",
    "Chosen",
    "EachOnce",
    "EvaluateJob",
    "Evaluated",
    "Evaluation",
    "Inputs",
    "JudgeInfo",
    "JudgePairs",
    "Labels",
    "Slices",
    "Versions",
    "centred_odds",
    "chosen_rows",
    "compute",
    "evaluate_and_report",
    "gap_of_orders",
    "gone_versions_named",
    "inputs_of",
    "is_asked",
    "label_rule_text",
    "main",
    "mean_odds",
    "odds_rows",
    "show_headline",
    "side_of",
    "votes_of",
]
