"""The model that is trained: loaded, given its adapters, and saved as vLLM loads it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch import nn
from transformers import AutoConfig, AutoModelForCausalLM, GenerationConfig, PreTrainedModel, set_seed

from judgelake.errors import UserError, in_one_line
from judgelake.trainer.recipe import Lora, Recipe

NOT_COPIED = ("*.safetensors", "*.bin", "*.pt", "*.pth", "*.gguf", "*.index.json", "config.json", "checkpoint*", ".*")
"""What of the base's folder is not the tokenizer's, the chat template's or a licence: weights and their shape."""
GENERATION = "generation_config.json"
RENAMED = {"README.md": "BASE_README.md"}
"""The base's own card stays beside the card of the trained judge, which the job writes."""


def trainable_model(base: Path, recipe: Recipe) -> PreTrainedModel | PeftModel:
    """The base with float32 weights to train, or frozen weights and float32 adapters to train.

    Raises:
        UserError: the folder holds no causal language model that transformers can load.
    """
    # Frozen weights need no precision that they never had.
    dtype = torch.float32 if recipe.lora is None or not recipe.bf16 else torch.bfloat16
    model = _loaded(base, dtype)
    if recipe.lora is None:
        return model
    set_seed(recipe.seed)
    return get_peft_model(model, _adapters(recipe.lora, model))


def save_model(model: PreTrainedModel | PeftModel, base: Path, end_token: int, folder: Path) -> None:
    """Save the trained model with the base's dtype, tokenizer, chat template and licence; all of it or nothing.

    The tokenizer's files are copied, so that ids stay those of the training. The base's own settings of generation stay
    too, the padding among them; only an end token that they lack is added.
    """
    made = _new_folder(folder)
    model.to(dtype_of(base)).save_pretrained(made)
    _complete(made, base, end_token)
    _take_place(made, folder)


def save_adapter(model: PeftModel, folder: Path) -> None:
    """Save only the adapter; all of it or nothing."""
    made = _new_folder(folder)
    model.save_pretrained(made)
    _take_place(made, folder)


def merged(base: Path, adapter: Path) -> PreTrainedModel:
    """The base with the adapter added to its weights, in float32: in bfloat16 a small change would be rounded away."""
    with_adapter = PeftModel.from_pretrained(_loaded(base, torch.float32), str(adapter))
    return with_adapter.merge_and_unload()


def end_tokens(base: Path, end_token: int) -> list[int]:
    """The tokens at which a served model stops: those of its settings of generation, and the one that is trained."""
    given = _generation_of(base).get("eos_token_id")
    listed = given if isinstance(given, list) else [] if given is None else [given]
    return list(dict.fromkeys([*listed, end_token]))


def _adapters(lora: Lora, model: PreTrainedModel) -> LoraConfig:
    output = model.get_output_embeddings()
    linear = (name for name, module in model.named_modules() if isinstance(module, nn.Linear) and module is not output)
    return LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        # By their last names, as vLLM knows them; peft's own "all-linear" lists every layer.
        target_modules=sorted({name.rpartition(".")[2] for name in linear}),
        task_type="CAUSAL_LM",
    )


def _loaded(base: Path, dtype: torch.dtype) -> Any:
    try:
        model = AutoModelForCausalLM.from_pretrained(base, dtype=dtype, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        raise UserError(
            f"The model in {str(base)!r} cannot be trained: {in_one_line(error)}. Name a causal language model in the "
            "format of transformers."
        ) from error
    # transformers refuses to save what some bases come with, such as a temperature without sampling; and a validation
    # decodes as our engine does, which takes no settings from the model.
    model.generation_config = GenerationConfig()
    return model


def dtype_of(base: Path) -> torch.dtype:
    """The format of the base's weights, in which the trained ones are saved."""
    named = AutoConfig.from_pretrained(base, local_files_only=True).dtype
    return torch.float32 if named is None else named


def _complete(made: Path, base: Path, end_token: int) -> None:
    for path in sorted(base.iterdir()):
        if path.is_file() and not any(path.match(pattern) for pattern in NOT_COPIED):
            shutil.copyfile(path, made / RENAMED.get(path.name, path.name))
    generation, ends = _generation_of(base), end_tokens(base, end_token)
    if generation.get("eos_token_id") not in (ends, ends[0] if len(ends) == 1 else ends):
        content = json.dumps(generation | {"eos_token_id": ends}, indent=2)
        (made / GENERATION).write_text(content, "utf-8")


def _generation_of(base: Path) -> dict[str, Any]:
    try:
        content = json.loads((base / GENERATION).read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return dict(content)


def _new_folder(folder: Path) -> Path:
    made = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    return made


def _take_place(made: Path, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    made.rename(folder)
