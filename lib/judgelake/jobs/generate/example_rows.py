"""What becomes of one comparison with all that was said of it: an example, or the reason why there is none."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from judgelake.comparisons import Failure, Label, comparison_from_record
from judgelake.generation import NOT_JUDGED_YET, Said, learned, question_id_of, terms_of
from judgelake.jobs.generate.config import ExampleStep, Teacher
from judgelake.lake import COMPARISON, TRAINING_EXAMPLE, as_struct
from judgelake.training import (
    MAJORITY,
    Example,
    LabelRule,
    example_problem,
    from_labels,
    identified,
    record_of,
    split_of,
)

MADE = pa.schema(
    {
        "comparison_id": pa.string(),
        "teacher": pa.string(),
        "example": as_struct(TRAINING_EXAMPLE),
        "reason": pa.string(),
        "raw": pa.string(),
    }
)
"""What was made of a comparison. The table may have an older example of it under the name `teacher`, which this one
replaces; so does a `reason` with a text in `raw`. A reason without one says that the teacher has still to speak."""
NOT_LABELED = "not labeled"
UNFINISHED = frozenset((*NOT_JUDGED_YET, NOT_LABELED))
SHOWN = ("shown_order", "labeler", "kind", "status", "verdict", "scores")
"""What a rejected row shows of a judgment or label."""


def made_row(record: Mapping[str, Any], step: ExampleStep, teacher: Teacher) -> dict[str, Any]:
    """The row of `MADE` of a comparison.

    Args:
        record: as for `example_of`.
        step: how examples are split.
        teacher: how they are made of judgments or labels.
    """
    row = {"comparison_id": record["comparison_id"], "teacher": _name_of(teacher)}
    made = example_of(record, step, teacher)
    if isinstance(made, Example):
        return {**row, "example": _stored(made), "reason": None, "raw": None}
    raw = None if made in UNFINISHED else _raw(record, teacher)
    return {**row, "example": None, "reason": made, "raw": raw}


def example_of(record: Mapping[str, Any], step: ExampleStep, teacher: Teacher) -> Example | str:
    """The example of a comparison with what was said of it, or why there is none.

    Args:
        record: a row of comparisons with question_group and licence, which may be null; and as lists, null or absent
            without any, either its `labels` or what was `judged` without and `referenced` with sight of the reference.
        step: how examples are split.
        teacher: how they are made of judgments or labels.
    """
    comparison = comparison_from_record({name: record[name] for name in COMPARISON.names})
    if isinstance(comparison, Failure):
        return f"comparison: {comparison.reason}"
    # By its text, where no seed is behind it: the same question is in the same split wherever it comes from.
    group = record["question_group"] or question_id_of(comparison)
    split, licence = split_of(group, step.validation_share, step.seed), terms_of(record["licence"], teacher.licence)
    if teacher.labels is not None:
        rule = LabelRule(**teacher.labels.model_dump())
        labels = _counting(record.get("labels"), rule)
        if labels is None:
            return NOT_LABELED
        labeled = from_labels(comparison, labels, rule, group=group, split=split, licence=licence)
        return (
            labeled.reason if isinstance(labeled, Failure) else identified(replace(labeled, teacher=_name_of(teacher)))
        )
    answers = len(comparison.answers)
    what, shown = (
        learned(_said(record.get(use)), answers, teacher.agreement, teacher.reasons) for use in ("judged", "referenced")
    )
    if isinstance(what, str):
        return what
    example = Example(
        example_id="",
        group=group,
        comparison=comparison,
        judged=what.judged,
        referenced=None if isinstance(shown, str) or comparison.reference is None else shown.judged,
        probabilities=what.probabilities,
        teacher=teacher.name,
        split=split,
        source=comparison.source or "",
        licence=licence,
    )
    return example_problem(example) or identified(example)


def _counting(rows: Sequence[Mapping[str, Any]] | None, rule: LabelRule) -> list[Label] | None:
    """The labels of a comparison; None if none of them is by somebody whose label is asked for."""
    labels = [Label(**{**row, "scores": row["scores"] and tuple(row["scores"])}) for row in rows or ()]
    asked_for = (
        label.labeler == rule.labeler if rule.labeler is not None else label.labeler != rule.referenced_labeler
        for label in labels
    )
    return labels if any(asked_for) else None


def _name_of(teacher: Teacher) -> str:
    """The name that this teacher's examples have in the table.

    What most say is never under the name of one, even if only one has labeled it: their own examples, which another
    teacher makes, would be replaced.
    """
    return teacher.name if teacher.labels is None else teacher.labels.labeler or MAJORITY


def _said(rows: list[dict[str, Any]] | None) -> list[Said]:
    return [
        Said(
            order=row["shown_order"],
            status=row["status"],
            verdict=row["verdict"],
            scores=row["scores"],
            raw_output=row["raw_output"],
            logprobs=dict(row["verdict_logprobs"]) if row["verdict_logprobs"] else None,
            bounded=row["bounded_labels"] or (),
        )
        for row in rows or ()
    ]


def _raw(record: Mapping[str, Any], teacher: Teacher) -> str:
    """What was said of a comparison of which nothing is learned, as JSON."""
    uses = ("labels",) if teacher.labels is not None else ("judged", "referenced")
    said = {
        use: sorted(({name: row[name] for name in SHOWN if name in row} for row in record.get(use) or ()), key=str)
        for use in uses
    }
    return json.dumps({"comparison_id": record["comparison_id"], "teacher": teacher.name, **said}, ensure_ascii=False)


def _stored(example: Example) -> dict[str, Any]:
    record = record_of(example)
    comparison = {**record["comparison"], "attributes": list(example.comparison.attributes.items())}
    probabilities = None if example.probabilities is None else list(example.probabilities.items())
    return {**record, "comparison": comparison, "probabilities": probabilities}
