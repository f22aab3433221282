"""How much memory a training needs, before it starts: from the shape of the model and the longest row."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import prod
from pathlib import Path
from typing import Any

from judgelake.errors import UserError, in_one_line
from judgelake.trainer.recipe import Recipe

FLOAT, HALF = 4, 2
HEADER_BYTES = 8
# What a process holds before any tensor: the libraries, and their working space. With the small model on a CPU (8 rows
# of 389 tokens, bfloat16) the estimate was 6.1 GB and the process took 6.5.
PROCESS_BYTES = 1_000_000_000
# Of logits, by place and token of the vocabulary: as computed, in float32, their log-softmax and its gradient.
COPIES_OF_LOGITS = 4


@dataclass(frozen=True, slots=True)
class Shape:
    """The numbers of a model that memory depends on."""

    parameters: int
    linear_sides: int
    """The sum of the two sides of every linear layer with adapters."""
    hidden: int
    intermediate: int
    layers: int
    key_values: int
    """Width of the keys, and of the values."""
    vocabulary: int


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of one process, by what takes them."""

    weights: int
    gradients: int
    optimizer: int
    activations: int
    logits: int
    process: int = PROCESS_BYTES

    @property
    def total(self) -> int:
        """All of it."""
        return int(sum(getattr(self, field.name) for field in fields(self)))


def estimate_memory(shape: Shape, recipe: Recipe, longest: int, longest_target: int) -> Memory:
    """What a process needs at most; an estimate, which leaves out fragmentation and an engine beside it.

    Trained weights take 4 bytes a parameter, their gradients 4, AdamW's two moments 8 (arXiv 1910.02054, section 3.1).
    In bfloat16 autocast keeps a copy of the weights for a step, and adapters leave the weights in it.

    Activations are counted as in arXiv 2205.05198, section 4: what each layer keeps for the backward pass, here of a
    Llama block: of a token the inputs of the linear layers, queries, keys and values, the attention's output, and four
    vectors of the gated part in the format of computing; the residual stream and the two norms in float32. The scores
    of the attention are not kept by torch's fused kernels. With gradient checkpointing each layer keeps its input
    alone, and one layer at a time all of it. Only the target's columns have logits.

    With dpo both rows of a pair are computed at once. What the untrained weights say of them is computed before, in no
    more memory, and no second model is kept.

    Args:
        shape: of the model.
        recipe: of the training.
        longest: tokens of the longest row, of a pair of the longer one.
        longest_target: target tokens of the row with the most.
    """
    computed = HALF if recipe.bf16 else FLOAT
    if recipe.lora is None:
        trained = shape.parameters
        weights = FLOAT * trained + (HALF * trained if recipe.bf16 else 0)
    else:
        trained = recipe.lora.rank * shape.linear_sides
        weights = computed * shape.parameters + FLOAT * trained
    rows = recipe.rows_at_once * (1 if recipe.dpo is None else 2)
    tokens = rows * longest
    wide = 5 * shape.hidden + 3 * shape.key_values + 4 * shape.intermediate
    of_a_layer = tokens * (computed * wide + FLOAT * 4 * shape.hidden)
    kept = of_a_layer + shape.layers * tokens * FLOAT * shape.hidden
    places = rows * (longest_target + 1)
    return Memory(
        weights=weights,
        gradients=FLOAT * trained,
        optimizer=2 * FLOAT * trained,
        activations=kept if recipe.gradient_checkpointing else shape.layers * of_a_layer,
        logits=COPIES_OF_LOGITS * FLOAT * places * shape.vocabulary,
    )


def shape_of(base: Path) -> Shape:
    """The shape of the model in a folder, from its config and the heads of its safetensors files.

    Raises:
        UserError: it is not a model in the format of transformers.
    """
    try:
        config = json.loads((base / "config.json").read_text("utf-8"))
        config = config.get("text_config", config)
        tensors: dict[str, Any] = {}
        for path in sorted(base.glob("*.safetensors")):
            tensors |= _heads(path)
        heads = config["num_attention_heads"]
        width = config.get("head_dim") or config["hidden_size"] // heads
        return Shape(
            parameters=sum(prod(tensor["shape"]) for tensor in tensors.values()),
            linear_sides=sum(sum(tensor["shape"]) for name, tensor in tensors.items() if _is_adapted(name, tensor)),
            hidden=config["hidden_size"],
            intermediate=config["intermediate_size"],
            layers=config["num_hidden_layers"],
            key_values=width * (config.get("num_key_value_heads") or heads),
            vocabulary=config["vocab_size"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"The model in {str(base)!r} cannot be trained: its shape is not in its files ({in_one_line(error)}). Name "
            "a causal language model in the format of transformers, with safetensors."
        ) from error


def _heads(path: Path) -> Mapping[str, Any]:
    with path.open("rb") as file:
        size = int.from_bytes(file.read(HEADER_BYTES), "little")
        tensors = json.loads(file.read(size))
    tensors.pop("__metadata__", None)
    return dict(tensors)


def _is_adapted(name: str, tensor: Mapping[str, Any]) -> bool:
    """Whether peft puts an adapter on a tensor: matrices of linear layers, not the embedding nor the output layer."""
    return len(tensor["shape"]) == 2 and "embed" not in name and "lm_head" not in name
