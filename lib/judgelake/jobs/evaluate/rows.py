"""Figures as results, with their rules, and results as rows of the metrics table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from judgelake.config import fingerprint
from judgelake.jobs.evaluate.config import EvaluateJob, Labels
from judgelake.jobs.evaluate.inputs import Inputs, JudgeInfo
from judgelake.jobs.evaluate.row_rules import RowRules
from judgelake.lake import Pinned, replace_rows
from judgelake.measures import Result
from judgelake.measures.families import Figure, absent

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NAMED_LABELERS = 5
# Keys that say where results go and do not change them.
NOT_OF_THE_RUN = {"tables", "report", "cards", "mlflow", "versions"}


def row_of(
    figure: Figure,
    judge: JudgeInfo | None,
    slice_name: str,
    questions: int,
    rules: RowRules,
    hashed: int | None = None,
) -> Result:
    """The result of a figure.

    Args:
        figure: the number and what it is based on.
        judge: the judge it is about; None for figures of labels alone.
        slice_name: the part of the comparisons it is about.
        questions: the number of questions in its table.
        rules: its rules, and whether it is shown.
        hashed: the number of buckets the questions were assigned to; None if each question is a bucket.
    """
    found = figure.estimate(questions, hashed) if rules.withheld is None else absent(rules.withheld)
    return Result(
        figure.metric,
        found.value,
        found.low,
        found.high,
        found.detectable,
        found.reason,
        n=figure.n,
        asked=figure.asked,
        clusters=figure.clusters(questions),
        subject=figure.subject,
        slice=slice_name,
        p_value=None if rules.withheld else figure.p_value,
        mcnemar_p=None if rules.withheld else figure.mcnemar_p,
        spread=None if rules.withheld else figure.spread,
        if_failures_wrong=None if rules.withheld else figure.if_wrong,
        if_failures_right=None if rules.withheld else figure.if_right,
        swap_rule=figure.swap_rule or rules.swap_rule,
        failure_rule=rules.failure_rule,
        judge=None if judge is None else judge.judge,
        judge_fingerprint=None if judge is None else judge.fingerprint,
        model_version=None if judge is None else judge.model_version,
        mode=None if judge is None else judge.mode,
    )


def run_id_of(job: EvaluateJob, inputs: Inputs) -> str:
    """The evaluation's id: a hash of what it computes and of the versions it reads.

    The same evaluation of the same versions has the same id, and replaces its rows.
    """
    return id_of({"job": job.model_dump(mode="json", exclude=NOT_OF_THE_RUN)}, inputs.versions)


def id_of(content: Mapping[str, Any], versions: Mapping[str, Pinned]) -> str:
    """A hash of what is computed and of the tables at the versions that it is computed from."""
    read = {name: [pinned.table_id, pinned.version] for name, pinned in versions.items()}
    return fingerprint({**content, "versions": read})[:32]


def label_rule_text(job: EvaluateJob, inputs: Inputs) -> str | None:
    """Which labels count and how several become one, in a phrase: "majority of human: annotator1, annotator2"."""
    if inputs.label_kind is None:
        return None
    named = ", ".join(inputs.labelers[:NAMED_LABELERS])
    if others := inputs.labelers[NAMED_LABELERS:]:
        # The hash distinguishes rules with other labelers of the same number: only figures of one rule can be compared.
        named += f" and {len(others)} others ({fingerprint({'labelers': list(others)})[:8]})"
    margin = f", scores within {job.labels.tie_margin:g} a tie" if job.labels.tie_margin else ""
    if (mark := job.labels.invalid_score) != Labels().invalid_score:
        margin += ", every score one" if mark is None else f", a score of {mark:g} none"
    how = f"{job.labels.rule} of " if len(inputs.labelers) > 1 else ""
    return f"{how}{inputs.label_kind}: {named}{margin}"


def write_rows(
    spark: SparkSession,
    job: EvaluateJob,
    inputs: Inputs,
    run_id: str,
    rows: Sequence[Result],
    computed_at: datetime,
) -> None:
    """Replace the earlier rows of this evaluation by these, in one commit."""
    shared = {
        "run_id": run_id,
        "label_rule": label_rule_text(job, inputs),
        "comparisons_where": job.where,
        "judgments_where": job.judgments_where,
        "comparisons_version": inputs.versions["comparisons"].version,
        "judgments_version": inputs.versions["judgments"].version,
        "labels_version": inputs.versions["labels"].version if "labels" in inputs.versions else None,
        "computed_at": computed_at,
    }
    columns = spark.read.table(job.tables.metrics).schema
    values = [
        {
            **shared,
            **asdict(row),
            "coverage": row.coverage,
            "is_headline": None if row.swap_rule is None else row.swap_rule == job.headline,
        }
        for row in rows
    ]
    data = [tuple(value.get(name) for name in columns.fieldNames()) for value in values]
    replace_rows(spark.createDataFrame(data, columns), job.tables.metrics, "run_id", run_id)


def failure_rule_text(job: EvaluateJob) -> str:
    """What a failed judgment counted as: "left_out", "tie; score 5"."""
    rule = job.failure_rule.value
    return rule if job.failure_score is None else f"{rule}; score {job.failure_score:g}"


def by_judge(rows: Iterable[Result]) -> dict[str | None, list[Result]]:
    """The rows by the fingerprint of the judge they are about, those about labels alone under None."""
    found: dict[str | None, list[Result]] = {}
    for row in rows:
        found.setdefault(row.judge_fingerprint, []).append(row)
    return found
