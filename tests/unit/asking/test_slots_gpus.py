"""With which GPUs an engine would start at a place, before it is started."""

import pytest

from judgelake.asking.slots import engine_gpus
from judgelake.engine import Engine
from judgelake.errors import UserError


@pytest.fixture(autouse=True)
def no_gpu_of_this_machine(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr("judgelake.asking.slots.is_cpu_build", lambda: False)


def given(monkeypatch, *gpus):
    monkeypatch.setattr("judgelake.asking.slots.gpu_addresses", lambda: gpus)


def test_the_gpus_of_a_task_are_counted(monkeypatch):
    given(monkeypatch, "3", "1")
    assert engine_gpus(None, 0) == ("1", "3")
    assert engine_gpus(Engine(), 0) == ("1", "3")


def test_gpus_that_an_engine_takes_without_spark_are_counted(monkeypatch):
    given(monkeypatch)
    monkeypatch.setattr("judgelake.engine.server.gpus.gpus_of_executor", lambda owner: ("0", "1", "2")[:owner])
    assert engine_gpus(None, 3) == ()
    assert engine_gpus(Engine(), 3) == ("0", "1", "2")
    given(monkeypatch, "1")
    assert engine_gpus(Engine(scope="executor"), 3) == ("0", "1", "2")


def test_a_place_without_vllm_has_no_gpus_yet(monkeypatch):
    given(monkeypatch)

    def missing():
        raise UserError("vLLM is not installed")

    monkeypatch.setattr("judgelake.asking.slots.is_cpu_build", missing)
    assert engine_gpus(Engine(), 0) == ()
