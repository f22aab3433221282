"""How judgelake's code runs in a Python worker of Spark."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from judgelake.asking.task_error import marked_errors


@contextmanager
def in_worker() -> Iterator[None]:
    """Around all that a task does: its errors reach the driver as judgelake's, and loaded code costs no time.

    Raises:
        RuntimeError: a judgelake error of the task, marked; see `task_error`.
    """
    _spare_loaded_code()
    with marked_errors():
        yield


@lru_cache(maxsize=1)
def _spare_loaded_code() -> None:
    """Let the garbage collector pass over what is loaded by now: modules that stay, a hundred thousand objects.

    Rows make so many objects that it would look through all of them again and again, for a tenth of a task's time.
    """
    gc.freeze()
