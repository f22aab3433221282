"""How an engine is spread over its GPUs: tensor parallel where a model needs several, data parallel over the rest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

from judgelake.engine.config import Scalar
from judgelake.engine.server.options import by_option_name
from judgelake.errors import UserError

TENSOR, DATA, PIPELINE = "tensor-parallel-size", "data-parallel-size", "pipeline-parallel-size"
# Each multiplies the GPUs that vLLM 0.32 takes (config/parallel.py: world_size, data_parallel_size).
SIZES = (TENSOR, DATA, PIPELINE, "prefill-context-parallel-size")
# Of a GPU's memory: vLLM takes 0.92 of it, and the cache of keys and values and the activations need the rest.
MOST_FOR_WEIGHTS = 0.6
# Where the memory is not known: what a GPU of 24 GB holds.
FITS_ANYWHERE = 15e9
WEIGHT_FILES = ("*.safetensors", "*.bin", "*.pt", "*.gguf")


def parallel_options(
    options: Mapping[str, Scalar],
    gpus: int,
    *,
    is_of_task: bool,
    weights: int | None,
    memory: int | None,
    heads: int | None = None,
) -> dict[str, int]:
    """The parallel sizes that the options leave open, so that an engine uses exactly its GPUs.

    Args:
        options: `engine.options`; sizes given there are kept.
        gpus: number of GPUs; 0 on a CPU, where nothing is derived or checked.
        is_of_task: they were chosen for this engine by the amount of a task, so one model is spread over all; else
            as many copies of the model as fit.
        weights: bytes of the model's weights on disk; None if not known.
        memory: bytes of the smallest GPU; None if not known.
        heads: attention heads, which tensor parallel must divide; None if not known.

    Raises:
        UserError: the sizes in the options do not use exactly these GPUs.
    """
    if gpus == 0:
        return {}
    given = _given(options)
    used = prod(given.values())
    if gpus % used:
        raise _unequal(given, gpus)
    left = gpus // used
    derived: dict[str, int] = {}
    if TENSOR not in given:
        sizes = [size for size in range(1, left + 1) if left % size == 0 and (heads or size) % size == 0]
        is_one_model = is_of_task or DATA in given
        derived[TENSOR] = sizes[-1] if is_one_model else _least_tensor(sizes, used, weights, memory)
        left //= derived[TENSOR]
    if DATA not in given:
        derived[DATA] = left
        left = 1
    if left != 1:
        raise _unequal(given, gpus)
    return {name: size for name, size in derived.items() if size > 1}


def _given(options: Mapping[str, Scalar]) -> dict[str, int]:
    named = by_option_name(options)
    given = {}
    for name in SIZES:
        value = named.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not str(value).strip().isdigit() or int(value) < 1:
            raise UserError(f"engine.options: {name} must be a number of GPUs from 1 on, not {value!r}.")
        given[name] = int(value)
    return given


def _unequal(given: Mapping[str, int], gpus: int) -> UserError:
    sizes = " x ".join(f"{name} {size}" for name, size in given.items())
    return UserError(
        f"engine.options: {sizes} does not use exactly the {gpus} {'GPU' if gpus == 1 else 'GPUs'} of an engine. Leave "
        "the sizes out, or give an engine as many GPUs as they need (engine.gpus_a_task, engine.scope)."
    )


def _least_tensor(sizes: list[int], used: int, weights: int | None, memory: int | None) -> int:
    """The fewest GPUs that hold one copy of the model; all of them if none do, or its size is not known."""
    if weights is None:
        return sizes[-1]
    if memory is None:
        return 1 if weights < FITS_ANYWHERE else sizes[-1]
    return next((size for size in sizes if weights <= MOST_FOR_WEIGHTS * memory * size * used), sizes[-1])


def weight_bytes(folder: Path | None) -> int | None:
    """The bytes of a model's weights in a folder; None where it holds none, or there is no folder.

    An index of several files says it also where not all of them are there yet. Weights may lie there in several
    formats, of which vLLM reads one: the first of `WEIGHT_FILES`.
    """
    if folder is None:
        return None
    total = _read_json(folder / "model.safetensors.index.json").get("metadata", {}).get("total_size")
    if isinstance(total, int | float):
        return int(total)
    for pattern in WEIGHT_FILES:
        sizes = [path.stat().st_size for path in folder.glob(pattern)]
        if sizes:
            return sum(sizes)
    return None


def attention_heads(folder: Path | None) -> int | None:
    """The attention heads by a model's config.json; None where that does not say it."""
    heads = _read_json(folder / "config.json").get("num_attention_heads") if folder is not None else None
    return heads if isinstance(heads, int) else None


def _read_json(path: Path) -> dict[str, Any]:
    """An empty map where there is no such file, or it holds something else."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
