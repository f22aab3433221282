"""A training as a whole, in this process: what is learned, where the loss is, and that a resume is exact."""

from __future__ import annotations

import itertools
import json
import math
import shutil
from pathlib import Path

import pytest
import torch
from tiny_model import END, PAD, losses, made_pair, made_row, tiny_run
from transformers import AutoModelForCausalLM

from judgelake.errors import RunError, UserError
from judgelake.trainer import RunFolder
from judgelake.trainer.checkpoints import newest_checkpoint
from judgelake.trainer.judge_trainer import JudgeTrainer
from judgelake.trainer.process import train_here

pytestmark = pytest.mark.usefixtures("one_thread")

TEN_STEPS = [made_row(example, epoch) for epoch in range(2) for example in range(18)]
"""Two epochs of 18 rows: 9 steps of 4 rows, of which the fifth holds rows of both epochs."""


class KilledError(Exception):
    """In place of a kill: nothing of ours catches it."""


def silent(line: str) -> None:
    pass


def killed_in_step(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    whole = JudgeTrainer.training_step

    def killed(self: JudgeTrainer, *args: object) -> torch.Tensor:
        if self.state.global_step + 1 == step:
            raise KilledError
        return whole(self, *args)

    monkeypatch.setattr(JudgeTrainer, "training_step", killed)


def answers_of(folder: Path, rows) -> list[tuple[int, ...]]:
    model = AutoModelForCausalLM.from_pretrained(folder)
    found = []
    for row in rows:
        prompt = torch.tensor([row.input_ids[: row.target_from]])
        made = model.generate(prompt, max_new_tokens=8, do_sample=False, pad_token_id=PAD)
        found.append(tuple(made[0, row.target_from :].tolist()))
    return found


def test_a_model_that_learned_its_rows_writes_each_target_and_stops_at_the_end_token(tmp_path, base):
    rows = [made_row(example, epoch) for epoch in range(20) for example in range(8)]
    folder = tiny_run(tmp_path, rows, base)
    train_here(folder, silent)
    assert answers_of(folder.model, rows[:8]) == [row.input_ids[row.target_from :] for row in rows[:8]]


PAIRS = [made_pair(example, epoch) for epoch in range(2) for example in range(18)]


@pytest.mark.parametrize(
    "recipe",
    [
        pytest.param({}, id="all weights"),
        pytest.param({"lora": {"rank": 4, "alpha": 8, "dropout": 0.2}}, id="lora with dropout"),
        pytest.param({"group_by_length": True, "rows_at_once": 1}, id="grouped by length"),
        pytest.param({"dpo": {"beta": 0.5}, "learning_rate": 1e-3}, id="dpo"),
        pytest.param({"dpo": {}, "lora": {"rank": 4, "alpha": 8, "dropout": 0.2}}, id="dpo of adapters"),
    ],
)
def test_a_training_killed_between_checkpoints_goes_on_with_the_same_losses(tmp_path, base, recipe, monkeypatch):
    rows = PAIRS if "dpo" in recipe else TEN_STEPS
    whole = tiny_run(tmp_path / "whole", rows, base, evaluate_steps=3, **recipe)
    train_here(whole, silent)
    killed = tiny_run(tmp_path / "killed", rows, base, evaluate_steps=3, **recipe)
    with monkeypatch.context() as patched:
        killed_in_step(patched, 6)
        with pytest.raises(KilledError):
            train_here(killed, silent)
    assert list(losses(killed)) == [1, 2, 3, 4, 5]
    train_here(killed, silent)
    assert list(losses(killed)) == list(range(1, 10))
    assert losses(killed) == pytest.approx(losses(whole), abs=1e-6)


def test_a_checkpoint_that_was_being_written_is_not_gone_on_from(tmp_path):
    for step, state in ((3, "{}"), (6, '{"global_'), (9, None)):
        checkpoint = tmp_path / f"checkpoint-{step}"
        checkpoint.mkdir()
        if state is not None:
            (checkpoint / "trainer_state.json").write_text(state, "utf-8")
    assert newest_checkpoint(tmp_path) == tmp_path / "checkpoint-3"
    assert newest_checkpoint(tmp_path / "nothing") is None


def test_a_finished_training_is_left_as_it_is(tmp_path, base):
    folder = tiny_run(tmp_path, TEN_STEPS, base)
    train_here(folder, silent)
    before, written = losses(folder), (folder.model / "model.safetensors").stat().st_mtime_ns
    said: list[str] = []
    train_here(folder, said.append)
    assert said == ["this training is finished"]
    assert losses(folder) == before
    assert (folder.model / "model.safetensors").stat().st_mtime_ns == written


def test_a_training_killed_before_its_model_was_saved_saves_it_without_a_step(tmp_path, base):
    folder = tiny_run(tmp_path, TEN_STEPS, base)
    train_here(folder, silent)
    before, weights = losses(folder), (folder.model / "model.safetensors").read_bytes()
    shutil.rmtree(folder.model)
    train_here(folder, silent)
    assert losses(folder) == before
    assert (folder.model / "model.safetensors").read_bytes() == weights


def test_rows_at_once_change_no_loss(tmp_path, base):
    found = []
    for at_once in (1, 2, 4):
        folder = tiny_run(tmp_path / str(at_once), TEN_STEPS, base, rows_at_once=at_once)
        train_here(folder, silent)
        found.append(losses(folder))
    for one, other in itertools.pairwise(found):
        assert one == pytest.approx(other, rel=1e-4)


def test_the_first_loss_is_the_mean_over_the_target_tokens_alone(tmp_path, base):
    rows = [made_row(example) for example in range(4)]
    folder = tiny_run(tmp_path, rows, base)
    train_here(folder, silent)
    model = AutoModelForCausalLM.from_pretrained(base)
    costs = []
    for row in rows:
        likelihoods = model(torch.tensor([row.input_ids])).logits[0].log_softmax(-1)
        places = range(row.target_from, len(row.input_ids))
        costs += [-likelihoods[place - 1, row.input_ids[place]].item() for place in places]
    assert len(costs) == 8
    assert losses(folder)[1] == pytest.approx(sum(costs) / 8, abs=1e-5)


def test_a_soft_target_costs_the_cross_entropy_against_it(tmp_path, base):
    rows = [made_row(example, soft=True) for example in range(4)]
    folder = tiny_run(tmp_path, rows, base)
    train_here(folder, silent)
    model = AutoModelForCausalLM.from_pretrained(base)
    costs = []
    for row in rows:
        likelihoods = model(torch.tensor([row.input_ids])).logits[0].log_softmax(-1)
        label, other = row.soft.token_ids
        costs.append(
            -0.75 * likelihoods[row.soft.position - 1, label].item()
            - 0.25 * likelihoods[row.soft.position - 1, other].item()
        )
        costs.append(-likelihoods[row.soft.position, END].item())
    assert losses(folder)[1] == pytest.approx(sum(costs) / 8, abs=1e-5)


def test_the_saved_model_keeps_the_tokenizer_and_never_pads_with_its_end_token(tmp_path, base):
    folder = tiny_run(tmp_path, TEN_STEPS[:4], base)
    train_here(folder, silent)
    for name in ("tokenizer.json", "tokenizer_config.json", "generation_config.json"):
        assert (folder.model / name).read_bytes() == (base / name).read_bytes()
    for name in ("generation_config.json", "config.json"):
        assert json.loads((folder.model / name).read_text("utf-8")).get("pad_token_id") is None


def test_an_end_token_that_the_base_does_not_stop_at_is_added(tmp_path, base):
    other = tmp_path / "base"
    other.mkdir()
    for path in base.iterdir():
        (other / path.name).write_bytes(path.read_bytes())
    (other / "generation_config.json").write_text(json.dumps({"eos_token_id": 5, "temperature": 0.6}), "utf-8")
    folder = tiny_run(tmp_path, TEN_STEPS[:4], other)
    train_here(folder, silent)
    made = json.loads((folder.model / "generation_config.json").read_text("utf-8"))
    assert made == {"eos_token_id": [5, END], "temperature": 0.6}


def test_with_lora_the_base_stays_and_the_merged_model_says_what_its_adapter_says(tmp_path, base):
    from peft import PeftModel

    rows = [made_row(example, epoch) for epoch in range(4) for example in range(8)]
    folder = tiny_run(tmp_path, rows, base, lora={"rank": 8, "alpha": 16}, learning_rate=2e-2)
    train_here(folder, silent)
    plain = AutoModelForCausalLM.from_pretrained(base)
    ids = torch.tensor([rows[0].input_ids])
    before = plain(ids).logits
    merged = AutoModelForCausalLM.from_pretrained(folder.model)(ids).logits
    adapted = PeftModel.from_pretrained(plain, str(folder.adapter))(ids).logits
    assert not torch.allclose(before, merged, atol=1e-2)
    assert torch.allclose(adapted, merged, atol=1e-4)
    targets = json.loads((folder.adapter / "adapter_config.json").read_text("utf-8"))["target_modules"]
    assert set(targets) == {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}


def test_a_loss_that_is_not_a_number_stops_before_the_weights_are_changed(tmp_path, base, monkeypatch):
    monkeypatch.setattr("judgelake.trainer.objectives.target_loss", lambda logits, batch: logits.sum() * math.nan)
    folder = tiny_run(tmp_path, TEN_STEPS, base)
    with pytest.raises(RunError, match=r"The loss of step 1 is nan.*lower learning_rate"):
        train_here(folder, silent)
    assert newest_checkpoint(folder.path) is None
    assert not folder.model.exists()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param(MemoryError(), "lower rows_at_once, now 2, set gradient_checkpointing: true", id="memory"),
        pytest.param(
            RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "ran out of memory", id="CPU"
        ),
        pytest.param(torch.OutOfMemoryError("CUDA out of memory"), r"train an adapter \(lora\)", id="GPU"),
        pytest.param(OSError(28, "No space left on device"), "The disk is full", id="disk"),
        pytest.param(ValueError("I/O error: No space left on device (os error 28)"), "The disk is full", id="in Rust"),
    ],
)
def test_what_the_machine_lacks_is_said_in_one_sentence(tmp_path, base, monkeypatch, error, expected):
    def failing(*args: object) -> None:
        raise error

    monkeypatch.setattr(JudgeTrainer, "training_step", failing)
    with pytest.raises(RunError, match=expected):
        train_here(tiny_run(tmp_path, TEN_STEPS, base), silent)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"batch_rows": 3}, "batch_rows is 3.*make it a multiple of 2", id="batch"),
        pytest.param({"learning_rate": 2e-2}, "holds a training of other rows, another base", id="another recipe"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, base, changes, expected):
    tiny_run(tmp_path, TEN_STEPS, base, batch_rows=changes.get("batch_rows", 4))
    with pytest.raises(UserError, match=expected):
        train_here(tiny_run(tmp_path, TEN_STEPS, base, **changes), silent)


def test_a_base_that_is_no_model_is_refused(tmp_path):
    with pytest.raises(UserError, match="cannot be trained"):
        train_here(tiny_run(tmp_path, TEN_STEPS, tmp_path), silent)


def test_a_folder_without_a_record_is_refused(tmp_path):
    with pytest.raises(UserError, match="not the record of a training"):
        train_here(RunFolder(tmp_path), silent)
