"""LoRA adapters: part of the judge's identity, asked for by a name of their own, the same on every host."""

from __future__ import annotations

import itertools
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from model_folders import made_adapter, made_model

from judgelake.engine import (
    Engine,
    Launch,
    ResolvedAdapter,
    ResolvedModel,
    StartRefused,
    adapter_here,
    check_options,
    ensure_engine,
    resolve_adapter,
    resolve_model,
)
from judgelake.engine.model.identity import check_model, folder_identity
from judgelake.engine.model.layout import ADAPTER
from judgelake.engine.server.command import server_command
from judgelake.errors import UserError
from judgelake.jobs.judge import JudgeJob
from judgelake.jobs.judge.record import facts_of
from judgelake.jobs.judge.resolve import Judge, resolve_judge

COMMIT = "c" * 40
BASE = resolve_model("org/base", None, commit_of=lambda name, revision: COMMIT)


def resolved(adapter: object, engine: dict | None = None, **judge: object) -> Judge:
    choice = {"name": "chat", "model": "org/base", "adapter": None if adapter is None else str(adapter), **judge}
    job = JudgeJob.model_validate({"judge": choice, "engine": engine or {}})
    return resolve_judge(job, commit_of=lambda name, revision: COMMIT)


def launch_with(judge: Judge, **engine: object) -> Launch:
    assert judge.adapter is not None
    adapter = adapter_here(judge.adapter, None)
    config = Engine.model_validate(engine)
    return Launch(config, judge.model, judge.revision, 2048, (), owner_pid=1, cores=1, adapter=adapter)


def test_the_content_of_an_adapter_is_part_of_the_judge(tmp_path):
    first, second = made_adapter(tmp_path / "a"), made_adapter(tmp_path / "b", weights=b"b")
    copy = shutil.copytree(first, tmp_path / "copy")
    one, same, other, none = (resolved(adapter) for adapter in (first, copy, second, None))
    assert one.model_version == f"org/base@{COMMIT}+adapter:{folder_identity(first, ADAPTER)}"
    assert one.fingerprint == same.fingerprint
    assert len({one.fingerprint, other.fingerprint, none.fingerprint}) == 3
    assert none.model_version == f"org/base@{COMMIT}"
    assert (one.model, one.full_name) == ("org/base", f"org/base with the adapter {first}")
    job = JudgeJob.model_validate({"judge": {"name": "chat"}})
    assert facts_of(job, one)["model"] == one.full_name


def test_every_request_names_the_adapter_and_the_server_has_room_for_it(tmp_path):
    judges = [resolved(made_adapter(tmp_path / name, weights=name.encode())) for name in ("a", "b")]
    launches = [launch_with(judge) for judge in judges]
    assert len({launch.served_name for launch in launches}) == 2
    for launch in launches:
        words = server_command(launch, tmp_path / "s.sock", is_cpu=True)
        assert "--enable-lora" in words
        options = dict(itertools.pairwise(words))
        assert options["--max-lora-rank"] == "16", "of vLLM's ranks the least that is enough"
        assert (options["--max-loras"], options["--max-cpu-loras"]) == ("4", "16")
        assert options["--served-model-name"] == "org/base"
        assert launch.served_name != launch.model
    without = server_command(replace(launches[0], adapter=None), tmp_path / "s.sock", is_cpu=True)
    assert not [word for word in without if "lora" in word]


@pytest.mark.parametrize(
    ("option", "advice"),
    [
        ("lora-modules", "set judge.adapter"),
        ("--lora_modules", "set judge.adapter"),
        ("lora-m", "set judge.adapter"),
        ("default-mm-loras", "set judge.adapter"),
        ("enable-lora", "set judge.adapter"),
        ("enable-lo", "set judge.adapter"),
        ("max-lora-rank", "judge.adapter"),
    ],
)
def test_an_adapter_in_the_options_would_not_be_asked_and_is_refused(option, advice):
    with pytest.raises(UserError, match=advice):
        check_options({option: "judge=/adapters/x"})
    check_options({"max-loras": 2, "lora-dtype": "float16", "fully-sharded-loras": True, "max-model-len": 9})


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"r": 600}, "rank 600"),
        ({"r": "x"}, "rank 'x'"),
        ({"r": 8, "rank_pattern": {"q_proj": 700}}, "rank 700"),
        ({"task_type": "SEQ_CLS"}, "SEQ_CLS"),
        ({"peft_type": "IA3"}, "IA3"),
        ({"use_dora": True}, "use_dora.*merge_and_unload"),
        ({"modules_to_save": ["lm_head"]}, "modules_to_save"),
        ({"bias": "all"}, "sets bias"),
    ],
)
def test_what_vllm_would_not_serve_is_refused_before_it_starts(tmp_path, config, said):
    with pytest.raises(UserError, match=said):
        resolve_adapter(str(made_adapter(tmp_path / "a", **config)), BASE)


@pytest.mark.parametrize(
    ("config", "rank"), [({"r": 8}, 8), ({"r": 9, "rank_pattern": {"q": 33}}, 64), ({"r": 512}, 512)]
)
def test_the_server_takes_the_rank_that_the_adapter_needs(tmp_path, config, rank):
    assert resolve_adapter(str(made_adapter(tmp_path / "a", **config)), BASE).max_rank == rank


def test_a_folder_without_an_adapter_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"no adapter_config\.json"):
        resolved(made_model(tmp_path / "model"))
    with pytest.raises(UserError, match=r"judge\.adapter"):
        resolved(tmp_path / "absent")


@pytest.mark.parametrize(
    ("trained_on", "is_said"), [("org/base", False), (None, False), ("/models/base", False), ("org/other", True)]
)
def test_another_base_than_the_adapters_own_is_shown(tmp_path, trained_on, is_said):
    judge = resolved(made_adapter(tmp_path / "a", base_model_name_or_path=trained_on))
    assert bool(judge.notes) == is_said
    if is_said:
        assert "'org/other'" in judge.notes[0]
        assert "'org/base'" in judge.notes[0]


def test_an_option_that_breaks_adapters_stops_the_driver(tmp_path):
    with pytest.raises(UserError, match="api-server-count"):
        resolved(made_adapter(tmp_path / "a"), engine={"options": {"api_server_count": 4}})
    assert resolved(None, engine={"options": {"api_server_count": 4}}).adapter is None


def test_how_many_adapters_a_server_holds_is_no_part_of_the_judge(tmp_path):
    adapter = made_adapter(tmp_path / "a")
    more = resolved(adapter, engine={"options": {"max-loras": 8, "max-cpu-loras": 64}})
    assert more.fingerprint == resolved(adapter).fingerprint


def test_behind_an_address_the_adapter_is_the_model(tmp_path):
    with pytest.raises(UserError, match=r"judge\.adapter.*name the adapter in judge\.model"):
        resolved(made_adapter(tmp_path / "a"), engine={"url": "http://judge.example/v1"})


def test_another_adapter_than_the_drivers_is_refused_on_a_host(tmp_path, monkeypatch):
    adapter = made_adapter(tmp_path / "a")
    launch = launch_with(resolved(adapter), folder=str(tmp_path / "engine"))
    (adapter / "adapter_model.safetensors").write_bytes(b"b")
    with pytest.raises(StartRefused, match=r"The adapter .* and this run's judge is local:.*judge\.adapter"):
        ensure_engine(launch)
    assert not (tmp_path / "engine").exists()


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A hub with one adapter; notes what is loaded from it."""
    folder, loaded = made_adapter(tmp_path / "snapshot"), []

    def snapshot_download(name, **how):
        loaded.append((name, how["revision"], how["token"]))
        return str(folder)

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    return loaded


@pytest.mark.parametrize(("given", "asked"), [("org/ad", None), ("org/ad@v1", "v1"), (f"org/ad@{COMMIT}", COMMIT)])
def test_an_adapter_on_hugging_face_is_its_commit(hub, given, asked):
    revisions = []

    def commit_of(name, revision):
        revisions.append((name, revision))
        return COMMIT

    adapter = resolve_adapter(given, BASE, commit_of=commit_of)
    assert revisions == [("org/ad", asked)]
    assert adapter.found.identity == f"org/ad@{COMMIT}"
    here = adapter_here(adapter, None)
    assert (here.name, here.identity, here.max_rank) == (adapter.name, None, 16)
    assert Path(here.path).name == "snapshot"
    assert hub == [("org/ad", COMMIT, False)] * 2


@pytest.mark.parametrize("given", ["org/ad", "org/ad@v1"])
def test_an_adapter_whose_commit_nobody_knows_cannot_be_put_on_a_model(hub, given):
    with pytest.raises(UserError, match="name@commit"):
        resolve_adapter(given, BASE, commit_of=lambda name, revision: None)
    assert not hub


def test_a_hub_that_does_not_give_the_adapter_names_host_and_key(monkeypatch):
    def gone(name, **how):
        raise OSError("no network")

    monkeypatch.setattr("huggingface_hub.snapshot_download", gone)
    with pytest.raises(UserError, match=r"'org/ad' at c+ from Hugging Face on host .*HF_TOKEN"):
        resolve_adapter("org/ad", BASE, commit_of=lambda name, revision: COMMIT)
    here = ResolvedAdapter(ResolvedModel("org/ad", COMMIT, f"org/ad@{COMMIT}"), 16)
    with pytest.raises(StartRefused, match="no network"):
        adapter_here(here, None)


def test_an_adapter_that_mlflow_keeps_is_found_below_its_folder(tmp_path):
    plain = made_adapter(tmp_path / "plain")
    shutil.copytree(plain, tmp_path / "written" / "peft")
    (tmp_path / "written" / "MLmodel").write_text("")
    adapter = resolve_adapter(str(tmp_path / "written"), BASE)
    assert adapter.found.identity == folder_identity(plain, ADAPTER)
    check_model(adapter_here(adapter, None).path, None, adapter.found.identity, ADAPTER)
