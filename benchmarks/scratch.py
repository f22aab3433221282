"""Where a benchmark writes: a folder of its own, gone when it ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Context with an empty folder; what cannot be removed from it, such as what an engine still writes, stays."""
    with TemporaryDirectory(prefix="judgelake-bench-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)
