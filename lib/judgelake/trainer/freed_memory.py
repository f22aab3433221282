"""Memory that a training on a CPU frees goes back to the system."""

from __future__ import annotations

import ctypes
import os

# Of glibc's malloc.h.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
LARGE_BYTES = 2**20
OF_THE_USER = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES")
"""Variables by which a user decides this; then nothing is changed."""


def return_freed_memory() -> None:
    """Give each large tensor memory of its own, which is returned when it is freed; nothing where there is no glibc.

    By itself glibc takes blocks of up to 32 MB from one heap once one of that size was freed (mallopt(3), dynamic mmap
    threshold). Rows of ever new lengths leave gaps there which nothing fits: a training of the small model with 8 rows
    of at most 512 tokens, which needs 6.6 GB, held 15 GB after 120 steps and was killed for want of memory at 285 on
    24 GB. In return each large tensor costs calls of the system: up to a tenth of the speed.
    """
    if any(name in os.environ for name in OF_THE_USER):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)
        mallopt(M_TRIM_THRESHOLD, LARGE_BYTES)
