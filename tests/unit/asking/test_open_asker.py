"""What a task of Spark gives its engine: the model and adapter as this host has them, and what the driver found."""

from __future__ import annotations

import pytest
from model_folders import made_adapter, made_model
from pyarrow.fs import LocalFileSystem

from judgelake.asking.executor import open_asker
from judgelake.asking.window import OwnEngine
from judgelake.engine import Assigned, Endpoint, Launch, Lease, Started
from judgelake.jobs.judge import JudgeJob
from judgelake.jobs.judge.resolve import Judge, resolve_judge
from judgelake.judges import Prompt

COMMIT = "c" * 40


@pytest.fixture
def launched(monkeypatch, tmp_path) -> list[Launch]:
    """What engines are started with; none is."""
    launches: list[Launch] = []

    def ensure_engine(launch):
        launches.append(launch)
        endpoint = Endpoint("http://localhost/v1", "s.sock", None, launch.served_name)
        settings = {"max_num_seqs": 96, "options": {"data-parallel-size": "2"}}
        return Started(endpoint, "test", 1.0, "x.log", False, settings, Lease(tmp_path / "users"))

    monkeypatch.setattr("judgelake.asking.executor.ensure_engine", ensure_engine)
    monkeypatch.setattr("judgelake.asking.executor.owner_of_this_worker", lambda: 1)
    return launches


def opened(launched: list[Launch], cache: object, **judge: object) -> tuple[Judge, Launch]:
    content = {"judge": {"name": "chat", **judge}, "engine": {"model_cache": str(cache)}}
    job = JudgeJob.model_validate(content)
    resolved = resolve_judge(job, commit_of=lambda name, revision: COMMIT)
    open_asker(resolved, job.engine, None, None, Prompt(text="?"))
    return resolved, launched[-1]


def test_an_engine_gets_this_hosts_copies_and_what_they_must_be(launched, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "judgelake.engine.model.reading._filesystem",
        lambda source: (LocalFileSystem(), str(tmp_path / source.partition("://")[2])),
    )
    made_model(tmp_path / "box" / "judge")
    made_adapter(tmp_path / "box" / "adapter")
    judge, launch = opened(launched, tmp_path / "cache", model="s3://box/judge", adapter="s3://box/adapter")
    assert judge.adapter is not None
    assert launch.adapter is not None
    assert launch.model == str(judge.weights.folder)
    assert (launch.identity, launch.adapter.identity) == (judge.weights.identity, judge.adapter.found.identity)
    assert launch.adapter.path == str(judge.adapter.found.folder)
    assert launch.served_name == judge.adapter.name
    assert judge.model_version == f"{launch.identity}+adapter:{launch.adapter.identity}"


def test_an_engine_of_a_name_on_hugging_face_loads_the_drivers_commit(launched, tmp_path):
    judge, launch = opened(launched, tmp_path, model="org/name", revision="main")
    assert (launch.model, launch.revision, launch.identity) == ("org/name", COMMIT, f"org/name@{COMMIT}")
    assert (launch.adapter, judge.model_version) == (None, launch.identity)


@pytest.mark.parametrize(("gpus", "origin"), [(("0", "1"), "task"), (("0", "1"), "executor"), ((), "machine")])
def test_a_window_depends_on_what_the_engine_computes_and_who_shares_it(launched, tmp_path, monkeypatch, gpus, origin):
    room = "judgelake.asking.executor"
    monkeypatch.setattr(f"{room}.assigned_gpus", lambda *asked, **more: Assigned(gpus, origin))
    monkeypatch.setattr(f"{room}.cores_of_executor", lambda owner: 12)
    job = JudgeJob.model_validate({"judge": {"name": "chat"}, "engine": {"model_cache": str(tmp_path)}})
    judge = resolve_judge(job, commit_of=lambda name, revision: COMMIT)
    own = open_asker(judge, job.engine, None, None, Prompt(text="?")).own
    assert own == OwnEngine(sequences=192, gpus=len(gpus), is_of_task=origin == "task", cores=12)


def test_a_given_server_has_no_engine_of_this_executor():
    job = JudgeJob.model_validate({"judge": {"name": "chat"}, "engine": {"url": "http://x/v1"}})
    judge = resolve_judge(job, commit_of=lambda name, revision: COMMIT)
    endpoint = Endpoint("http://x/v1", None, None, "m")
    assert open_asker(judge, job.engine, None, endpoint, Prompt(text="?")).own is None


def test_a_callers_own_object_has_a_model_that_nobody_is_asked_about():
    job = JudgeJob.model_validate({"judge": {"name": "chat", "model": "mine"}})
    judge = resolve_judge(job, commit_of=None)
    assert (judge.model_version, judge.notes) == ("mine@unpinned", ())
