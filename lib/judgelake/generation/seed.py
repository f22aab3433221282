"""A seed: a question that models are to answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from judgelake.comparisons import (
    Comparison,
    Failure,
    Message,
    Status,
    comparison_from_record,
    optional,
    problem_of,
    text,
)

OF_A_QUESTION = ("messages", "input", "reference", "source", "attributes")
OF_A_SEED = {name: optional(text) for name in ("category", "language", "licence")}
# What the question of a seed has and a comparison needs beside it.
NO_ANSWER = [{"text": ""}]


@dataclass(frozen=True, slots=True)
class Seed:
    """A question or conversation to be answered, with what its source knows of it.

    `messages` end with the user's; `input` is further text the instruction works on. `seed_id` is the `question_id` of
    all comparisons that are made of it.
    """

    seed_id: str
    messages: tuple[Message, ...]
    input: str | None = None
    reference: str | None = None
    category: str | None = None
    language: str | None = None
    source: str | None = None
    licence: str | None = None
    attributes: dict[str, str] = field(default_factory=dict)

    @property
    def characters(self) -> int:
        """Of all that a model is asked."""
        return sum(len(message.content) for message in self.messages) + len(self.input or "")


def seed_from_record(record: Mapping[str, Any]) -> Seed | Failure:
    """The seed that a record describes, or invalid_input with the name of the field.

    Its id comes from messages and input alone, whatever else the record holds: the same question is the same seed.
    """
    question = {name: record[name] for name in OF_A_QUESTION if record.get(name) is not None}
    # A seed is the question of a comparison, and checked and named as one.
    comparison = comparison_from_record({**question, "answers": NO_ANSWER})
    if isinstance(comparison, Failure):
        return comparison
    about = {name: record.get(name) for name in OF_A_SEED}
    if (problem := problem_of(about, OF_A_SEED)) is not None:
        return Failure(Status.INVALID_INPUT, problem)
    return Seed(
        seed_id=comparison.question_id,
        messages=comparison.messages,
        input=comparison.input,
        reference=comparison.reference,
        source=comparison.source,
        attributes=comparison.attributes,
        **about,
    )


def question_id_of(comparison: Comparison) -> str:
    """The id that the question of a comparison has as a seed, whatever the comparison calls it."""
    messages = [{"role": message.role, "content": message.content} for message in comparison.messages]
    seed = seed_from_record({"messages": messages, "input": comparison.input})
    assert isinstance(seed, Seed), "the question of a comparison is one of a seed"
    return seed.seed_id


def seed_to_record(seed: Seed) -> dict[str, Any]:
    """The record of a seed: every field, null where there is no value."""
    return {
        "seed_id": seed.seed_id,
        "messages": [{"role": message.role, "content": message.content} for message in seed.messages],
        "input": seed.input,
        "reference": seed.reference,
        "category": seed.category,
        "language": seed.language,
        "source": seed.source,
        "licence": seed.licence,
        "attributes": dict(seed.attributes),
    }
