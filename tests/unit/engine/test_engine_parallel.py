"""How an engine is spread over its GPUs, and which sizes are refused."""

from __future__ import annotations

import json

import pytest

from judgelake.engine.server.parallel import attention_heads, parallel_options, weight_bytes
from judgelake.errors import UserError

GIB = 1024**3
TP, DP, PP = "tensor-parallel-size", "data-parallel-size", "pipeline-parallel-size"
B7, B70 = 14 * GIB, 140 * GIB


def sizes(gpus, *, options=None, of_task=False, weights=B7, memory=80 * GIB, heads=None):
    return parallel_options(options or {}, gpus, is_of_task=of_task, weights=weights, memory=memory, heads=heads)


@pytest.mark.parametrize(
    ("given", "derived"),
    [
        pytest.param(sizes(0), {}, id="a CPU"),
        pytest.param(sizes(1), {}, id="one GPU"),
        pytest.param(sizes(8), {DP: 8}, id="7B on 8 x 80 GB: a copy a GPU"),
        pytest.param(sizes(8, weights=B70), {TP: 4, DP: 2}, id="70B on 8 x 80 GB: two copies"),
        pytest.param(sizes(2, weights=B70), {TP: 2}, id="too large for all: all"),
        pytest.param(sizes(8, memory=16 * GIB), {TP: 2, DP: 4}, id="7B on 16 GB"),
        pytest.param(sizes(6, weights=B70), {TP: 3, DP: 2}, id="six GPUs"),
        pytest.param(sizes(6, weights=B70, heads=64), {TP: 2, DP: 3}, id="heads that three do not divide"),
        pytest.param(sizes(4, memory=None), {TP: 4}, id="memory not known, 15 GB and more: all"),
        pytest.param(sizes(4, memory=None, weights=14e9), {DP: 4}, id="memory not known, below 15 GB: copies"),
        pytest.param(sizes(4, weights=None), {TP: 4}, id="size not known"),
        pytest.param(sizes(4, of_task=True), {TP: 4}, id="the GPUs of a task hold one model"),
        pytest.param(sizes(3, of_task=True, heads=32), {DP: 3}, id="the GPUs of a task that do not divide the heads"),
        pytest.param(sizes(8, options={"tp": 2}), {DP: 4}, id="copies of a given size"),
        pytest.param(sizes(4, options={"tp": 2}, of_task=True), {DP: 2}, id="also for a task"),
        pytest.param(sizes(8, options={"dp": 2}), {TP: 4}, id="a given number of copies"),
        pytest.param(sizes(8, options={"pp": 2}, of_task=True), {TP: 4}, id="stages"),
        pytest.param(sizes(8, options={"pp": 2}), {DP: 4}, id="copies of two stages"),
        pytest.param(sizes(8, options={"pp": 2}, weights=B70), {TP: 2, DP: 2}, id="stages share the weights"),
        pytest.param(sizes(8, options={TP: "4", "--data_parallel_size": 2}), {}, id="all given"),
        pytest.param(sizes(2, options={"prefill-context-parallel-size": 2}), {}, id="another kind of size"),
    ],
)  # fmt: skip
def test_all_gpus_are_used_by_as_many_copies_as_fit(given, derived):
    assert given == derived


@pytest.mark.parametrize(
    ("gpus", "options"),
    [
        (1, {"tp": 4}),
        (4, {"tp": 3}),
        (8, {"tp": 2, "dp": 2}),
        (4, {"tp": 2, "dp": 2, "pp": 2}),
        (8, {"dp": 3}),
    ],
)
def test_sizes_that_leave_gpus_idle_or_need_more_are_refused(gpus, options):
    with pytest.raises(UserError, match=rf"does not use exactly the {gpus} GPU.*engine\.scope"):
        sizes(gpus, options=options)


def test_copies_that_cannot_be_spread_over_the_heads_are_refused():
    with pytest.raises(UserError, match="data-parallel-size 1 does not use exactly the 3 GPUs"):
        sizes(3, options={"dp": 1}, heads=32)


@pytest.mark.parametrize("value", [0, "x", True, 1.5])
def test_a_size_is_a_number_of_gpus(value):
    with pytest.raises(UserError, match="tensor-parallel-size must be a number of GPUs"):
        sizes(2, options={"tp": value})


def test_the_weights_of_a_folder_count_once(tmp_path):
    assert weight_bytes(None) is None
    assert weight_bytes(tmp_path) is None
    (tmp_path / "pytorch_model.bin").write_bytes(b"0" * 7)
    assert weight_bytes(tmp_path) == 7
    (tmp_path / "a.safetensors").write_bytes(b"0" * 3)
    (tmp_path / "b.safetensors").write_bytes(b"0" * 2)
    assert weight_bytes(tmp_path) == 5
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"metadata": {"total_size": 99}}))
    assert weight_bytes(tmp_path) == 99


def test_the_heads_are_those_of_the_models_config(tmp_path):
    assert attention_heads(None) is None
    assert attention_heads(tmp_path) is None
    (tmp_path / "config.json").write_text('{"num_attention_heads": 9}')
    assert attention_heads(tmp_path) == 9
    (tmp_path / "config.json").write_text("[]")
    assert attention_heads(tmp_path) is None
