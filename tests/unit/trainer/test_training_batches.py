"""What a model computes at once: padding on the right, labels on the target alone, soft targets at their place."""

from __future__ import annotations

import pytest
import torch
from tiny_model import BASE_CONFIG, END, PAD, made_row
from transformers import LlamaConfig, LlamaForCausalLM

from judgelake.trainer.batch import IGNORED, collate, target_tokens
from judgelake.trainer.loss import target_loss


def test_rows_are_padded_on_the_right_and_only_targets_have_labels():
    rows = [made_row(0, words=3), made_row(1, words=5)]
    batch = collate(rows, PAD)
    for place, row in enumerate(rows):
        length, start = len(row.input_ids), row.target_from
        assert batch["input_ids"][place].tolist() == [*row.input_ids, *[PAD] * (9 - length)]
        assert batch["attention_mask"][place].tolist() == [1] * length + [0] * (9 - length)
        target = list(row.input_ids[start:])
        assert batch["labels"][place].tolist() == [IGNORED] * start + target + [IGNORED] * (9 - length)
        assert target[-1] == END
    assert batch["first"] == 4
    assert target_tokens(batch) == 4


def test_padding_changes_no_loss():
    torch.manual_seed(0)
    model = LlamaForCausalLM(LlamaConfig(**BASE_CONFIG)).eval()
    rows = [made_row(example, words=3 + example, soft=example == 1) for example in range(4)]

    def loss(batch) -> float:
        logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
        return target_loss(logits[:, batch["first"] - 1 : -1], batch).item()

    together = loss(collate(rows, PAD))
    assert together == pytest.approx(sum(loss(collate([row], PAD)) for row in rows), rel=1e-5)
    assert together == pytest.approx(loss(collate(rows, pad=7)), rel=1e-6)


def test_a_batch_without_rows_teaches_nothing():
    batch = collate([], PAD)
    assert target_tokens(batch) == 0
    logits = torch.randn(1, 1, 9, requires_grad=True)
    loss = target_loss(logits, batch)
    loss.backward()
    assert loss.item() == 0
    assert not logits.grad.any()


def test_soft_targets_of_different_sizes_share_a_batch():
    soft = made_row(1, soft=True)
    batch = collate([made_row(0), soft, made_row(2)], PAD)
    assert batch["soft"].tolist() == [[1, soft.soft.position]]
    assert batch["soft_ids"].tolist() == [list(soft.soft.token_ids)]
    assert batch["soft_probabilities"].tolist() == [[0.75, 0.25]]
    assert target_tokens(batch) == 6
