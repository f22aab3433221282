"""Parts of the Markdown that is written for the pages in docs/ and the cards of judges."""

from __future__ import annotations

from collections.abc import Iterable


def cell(text: str) -> str:
    """The text as a cell of a table: nothing in it ends the cell or is read as HTML."""
    return text.replace("|", "\\|").replace("<", "&lt;")


def bullets(lines: Iterable[str]) -> str:
    """A list with one point for each line."""
    return "\n".join(f"- {line}" for line in lines)
