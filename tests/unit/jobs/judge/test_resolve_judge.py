"""Which model a job's judge is, and what of the job changes the fingerprint of its judgments."""

from __future__ import annotations

import json

import pytest

from judgelake.errors import UserError
from judgelake.jobs.judge import JudgeJob
from judgelake.jobs.judge.resolve import Judge, resolve_judge

URL = "http://judge.example/v1"


def resolved(engine: dict | None = None, **judge: object) -> Judge:
    return resolve_judge(JudgeJob.model_validate({"judge": {"name": "chat", **judge}, "engine": engine or {}}))


@pytest.fixture
def beside(tmp_path, monkeypatch):
    """A model's folder in the working folder, whose name a server may use for a model of its own."""
    folder = tmp_path / "my-judge"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"max_position_embeddings": 512}))
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.mark.parametrize("name", ["/models/my-judge", "accounts/x/models/y", "@cf/meta/m", "./my-judge", "my-judge"])
def test_behind_an_address_a_model_is_the_name_its_server_knows(beside, name):
    judge = resolved({"url": URL}, model=name, revision="v1")
    assert (judge.model, judge.model_version, judge.context_length) == (name, f"{name}@v1", 8192)
    assert judge.is_served
    assert resolved({"url": URL}, model=name).model_version == f"{name}@unpinned"


def test_a_name_behind_an_address_is_another_judge_than_the_folder_of_that_name(beside):
    local = resolved(model="my-judge")
    assert (local.model, local.context_length, local.is_served) == (str(beside), 512, False)
    assert local.model_version.startswith("local:")
    prints = {resolved({"url": URL}, model=name).fingerprint for name in ("my-judge", "other")} | {local.fingerprint}
    assert len(prints) == 3


@pytest.mark.parametrize("engine", [{}, {"url": URL}])
def test_a_judge_whose_prompt_is_withheld_cannot_be_asked(engine):
    with pytest.raises(UserError, match=r"prompt of judge 'fare' is not included \(its licence") as error:
        resolved(engine, name="fare")
    assert "judge.folder" in str(error.value)


def test_without_an_address_a_path_must_be_there():
    with pytest.raises(UserError, match="not a folder on this machine"):
        resolved(model="/models/absent/my-judge")


def test_a_chat_template_changes_the_fingerprint_by_its_content(tmp_path):
    template, copy = tmp_path / "a.jinja", tmp_path / "b.jinja"
    template.write_text("{{ messages }}")
    copy.write_text("{{ messages }}")
    given, moved = (resolved({"options": {"chat-template": str(path)}}) for path in (template, copy))
    assert given.fingerprint == moved.fingerprint != resolved().fingerprint
    assert given.chat_template == "{{ messages }}"
    template.write_text("{{ messages }}!")
    assert resolved({"options": {"chat-template": str(template)}}).fingerprint != given.fingerprint
    served = resolved({"url": URL, "options": {"chat-template": str(template)}})
    assert served.chat_template is None, "options are not sent to a server that runs already"


@pytest.mark.parametrize("mode", ["pair-logprobs", "pair-decide"])
@pytest.mark.parametrize("name", ["logprobs-mode", "--logprobs_mode", "logp"])
def test_logits_are_refused_for_a_judge_that_decides_by_probabilities(mode, name):
    for given in ("raw_logprobs", "processed_logprobs"):
        assert resolved({"options": {name: given}}, mode=mode)
    with pytest.raises(UserError, match=r"logprobs-mode must be raw_logprobs or processed_logprobs.*'raw_logits'"):
        resolved({"options": {name: "raw_logits"}}, mode=mode)
    assert resolved({"options": {name: "raw_logits"}}, mode="pair-explain")
    assert resolved({"url": URL, "options": {name: "raw_logits"}}, mode=mode), "options are of a server we start"


def test_the_endpoint_that_is_named_is_part_of_the_judge_and_the_one_that_is_found_is_not():
    prints = {
        resolved({"url": URL, "decision_endpoint": name}).fingerprint for name in (None, "systemone", "decisions")
    }
    assert len(prints) == 3


def test_a_job_may_set_the_least_label_mass_of_a_mode_that_has_one():
    own, none = (resolved({"url": URL}, mode="pair-logprobs", least_label_mass=least) for least in (None, 0))
    assert [judge.spec.mode(judge.mode).least_label_mass for judge in (own, none)] == [0.5, 0.0]
    assert own.fingerprint != none.fingerprint
    by_text = {resolved({"url": URL}, least_label_mass=least).fingerprint for least in (None, 0, 0.9)}
    assert len(by_text) == 1, "a verdict from the text does not depend on it"


def test_a_name_on_hugging_face_is_judged_under_its_commit():
    def at(commit, revision=None):
        job = JudgeJob.model_validate({"judge": {"name": "chat", "model": "org/m", "revision": revision}})
        return resolve_judge(job, commit_of=lambda name, asked: asked if asked == commit else commit)

    first, moved, pinned = at("a" * 40), at("b" * 40), at("a" * 40, revision="a" * 40)
    assert (first.revision, first.model_version) == ("a" * 40, f"org/m@{'a' * 40}")
    assert first.fingerprint == pinned.fingerprint != moved.fingerprint
    assert not first.notes


def test_nothing_is_asked_about_a_model_behind_an_address():
    def fail(name, revision):
        raise AssertionError("asked")

    job = JudgeJob.model_validate({"judge": {"name": "chat", "model": "org/m"}, "engine": {"url": URL}})
    assert resolve_judge(job, commit_of=fail).model_version == "org/m@unpinned"
