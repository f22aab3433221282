"""What a task keeps in flight: its share of what its engine computes at once, or what the config says."""

from __future__ import annotations

import pytest

from judgelake.asking.amounts import Amounts
from judgelake.asking.window import MIB, OwnEngine, Window, window_of
from judgelake.config import validated
from judgelake.jobs.judge import JudgeJob

QUARTERS = Amounts(gpus_a_task=0.25, gpus_an_executor=1, cores_an_executor=8)


@pytest.mark.parametrize(
    ("amounts", "slots", "engine", "requests"),
    [
        pytest.param(QUARTERS, None, OwnEngine(1024, 1, True, 8), 512, id="four tasks share 2,048"),
        pytest.param(QUARTERS, None, OwnEngine(256, 1, True, 8), 128, id="four tasks share 512"),
        pytest.param(QUARTERS, None, OwnEngine(None, 1, True, 8), 128, id="not known: vLLM's smallest default"),
        pytest.param(QUARTERS, None, OwnEngine(256, 1, True, 3), 171, id="three cores for four quarters, rounded up"),
        pytest.param(Amounts(1.0, 1, 2, 8), None, OwnEngine(256, 1, True, 8), 512, id="one task has it alone"),
        pytest.param(Amounts(2.0, 1, 4, 8), None, OwnEngine(256, 2, True, 8), 512, id="a set of two GPUs a task"),
        pytest.param(Amounts(0, 1, 4, 8), None, OwnEngine(1024, 4, False, 8), 256, id="eight tasks of an executor"),
        pytest.param(Amounts(0.25, 1, 4, 32), None, OwnEngine(1024, 4, False, 32), 128, id="16 tasks on four GPUs"),
        pytest.param(Amounts(is_local=True), 2, OwnEngine(256, 0, False, 16), 256, id="two slots on 16 cores"),
        pytest.param(Amounts(is_local=True), 16, OwnEngine(256, 0, False, 16), 64, id="never less than 64"),
        pytest.param(Amounts(cores_a_task=4), None, OwnEngine(256, 0, False, 16), 128, id="four cores a task"),
        pytest.param(Amounts(), None, None, 256, id="a given server"),
    ],
)
def test_the_tasks_of_an_engine_share_twice_what_it_computes_at_once(amounts, slots, engine, requests):
    window = Window(None, None, amounts, slots)
    assert window.requests_at(engine) == requests
    assert window.bytes_at(engine) == max(16 * MIB, requests * MIB // 4)


def test_what_the_config_says_counts_at_every_engine():
    window = Window(10, 5, QUARTERS)
    for engine in (None, OwnEngine(1024, 1, True, 8)):
        assert (window.requests_at(engine), window.bytes_at(engine)) == (10, 5)


@pytest.mark.parametrize(
    ("config", "amounts", "slots", "requests", "expected"),
    [
        pytest.param({}, QUARTERS, 64, None, 512, id="on a GPU vLLM's largest default"),
        pytest.param({"engine": {"options": {"max-num-seqs": 96}}}, QUARTERS, 64, None, 64, id="as the options say"),
        pytest.param(
            {"engine": {"options": {"max-num-seqs": 96, "dp": 4}}}, Amounts(1.0, 1, 4), 64, None, 768, id="four copies"
        ),
        pytest.param({}, Amounts(is_local=True), 2, None, 256, id="two slots of one machine"),
        pytest.param({}, Amounts(0, 1, 0, 4), 64, None, 128, id="four cores an executor"),
        pytest.param({}, QUARTERS, 64, 256, 256, id="decided already"),
    ],
)
def test_the_driver_expects_a_window_before_an_engine_runs(config, amounts, slots, requests, expected):
    job = validated(JudgeJob, {"judge": {"name": "chat"}, **config}, "test")
    window = window_of(job.asking, job.engine, amounts, slots, requests)
    assert (window.expected, window.requests) == (expected, requests)


def test_bytes_are_those_of_the_config():
    job = validated(JudgeJob, {"judge": {"name": "chat"}, "asking": {"window_mib": 3}}, "test")
    assert window_of(job.asking, job.engine, QUARTERS, 4, None).bytes_at(None) == 3 * MIB
