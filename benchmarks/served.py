"""What the benchmarks that start a real vLLM share: the small model, and the counters of the executor's server."""

from __future__ import annotations

import tempfile
from pathlib import Path

from judgelake.engine.server.probe import get
from judgelake.quickstart.small_model import make_small_model

BLOCK_SIZE = 32
"""Tokens of a block of the prefix cache in vLLM on CPUs, as the job starts it."""


def model_of(layers: int | None) -> Path:
    """The small model, or a model with only its first layers."""
    whole = make_small_model("models/smollm2-135m")
    if layers is None:
        return whole
    cut = whole.with_name(f"{whole.name}-{layers}-layers")
    if not cut.exists():
        from transformers import AutoModelForCausalLM, AutoTokenizer

        model = AutoModelForCausalLM.from_pretrained(whole, dtype="auto", num_hidden_layers=layers)
        model.save_pretrained(cut)
        AutoTokenizer.from_pretrained(whole).save_pretrained(cut)
    return cut


def counters(*names: str) -> tuple[float, ...]:
    """Values of metrics of the executor's server; 0 for all of them before it runs."""
    values = dict.fromkeys(names, 0.0)
    for socket in Path(tempfile.gettempdir()).glob("judgelake-*/*.sock"):
        for line in (get(str(socket), "/metrics", 10) or "").splitlines():
            name = line.partition("{")[0].partition(" ")[0]
            if name in values:
                values[name] += float(line.rpartition(" ")[2])
    return tuple(values.values())
