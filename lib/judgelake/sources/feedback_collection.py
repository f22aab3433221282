"""Prometheus' training data: Feedback-Collection (one answer, a score) and Preference-Collection (two, a winner)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from judgelake.comparisons import integer, kind_of, name, question, text
from judgelake.sources.loaded import Files, Item, Row, accepted, user_turns
from judgelake.sources.rows import checked_rows

FIELDS = {
    "orig_instruction": question,
    "orig_criteria": name,
    **{f"orig_score{score}_description": text for score in range(1, 6)},
}
MAY_HAVE = {"orig_reference_answer": text}
SINGLE, PAIR = ("orig_response",), ("orig_response_A", "orig_response_B")
LABELER, KIND = "gpt-4", "teacher"
SCORES = range(1, 6)
# The teacher's text ends with its verdict.
RESULT = re.compile(r"\[RESULT\]\s*([A-Z0-9]+)\s*")


def load(files: Files) -> Iterator[Item]:
    """One comparison per row with its rubric and reference, and GPT-4's score (1 to 5, often as text) as a label.

    The score is `orig_score`, or else what follows [RESULT] at the end of `output`; if both are there and differ,
    the label is refused. In Preference-Collection the winner is `orig_preference` or the result (A or B), and the
    label also has both scores.

    Source: prometheus-eval/Feedback-Collection, Feedback-Bench, Preference-Collection and Preference-Bench.
    """
    for row in checked_rows(files.inputs, FIELDS, MAY_HAVE):
        yield _item(row) if isinstance(row, Row) else row


def _item(row: Row) -> Item:
    value = row.value
    responses = PAIR if PAIR[0] in value else SINGLE
    comparison = {
        "messages": user_turns(value["orig_instruction"]),
        "answers": [{"text": value.get(key)} for key in responses],
        "reference": value["orig_reference_answer"] or None,
        "rubric": {
            "criteria": value["orig_criteria"],
            "scores": [value[f"orig_score{score}_description"] for score in SCORES],
        },
        "source": "feedback_collection",
    }
    problem = next((f"{key}: {problem}" for key in responses if (problem := text(value.get(key))) is not None), None)
    if problem is not None:
        return row.rejected(problem)
    label = _single(value) if responses == SINGLE else _pair(value)
    if isinstance(label, str):
        return accepted(row, comparison, problems=[f"label by {LABELER}: {label}"])
    labels = [] if label is None else [{"labeler": LABELER, "kind": KIND, **label}]
    return accepted(row, comparison, labels)


def _single(value: Mapping[str, Any]) -> dict[str, Any] | str | None:
    given, result = value.get("orig_score"), _result(value)
    if given is None and result is None:
        return None
    score = _score("orig_score" if given is not None else "output", result if given is None else given)
    if isinstance(score, str):
        return score
    if given is not None and result is not None and _score("output", result) != score:
        return f"orig_score is {score}, but the output ends with [RESULT] {result}"
    return {"scores": [score]}


def _pair(value: Mapping[str, Any]) -> dict[str, Any] | str | None:
    given, result = value.get("orig_preference"), _result(value)
    winner = result if given is None else given
    if winner is None:
        return None
    if not isinstance(winner, str) or winner.strip() not in ("A", "B"):
        return f"orig_preference: {kind_of(winner)}, expected A or B"
    if given is not None and result is not None and given.strip() != result:
        return f"orig_preference is {given}, but the output ends with [RESULT] {result}"
    label: dict[str, Any] = {"verdict": winner.strip()}
    scores = [_score(key, value[key]) for key in ("orig_score_A", "orig_score_B") if value.get(key) is not None]
    wrong = next((score for score in scores if isinstance(score, str)), None)
    return wrong or (label | ({"scores": scores} if len(scores) == len(PAIR) else {}))


def _score(key: str, value: Any) -> int | str:
    """A score from 1 to 5, also as text, or what is wrong with it."""
    written = value.strip() if isinstance(value, str) else value
    if isinstance(written, str) and written.isascii() and written.isdigit():
        written = int(written)
    if integer(written) is not None or written not in SCORES:
        return f"{key}: {kind_of(value)}, expected a score from 1 to 5"
    return int(written)


def _result(value: Mapping[str, Any]) -> str | None:
    """What follows the last [RESULT], if the output ends with it."""
    output = value.get("output")
    if not isinstance(output, str):
        return None
    match = RESULT.fullmatch(output, output.rfind("[RESULT]")) if "[RESULT]" in output else None
    return None if match is None else match[1]
