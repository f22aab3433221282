"""Plain records (our JSONL, a row of a table) to comparisons and labels and back: nothing is ever coerced."""

from __future__ import annotations

import difflib
import hashlib
import json
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from judgelake.judges.comparison import Answer, Comparison, Message, Rubric
from judgelake.judges.verdict import LETTERS, TIE, Failure, Status

ROLES = ("system", "user", "assistant")
KINDS = ("human", "teacher", "gold")
DESCRIPTIONS = 5
ID_CHARACTERS = 32

COMPARISON_KEYS = (
    "comparison_id",
    "question_id",
    "messages",
    "input",
    "answers",
    "reference",
    "rubric",
    "source",
    "attributes",
)
LABEL_KEYS = ("comparison_id", "labeler", "kind", "verdict", "scores")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Label:
    """A verdict from outside, in the comparison's own order: a letter or `TIE`, or a score an answer, or both.

    `kind` is human, teacher (another judge) or gold.
    """

    comparison_id: str
    labeler: str
    kind: str
    verdict: str | None = None
    scores: tuple[float, ...] | None = None


class _InvalidError(Exception):
    """A field of a record that cannot be taken as it is; never leaves this file.

    The text begins with the field's path; what reads an item of a list gives the rest of a path (".role: ...").
    """


def comparison_from_record(record: Mapping[str, Any], also: Collection[str] = ()) -> Comparison | Failure:
    """The comparison a record describes, or invalid_input with the name of the field.

    Ids that are absent are derived from content, the same on every run: `question_id` from messages and
    input, `comparison_id` from the question, answers, reference and rubric.

    Args:
        record: keys as in our JSONL; a key that is not there counts as null.
        also: further keys the record may have; any other unknown key is a failure.
    """
    try:
        return _comparison(record, also)
    except _InvalidError as error:
        return Failure(Status.INVALID_INPUT, str(error))


def comparison_to_record(comparison: Comparison) -> dict[str, Any]:
    """The record of a comparison: every key of our JSONL, null where there is nothing."""
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
    try:
        return _label(record, also)
    except _InvalidError as error:
        return Failure(Status.INVALID_INPUT, str(error))


def label_to_record(label: Label) -> dict[str, Any]:
    """The record of a label."""
    return {
        "comparison_id": label.comparison_id,
        "labeler": label.labeler,
        "kind": label.kind,
        "verdict": label.verdict,
        "scores": None if label.scores is None else list(label.scores),
    }


def _comparison(record: Mapping[str, Any], also: Collection[str]) -> Comparison:
    _check_keys(record, COMPARISON_KEYS, also, "")
    messages = _items(record.get("messages"), "messages", _message)
    _check_messages(messages)
    answers = _items(record.get("answers"), "answers", _answer)
    if len(answers) > len(LETTERS):
        raise _InvalidError(f"answers: {len(answers)} of them, at most {len(LETTERS)} can be compared")
    given_input = _optional_text(record.get("input"), "input")
    reference = _optional_text(record.get("reference"), "reference")
    rubric = None if record.get("rubric") is None else _rubric(record["rubric"])

    def question() -> dict[str, Any]:
        return {"messages": [[m.role, m.content] for m in messages], "input": given_input}

    def content() -> dict[str, Any]:
        return {
            "question": question(),
            "answers": [_answer_record(answer) for answer in answers],
            "reference": reference,
            "rubric": None if rubric is None else _rubric_record(rubric),
        }

    return Comparison(
        comparison_id=_id(record.get("comparison_id"), "comparison_id", content),
        question_id=_id(record.get("question_id"), "question_id", question),
        messages=messages,
        answers=answers,
        input=given_input,
        reference=reference,
        rubric=rubric,
        source=_optional_text(record.get("source"), "source"),
        attributes=_attributes(record.get("attributes")),
    )


def _check_messages(messages: tuple[Message, ...]) -> None:
    if messages[-1].role != "user":
        raise _InvalidError("messages: the last one must be the user's, which the answers answer")
    for index, message in enumerate(messages):
        if message.role == "user" and not message.content.strip():
            raise _InvalidError(f"messages[{index}].content: the question is empty")


def _message(value: Any) -> Message:
    fields = _mapping(value)
    _check_keys(fields, ("role", "content"), (), ".")
    role = fields.get("role")
    if role not in ROLES:
        raise _InvalidError(f".role: {_seen(role)}, expected one of {', '.join(ROLES)}")
    return Message(role, _text(fields.get("content"), ".content"))


def _answer(value: Any) -> Answer:
    fields = _mapping(value)
    _check_keys(fields, ("text", "model", "turns"), (), ".")
    text = _optional_text(fields.get("text"), ".text")
    turns = None if fields.get("turns") is None else _items(fields["turns"], ".turns", _text)
    if (text is None) == (turns is None):
        raise _InvalidError(f": give either text or turns, not {'none' if text is None else 'both'}")
    return Answer(text=text, model=_optional_text(fields.get("model"), ".model"), turns=turns)


def _rubric(value: Any) -> Rubric:
    fields = _mapping(value, "rubric")
    _check_keys(fields, ("criteria", "scores"), (), "rubric.")
    criteria = _text(fields.get("criteria"), "rubric.criteria")
    if not criteria.strip():
        raise _InvalidError("rubric.criteria: empty")
    if fields.get("scores") is None:
        return Rubric(criteria)
    scores = _items(fields["scores"], "rubric.scores", _text)
    if len(scores) != DESCRIPTIONS:
        raise _InvalidError(
            f"rubric.scores: {len(scores)} descriptions, expected {DESCRIPTIONS} (of the scores 1 to 5)"
        )
    return Rubric(criteria, scores)


def _attributes(value: Any) -> dict[str, str]:
    if value is None:
        return {}
    # A table hands a map over as a list of pairs.
    fields = dict(value) if isinstance(value, list) and all(_is_pair(item) for item in value) else value
    fields = _mapping(fields, "attributes")
    return {_text(key, "attributes"): _text(item, f"attributes.{key}") for key, item in fields.items()}


def _is_pair(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str)


def _label(record: Mapping[str, Any], also: Collection[str]) -> Label:
    _check_keys(record, LABEL_KEYS, also, "")
    kind = record.get("kind")
    if kind not in KINDS:
        raise _InvalidError(f"kind: {_seen(kind)}, expected one of {', '.join(KINDS)}")
    verdict = _optional_text(record.get("verdict"), "verdict")
    if verdict is not None and verdict != TIE and (len(verdict) != 1 or verdict not in LETTERS):
        raise _InvalidError(f"verdict: {_seen(verdict)}, expected a letter or {TIE!r}")
    scores = None if record.get("scores") is None else _items(record["scores"], "scores", _score)
    if verdict is None and scores is None:
        raise _InvalidError("a label needs a verdict or scores")
    return Label(
        comparison_id=_name(record.get("comparison_id"), "comparison_id"),
        labeler=_name(record.get("labeler"), "labeler"),
        kind=kind,
        verdict=verdict,
        scores=scores,
    )


def _score(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise _InvalidError(f": {_seen(value)}, expected a finite number")
    return float(value)


def _id(value: Any, path: str, content: Callable[[], Any]) -> str:
    if value is not None:
        return _name(value, path)
    canonical = json.dumps(content(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:ID_CHARACTERS]


def _name(value: Any, path: str) -> str:
    name = _text(value, path)
    if not name.strip():
        raise _InvalidError(f"{path}: empty")
    return name


def _optional_text(value: Any, path: str) -> str | None:
    return None if value is None else _text(value, path)


def _text(value: Any, path: str = "") -> str:
    if not isinstance(value, str):
        raise _InvalidError(f"{path}: {_seen(value)}, expected text")
    if "\0" in value:
        raise _InvalidError(f"{path}: holds a NUL character")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise _InvalidError(f"{path}: holds half a surrogate pair, which is no character") from error
    return value


def _items(value: Any, path: str, read: Callable[[Any], T]) -> tuple[T, ...]:
    # A table hands lists over as arrays: those are unpacked, their items are still taken as they are.
    items = value.tolist() if hasattr(value, "tolist") else value
    if not isinstance(items, (list, tuple)):
        raise _InvalidError(f"{path}: {_seen(value)}, expected a list")
    if not items:
        raise _InvalidError(f"{path}: an empty list")
    taken: list[T] = []
    for item in items:
        try:
            taken.append(read(item))
        except _InvalidError as error:
            # Where it lies is put together only now: most records are good, and there are millions.
            raise _InvalidError(f"{path}[{len(taken)}]{error}") from error
    return tuple(taken)


def _mapping(value: Any, path: str = "") -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _InvalidError(f"{path}: {_seen(value)}, expected an object")
    return value


def _check_keys(record: Mapping[str, Any], known: tuple[str, ...], also: Collection[str], path: str) -> None:
    for key in record:
        if key not in known and key not in also:
            close = difflib.get_close_matches(str(key), known, n=1)
            raise _InvalidError(f"{path}{key}: unknown key" + (f", did you mean {close[0]!r}?" if close else ""))


def _seen(value: Any) -> str:
    return "missing" if value is None else f"{type(value).__name__} {str(value)[:40]!r}"


def _answer_record(answer: Answer) -> dict[str, Any]:
    return {
        "model": answer.model,
        "text": answer.text,
        "turns": None if answer.turns is None else list(answer.turns),
    }


def _rubric_record(rubric: Rubric) -> dict[str, Any]:
    return {"criteria": rubric.criteria, "scores": None if rubric.scores is None else list(rubric.scores)}
