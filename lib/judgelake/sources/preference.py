"""Preference data: a prompt with a chosen and a rejected answer, as text or as message lists."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from judgelake.comparisons import LETTERS, placed, question, text
from judgelake.sources.conversations import Answered, Turn, answered, messages_of, turns_of
from judgelake.sources.loaded import Files, Item, Row, accepted
from judgelake.sources.rows import checked_rows
from judgelake.sources.values import attributes_of, is_missing, number_meant

SIDES = ("chosen", "rejected")
QUESTIONS = ("prompt", "question", "instruction")
LABELER = "preference"
ATTRIBUTES = ("subset", "id", "prompt_id", "source", "language")
# hh-rlhf writes a whole conversation as one text.
TRANSCRIPT = re.compile(r"\n\n(Human|Assistant): ?")


def load(files: Files) -> Iterator[Item]:
    """One comparison per row with a gold label for the chosen answer, which is A or B by a hash of the texts.

    `chosen` and `rejected` are texts beside a `prompt` (RewardBench), message lists with or without the question
    (UltraFeedback binarized, Skywork, TRL), lists of texts (RewardBench 2: one comparison of all answers, the first
    of them chosen), or transcripts ("Human: ... Assistant: ...", hh-rlhf). `score_chosen` and `score_rejected`, and
    the models' names, are kept. Always showing the chosen answer first would make a judge that prefers the first
    answer look right.

    Source: allenai/reward-bench and reward-bench-2, HuggingFaceH4/ultrafeedback_binarized, Anthropic/hh-rlhf.
    """
    for row in checked_rows(files.inputs, {}):
        yield _item(row) if isinstance(row, Row) else row


def _item(row: Row) -> Item:
    value = row.value
    missing = next((side for side in SIDES if is_missing(value.get(side))), None)
    if missing is not None:
        return row.rejected(f"{missing}: {'null' if missing in value else 'missing'}, expected text or messages")
    is_list = all(_is_texts(value[side]) for side in SIDES)
    shown = _of_lists(value) if is_list else _of_pair(value)
    if isinstance(shown, str):
        return row.rejected(shown)
    chosen = len(value["chosen"]) if is_list else 1
    order = _order(shown.answers)
    models = _models(value, chosen, len(shown.answers))
    comparison = {
        "messages": shown.messages,
        "answers": [{"model": models[place], **shown.answers[place]} for place in order],
        "source": "preference",
        "attributes": attributes_of(value, ATTRIBUTES),
    }
    label, problems = _label(value, order, shown.answers, chosen)
    return accepted(row, comparison, label, problems=problems)


def _label(
    value: Mapping[str, Any], order: Sequence[int], answers: Sequence[Any], chosen: int
) -> tuple[list[dict[str, Any]], list[str]]:
    """The label, or why there is none. `order` gives the places (the chosen ones first) as they are shown."""
    if chosen > 1:
        return [], [f"label by {LABELER}: {chosen} answers are chosen, so none of them is the best"]
    if any(other == answers[0] for other in answers[1:]):
        return [], [f"label by {LABELER}: the chosen answer is also rejected"]
    label = {"labeler": LABELER, "kind": "gold", "verdict": LETTERS[order.index(0)]}
    given = [value.get(f"score_{side}") for side in SIDES]
    if len(answers) != len(SIDES) or all(map(is_missing, given)):
        return [label], []
    scores = [number_meant(score) for score in given]
    wrong = [f"score_{side}: {score}" for side, score in zip(SIDES, scores, strict=True) if isinstance(score, str)]
    if wrong:
        return [label], [f"scores of {LABELER}: {wrong[0]}"]
    return [{**label, "scores": [scores[place] for place in order]}], []


def _of_pair(value: Mapping[str, Any]) -> Answered | str:
    asked = _asked(value)
    conversations = []
    for side in SIDES:
        turns = _conversation(value[side])
        if isinstance(turns, str):
            return placed(side, turns)
        has_question = any(turn.role == "user" for turn in turns)
        if not has_question and asked is None:
            return "prompt: missing, and the answers do not hold the question"
        if isinstance(asked, str) and not has_question:
            return asked
        conversations.append([*asked, *turns] if isinstance(asked, list) and not has_question else turns)
    shown = answered(conversations)
    return f"chosen, rejected: {shown}" if isinstance(shown, str) else shown


def _asked(value: Mapping[str, Any]) -> list[Turn] | str | None:
    """The question's turns, what is wrong with them, or None if the row has no question of its own."""
    key = next((key for key in QUESTIONS if not is_missing(value.get(key))), None)
    if key is None:
        return None
    if isinstance(value[key], str):
        problem = question(value[key])
        return [Turn("user", value[key])] if problem is None else f"{key}: {problem}"
    turns = turns_of(value[key])
    return placed(key, turns) if isinstance(turns, str) else turns


def _conversation(value: Any) -> list[Turn] | str:
    if not isinstance(value, str):
        return turns_of(value)
    problem = text(value)
    if problem is not None:
        return problem
    parts = TRANSCRIPT.split(value)
    if value.startswith("\n\nHuman:") and len(parts) > 2:
        roles = ["user" if speaker == "Human" else "assistant" for speaker in parts[1::2]]
        return [Turn(role, said) for role, said in zip(roles, parts[2::2], strict=True)]
    return [Turn("assistant", value)]


def _of_lists(value: Mapping[str, Any]) -> Answered | str:
    """RewardBench 2: several texts a side, all of them answers to one prompt."""
    asked = _asked(value)
    if not isinstance(asked, list):
        return asked or "prompt: missing"
    answers: list[dict[str, Any]] = [{"text": said} for side in SIDES for said in value[side]]
    return Answered(messages_of(asked), answers) if len(answers) > 1 else "rejected: empty, so there is no pair"


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _models(value: Mapping[str, Any], chosen: int, answers: int) -> list[str | None]:
    named = value.get("models")
    if isinstance(named, list) and len(named) == answers and _is_texts(named):
        return list(named)
    pair = [value.get(f"{side}_model") for side in SIDES]
    sides = [pair[0]] * chosen + [pair[1]] * (answers - chosen)
    return [model if isinstance(model, str) and model else None for model in sides]


def _order(answers: Sequence[Mapping[str, Any]]) -> list[int]:
    """The places of the answers as they are shown: by a hash of their texts, the same on every run and machine."""

    def digest(place: int) -> str:
        # The other answers count too: a model's answer must not have one place in all of its pairs.
        parts = [answers[place], *sorted(answers, key=str)]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    return sorted(range(len(answers)), key=digest)
