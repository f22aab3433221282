"""Folders of models and adapters of a few bytes: nothing loads them, but they are named, copied and compared."""

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


def made_adapter(folder: Path, weights: bytes = b"a", **config: object) -> Path:
    """A new folder as PEFT writes it; what is given of its config replaces what is usual."""
    folder.mkdir(parents=True)
    usual = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "r": 12,
        "bias": "none",
        "base_model_name_or_path": "org/base",
    }
    (folder / "adapter_config.json").write_text(json.dumps(usual | config))
    (folder / "adapter_model.safetensors").write_bytes(weights)
    return folder
