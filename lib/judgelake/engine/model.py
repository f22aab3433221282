"""What a model is: the content of a local folder, or a name and revision on Hugging Face."""

from __future__ import annotations

import hashlib
import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from judgelake.errors import UserError

# Files small enough to read whole; weights are sampled.
WHOLE_BELOW = 16 * 1024 * 1024
SAMPLED_BLOCKS = 16
BLOCK_BYTES = 64 * 1024
# Files that may lie next to a model without making it a different model.
IGNORED_SUFFIXES = (".md", ".lock", ".metadata", ".gitattributes", ".gitignore", ".png", ".jpg", ".pdf")
IGNORED_NAMES = ("LICENSE", "LICENCE", "NOTICE")


def local_model(model: str) -> Path | None:
    """The folder of a local model; None for a name on Hugging Face.

    Raises:
        UserError: the name can only be a path, and there is no such folder.
    """
    path = Path(model).expanduser()
    if path.is_dir():
        if not (path / "config.json").is_file():
            raise UserError(f"The model folder {model!r} has no config.json. Give a folder in Hugging Face format.")
        return path.resolve()
    has_parent_here = "/" in model and path.parent.is_dir()
    looks_like_path = model.startswith((".", "~", os.sep)) or model.count("/") > 1 or path.exists() or has_parent_here
    if looks_like_path or not model:
        raise UserError(
            f"The model {model!r} is not a folder on this machine. Set judge.model to a folder or a Hugging Face name."
        )
    return None


def most_positions(folder: Path) -> int | None:
    """The maximum context in tokens of a model in a folder, by its config.json; None if that does not say it."""
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return None
    positions = config.get("max_position_embeddings") if isinstance(config, dict) else None
    return positions if isinstance(positions, int) else None


def shortest_context(folder: Path | None, *limits: int | None) -> int:
    """The context in tokens that the model in a folder and all other limits allow, of which at least one is known."""
    own = None if folder is None else most_positions(folder)
    return min(length for length in (own, *limits) if length is not None)


def served_identity(name: str, revision: str | None) -> str:
    """A model behind `engine.url`, as "name@revision": the name is the server's, even if it looks like a path."""
    return f"{name}@{revision or 'unpinned'}"


def model_identity(model: str, revision: str | None) -> str:
    """The model as "local:<sha256>" of a folder's content, or "name@revision" ("unpinned" where no revision is given).

    Small files (config, index, tokenizer, templates) are hashed whole; weight files by their size, header and blocks
    spread over the file, so that any model is identified in well under a second. The path is not part of it.

    Raises:
        UserError: the path contains no model.
    """
    folder = local_model(model)
    if folder is None:
        return served_identity(model, revision)
    files = sorted(path for path in folder.rglob("*") if path.is_file() and _counts(path, folder))
    stamp = tuple((str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files)
    return f"local:{_content_hash(folder, stamp)}"


@lru_cache(maxsize=8)
def _content_hash(folder: Path, stamp: tuple[tuple[str, int, int], ...]) -> str:
    digest = hashlib.sha256()
    for name, size, _ in stamp:
        path = Path(name)
        content = path.read_bytes() if size < WHOLE_BELOW else _sample(path, size)
        content = _canonical_config(content) if path.name == "config.json" else content
        relative = path.relative_to(folder).as_posix()
        digest.update(f"{relative}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _canonical_config(content: bytes) -> bytes:
    """config.json without the names its writer left: they say where the model came from, not what it is."""
    try:
        config: Any = json.loads(content)
    except ValueError:
        return content
    if not isinstance(config, dict):
        return content
    kept = {key: value for key, value in config.items() if key not in ("_name_or_path", "_model_name_or_path")}
    return json.dumps(kept, sort_keys=True).encode()


def _counts(path: Path, folder: Path) -> bool:
    relative = path.relative_to(folder)
    is_hidden = any(part.startswith(".") for part in relative.parts)
    return not is_hidden and path.suffix.lower() not in IGNORED_SUFFIXES and path.name not in IGNORED_NAMES


def _sample(path: Path, size: int) -> bytes:
    """The size, the header and evenly spread blocks of a large file."""
    parts = [str(size).encode()]
    with path.open("rb") as file:
        if path.suffix == ".safetensors":
            # The first eight bytes are the length of a JSON header with the name, type and offset of every tensor.
            length = int.from_bytes(file.read(8), "little")
            parts.append(file.read(min(length, WHOLE_BELOW)))
        for block in range(SAMPLED_BLOCKS):
            file.seek((size - BLOCK_BYTES) * block // (SAMPLED_BLOCKS - 1))
            parts.append(file.read(BLOCK_BYTES))
    return b"\0".join(parts)
