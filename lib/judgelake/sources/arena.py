"""Chatbot Arena: whole conversations with two models and people's votes; and the votes as LMSYS gave them to Kaggle."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from judgelake.comparisons import TIE, identifier, kind_of, name, optional, placed, problem_of, text
from judgelake.sources.conversations import Answered, answered, first_turns, turns_of
from judgelake.sources.loaded import Files, Item, Row, accepted, user_turns
from judgelake.sources.rows import checked_rows
from judgelake.sources.values import attributes_of, is_missing, one_hot

WINNERS = {
    "model_a": "A",
    "model_b": "B",
    "tie": TIE,
    # Nobody won, so it is a tie; the files of 2023 and 2024 write it with a space, those of 2025 with a line.
    "tie (bothbad)": TIE,
    "tie (both bad)": TIE,
    "both_bad": TIE,
    "bothbad": TIE,
}
ONE_HOT = {"winner_model_a": "A", "winner_model_b": "B", "winner_tie": TIE}
VOTERS = ("judge", "judge_hash")
NOBODY = "arena"
"""The labeler where the file does not say who voted."""
# Of lmsys/mt_bench_human_judgments, whose second half is not by humans.
OF_MODELS = ("gpt4_pair",)
ATTRIBUTES = ("question_id", "id", "language", "category", "turn")
MODELS = {"model_a": optional(text), "model_b": optional(text)}


def load(files: Files) -> Iterator[Item]:
    """One comparison per row, with the vote as a label; votes on the same answers belong to one comparison.

    A row has `conversation_a` and `conversation_b` (message lists, or their JSON as text), or Kaggle's `prompt`,
    `response_a` and `response_b` (lists of texts, as text). A vote is `winner`, or Kaggle's three columns of which
    one is 1; a row without one is a comparison without a label. The labeler is the voter (`judge`).

    Source: the data sets lmsys/chatbot_arena_conversations, lmarena-ai/arena-human-preference-55k, -100k and -140k,
    lmsys/mt_bench_human_judgments.
    """
    for row in checked_rows(files.inputs, {}):
        yield voted(row, "arena") if isinstance(row, Row) else row


def voted(row: Row, source: str) -> Item:
    """The comparison of a row with its vote; see `load`."""
    value = row.value
    problem = problem_of({**dict.fromkeys(MODELS), **value}, MODELS)
    shown = problem or (_of_conversations(value) if "conversation_a" in value else _of_lists(value))
    if isinstance(shown, str):
        return row.rejected(shown)
    models = (value.get("model_a") or None, value.get("model_b") or None)
    comparison = {
        "messages": shown.messages,
        "answers": [{"model": model, **answer} for model, answer in zip(models, shown.answers, strict=True)],
        "source": source,
        "attributes": attributes_of(value, ATTRIBUTES),
    }
    verdict, unread = winner_of(value)
    voter, kind = voter_of(value)
    labels = [] if verdict is None else [{"labeler": voter, "kind": kind, "verdict": verdict}]
    return accepted(row, comparison, labels, problems=[] if unread is None else [f"label by {voter}: {unread}"])


def _of_conversations(value: Mapping[str, Any]) -> Answered | str:
    conversations = []
    turn = value.get("turn")
    for key in ("conversation_a", "conversation_b"):
        turns = turns_of(value.get(key))
        if isinstance(turns, str):
            return placed(key, turns)
        # In MT-bench's votes `turn` is the turn that was judged, in the arena's the number of turns.
        conversations.append(first_turns(turns, turn) if isinstance(turn, int) and turn > 0 else turns)
    shown = answered(conversations)
    return f"conversation_a, conversation_b: {shown}" if isinstance(shown, str) else shown


def _of_lists(value: Mapping[str, Any]) -> Answered | str:
    parts = []
    for key in ("prompt", "response_a", "response_b"):
        texts = _texts(value[key]) if key in value else "missing"
        if isinstance(texts, str):
            return placed(key, texts)
        parts.append(texts)
    prompts, *responses = parts
    for key, said in zip(("response_a", "response_b"), responses, strict=True):
        if len(said) != len(prompts):
            return f"{key}: {len(said)} turns, but the prompt has {len(prompts)}"
    answers = [{"text": said[0]} if len(said) == 1 else {"turns": said} for said in responses]
    return Answered(user_turns(*prompts), answers)


def _texts(value: Any) -> list[str] | str:
    """A list of texts, given as a list, as its JSON, or as the one text that it holds."""
    if isinstance(value, str):
        try:
            value = json.loads(value) if value.lstrip().startswith("[") else [value]
        except ValueError:
            return "expected a list of texts"
    if not isinstance(value, list) or not value:
        return f"{kind_of(value)}, expected a list of texts"
    problems = [placed(f"[{place}]", problem) for place, item in enumerate(value) if (problem := text(item))]
    return problems[0] if problems else value


def winner_of(value: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The verdict, or what is wrong with it; neither if the row has no vote."""
    if "winner" in value:
        written = value["winner"]
        if is_missing(written) or written == "":
            return None, None
        verdict = WINNERS.get(written) if isinstance(written, str) else None
        return verdict, None if verdict else f"winner: {kind_of(written)}, expected {', '.join(WINNERS)}"
    return one_hot(value, ONE_HOT)


def voter_of(value: Mapping[str, Any]) -> tuple[str, str]:
    """Who voted, and the kind of the label."""
    given = next((value[key] for key in VOTERS if value.get(key)), NOBODY)
    if isinstance(given, list):
        return "/".join(map(str, given)), "teacher"
    called = str(given) if identifier(given) is None and name(str(given)) is None else NOBODY
    return called, "teacher" if called in OF_MODELS else "human"
