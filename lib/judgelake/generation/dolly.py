"""Dolly's layout: instruction, context, response and category; the response is a reference answer.

Source: huggingface.co/datasets/databricks/databricks-dolly-15k, databricks-dolly-15k.jsonl.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from judgelake.comparisons import optional, problem_of, question, text
from judgelake.sources import user_turns

FIELDS = {"instruction": question}
MAY_HAVE = {"context": optional(text), "response": optional(text), "category": optional(text)}


def record_of(value: Mapping[str, Any]) -> dict[str, Any] | str:
    """The record of a seed, or why there is none; an empty context or response is none."""
    whole = {**dict.fromkeys(MAY_HAVE), **value}
    problem = problem_of(whole, {**FIELDS, **MAY_HAVE})
    if problem is not None:
        return problem
    return {
        "messages": user_turns(whole["instruction"]),
        "input": whole["context"] or None,
        "reference": whole["response"] or None,
        "category": whole["category"] or None,
    }
