"""The evaluation job: judgments and labels to metrics, report, cards and MLflow; the measures are in `measures`."""

from judgelake.jobs.evaluate.command import main
from judgelake.jobs.evaluate.config import BUCKETS, EachOnce, EvaluateJob, JudgePairs, Labels, Slices, Versions
from judgelake.jobs.evaluate.evaluation import Evaluation, compute
from judgelake.jobs.evaluate.headline import chosen_rules
from judgelake.jobs.evaluate.inputs import NATS, Chosen, Inputs, JudgeInfo, chosen_rows, gone_versions_named, inputs_of
from judgelake.jobs.evaluate.job import Evaluated, evaluate_and_report
from judgelake.jobs.evaluate.log_odds import OWN_ODDS, centred_odds, gap_of_orders, mean_odds
from judgelake.jobs.evaluate.observations.agreement import repeated_requests
from judgelake.jobs.evaluate.observations.judged import judged_rows
from judgelake.jobs.evaluate.pair_reading import PairsRead, read_pairs
from judgelake.jobs.evaluate.row_rules import rules_of
from judgelake.jobs.evaluate.rows import id_of, label_rule_text, row_of, write_rows
from judgelake.jobs.evaluate.sureness import is_asked, odds_rows
from judgelake.jobs.evaluate.terminal import PLAIN, show_headline
from judgelake.jobs.evaluate.verdicts import FAILED, NOT_ASKED, VOTES, side_of, votes_of

__all__ = [
    "BUCKETS",
    "FAILED",
    "NATS",
    "NOT_ASKED",
    "OWN_ODDS",
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
    "PairsRead",
    "Slices",
    "Versions",
    "centred_odds",
    "chosen_rows",
    "chosen_rules",
    "compute",
    "evaluate_and_report",
    "gap_of_orders",
    "gone_versions_named",
    "id_of",
    "inputs_of",
    "is_asked",
    "judged_rows",
    "label_rule_text",
    "main",
    "mean_odds",
    "odds_rows",
    "read_pairs",
    "repeated_requests",
    "row_of",
    "rules_of",
    "show_headline",
    "side_of",
    "votes_of",
    "write_rows",
]
