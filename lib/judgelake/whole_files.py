"""Files that others find whole or not at all: written beside their place, then renamed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Context with a path to write to; what is there at the end takes the place of `path` in one step.

    If something is raised in between, or the process is killed, `path` is as it was before: absent, or an older file.
    Two processes may do this at the same time; the last one counts. The folder must exist.

    Raises:
        OSError: it cannot be renamed, or nothing was written.
    """
    # In the same folder, so that the last step is a rename within one file system.
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield draft
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
