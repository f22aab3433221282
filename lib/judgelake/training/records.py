"""Plain records (a row of `training_examples`, a line of JSONL) to examples and back: nothing is ever coerced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from judgelake.comparisons import (
    Check,
    Comparison,
    Failure,
    Status,
    comparison_from_record,
    comparison_to_record,
    kind_of,
    letter_or_tie,
    list_of,
    name,
    number,
    object_with,
    placed,
    record_problem,
    spelled,
    text,
)
from judgelake.training.example import SPLITS, Example, Judged, example_problem, identified


def example_from_record(record: Mapping[str, Any]) -> Example | Failure:
    """The example that a record describes, or invalid_input with the name of the field.

    Args:
        record: keys as `record_of` writes them. `example_id` may be absent or null: then it is made from the content.
    """
    problem = record_problem(record, NEEDED, MAY_HAVE)
    if problem is not None:
        return Failure(Status.INVALID_INPUT, problem)
    comparison = comparison_from_record(record["comparison"])
    if isinstance(comparison, Failure):
        return Failure(Status.INVALID_INPUT, f"comparison.{comparison.reason}")
    example = _example(record, comparison)
    problem = example_problem(example)
    if problem is not None:
        return Failure(Status.INVALID_INPUT, problem)
    return example if example.example_id else identified(example)


def record_of(example: Example) -> dict[str, Any]:
    """The record of an example: every column of `training_examples`, null where there is no value."""
    return {
        "example_id": example.example_id,
        "question_group": example.group,
        "split": example.split,
        "comparison": comparison_to_record(example.comparison),
        "judged": _judged_record(example.judged),
        "referenced": None if example.referenced is None else _judged_record(example.referenced),
        "probabilities": None if example.probabilities is None else dict(example.probabilities),
        "teacher": example.teacher,
        "source": example.source,
        "licence": example.licence,
    }


def _example(record: Mapping[str, Any], comparison: Comparison) -> Example:
    referenced, probabilities = record.get("referenced"), record.get("probabilities")
    return Example(
        example_id=record.get("example_id") or "",
        group=record["question_group"],
        comparison=comparison,
        judged=_judged(record["judged"]),
        referenced=None if referenced is None else _judged(referenced),
        # A table gives a map as a list of pairs.
        probabilities=None if probabilities is None else {key: float(value) for key, value in _pairs(probabilities)},
        teacher=record["teacher"],
        split=record["split"],
        source=record["source"],
        licence=record["licence"],
    )


def _judged(value: Mapping[str, Any]) -> Judged:
    scores = value.get("scores")
    return Judged(
        value.get("verdict"), None if scores is None else tuple(float(score) for score in scores), value.get("reasons")
    )


def _judged_record(judged: Judged) -> dict[str, Any]:
    return {
        "verdict": judged.verdict,
        "scores": None if judged.scores is None else list(judged.scores),
        "reasons": judged.reasons,
    }


def _pairs(value: Any) -> list[tuple[str, Any]]:
    return list(value.items()) if isinstance(value, Mapping) else [(key, item) for key, item in value]


def _split_problem(value: Any) -> str | None:
    return None if value in SPLITS else f"{kind_of(value)}, expected one of {', '.join(SPLITS)}"


def _comparison_problem(value: Any) -> str | None:
    return None if isinstance(value, Mapping) else f"{kind_of(value)}, expected an object"


def _probabilities_problem(value: Any) -> str | None:
    is_map = isinstance(value, Mapping | list) and bool(value)
    if not is_map or not all(isinstance(pair, tuple) and len(pair) == 2 for pair in _items(value)):
        return f"{kind_of(value)}, expected an object of labels and their probabilities"
    for label, share in _items(value):
        problem = letter_or_tie(label) or number(share)
        if problem is not None:
            return placed(f".{spelled(label)}", problem)
    return None


def _items(value: Any) -> list[Any]:
    return list(value.items()) if isinstance(value, Mapping) else list(value)


JUDGED = object_with({}, {"verdict": letter_or_tie, "scores": list_of(number), "reasons": text})
NEEDED: dict[str, Check] = {
    "question_group": name,
    "split": _split_problem,
    "comparison": _comparison_problem,
    "judged": JUDGED,
    "teacher": name,
    "source": text,
    "licence": text,
}
MAY_HAVE: dict[str, Check] = {"example_id": name, "referenced": JUDGED, "probabilities": _probabilities_problem}
