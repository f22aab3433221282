"""The name under which judgments of a model are kept: the content of its files, or its name and commit."""

from __future__ import annotations

import socket
from pathlib import Path

from judgelake.engine.errors import StartRefused
from judgelake.engine.keys import JUDGE, Keys
from judgelake.engine.model.content import content_hash
from judgelake.engine.model.folder import local_model, model_files
from judgelake.engine.model.layout import MODEL, Kind
from judgelake.errors import UserError

LOCAL = "local:"


def served_identity(name: str, revision: str | None) -> str:
    """A model behind `engine.url`, as "name@revision": the name is the server's, even if it looks like a path."""
    return f"{name}@{revision or 'unpinned'}"


def model_identity(model: str, revision: str | None) -> str:
    """The model as "local:<sha256>" of a folder's content, or "name@revision" ("unpinned" where no revision is given).

    The path of a folder is not part of it.

    Raises:
        UserError: the path contains no model.
    """
    folder = local_model(model)
    return served_identity(model, revision) if folder is None else folder_identity(Path(model).expanduser())


def folder_identity(folder: Path, kind: Kind = MODEL, keys: Keys = JUDGE) -> str:
    """The content of a model's or adapter's folder, as "local:<sha256>"; see `content_hash`.

    Raises:
        UserError: the folder does not hold exactly one.
    """
    files = model_files(folder, kind, keys)
    return LOCAL + content_hash({name: folder / below for name, below in files.items()})


def check_model(model: str, revision: str | None, expected: str, kind: Kind = MODEL, keys: Keys = JUDGE) -> None:
    """Refuse a model or adapter on this host that is not the one that the driver named in the run's fingerprint.

    Args:
        model: a folder here, or a model's name on Hugging Face.
        revision: of a name on Hugging Face.
        expected: its identity on the driver.
        kind: a model, or an adapter.
        keys: of the job's config.

    Raises:
        StartRefused: it is another one, or not there.
    """
    host = socket.gethostname()
    try:
        folder = local_model(model, kind, keys)
        found = served_identity(model, revision) if folder is None else folder_identity(Path(model).expanduser(), kind)
    except UserError as error:
        raise StartRefused(f"On host {host}: {error}") from error
    if found != expected:
        key = keys.of(kind.name)
        raise StartRefused(
            f"The {kind.name} {model!r} on host {host} is {found}, and this run's judge is {expected}, as it is on the "
            f"driver: put the same files on every host, or set {key} to a place that all hosts read from."
        )
