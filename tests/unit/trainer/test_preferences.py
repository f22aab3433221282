"""Direct preference optimisation: its loss by hand, which way it pushes, and where it begins."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pyarrow.parquet as pq
import pytest
import torch
from tiny_model import END, PAD, losses, made_pair, tiny_run, token_of
from transformers import AutoModelForCausalLM

from judgelake.errors import RunError
from judgelake.trainer import PREFERRED, RunFolder
from judgelake.trainer.objectives import TargetTokens
from judgelake.trainer.preferences import Pair, Preferences
from judgelake.trainer.process import train_here
from judgelake.training import Row

pytestmark = pytest.mark.usefixtures("one_thread")

BETA = 0.3


@pytest.fixture
def model(base):
    return AutoModelForCausalLM.from_pretrained(base)


def silent(line: str) -> None:
    pass


def by_hand(model, row: Row) -> list[float]:
    """The log-probability of both targets, each token by itself."""
    found = []
    for ids in row.sequences:
        likelihoods = model(torch.tensor([ids])).logits[0].log_softmax(-1)
        found.append(sum(likelihoods[at - 1, ids[at]].item() for at in range(row.target_from, len(ids))))
    return found


ROWS = [made_pair(example) for example in range(4)]
REFERENCE = [(-7.0, -8.5), (-6.0, -6.5), (-9.0, -7.0), (-5.5, -12.0)]


def test_the_loss_of_pairs_is_that_of_the_paper(model):
    pairs = [Pair(row, *of_row) for row, of_row in zip(ROWS, REFERENCE, strict=True)]
    objective = Preferences(TargetTokens.of(model, PAD), BETA)
    batch = objective.collate(pairs)
    assert objective.items(batch) == 4
    # A prompt of 6 to 8 tokens; the rejected judgment is the longer one.
    assert batch["input_ids"].shape == (8, max(len(row.sequences[1]) for row in ROWS))
    cost = objective.loss(model, batch)
    margins, chosen_rewards = [], []
    for row, (chosen, rejected) in zip(ROWS, REFERENCE, strict=True):
        said = by_hand(model, row)
        chosen_rewards.append(BETA * (said[0] - chosen))
        margins.append(chosen_rewards[-1] - BETA * (said[1] - rejected))
    expected = sum(math.log(1 + math.exp(-margin)) for margin in margins)
    assert cost.total.item() == pytest.approx(expected, abs=1e-4)
    figures = {name: value.item() for name, value in cost.figures.items()}
    assert set(figures) == set(PREFERRED)
    assert figures["reward_margin"] == pytest.approx(sum(margins), abs=1e-4)
    assert figures["chosen_reward"] == pytest.approx(sum(chosen_rewards), abs=1e-4)
    assert figures["reward_accuracy"] == sum(margin > 0 for margin in margins) not in (0, 4)


def test_a_step_down_makes_the_chosen_judgment_likelier_against_the_rejected_one(model):
    row = ROWS[0]
    before = by_hand(model, row)
    objective = Preferences(TargetTokens.of(model, PAD), BETA)
    objective.loss(model, objective.collate([Pair(row, *before)])).total.backward()
    with torch.no_grad():
        for weights in model.parameters():
            weights -= 0.01 * weights.grad
    after = by_hand(model, row)
    assert after[0] - after[1] > before[0] - before[1] + 0.01


def test_a_process_without_a_pair_has_a_gradient_of_nothing(model):
    objective = Preferences(TargetTokens.of(model, PAD), BETA)
    batch = objective.collate([])
    assert objective.items(batch) == 0
    cost = objective.loss(model, batch)
    cost.total.backward()
    assert cost.total.item() == 0
    assert all(value == 0 for value in cost.figures.values())
    assert all(weights.grad is None or not weights.grad.any() for weights in model.parameters())


def events(folder: RunFolder) -> list[dict[str, float]]:
    return [json.loads(line) for line in folder.events.read_text("utf-8").splitlines()]


def test_a_training_begins_at_the_untrained_weights_and_learns_to_prefer(tmp_path, base, model):
    rows = [made_pair(example, epoch) for epoch in range(6) for example in range(8)]
    folder = tiny_run(tmp_path, rows, base, dpo={"beta": BETA}, learning_rate=3e-3)
    said: list[str] = []
    train_here(folder, said.append)
    # Each of the eight pairs once, whatever the epochs.
    assert said[0] == "computing what the untrained weights say of 8 pairs"
    first, *_, last = events(folder)
    assert first["loss"] == pytest.approx(math.log(2), abs=1e-5)
    assert (first["reward_margin"], first["chosen_reward"]) == pytest.approx((0, 0), abs=1e-5)
    assert last["loss"] < 0.3
    assert last["reward_margin"] > 1
    assert last["reward_accuracy"] == 1
    trained = AutoModelForCausalLM.from_pretrained(folder.model)
    for row in rows[:8]:
        # By its probability a model still ends where it should: the end token is a part of both targets.
        assert row.input_ids[-1] == row.rejected_ids[-1] == END
        now, then = by_hand(trained, row), by_hand(model, row)
        assert now[0] - now[1] > then[0] - then[1]
    stored = pq.read_table(folder.reference).to_pylist()
    assert [one["chosen"] for one in stored] == pytest.approx([by_hand(model, row)[0] for row in rows], abs=1e-4)


def test_what_the_untrained_weights_say_of_other_rows_is_refused(tmp_path, base):
    folder = tiny_run(tmp_path, [made_pair(example) for example in range(4)], base, dpo={})
    train_here(folder, silent)
    pq.write_table(pq.read_table(folder.reference).slice(1), folder.reference)
    folder.model.rename(tmp_path / "elsewhere")
    with pytest.raises(RunError, match="is of other rows: delete this folder"):
        train_here(folder, silent)


def test_pairs_at_once_change_no_loss(tmp_path, base):
    rows = [made_pair(example) for example in range(8)]
    found = []
    for at_once in (1, 4):
        folder = tiny_run(tmp_path / str(at_once), rows, base, dpo={}, rows_at_once=at_once)
        train_here(folder, silent)
        found.append(losses(folder))
    assert found[0] == pytest.approx(found[1], rel=1e-4)


def test_pairs_are_as_long_as_the_longer_of_their_rows():
    row = ROWS[0]
    assert row.targets == (row.input_ids[row.target_from :], row.rejected_ids)
    assert row.sequences[1] == (*row.input_ids[: row.target_from], *row.rejected_ids)
    assert replace(row, rejected_ids=None).sequences == (row.input_ids,)
    assert row.rejected_ids[0] == token_of("9")
