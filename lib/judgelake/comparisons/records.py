"""Plain records (judgelake's JSONL, a table row) to comparisons and labels and back: nothing is ever coerced."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

from judgelake.comparisons.comparison import Answer, Comparison, Message, Rubric
from judgelake.comparisons.fields import (
    Check,
    items_of,
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
    word_of,
)
from judgelake.comparisons.label import KINDS, Label
from judgelake.comparisons.verdict import LETTERS, Failure, Status

ROLES = ("system", "user", "assistant")
DESCRIPTIONS = 5
ID_CHARACTERS = 32


def comparison_from_record(record: Mapping[str, Any], also: Collection[str] = ()) -> Comparison | Failure:
    """The comparison a record describes, or invalid_input with the name of the field.

    Missing ids are derived from content, the same on every run: `question_id` from messages and
    input, `comparison_id` from the question, answers, reference and rubric.

    Args:
        record: keys as in judgelake's JSONL; a key that may be absent may also be null.
        also: further keys the record may have; any other unknown key is a failure.
    """
    problem = record_problem(record, NEEDED, MAY_HAVE, also)
    return _comparison(record) if problem is None else Failure(Status.INVALID_INPUT, problem)


def comparison_to_record(comparison: Comparison) -> dict[str, Any]:
    """The record of a comparison: every key of judgelake's JSONL, null where there is no value."""
    rubric = comparison.rubric
    return {
        "comparison_id": comparison.comparison_id,
        "question_id": comparison.question_id,
        "messages": [{"role": message.role, "content": message.content} for message in comparison.messages],
        "input": comparison.input,
        "answers": [_answer_record(answer) for answer in comparison.answers],
        "reference": comparison.reference,
        "rubric": None if rubric is None else _rubric_record(rubric),
        "source": comparison.source,
        "attributes": dict(comparison.attributes),
    }


def label_from_record(record: Mapping[str, Any], also: Collection[str] = ()) -> Label | Failure:
    """The label a record describes, or invalid_input with the name of the field."""
    problem = record_problem(record, LABEL_NEEDED, LABEL_MAY_HAVE, also)
    if problem is None and record.get("verdict") is None and record.get("scores") is None:
        problem = "a label needs a verdict or scores"
    if problem is not None:
        return Failure(Status.INVALID_INPUT, problem)
    scores = record.get("scores")
    return Label(
        comparison_id=record["comparison_id"],
        labeler=record["labeler"],
        kind=record["kind"],
        verdict=record.get("verdict"),
        scores=None if scores is None else tuple(map(float, items_of(scores))),
    )


def label_to_record(label: Label) -> dict[str, Any]:
    """The record of a label."""
    return {
        "comparison_id": label.comparison_id,
        "labeler": label.labeler,
        "kind": label.kind,
        "verdict": label.verdict,
        "scores": None if label.scores is None else list(label.scores),
    }


def _comparison(record: Mapping[str, Any]) -> Comparison:
    """The comparison of a valid record."""
    messages = tuple(Message(item["role"], item["content"]) for item in items_of(record["messages"]))
    answers = tuple(_answer(item) for item in items_of(record["answers"]))
    given_input, reference = record.get("input"), record.get("reference")
    rubric = None if record.get("rubric") is None else _rubric(record["rubric"])

    def question_content() -> dict[str, Any]:
        return {"messages": [[m.role, m.content] for m in messages], "input": given_input}

    def content() -> dict[str, Any]:
        return {
            "question": question_content(),
            "answers": [_answer_record(answer) for answer in answers],
            "reference": reference,
            "rubric": None if rubric is None else _rubric_record(rubric),
        }

    return Comparison(
        comparison_id=_id(record.get("comparison_id"), content),
        question_id=_id(record.get("question_id"), question_content),
        messages=messages,
        answers=answers,
        input=given_input,
        reference=reference,
        rubric=rubric,
        source=record.get("source"),
        # A table gives a map as a list of pairs.
        attributes=dict(record.get("attributes") or ()),
    )


def _answer(value: Mapping[str, Any]) -> Answer:
    turns = value.get("turns")
    return Answer(value.get("text"), value.get("model"), None if turns is None else tuple(items_of(turns)))


def _rubric(value: Mapping[str, Any]) -> Rubric:
    scores = value.get("scores")
    return Rubric(value["criteria"], None if scores is None else tuple(items_of(scores)))


def _id(given: str | None, content: Callable[[], Any]) -> str:
    if given is not None:
        return given
    canonical = json.dumps(content(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:ID_CHARACTERS]


def _answer_record(answer: Answer) -> dict[str, Any]:
    return {
        "model": answer.model,
        "text": answer.text,
        "turns": None if answer.turns is None else list(answer.turns),
    }


def _rubric_record(rubric: Rubric) -> dict[str, Any]:
    return {"criteria": rubric.criteria, "scores": None if rubric.scores is None else list(rubric.scores)}


def _message_problem(value: Any) -> str | None:
    problem = MESSAGE(value)
    if problem is None and value["role"] == "user" and not value["content"].strip():
        return ".content: the question is empty"
    return problem


def _messages_problem(value: Any) -> str | None:
    problem = MESSAGES(value)
    if problem is None and items_of(value)[-1]["role"] != "user":
        return "the last one must be the user's, to which the answers reply"
    return problem


def _answer_problem(value: Any) -> str | None:
    problem = ANSWER(value)
    if problem is None and (value.get("text") is None) == (value.get("turns") is None):
        return f"give either text or turns, not {'none' if value.get('text') is None else 'both'}"
    return problem


def _answers_problem(value: Any) -> str | None:
    problem = ANSWERS(value)
    if problem is None and len(value) > len(LETTERS):
        return f"{len(value)} answers, at most {len(LETTERS)} can be compared"
    return problem


def _descriptions_problem(value: Any) -> str | None:
    problem = TEXTS(value)
    if problem is None and len(value) != DESCRIPTIONS:
        return f"{len(value)} descriptions, expected {DESCRIPTIONS} (of the scores 1 to 5)"
    return problem


def _attributes_problem(value: Any) -> str | None:
    pairs = value.items() if isinstance(value, Mapping) else value
    if not isinstance(value, Mapping | list) or not all(_is_pair(pair) for pair in pairs):
        return f"{kind_of(value)}, expected an object"
    for key, item in pairs:
        problem = text(key) or text(item)
        if problem is not None:
            return placed(f".{spelled(key)}", problem)
    return None


def _is_pair(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str)


TEXTS = list_of(text)
MESSAGE = object_with({"role": word_of(*ROLES), "content": text}, {})
MESSAGES = list_of(_message_problem)
ANSWER = object_with({}, {"text": text, "model": text, "turns": TEXTS})
ANSWERS = list_of(_answer_problem)

NEEDED: dict[str, Check] = {"messages": _messages_problem, "answers": _answers_problem}
MAY_HAVE: dict[str, Check] = {
    "input": text,
    "reference": text,
    "rubric": object_with({"criteria": name}, {"scores": _descriptions_problem}),
    "comparison_id": name,
    "question_id": name,
    "source": text,
    "attributes": _attributes_problem,
}
LABEL_NEEDED: dict[str, Check] = {"comparison_id": name, "labeler": name, "kind": word_of(*KINDS)}
LABEL_MAY_HAVE: dict[str, Check] = {"verdict": letter_or_tie, "scores": list_of(number)}
