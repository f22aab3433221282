"""A model in a local folder."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from judgelake.engine.keys import JUDGE, Keys
from judgelake.engine.model.layout import ADAPTER, MODEL, Kind, files_of
from judgelake.engine.model.place import KNOWN
from judgelake.errors import UserError

# They count positions from behind their padding token, and have as many fewer.
OF_ROBERTA = re.compile(r"(?:xlm-)?roberta(?:-xl|-prelayernorm)?|camembert|data2vec-text|longformer|mpnet|xmod|luke")


def local_model(model: str, kind: Kind = MODEL, keys: Keys = JUDGE) -> Path | None:
    """The folder of a local model or adapter; None for a name on Hugging Face.

    Of a folder that MLflow has written it is the folder with the weights in it.

    Raises:
        UserError: the name can only be a path, and there is no such folder, or nothing of this kind in it.
    """
    path = Path(model).expanduser()
    if path.is_dir():
        if not (path / kind.marker).is_file():
            path = path / Path(model_files(path, kind, keys)[kind.marker]).parent
        return path.resolve()
    has_parent_here = "/" in model and path.parent.is_dir()
    looks_like_path = model.startswith((".", "~", os.sep)) or model.count("/") > 1 or path.exists() or has_parent_here
    if looks_like_path or not model:
        raise UserError(
            f"The {kind.name} {model!r} is not a folder on this machine. Set {keys.of(kind.name)} to a folder, a "
            f"Hugging Face name, or an address ({KNOWN})."
        )
    return None


def is_scattered(folder: Path) -> bool:
    """Whether MLflow keeps the tokenizer of the model in this folder apart from its weights, where no engine looks."""
    if (folder / MODEL.marker).is_file():
        return False
    files = model_files(folder)
    root = files[MODEL.marker].removesuffix(MODEL.marker)
    return any(below != root + name for name, below in files.items())


def model_files(folder: Path, kind: Kind = MODEL, keys: Keys = JUDGE) -> dict[str, str]:
    """The files of the model or adapter in a folder; see `files_of`.

    Raises:
        UserError: as `files_of`; a folder that holds only an adapter is no model.
    """
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    if kind is MODEL and MODEL.marker not in names and ADAPTER.marker in names:
        also = "" if keys.adapter is None else f"{keys.adapter} to it, and "
        raise UserError(
            f"The model folder {str(folder)!r} has no {MODEL.marker} and is an adapter: set {also}{keys.model} to the "
            "model that it was trained on."
        )
    return files_of(kind, names, str(folder))


def most_positions(folder: Path) -> int | None:
    """How many tokens the model in a folder reads at most, by its config.json; None if it names no limit."""
    try:
        whole = json.loads((folder / "config.json").read_text("utf-8"))
        config = whole.get("text_config", whole)
        named = config.get("max_position_embeddings", config.get("n_positions"))
        if named is None or named <= 0:
            return None
        is_shifted = OF_ROBERTA.fullmatch(config.get("model_type", ""))
        return int(named - config.get("pad_token_id", 1) - 1) if is_shifted else int(named)
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def shortest_context(folder: Path | None, *limits: int | None) -> int:
    """The context in tokens that the model in a folder and all other limits allow, of which at least one is known."""
    own = None if folder is None else most_positions(folder)
    return min(length for length in (own, *limits) if length is not None)
