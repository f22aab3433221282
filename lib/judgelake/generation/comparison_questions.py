"""The questions of comparisons, in judgelake's own JSONL or table: without their answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KEPT = ("messages", "input", "reference", "source", "attributes", "category", "language", "licence")


def record_of(value: Mapping[str, Any]) -> dict[str, Any] | str:
    """The record of a seed; also of one that is written as such."""
    return {name: value[name] for name in KEPT if value.get(name) is not None}
