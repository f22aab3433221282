"""The memory estimate: by hand for a shape, and the shape as it is in a model's files."""

from __future__ import annotations

import pytest
from tiny_model import BASE_CONFIG, save_tiny_model

from judgelake.errors import UserError
from judgelake.trainer import Recipe, estimate_memory, shape_of
from judgelake.trainer.memory import Shape

SHAPE = Shape(parameters=1000, linear_sides=300, hidden=8, intermediate=16, layers=2, key_values=4, vocabulary=100)


def test_all_weights_take_sixteen_bytes_a_parameter_and_two_more_in_bfloat16():
    full = estimate_memory(SHAPE, Recipe(bf16=False), 10, 3)
    assert (full.weights, full.gradients, full.optimizer) == (4000, 4000, 8000)
    assert estimate_memory(SHAPE, Recipe(bf16=True), 10, 3).weights == 6000


def test_adapters_leave_gradients_and_moments_of_themselves_alone():
    lora = estimate_memory(SHAPE, Recipe.model_validate({"lora": {"rank": 2}}), 10, 3)
    assert (lora.weights, lora.gradients, lora.optimizer) == (2 * 1000 + 4 * 600, 4 * 600, 8 * 600)


def test_activations_grow_with_the_rows_at_once_and_shrink_with_checkpointing():
    of_a_layer = 10 * (2 * (5 * 8 + 3 * 4 + 4 * 16) + 4 * 4 * 8)
    assert estimate_memory(SHAPE, Recipe(), 10, 3).activations == 2 * of_a_layer
    assert estimate_memory(SHAPE, Recipe(rows_at_once=3), 10, 3).activations == 6 * of_a_layer
    checkpointed = estimate_memory(SHAPE, Recipe(gradient_checkpointing=True), 10, 3)
    assert checkpointed.activations == of_a_layer + 2 * 10 * 4 * 8


def test_only_the_columns_of_the_target_have_logits():
    assert estimate_memory(SHAPE, Recipe(rows_at_once=2), 10, 3).logits == 4 * 4 * 2 * 4 * 100


def test_a_pair_takes_the_memory_of_two_rows_and_no_second_model():
    pairs = estimate_memory(SHAPE, Recipe.model_validate({"dpo": {}}), 10, 3)
    assert pairs == estimate_memory(SHAPE, Recipe(rows_at_once=2), 10, 3)


def test_the_shape_is_read_from_the_files_of_a_model(tmp_path):
    base = save_tiny_model(tmp_path)
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(base)
    shape = shape_of(base)
    assert shape.parameters == sum(weights.numel() for weights in model.parameters())
    of_a_layer = (32 + 32) * 2 + (32 + 16) * 2 + (32 + 48) * 3
    assert shape.linear_sides == 2 * of_a_layer
    assert (shape.hidden, shape.intermediate, shape.layers) == (32, 48, 2)
    assert (shape.key_values, shape.vocabulary) == (16, BASE_CONFIG["vocab_size"])


def test_a_folder_without_a_model_has_no_shape(tmp_path):
    with pytest.raises(UserError, match="its shape is not in its files"):
        shape_of(tmp_path)
