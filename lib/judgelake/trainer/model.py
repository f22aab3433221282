"""The model that is trained: loaded, given its adapters, and saved as vLLM loads it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch import nn
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    GenerationConfig,
    PreTrainedModel,
    set_seed,
)

from judgelake.errors import UserError, in_one_line
from judgelake.trainer.recipe import Lora
from judgelake.trainer.run_record import TrainingRun
from judgelake.training import CLASSES, Head

NOT_COPIED = ("*.safetensors", "*.bin", "*.pt", "*.pth", "*.gguf", "*.index.json", "config.json", "checkpoint*", ".*")
"""What of the base's folder is not the tokenizer's, the chat template's or a licence: weights and their shape."""
GENERATION = "generation_config.json"
RENAMED = {"README.md": "BASE_README.md"}
"""The base's own card stays beside the card of the trained judge, which the job writes."""


def trainable_model(run: TrainingRun) -> PreTrainedModel | PeftModel:
    """The base with float32 weights to train, or frozen weights and float32 adapters to train.

    Raises:
        UserError: the folder holds no model of the head's kind that transformers can load.
    """
    recipe = run.recipe
    # Frozen weights need no precision that they never had.
    dtype = torch.float32 if recipe.lora is None or not recipe.bf16 else torch.bfloat16
    set_seed(recipe.seed)
    model, made = _loaded(run, dtype)
    if recipe.lora is None:
        return model
    set_seed(recipe.seed)
    return get_peft_model(model, _adapters(recipe.lora, model, made))


def save_model(model: PreTrainedModel | PeftModel, run: TrainingRun, folder: Path) -> None:
    """Save the trained model with the base's dtype, tokenizer, chat template and licence; all of it or nothing.

    The tokenizer's files are copied, so that ids stay those of the training. The base's own settings of generation stay
    too, the padding among them; only an end token that they lack is added. A model with a head generates nothing, and
    has none.
    """
    made = _new_folder(folder)
    model.to(saved_dtype(run)).save_pretrained(made)
    _complete(made, Path(run.base))
    if run.head == "generation":
        _complete_generation(made, Path(run.base), run.end_token)
    else:
        (made / GENERATION).unlink(missing_ok=True)
    _take_place(made, folder)


def save_adapter(model: PeftModel, folder: Path) -> None:
    """Save only the adapter; all of it or nothing."""
    made = _new_folder(folder)
    model.save_pretrained(made)
    _take_place(made, folder)


def merged(run: TrainingRun, adapter: Path) -> PreTrainedModel:
    """The base with the adapter added to its weights, in float32: in bfloat16 a small change would be rounded away."""
    model, _ = _loaded(run, torch.float32)
    with_adapter = PeftModel.from_pretrained(model, str(adapter))
    return with_adapter.merge_and_unload()


def end_tokens(base: Path, end_token: int) -> list[int]:
    """The tokens at which a served model stops: those of its settings of generation, and the one that is trained."""
    given = _generation_of(base).get("eos_token_id")
    listed = given if isinstance(given, list) else [] if given is None else [given]
    return list(dict.fromkeys([*listed, end_token]))


def _adapters(lora: Lora, model: PreTrainedModel, made: Sequence[str]) -> LoraConfig:
    """Adapters on all linear layers but those in the modules that were `made` for a head and are trained as a whole."""
    output = None if made else model.get_output_embeddings()
    linear = (
        name
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and module is not output and not _is_in(name, made)
    )
    return LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        # By their last names, as vLLM knows them; peft's own "all-linear" lists every layer.
        target_modules=sorted({name.rpartition(".")[2] for name in linear}),
        # Saved with the adapter: the base has no weights for them, and would draw others when it is loaded again.
        modules_to_save=list(made) or None,
        task_type="SEQ_CLS" if made else "CAUSAL_LM",
    )


def _loaded(run: TrainingRun, dtype: torch.dtype) -> tuple[Any, tuple[str, ...]]:
    """The base as the head wants it, and the names of the modules that it has no weights for; none without a head."""
    is_head = run.head != "generation"
    kind = AutoModelForSequenceClassification if is_head else AutoModelForCausalLM
    shape = _shape_of(run.head) if is_head else {}
    try:
        model, found = kind.from_pretrained(
            run.base, dtype=dtype, local_files_only=True, trust_remote_code=False, output_loading_info=True, **shape
        )
    except (OSError, ValueError, KeyError) as error:
        what = "a model that can have a head for sequences" if is_head else "a causal language model"
        raise UserError(
            f"The model in {run.base!r} cannot be trained: {in_one_line(error)}. Name {what} in the format of "
            "transformers."
        ) from error
    if is_head:
        # By it transformers finds the last token of each prompt.
        model.config.get_text_config().pad_token_id = run.pad_token
        model.config.use_cache = False
        made = _made_modules(model, found["missing_keys"])
        for name in made:
            model.get_submodule(name).float()
        return model, made
    # transformers refuses to save what some bases come with, such as a temperature without sampling; and a validation
    # decodes as our engine does, which takes no settings from the model.
    model.generation_config = GenerationConfig()
    return model, ()


def _made_modules(model: PreTrainedModel, missing: Collection[str]) -> tuple[str, ...]:
    """The head, and the largest modules whose weights the base lacks, such as BERT's pooler."""
    names = [name for name, _ in model.named_parameters()]
    found = {_head_of(model)}
    for name in sorted(set(missing).intersection(names)):
        parts = name.split(".")
        above = [".".join(parts[:length]) for length in range(1, len(parts))]
        new = (one for one in above if all(other in missing for other in names if _is_in(other, [one])))
        found.update([next(new, above[-1])] if above else [])
    return tuple(sorted(name for name in found if not _is_in(name.rpartition(".")[0], found)))


def _is_in(name: str, modules: Collection[str]) -> bool:
    """Whether a module or a weight is one of the modules, or within one."""
    return any(f"{name}.".startswith(f"{module}.") for module in modules)


def _shape_of(head: Head) -> dict[str, Any]:
    if head == "regression":
        return {"num_labels": 1}
    return {
        "num_labels": len(CLASSES),
        "id2label": dict(enumerate(CLASSES)),
        "label2id": {label: number for number, label in enumerate(CLASSES)},
    }


def _head_of(model: PreTrainedModel) -> str:
    """The name of the head: decoders of transformers have a `score`, encoders a `classifier`."""
    return "score" if hasattr(model, "score") else "classifier"


def saved_dtype(run: TrainingRun) -> torch.dtype:
    """The format in which trained weights are saved: that of the base's, for a model with a head float32."""
    named = AutoConfig.from_pretrained(run.base, local_files_only=True).dtype
    return torch.float32 if named is None or run.head != "generation" else named


def _complete(made: Path, base: Path) -> None:
    for path in sorted(base.iterdir()):
        if path.is_file() and not any(path.match(pattern) for pattern in NOT_COPIED):
            shutil.copyfile(path, made / RENAMED.get(path.name, path.name))


def _complete_generation(made: Path, base: Path, end_token: int) -> None:
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
