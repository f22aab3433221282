"""The cores that this process may use, which can be fewer than the machine has."""

from __future__ import annotations

import os


def allowed_cores() -> list[int]:
    """The numbers of the cores that this process may use, ascending."""
    # macOS binds no process to cores, and lacks the call.
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))
