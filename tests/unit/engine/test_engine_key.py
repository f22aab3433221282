"""Which callers share an engine: those whose server would be the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from judgelake.engine import Adapter, Engine, Launch
from judgelake.engine.server.key import engine_key
from judgelake.engine.server.processes import ProcessId

OWNER = ProcessId(1, 100.0)
LAUNCH = Launch(Engine(), "org/m", "abc", 2048, gpus=("0", "1"), owner_pid=1, cores=2)


def key(owner=OWNER, launch=LAUNCH, **engine):
    return engine_key(replace(launch, engine=Engine(**engine)), owner)


@pytest.mark.parametrize(
    "engine",
    [
        {"timeout_s": 601},
        {"max_retries": 4},
        {"idle_stop_s": 1},
        {"stall_stop_s": 1},
        {"start_timeout_s": 1},
        {"requests_per_second": 3},
        {"body": {"top_k": 3}},
        {"max_tokens_field": "max_completion_tokens"},
        {"folder": "/elsewhere"},
        {"scope": "gpu"},
        {"options": {"seed": None}},
    ],
    ids=lambda engine: next(iter(engine)),
)
def test_what_the_server_does_not_see_starts_no_second_engine(engine):
    assert key(**engine) == key()


@pytest.mark.parametrize(
    "engine",
    [
        {"options": {"max-num-seqs": 8}},
        {"options": {"dtype": "half"}},
        {"env": {"VLLM_USE_V2_MODEL_RUNNER": "1"}},
        {"env_operational": {"GLOO_SOCKET_IFNAME": "eth0"}},
    ],
)
def test_what_the_server_sees_is_another_engine(engine):
    assert key(**engine) != key()


def test_an_option_counts_by_its_value_however_it_is_spelled():
    assert key(options={"tp": 2, "dtype": "half"}) == key(options={"dtype": "half", "--tensor_parallel_size": 2})


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "org/other"},
        {"revision": "def"},
        {"context_length": 4096},
        {"gpus": ("0",)},
        {"gpus": ()},
    ],
)
def test_another_model_length_or_gpu_is_another_engine(changes):
    assert key(launch=replace(LAUNCH, **changes)) != key()


def test_an_engine_is_for_all_adapters_of_its_rank_and_never_for_a_judge_without_one():
    def with_adapter(letter, rank):
        return key(launch=replace(LAUNCH, adapter=Adapter(f"adapter-{letter}", f"/{letter}", f"local:{letter}", rank)))

    assert with_adapter("a", 16) == with_adapter("b", 16)
    assert len({key(), with_adapter("a", 16), with_adapter("a", 64)}) == 3


def test_another_owner_has_another_engine():
    assert key(ProcessId(2, 100.0)) != key()
    assert key(ProcessId(1, 200.0)) != key()


def test_the_order_of_gpus_does_not_count():
    assert key(launch=replace(LAUNCH, gpus=("1", "0", "1"))) == key()


def test_cores_count_on_a_cpu_alone():
    assert key(launch=replace(LAUNCH, cores=4)) == key()
    on_cpu = replace(LAUNCH, gpus=())
    assert key(launch=replace(on_cpu, cores=4)) != key(launch=on_cpu)


def test_a_chat_template_in_a_file_counts_by_what_it_says(tmp_path):
    template = tmp_path / "chat.jinja"
    template.write_text("{{ messages }}")
    before = key(options={"chat-template": str(template)})
    assert before == key(options={"chat-template": str(template)})
    template.write_text("{{ messages }}!")
    assert before != key(options={"chat-template": str(template)})
