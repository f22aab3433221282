"""A Llama of a few thousand parameters with a tokenizer of words, and rows for it: trained in a second."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from judgelake.trainer import Recipe, RunFolder, TrainingRun
from judgelake.training import Row, SoftTarget, write_shards

PAD, END, UNKNOWN = 0, 1, 2
WORDS = tuple(f"w{number}" for number in range(20))
NUMBERS = tuple(str(number) for number in range(11))
VOCABULARY = ("<pad>", "</s>", "<unk>", "better", ":", *WORDS, *NUMBERS)
BASE_CONFIG = {
    "vocab_size": len(VOCABULARY),
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
    "pad_token_id": None,
    "bos_token_id": None,
    "eos_token_id": END,
}


def save_tiny_model(folder: Path, seed: int = 0) -> Path:
    """Save a model with random weights and its tokenizer; returns the folder."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    torch.manual_seed(seed)
    LlamaForCausalLM(LlamaConfig(**BASE_CONFIG)).save_pretrained(folder)
    words = Tokenizer(models.WordLevel({word: place for place, word in enumerate(VOCABULARY)}, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, unk_token="<unk>", eos_token="</s>", pad_token="<pad>")
    tokenizer.save_pretrained(folder)
    return folder


def token_of(word: str) -> int:
    """The id of a word."""
    return VOCABULARY.index(word)


def made_row(example: int, epoch: int = 0, *, words: int = 5, soft: bool = False) -> Row:
    """A row whose prompt and target follow from the example's number: some words, then a word and the end token.

    A soft target puts 3 of 4 parts on the target's word and the rest on "5".
    """
    chance = random.Random(example)
    prompt = [token_of(chance.choice(WORDS)) for _ in range(words + example % 3)]
    label = token_of(NUMBERS[example % 5])
    ids = (*prompt, token_of(":"), label, END)
    target = SoftTarget(len(ids) - 2, (label, token_of("5")), (0.75, 0.25)) if soft else None
    return Row(f"{example:032x}", epoch, False, False, ids, len(ids) - 2, target)


def made_pair(example: int, epoch: int = 0) -> Row:
    """The same with a judgment to reject, which is longer: the words "9" and "better"."""
    row = made_row(example, epoch)
    return replace(row, rejected_ids=(token_of("9"), token_of("better"), END))


def tiny_run(folder: Path, rows: Sequence[Row], base: Path, **recipe: object) -> RunFolder:
    """A folder in which a training of these rows is described: float32, no warm-up, no checkpoint before the end."""
    shards = write_shards(rows, folder / "shards")
    usual = {
        "epochs": 1 + max(row.epoch for row in rows),
        "batch_rows": 4,
        "rows_at_once": 2,
        "learning_rate": 1e-2,
        "warm_up": 0.0,
        "bf16": False,
        # A checkpoint takes longer than all steps of such a model.
        "evaluate_steps": 1000,
    }
    run = TrainingRun(
        base=str(base),
        base_identity="tiny",
        shards=tuple(map(str, shards)),
        recipe=Recipe.model_validate(usual | recipe),
        end_token=END,
        pad_token=PAD,
    )
    place = RunFolder(folder / "run")
    place.write(run)
    return place


def losses(folder: RunFolder) -> dict[int, float]:
    """The loss of each step in a training's events."""
    lines = folder.events.read_text("utf-8").splitlines()
    return {event["step"]: event["loss"] for event in map(json.loads, lines) if "loss" in event}
