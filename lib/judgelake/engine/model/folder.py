"""A model in a local folder."""

from __future__ import annotations

import json
import os
from pathlib import Path

from judgelake.engine.model.layout import ADAPTER, MODEL, Kind, files_of
from judgelake.errors import UserError


def local_model(model: str) -> Path | None:
    """The folder of a local model; None for a name on Hugging Face.

    Of a folder that MLflow has written it is the folder with the weights in it.

    Raises:
        UserError: the name can only be a path, and there is no such folder, or no model in it.
    """
    path = Path(model).expanduser()
    if path.is_dir():
        if not (path / MODEL.marker).is_file():
            path = path / Path(model_files(path)[MODEL.marker]).parent
        return path.resolve()
    has_parent_here = "/" in model and path.parent.is_dir()
    looks_like_path = model.startswith((".", "~", os.sep)) or model.count("/") > 1 or path.exists() or has_parent_here
    if looks_like_path or not model:
        raise UserError(
            f"The model {model!r} is not a folder on this machine. Set judge.model to a folder or a Hugging Face name."
        )
    return None


def model_files(folder: Path, kind: Kind = MODEL) -> dict[str, str]:
    """The files of the model or adapter in a folder; see `files_of`.

    Raises:
        UserError: as `files_of`; a folder that holds only an adapter is no model.
    """
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    if kind is MODEL and MODEL.marker not in names and ADAPTER.marker in names:
        raise UserError(
            f"The model folder {str(folder)!r} has no {MODEL.marker} and is an adapter: set judge.adapter to it, and "
            "judge.model to the model that it was trained on."
        )
    return files_of(kind, names, str(folder))


def most_positions(folder: Path) -> int | None:
    """The maximum context in tokens of a model in a folder, by its config.json; None if that does not say it."""
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return None
    positions = config.get("max_position_embeddings") if isinstance(config, dict) else None
    return positions if isinstance(positions, int) else None
