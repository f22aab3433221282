"""Instruction sets of flat rows: a question, further text it works on, and a reference answer, under several names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from judgelake.comparisons import optional, problem_of, question, text
from judgelake.sources import user_turns


@dataclass(frozen=True, slots=True)
class InstructionKeys:
    """What the keys of a layout hold; all but the question may be absent, null or empty."""

    question: str
    input: str
    reference: str
    category: str | None = None

    def record_of(self, value: Mapping[str, Any]) -> dict[str, Any] | str:
        """The record of a seed, or why there is none."""
        keys = {"input": self.input, "reference": self.reference, "category": self.category}
        given = {name: key for name, key in keys.items() if key is not None}
        whole = {**dict.fromkeys(given.values()), **value}
        checks = {self.question: question, **dict.fromkeys(given.values(), optional(text))}
        problem = problem_of(whole, checks)
        if problem is not None:
            return problem
        return {
            "messages": user_turns(whole[self.question]),
            **{name: whole[key] or None for name, key in given.items()},
        }


ALPACA = InstructionKeys("instruction", "input", "output")
"""Source: github.com/tatsu-lab/stanford_alpaca, alpaca_data.json; many other instruction sets have the same keys."""
DOLLY = InstructionKeys("instruction", "context", "response", "category")
"""Source: huggingface.co/datasets/databricks/databricks-dolly-15k, databricks-dolly-15k.jsonl."""
