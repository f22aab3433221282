"""Loads files in a format, and looks at what came in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from judgelake.sources import Files, Loaded, Rejected, format_named


def load(format_name: str, *inputs: Path, **others: Any) -> list[Any]:
    return list(format_named(format_name).load(Files(inputs=inputs, **others)))


def labels_of(item: Loaded) -> list[tuple[Any, ...]]:
    return [(label.labeler, label.kind, label.verdict or label.scores) for label in item.labels]


def texts_of(item: Loaded) -> list[Any]:
    assert item.comparison is not None
    return [answer.text for answer in item.comparison.answers]


def reasons(items: list[Any]) -> list[str]:
    assert all(isinstance(item, Rejected) for item in items), items
    return [item.reason for item in items]


def refused(item: Any) -> list[str]:
    """Why labels of a row were refused whose comparison was taken without them."""
    assert isinstance(item, Loaded), item
    assert item.comparison is not None
    return [label.reason for label in item.refused]
