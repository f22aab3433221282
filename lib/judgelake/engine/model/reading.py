"""Reads the files of a model from its place into a folder of this host."""

from __future__ import annotations

import errno
import hashlib
import shutil
import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from judgelake.engine.keys import JUDGE, Keys
from judgelake.engine.model.folder import model_files
from judgelake.engine.model.layout import Kind, files_of
from judgelake.engine.model.place import Place
from judgelake.errors import UserError, in_one_line
from judgelake.stores import filesystem, keys_of, store_errors

# One stream of an object store gives a part of what a host's network can.
FILES_AT_ONCE = 8
BLOCK_BYTES = 16 * 1024 * 1024


def stamp_of(place: Place) -> str:
    """What is new whenever the files of a place are; empty if only reading them tells.

    In an object store and a folder it is the list of all files with their sizes and times of change.

    Raises:
        UserError: the place cannot be read.
    """
    if place.by_mlflow:
        return place.stamp
    lines = sorted(f"{name}\0{info.size}\0{info.mtime_ns}" for name, info in _listed(place).items())
    return hashlib.sha256("\n".join([place.source, *lines]).encode()).hexdigest()


def read_files(place: Place, kind: Kind, folder: Path, keys: Keys = JUDGE) -> None:
    """Read the files that make a model or adapter into a new folder.

    Raises:
        UserError: the place cannot be read, holds no such thing, or the disk is full.
    """
    folder.mkdir(parents=True)
    try:
        _read_by_mlflow(place, kind, folder) if place.by_mlflow else _read(place, kind, folder)
    except store_errors() as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise UserError(
                f"There is no space for the {kind.name} {place.uri!r} in {str(folder.parent)!r} on host "
                f"{socket.gethostname()}: set {keys.model_cache} to a folder on a larger disk."
            ) from error
        raise unreadable(place, error) from error


def unreadable(place: Place, error: Exception) -> UserError:
    """The error of a place that cannot be read from this host, with what to look at."""
    keys = keys_of(place.source)
    advice = "" if keys is None else f", the keys in this host's environment ({keys})"
    return UserError(
        f"Cannot read {place.uri!r} on host {socket.gethostname()}: {in_one_line(error)}. Check the address{advice} "
        "and the network."
    )


def _listed(place: Place) -> dict[str, Any]:
    """All files below a place by their relative names, with size and time of change."""
    from pyarrow.fs import FileSelector, FileType

    try:
        system, root = filesystem(place.source)
        found = system.get_file_info(FileSelector(root, recursive=True))
    except store_errors() as error:
        raise unreadable(place, error) from error
    prefix = root.rstrip("/") + "/"
    return {info.path.removeprefix(prefix): info for info in found if info.type == FileType.File}


def _read(place: Place, kind: Kind, folder: Path) -> None:
    files = files_of(kind, _listed(place), place.uri)
    system, root = filesystem(place.source)

    def read(name: str) -> None:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with system.open_input_stream(f"{root.rstrip('/')}/{files[name]}") as source, target.open("wb") as file:
            shutil.copyfileobj(source, file, BLOCK_BYTES)

    with ThreadPoolExecutor(FILES_AT_ONCE, thread_name_prefix="judgelake-model") as pool:
        list(pool.map(read, files))


def _read_by_mlflow(place: Place, kind: Kind, folder: Path) -> None:
    """Let MLflow load all that it keeps with a model, and take what makes it."""
    try:
        import mlflow
    except ImportError as error:
        raise UserError(f"{place.uri!r} needs MLflow, which is not installed on this host.") from error
    raw = folder.with_name(f"{folder.name}.all")
    shutil.rmtree(raw, ignore_errors=True)
    raw.mkdir()
    try:
        got = Path(
            mlflow.artifacts.download_artifacts(
                artifact_uri=place.source,
                dst_path=str(raw),
                tracking_uri=place.tracking_uri,
                registry_uri=place.registry_uri,
            )
        )
        _take(model_files(got, kind), got, folder)
    except ImportError as error:
        raise UserError(
            f"MLflow cannot read {place.uri!r} on host {socket.gethostname()} without the package "
            f"{error.name or str(error)!r}: install it on driver and executors."
        ) from error
    except mlflow.MlflowException as error:
        raise unreadable(place, error) from error
    finally:
        shutil.rmtree(raw, ignore_errors=True)


def _take(files: Mapping[str, str], source: Path, folder: Path) -> None:
    for name, below in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(source / below, target)
