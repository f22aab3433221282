"""Whether a path on disk is writable, tested by writing.

Not by os.access: it returns true for root, and on some network file systems for everybody.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def nearest_existing(path: str | Path) -> Path:
    """The path itself if it exists, else the nearest parent that does (a folder, or a file in the way)."""
    place = Path(path).resolve()
    # Not Path.exists: it raises if a parent folder may not be searched.
    while not os.path.exists(place):
        place = place.parent
    return place


def why_unwritable(path: str | Path) -> str | None:
    """Why this user cannot write a folder or file, as the system's message; None if it is writable.

    A file also needs a writable folder: a database puts its journal there. For a path that does not exist, the
    nearest existing parent is tested. Nothing visible is created or changed.
    """
    wanted = Path(path).resolve()
    try:
        place = nearest_existing(wanted)
        if place.is_file():
            if place != wanted:
                return f"{place} is a file"
            place.open("ab").close()
            place = place.parent
        tempfile.TemporaryFile(dir=place).close()
    except OSError as error:
        return error.strerror or str(error)
    return None


def is_writable(path: str | Path) -> bool:
    """Whether this user can write a folder or file, see `why_unwritable`."""
    return why_unwritable(path) is None
