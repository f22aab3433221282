"""Whether a place on disk can be written, found out by writing.

Not by os.access: that says yes to root, and on some network file systems to everybody.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def nearest_existing(path: str | Path) -> Path:
    """The path itself where it exists, else the nearest folder above it that does (or the file in its way)."""
    place = Path(path).resolve()
    # Not Path.exists: that raises where a folder above may not be looked into.
    while not os.path.exists(place):
        place = place.parent
    return place


def why_unwritable(path: str | Path) -> str | None:
    """Why this user cannot write a folder or file, in the system's words; None where it can be written.

    A file needs a folder that can be written, too: a database puts its journal there. Of a path that does not exist
    the nearest folder above it is tried. Nothing that could be seen is made or changed.
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
