"""Where the journal is: a folder that the driver and all executors can write."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from pathlib import Path

from judgelake.asking.config import OFF
from judgelake.errors import UserError, in_one_line, without_password
from judgelake.stores import STORES, filesystem, holds_a_key, keys_of, scheme_of, store_address, store_errors

# Readers of Delta tables and VACUUM ignore folders with this first letter, except _delta_index and _change_data.
# Source: Delta's documentation of VACUUM, and `DeltaTableUtils.isHiddenDirectory`.
INSIDE_A_TABLE = "_staged_answers"
LOCAL = re.compile(r"file:(?://[^/]*)?(?P<path>/.*)", re.DOTALL)
# Databricks shows its file system to Python as a folder.
DBFS = re.compile(r"dbfs:(?://[^/]*)?(?P<path>/.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class JournalRoot:
    """The folder of the journal.

    Attributes:
        address: an absolute folder, or an address that pyarrow opens; None: there is no journal.
        note: why there is none although nobody switched it off, as a sentence for the user.
    """

    address: str | None
    note: str | None = None


def journal_root(setting: str | None, table_location: str) -> JournalRoot:
    """Where tasks keep their answers: the folder of the setting, or one inside the storage of the output table.

    The place is tested by writing to it from this process, the driver.

    Args:
        setting: `asking.staging`: a folder or address, "off", or None.
        table_location: where the output table is, as Delta says it.

    Raises:
        UserError: the folder of the setting cannot be written, or its address holds a key.
    """
    if setting == OFF:
        return JournalRoot(None)
    address = journal_address(setting, table_location)
    if setting is None:
        why = why_not_here(address) or why_unusable(address)
        return JournalRoot(address) if why is None else JournalRoot(None, _no_journal(table_location, why))
    if scheme_of(setting) in STORES and holds_a_key(setting):
        raise UserError(
            "The address in asking.staging holds a key, which would end up in tables and logs: set it in the "
            "environment of driver and executors (AWS_SECRET_ACCESS_KEY, ...)."
        )
    why = why_unusable(address)
    if why is not None:
        raise UserError(
            f"asking.staging {setting!r} cannot be used: {why}. Name a folder or an address (s3://, gs://, abfss://) "
            "that the driver and all executors can write, or off."
        )
    return JournalRoot(address)


def journal_address(setting: str | None, table_location: str) -> str | None:
    """Where the journal of a table is, or would be, as pyarrow opens it; None if pyarrow cannot, or it is off.

    Args:
        setting: `asking.staging`, as in `journal_root`.
        table_location: as in `journal_root`.
    """
    if setting == OFF:
        return None
    return pyarrow_address(f"{table_location.rstrip('/')}/{INSIDE_A_TABLE}" if setting is None else setting)


def pyarrow_address(place: str) -> str | None:
    """A folder or address as pyarrow opens it; None if it has a scheme that pyarrow does not open.

    Args:
        place: as a user or Delta writes it: a path, file:/..., dbfs:/..., s3a://...; a relative path is this process's.
    """
    if (match := LOCAL.fullmatch(place)) is not None:
        return match["path"].rstrip("/")
    if (match := DBFS.fullmatch(place)) is not None:
        path = match["path"].rstrip("/")
        return path if path.startswith("/Volumes/") else f"/dbfs{path}"
    scheme = scheme_of(place)
    if scheme is None:
        return str(Path(place).resolve())
    return store_address(place) if scheme in STORES else None


def why_not_here(address: str | None) -> str | None:
    """Why a folder inside a table is not one of this machine: the table is not there; None for any other address.

    A client of Spark Connect has another disk than its server: on its own it would make a folder that no task sees.
    """
    is_here = address is None or not address.startswith("/") or Path(address).parent.is_dir()
    return None if is_here else f"this machine has no folder {Path(address or '').parent}"


def why_unusable(address: str | None) -> str | None:
    """Why no file can be written to a place from this process and deleted again; None if it can."""
    if address is None:
        return "judgelake writes there neither as to a folder nor as to an object store it knows"
    name = f"probe-{uuid.uuid4().hex}"
    try:
        system, root = filesystem(address)
        if address.startswith("/"):
            system.create_dir(root, recursive=True)
        with system.open_output_stream(f"{root}/{name}") as file:
            file.write(b"?")
        system.delete_file(f"{root}/{name}")
    except store_errors() as error:
        keys = keys_of(address)
        return in_one_line(error) + ("" if keys is None else f" (keys are read from the environment: {keys})")
    return None


def _no_journal(table_location: str, why: str) -> str:
    # What comes before an @ is a container of Azure, or a key.
    location = without_password(table_location) if holds_a_key(table_location) else table_location
    return (
        f"Answers are only kept once their chunk is in the table, because {location} cannot be "
        f"written from Python: {why}. To lose none of a run that fails or is stopped, set asking.staging to a folder "
        "that the driver and all executors can write."
    )
