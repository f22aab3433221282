"""Heads on top of a model: what they read and learn, and that the saved folder says the same wherever it is padded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_model import END, PAD, VOCABULARY, losses, save_tiny_model, tiny_run, token_of
from torch.nn import functional
from transformers import AutoModelForSequenceClassification

from judgelake.judges import JudgeSpec
from judgelake.trainer import Lora, Recipe, RunFolder, TrainingRun, Validation, write_prompts
from judgelake.trainer.model import merged, save_adapter, trainable_model
from judgelake.trainer.process import train_here
from judgelake.trainer.prompts import LabelledPrompt
from judgelake.training import CLASSES, Row

pytestmark = pytest.mark.usefixtures("one_thread")

SPEC = JudgeSpec.model_validate(
    {
        "name": "tiny",
        "description": "Two scores.",
        "model": "tiny",
        "context_length": 64,
        "licence": "none",
        "modes": {"pair": {"answers": [2, 2], "prompt": "{{ answers[0] }}", "parser": {"kind": "score_line"}}},
    }
)
# The answer with the lower number is better, and prompts differ in length.
PAIRS = [(low, high) for low in range(4) for high in range(10, 14)]


def prompt(first: int, second: int) -> tuple[int, ...]:
    words = [f"w{first}"] * (1 + first % 3) + [f"w{second}", "better", ":"]
    return tuple(map(token_of, words))


def row(place: int, first: int, second: int, head: str, epoch: int = 0) -> Row:
    ids = prompt(first, second)
    better = first < second
    target = float(CLASSES.index("A" if better else "B")) if head == "classification" else (4.0 if better else -4.0)
    return Row(f"{place:032x}", epoch, False, False, ids, len(ids), head_target=target)


SHOWN = [pair for low, high in PAIRS for pair in ((low, high), (high, low))]


def head_run(folder: Path, base: Path, head: str, epochs: int = 1, **recipe: object) -> RunFolder:
    """A training of a head, validated on all pairs; without a checkpoint before the end."""
    rows = [row(place, *pair, head, epoch) for epoch in range(epochs) for place, pair in enumerate(SHOWN)]
    made = tiny_run(folder, rows, base, **{"batch_rows": 8, "rows_at_once": 8} | recipe)
    prompts = [
        LabelledPrompt(f"{low}-{high}", order, "A", prompt(*((low, high) if order == "AB" else (high, low))))
        for low, high in PAIRS
        for order in ("AB", "BA")
    ]
    path = write_prompts(prompts, folder / "validation")
    validation = Validation(prompts=str(path), judge=SPEC, mode="pair")
    run = made.read().model_copy(update={"head": head, "validation": validation})
    made.record.unlink()
    made.write(run)
    return made


@pytest.fixture(scope="module")
def encoder_base(tmp_path_factory) -> Path:
    from transformers import BertConfig, BertModel

    folder = save_tiny_model(tmp_path_factory.mktemp("encoder"))
    shape = {"num_hidden_layers": 2, "num_attention_heads": 4, "hidden_size": 32, "intermediate_size": 64}
    torch.manual_seed(0)
    BertModel(BertConfig(vocab_size=len(VOCABULARY), pad_token_id=PAD, **shape)).save_pretrained(folder)
    return folder


def silent(line: str) -> None:
    pass


def read(folder: Path, ids: tuple[int, ...], left: int = 0, right: int = 0) -> torch.Tensor:
    """What the saved head says to a prompt that is padded on either side."""
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    whole = torch.tensor([[PAD] * left + list(ids) + [PAD] * right])
    mask = torch.tensor([[0] * left + [1] * len(ids) + [0] * right])
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    # Two rows, since transformers looks for the last token only in batches.
    return model(whole.repeat(2, 1), attention_mask=mask.repeat(2, 1), position_ids=positions.repeat(2, 1)).logits[0]


@pytest.mark.parametrize(
    ("head", "kind", "recipe"),
    [
        pytest.param("classification", "decoder", {}, id="classes"),
        pytest.param("regression", "decoder", {}, id="scores"),
        pytest.param("classification", "decoder", {"lora": {"rank": 8, "alpha": 16}}, id="classes by an adapter"),
        pytest.param("classification", "encoder", {}, id="an encoder"),
    ],
)
def test_a_head_learns_which_answer_is_better_and_its_folder_says_it_again(
    tmp_path, base, encoder_base, head, kind, recipe
):
    folder = head_run(tmp_path, base if kind == "decoder" else encoder_base, head, epochs=12, **recipe)
    said: list[str] = []
    train_here(folder, said.append)
    last = [line for line in said if line.startswith("validation at step")][-1]
    assert "agreement 100.0%" in last
    assert "consistency 100.0%" in last
    (kept, *_) = (json.loads(line) for line in folder.predictions.read_text("utf-8").splitlines())
    assert (kept["shown_verdict"], kept["failure"]) == ("A", None)
    ids = prompt(0, 10)
    expected = torch.tensor(json.loads(kept["text"]))
    # An encoder reads its first column, which must not be padding.
    for left, right in ((0, 0), (0, 4), *([(4, 0)] if kind == "decoder" else [])):
        assert torch.allclose(read(folder.model, ids, left, right), expected, atol=1e-4)
    config = json.loads((folder.model / "config.json").read_text("utf-8"))
    assert config["pad_token_id"] == PAD
    if head == "classification":
        assert config["id2label"] == {"0": "A", "1": "B", "2": "tie"}


def first_loss(base: Path, head: str, rows: list[Row], folder: Path) -> float:
    """By hand, each row alone and unpadded: the mean over the rows at the last token of each prompt."""
    torch.manual_seed(0)
    shape = {"num_labels": 3 if head == "classification" else 1}
    model = AutoModelForSequenceClassification.from_pretrained(folder, **shape)
    costs = []
    for one in rows:
        hidden = model.model(torch.tensor([one.input_ids])).last_hidden_state[0, -1]
        logits, target = model.score(hidden), one.head_target
        if head == "classification":
            costs.append(functional.cross_entropy(logits[None], torch.tensor([int(target)])).item())
        else:
            costs.append((logits[0].item() - target) ** 2)
    return sum(costs) / len(costs)


@pytest.mark.parametrize("head", ["classification", "regression"])
def test_the_loss_is_the_mean_over_the_rows_at_the_last_token_of_each_prompt(tmp_path, base, head):
    # Steps of all rows at a rate at which nothing is learned; the saved weights are then the first ones.
    given = {"batch_rows": len(SHOWN), "learning_rate": 1e-12}
    found = {}
    for at_once in (len(SHOWN), 4):
        folder = head_run(tmp_path / str(at_once), base, head, rows_at_once=at_once, **given)
        train_here(folder, silent)
        found[at_once] = losses(folder)[1]
    assert found[4] == pytest.approx(found[len(SHOWN)], rel=1e-4)
    rows = [row(place, *pair, head) for place, pair in enumerate(SHOWN)]
    assert found[4] == pytest.approx(first_loss(base, head, rows, folder.model), rel=1e-4)


def test_a_prompt_with_the_end_token_in_it_is_read_at_its_own_end(tmp_path, base):
    folder = head_run(tmp_path, base, "classification")
    train_here(folder, silent)
    ids = (*prompt(0, 10)[:2], END, *prompt(0, 10)[2:])
    assert torch.allclose(read(folder.model, ids, 0, 3), read(folder.model, ids), atol=1e-5)


def encoders() -> Iterator[Any]:
    """Encoders with random weights, saved without what transformers puts between them and a head."""
    from transformers import (
        BertConfig,
        BertForMaskedLM,
        DistilBertConfig,
        DistilBertForMaskedLM,
        RobertaConfig,
        RobertaForMaskedLM,
    )

    shape = {"vocab_size": 100, "max_position_embeddings": 64}
    layers = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    small = {"dim": 32, "hidden_dim": 64, "n_layers": 1, "n_heads": 2}
    yield pytest.param(BertForMaskedLM, BertConfig(**shape, **layers), id="a pooler")
    yield pytest.param(DistilBertForMaskedLM, DistilBertConfig(**shape, **small), id="a layer before the classifier")
    yield pytest.param(RobertaForMaskedLM, RobertaConfig(**shape, **layers), id="a classifier of two layers")


@pytest.mark.parametrize(("kind", "config"), [*encoders()])
def test_an_adapter_of_an_encoder_holds_all_that_its_base_has_no_weights_for(tmp_path, kind, config):
    kind(config).save_pretrained(tmp_path / "base")
    run = TrainingRun(
        base=str(tmp_path / "base"),
        base_identity="tiny",
        shards=(),
        recipe=Recipe(lora=Lora(rank=4), bf16=False),
        head="classification",
        end_token=-1,
        pad_token=0,
    )
    model = trainable_model(run).eval()
    ids = torch.arange(5, 41).reshape(4, 9)
    shown = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    with torch.no_grad():
        for weights in model.parameters():
            if weights.requires_grad:
                weights += 0.3 * torch.randn_like(weights)
        expected = model(**shown).logits
        save_adapter(model, tmp_path / "adapter")
        # What a process draws before it merges must not matter.
        torch.manual_seed(1)
        assert torch.allclose(merged(run, tmp_path / "adapter").eval()(**shown).logits, expected, atol=1e-4)
