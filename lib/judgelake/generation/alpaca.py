"""Alpaca's layout: instruction, input and output; the output is a reference answer.

Source: github.com/tatsu-lab/stanford_alpaca, alpaca_data.json; many other instruction sets have the same keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from judgelake.comparisons import optional, problem_of, question, text
from judgelake.sources import user_turns

FIELDS = {"instruction": question}
MAY_HAVE = {"input": optional(text), "output": optional(text)}


def record_of(value: Mapping[str, Any]) -> dict[str, Any] | str:
    """The record of a seed, or why there is none; an empty input or output is none."""
    whole = {**dict.fromkeys(MAY_HAVE), **value}
    problem = problem_of(whole, {**FIELDS, **MAY_HAVE})
    if problem is not None:
        return problem
    return {
        "messages": user_turns(whole["instruction"]),
        "input": whole["input"] or None,
        "reference": whole["output"] or None,
    }
