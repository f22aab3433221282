"""What a Python worker of Spark does once, before its first rows."""

from __future__ import annotations

import gc
from functools import lru_cache


@lru_cache(maxsize=1)
def spare_loaded_code() -> None:
    """Let the garbage collector pass over what is loaded by now: modules that stay, a hundred thousand objects.

    Rows make so many objects that it would look through all of them again and again, for a tenth of a task's time.
    """
    gc.freeze()
