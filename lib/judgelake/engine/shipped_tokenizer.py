"""A tokenizer as bytes: read once on the driver, and the same on every machine that counts with it."""

from __future__ import annotations

import hashlib
import io
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from judgelake.engine.tokenizer import load_tokenizer

TOKENIZER_FILES = ("*.json", "*.jinja", "*.model", "*.tiktoken", "*.txt", "additional_chat_templates/*.jinja")
"""What transformers reads a tokenizer from: vocabularies, merges, settings, chat templates, and the model's type."""
# Lists of weights, up to megabytes.
NOT_OF_A_TOKENIZER = ("*.index.json",)


@dataclass(frozen=True, slots=True)
class ShippedTokenizer:
    """The files of a tokenizer, compressed; picklable, and small enough to travel with a task's code."""

    sha256: str
    """Of the files' names and contents."""
    archive: bytes = field(repr=False)

    def load(self) -> Any:
        """The tokenizer of transformers, loaded once per process; None if transformers is not installed.

        Raises:
            Exception: as `load_tokenizer`.
        """
        return _loaded(self)


@lru_cache(maxsize=2)
def _loaded(shipped: ShippedTokenizer) -> Any:
    # Everything is in memory once it is loaded; a folder that stays would have to be protected and cleaned up.
    with tempfile.TemporaryDirectory(prefix="judgelake-tokenizer-") as folder:
        with zipfile.ZipFile(io.BytesIO(shipped.archive)) as archive:
            archive.extractall(folder)
        return load_tokenizer(Path(folder) / shipped.sha256)


def ship_tokenizer(folder: Path) -> ShippedTokenizer:
    """The tokenizer in a model's folder, without the model's weights.

    Raises:
        OSError: a file cannot be read.
    """
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(_files_in(folder))}
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    place, packed = digest.hexdigest(), io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(f"{place}/{name}", content)
    return ShippedTokenizer(place, packed.getvalue())


def _files_in(folder: Path) -> Iterator[Path]:
    for pattern in TOKENIZER_FILES:
        for path in folder.glob(pattern):
            if path.is_file() and not any(path.match(other) for other in NOT_OF_A_TOKENIZER):
                yield path


def downloaded_tokenizer_folder(name: str, revision: str | None = None) -> Path:
    """Where the tokenizer of a model on Hugging Face is on this machine, after a download without the weights.

    Args:
        name: the model's name.
        revision: commit, branch or tag; None: the branch main.

    Raises:
        Exception: any error of huggingface_hub or of the network, also that huggingface_hub is not installed.
    """
    from huggingface_hub import snapshot_download

    allowed, ignored = list(TOKENIZER_FILES), list(NOT_OF_A_TOKENIZER)
    return Path(snapshot_download(name, revision=revision, allow_patterns=allowed, ignore_patterns=ignored))
