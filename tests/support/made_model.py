"""A model's folder of a few bytes: nothing loads it, but it is named, copied and compared as a real one."""

from __future__ import annotations

import json
from pathlib import Path


def made_model(folder: Path, hidden: int = 8) -> Path:
    """A new folder in Hugging Face format; another hidden size is another model."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"hidden_size": hidden}))
    (folder / "tokenizer.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights of " + bytes([hidden]))
    return folder
