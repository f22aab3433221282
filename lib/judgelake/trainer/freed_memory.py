"""Memory that a training on a CPU frees goes back to the system."""

from __future__ import annotations

import ctypes


def return_freed_memory() -> None:
    """Return what this process has freed; does nothing where there is no glibc.

    By itself glibc takes blocks of up to 32 MB from one heap once one of that size was freed (mallopt(3), dynamic mmap
    threshold), and rows of ever new lengths leave gaps there which nothing fits: a training of the small model with 8
    rows of at most 512 tokens, which needs 6.6 GB, held 15 GB after 120 steps and was killed at step 285 for want of
    memory on 24 GB. Memory of its own for each large tensor (a fixed threshold) took 1.8 times as long a step.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
