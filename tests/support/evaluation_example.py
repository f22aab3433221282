"""Evaluations made by hand, without Spark: what report, terminal and MLflow are told of them."""

from __future__ import annotations

from datetime import UTC, datetime

from judgelake.config import validated
from judgelake.jobs.evaluate import EvaluateJob
from judgelake.jobs.evaluate.evaluation import Evaluation
from judgelake.jobs.evaluate.features import SliceNames
from judgelake.jobs.evaluate.inputs import Inputs, JudgeInfo
from judgelake.jobs.evaluate.sections import judge_section
from judgelake.measures import Result

NO_LABEL = "no comparison asked of this judge has a label"
A_TABLE = object()


def judge_info(**parts):
    known = {"name": "judge", "judge": "judge", "model_version": "acme/judge-7b@main", "mode": "pair"}
    numbers = {"number": 0, "judgments": 10, "repeats": 1}
    return JudgeInfo(**{"fingerprint": "0f", "is_imported": False, **numbers, **known, **parts})


def row(metric, value=None, low=None, high=None, **parts):
    names = {"judge": "judge", "judge_fingerprint": "0f", "model_version": "m", "mode": "pair"}
    return Result(metric, value, low, high, **{**names, "n": 90, "asked": 100, "clusters": 80, **parts})


def nothing(metric, reason=NO_LABEL, **parts):
    return row(metric, reason=reason, n=0, asked=0, **parts)


def cells(rule, **counts):
    return [row("confusion", float(n), subject=f"{name[0]}>{name[1]}", swap_rule=rule) for name, n in counts.items()]


def evaluation(rows, labels=A_TABLE, labelers=("gold",), judges=None, **changes):
    kind = None if labels is None else "human"
    inputs = Inputs(A_TABLE, A_TABLE, labels, {}, judges or (judge_info(),), kind, labelers, 0)
    settings = validated(EvaluateJob, changes, "test")
    computed_at = datetime(2026, 1, 1, tzinfo=UTC)
    return Evaluation("run", settings, inputs, SliceNames(), tuple(rows), A_TABLE, None, computed_at)


def section(rows, **more):
    made = evaluation(rows, **more)
    return judge_section(made, made.inputs.judges[0], made.rows)


OF_PAIRS = [row("agreement", 0.8, 0.7, 0.9, swap_rule="first"), row("consistency", 0.75)]
OF_SCORES = [
    nothing("agreement", swap_rule="first"),
    row("pearson", 0.61),
    row("spearman", 0.5, -0.1, 0.7, n=249, asked=250),
    row("mean_absolute_error", 1.25),
    row("exact_agreement", 0.4, 0.3, 0.5),
]
OF_RANKINGS = [row("top_1_agreement", 0.7, 0.6, 0.8), row("mean_kendall_tau", 0.33), *OF_SCORES]
OF_ASPECTS = [row("aspect_accuracy", 0.9, 0.8, 0.95), row("aspect_auroc", 0.97), *OF_SCORES]
