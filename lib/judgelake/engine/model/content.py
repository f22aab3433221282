"""The content of a model's files as one hash, known in well under a second."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

# Files small enough to read whole; weights are sampled.
WHOLE_BELOW = 16 * 1024 * 1024
SAMPLED_BLOCKS = 16
BLOCK_BYTES = 64 * 1024


def content_hash(files: Mapping[str, Path]) -> str:
    """SHA-256 (hex) of a model's files, by their names in its folder.

    Small files (config, index, tokenizer, templates) are hashed whole; weight files by their size, header and blocks
    spread over the file. Remembered in this process as long as all sizes and times of change stay as they are.
    """
    stamp = []
    for name in sorted(files, key=lambda name: name.split("/")):
        status = files[name].stat()
        stamp.append((name, str(files[name]), status.st_size, status.st_mtime_ns))
    return _hashed(tuple(stamp))


@lru_cache(maxsize=8)
def _hashed(stamp: tuple[tuple[str, str, int, int], ...]) -> str:
    digest = hashlib.sha256()
    for name, place, size, _ in stamp:
        path = Path(place)
        content = path.read_bytes() if size < WHOLE_BELOW else _sample(path, size)
        content = _canonical_config(content) if path.name == "config.json" else content
        digest.update(f"{name}\0{len(content)}\0".encode())
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
