"""A chunk of a plan, for tests of what is done with one."""

from __future__ import annotations

from judgelake.asking.line import Line
from judgelake.asking.plan import Chunk


def small_chunk(
    number: int = 0, requests: int = 1, *, prompt_bytes: int = 1, app_id: str = "app", has_new: bool = True
) -> Chunk:
    """All of its requests are asked, and are of one question."""
    return Chunk(number, requests, requests, prompt_bytes, app_id, has_new, Line(prompt_bytes, prompt_bytes))
