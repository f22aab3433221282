"""Which commit a name on Hugging Face stands for: by the hub, by the cache, or not known at all."""

from __future__ import annotations

import time
from types import SimpleNamespace

import httpx
import pytest
from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError

from judgelake.engine import Keys, commit_of, resolve_adapter, resolve_model, served_model
from judgelake.errors import UserError

OLD, NEW = "a" * 40, "b" * 40


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Notes in the local cache which commit a ref had: cache("org/m", "main", commit)."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))

    def note(name, ref, commit):
        file = tmp_path / f"models--{name.replace('/', '--')}" / "refs" / ref
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(commit)

    return note


class Hub:
    """A hub that gives one answer, or raises one error, and notes what it was asked."""

    def __init__(self, answer):
        self.answer, self.asked = answer, []

    def model_info(self, name, *, revision, timeout, token):
        self.asked.append((name, revision, timeout, token))
        if isinstance(self.answer, BaseException):
            raise self.answer
        return SimpleNamespace(sha=self.answer)


@pytest.fixture
def hub(monkeypatch):
    """Online, with a hub of a given answer: hub(NEW), hub(error)."""
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.delenv("HF_TOKEN", raising=False)

    def at(answer):
        hub = Hub(answer)
        monkeypatch.setattr("huggingface_hub.HfApi", lambda: hub)
        return hub

    return at


def refused(kind):
    request = httpx.Request("GET", "https://hub.example")
    return kind("404 no such thing", response=httpx.Response(404, request=request))


@pytest.mark.parametrize("revision", [None, "main", "v1", OLD[:7]])
def test_a_branch_or_tag_is_the_commit_that_the_hub_names(cache, hub, revision):
    cache("org/m", revision or "main", OLD)
    asked = hub(NEW)
    assert commit_of("org/m", revision) == NEW
    assert asked.asked == [("org/m", revision, 5.0, False)]


def test_a_whole_commit_is_not_asked_for(cache, hub):
    asked = hub(NEW)
    assert commit_of("org/m", OLD) == OLD
    assert not asked.asked


def test_the_key_is_that_of_the_environment(cache, hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "key")
    asked = hub(NEW)
    commit_of("org/m", None)
    assert asked.asked[0][3] == "key"


@pytest.mark.parametrize(
    "error", [httpx.ConnectTimeout("no answer"), OSError("no network"), ValueError("not a name"), KeyError("a proxy")]
)
def test_without_the_hub_the_cache_knows(cache, hub, error):
    cache("org/m", "main", OLD)
    hub(error)
    assert commit_of("org/m", None) == OLD
    assert commit_of("org/m", "v1") is None
    assert commit_of("org/other", None) is None


@pytest.mark.parametrize("kind", [RepositoryNotFoundError, RevisionNotFoundError])
def test_what_the_hub_does_not_have_is_the_users_mistake_unless_it_is_here(cache, hub, kind):
    hub(refused(kind))
    with pytest.raises(UserError, match=r"Hugging Face has no model 'org/m' at the revision 'v1'"):
        commit_of("org/m", "v1")
    said = r"no model 'org/m' at the revision 'v1'.*: correct judge\.base or judge\.revision, or set HF_TOKEN"
    with pytest.raises(UserError, match=said):
        resolve_model("org/m", "v1", keys=Keys(model="judge.base"))
    with pytest.raises(UserError, match=r"at the revision 'v1'.*: correct judge\.adapter, or set HF_TOKEN"):
        resolve_adapter("org/m@v1", served_model("org/base", None))
    cache("org/m", "v1", OLD)
    assert commit_of("org/m", "v1") == OLD


@pytest.mark.parametrize("switch", ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
def test_in_offline_mode_the_hub_is_not_asked(cache, hub, monkeypatch, switch):
    asked = hub(NEW)
    monkeypatch.setenv(switch, "1")
    cache("org/m", "main", OLD)
    assert commit_of("org/m", None) == OLD
    assert commit_of("org/other", None) is None
    assert not asked.asked


def test_a_cache_that_holds_no_commit_knows_none(cache):
    cache("org/m", "main", "not a commit")
    assert commit_of("org/m", None) is None


def test_a_hub_that_is_not_reached_costs_seconds_and_no_run(cache, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setattr("huggingface_hub.hf_api.constants.ENDPOINT", "http://127.0.0.1:9")
    started = time.monotonic()
    assert commit_of("org/m", None) is None
    assert time.monotonic() - started < 20


def test_a_name_is_its_commit_everywhere():
    found = resolve_model("org/m", "v1", commit_of=lambda name, revision: NEW)
    assert (found.model, found.revision, found.identity, found.notes) == ("org/m", NEW, f"org/m@{NEW}", ())


@pytest.mark.parametrize(("revision", "identity"), [(None, "org/m@unpinned"), ("v1", "org/m@v1")])
def test_a_name_whose_commit_nobody_knows_is_unpinned_and_that_is_said(revision, identity):
    found = resolve_model("org/m", revision, commit_of=lambda name, revision: None)
    assert (found.revision, found.identity) == (revision, identity)
    assert "judge.revision" in found.notes[0]
