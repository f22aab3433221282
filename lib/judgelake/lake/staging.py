"""A folder for rows on their way into tables, which the driver and Spark's executors can both access."""

from __future__ import annotations

import contextlib
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from judgelake.config import Tables
from judgelake.errors import UserError


@contextmanager
def staging_folder(staging: str | None, tables: Tables, purpose: str) -> Iterator[Path]:
    """A new folder that this process and Spark's executors can both access, deleted at the end.

    Args:
        staging: the folder in which it is made; None: inside the warehouse folder.
        tables: name the warehouse.
        purpose: how its name begins.

    Raises:
        UserError: it cannot be created, or no place is known that both can access.
    """
    place = Path(staging) if staging is not None else _inside_warehouse(tables)
    folder = place.resolve() / f"{purpose}-{uuid.uuid4().hex}"
    was_there = [parent for parent in (folder.parent, folder.parent.parent) if parent.exists()]
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise UserError(
            f"Cannot write to {str(place)!r}: {error.strerror}. Make it writable or set `staging`."
        ) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        for parent in (folder.parent, folder.parent.parent):
            if parent not in was_there:
                with contextlib.suppress(OSError):
                    parent.rmdir()


def _inside_warehouse(tables: Tables) -> Path:
    if tables.warehouse is None or "://" in tables.warehouse:
        raise UserError(
            "`staging` is not set: name a folder that this machine and Spark's executors can both access, for example "
            "a Unity Catalog volume: --set staging=/Volumes/main/default/judgelake."
        )
    return Path(tables.warehouse) / "_staging"
