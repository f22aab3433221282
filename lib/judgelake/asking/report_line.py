"""A task's report as it arrives at the driver: a line of JSON from the network, believed only if it is well-formed."""

from __future__ import annotations

import hmac
import json
from typing import Any

from judgelake.comparisons import Status

# The settings of an engine take a few KB, the reason of a failure 500 characters.
MOST_BYTES = 256 * 1024
# A task's question to the driver.
ASKED = "all_fail_alike"
_STATUSES = frozenset(status.value for status in Status)
_OF_ENGINES = frozenset(("start_s", "devices", "settings"))


def report_of(line: bytes, token: str) -> dict[str, Any] | None:
    """The report in a line; None for a line that is cut off, malformed, or not from a task of this run.

    Args:
        line: with its line break; a line without one is cut off.
        token: the run's secret, which every report repeats.
    """
    try:
        message = json.loads(line) if line.endswith(b"\n") else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict) or not hmac.compare_digest(str(message.get("token")).encode(), token.encode()):
        return None
    return message if _is_report(message) else None


def _is_report(message: dict[str, Any]) -> bool:
    counts = [message.get(name, 0) for name in ("known", "prompt_tokens", "output_tokens", ASKED)]
    statuses, engines = message.get("statuses", {}), message.get("engines", {})
    if not (isinstance(statuses, dict) and isinstance(engines, dict) and statuses.keys() <= _STATUSES):
        return False
    return (
        all(isinstance(count, int) for count in (*counts, *statuses.values()))
        and isinstance(message.get("reason"), str | None)
        and all(_is_note(note) for note in engines.values())
    )


def _is_note(note: Any) -> bool:
    return (
        isinstance(note, dict)
        and note.keys() == _OF_ENGINES
        and isinstance(note["start_s"], float | int | None)
        and isinstance(note["devices"], int)
        and isinstance(note["settings"], dict)
    )
