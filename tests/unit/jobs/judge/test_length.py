"""Whether a prompt fits: counted with the judge's own tokenizer, and said by name where that cannot be."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest
from jinja2 import TemplateError

from judgelake.comparisons import Answer, Comparison, Failure, Message, Status
from judgelake.errors import UserError
from judgelake.jobs.judge import JudgeJob
from judgelake.jobs.judge.length import CUT_MARK, Fitting, counter_with, token_counter, tokenizer_folder
from judgelake.jobs.judge.resolve import resolve_judge
from judgelake.judges import Prompt

CHAT = Prompt(messages=(Message("user", "Which is better?"),))


class Tokenizer:
    """Stands in for that of transformers: a word is a token, a template may be missing or refuse."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.seen: list[object] = []

    def __call__(self, text: str) -> dict[str, list[str]]:
        return {"input_ids": text.split()}

    def apply_chat_template(self, messages, *, chat_template, **options):
        self.seen.append(chat_template)
        if self.error is not None:
            raise self.error
        return {"input_ids": ["<begin>", *messages[0]["content"].split()]}


def test_a_chat_is_counted_as_its_template_writes_it_and_a_completion_as_it_stands():
    count = counter_with(Tokenizer(), "org/model", None)
    assert count(CHAT) == 4
    assert count(Prompt(text="Which is better?")) == 3


def test_the_template_given_to_the_engine_is_the_one_counted_with():
    tokenizer = Tokenizer()
    counter_with(tokenizer, "org/model", "{{ messages }}")(CHAT)
    assert tokenizer.seen == ["{{ messages }}"]


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(ValueError("tokenizer.chat_template is not set\nand no template was passed"), id="none"),
        pytest.param(TemplateError("System role not supported"), id="it refuses"),
        pytest.param(TypeError("can only concatenate str"), id="it computes with what is not there"),
    ],
)
def test_a_model_that_cannot_chat_is_named_with_the_cause(error):
    with pytest.raises(UserError) as said:
        counter_with(Tokenizer(error), "org/base", None)(CHAT)
    assert "'org/base'" in str(said.value)
    assert str(error).splitlines()[0] in str(said.value)
    assert "engine.options.chat-template" in str(said.value)
    assert "\n" not in str(said.value)


def test_a_served_model_whose_template_is_not_known_here_is_left_to_its_server(monkeypatch, tmp_path):
    monkeypatch.setattr("judgelake.jobs.judge.length.tokenizer_folder", lambda judge: tmp_path)
    monkeypatch.setattr("judgelake.jobs.judge.length._tokenizer", lambda folder: Tokenizer(ValueError("no template")))
    assert token_counter(judge_of("http://judge.example/v1", "org/base")) is None
    assert token_counter(judge_of(None, "org/base")) is not None
    monkeypatch.setattr("judgelake.jobs.judge.length._tokenizer", lambda folder: Tokenizer())
    assert token_counter(judge_of("http://judge.example/v1", "org/base"))(CHAT) == 4


def judge_of(url: str | None, model: str):
    job = {"judge": {"name": "chat", "model": model, "context_length": 200}, "engine": {"url": url}}
    return resolve_judge(JudgeJob.model_validate(job))


def test_the_tokenizer_of_a_folder_is_not_that_of_a_served_model_of_the_same_name(tmp_path, monkeypatch):
    (tmp_path / "my-judge").mkdir()
    (tmp_path / "my-judge" / "config.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    assert tokenizer_folder(judge_of(None, "my-judge")) == tmp_path / "my-judge"
    assert tokenizer_folder(judge_of("http://judge.example/v1", "my-judge")) is None
    assert tokenizer_folder(judge_of("http://judge.example/v1", "@cf/meta/m")) is None


def test_a_hub_models_tokenizer_is_that_of_its_revision_in_the_cache(tmp_path, monkeypatch):
    asked = []

    def cached(name, file, revision=None):
        asked.append((name, revision))
        return str(tmp_path / file) if revision == "v1" else None

    hub = SimpleNamespace(try_to_load_from_cache=cached)
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    pinned = resolve_judge(JudgeJob.model_validate({"judge": {"name": "chat", "model": "org/m", "revision": "v1"}}))
    assert tokenizer_folder(pinned) == tmp_path
    assert tokenizer_folder(judge_of(None, "org/m")) is None
    assert asked == [("org/m", "v1"), ("org/m", None)]


def test_a_prompt_that_nobody_here_can_count_is_left_to_the_server(monkeypatch):
    answers = (Answer("word " * 500), Answer("b"))
    comparison = Comparison("c", "q", (Message("user", "x"),), answers)
    judge = judge_of("http://judge.example/v1", "@cf/meta/m")
    assert not isinstance(Fitting(judge, "fail").render(comparison, "AB"), Failure)
    monkeypatch.setattr("judgelake.jobs.judge.length.token_counter", lambda judge: lambda prompt: 201)
    too_long = Fitting(judge, "fail").render(comparison, "AB")
    assert too_long == Failure(Status.CONTEXT_OVERFLOW, "the prompt has 201 tokens, but only 192 fit")


@pytest.mark.parametrize(
    ("others", "room", "kept"),
    [
        pytest.param(40, 10 * 40 + 150, 40, id="short ones stay whole"),
        pytest.param(120, 10 * 120 + 130, 120, id="one is cut to hardly more than those left whole"),
        pytest.param(120, 11 * 80, None, id="too little would be left of it"),
    ],
)
def test_answers_are_cut_to_the_greatest_common_length_that_fits(monkeypatch, others, room, kept):
    """The mark of a cut counts in the length: else a slightly longer answer would become longer by being cut."""
    monkeypatch.setattr("judgelake.jobs.judge.length.token_counter", lambda judge: lambda prompt: prompt.bytes)
    answers = (*(Answer("x" * others) for _ in range(10)), Answer("y" * 5_000))
    comparison, order = Comparison("c", "q", (Message("user", "?"),), answers), "ABCDEFGHIJK"

    def fitted_into(budget):
        choice = {"name": "judgelm", "mode": "multi", "context_length": 128 + budget}
        return Fitting(resolve_judge(JudgeJob.model_validate({"judge": choice})), "trim").render(comparison, order)

    frame = fitted_into(20_000).prompt.bytes - 10 * others - 5_000
    fitted = fitted_into(frame + room)
    if kept is None:
        assert fitted.status == Status.CONTEXT_OVERFLOW
        return
    assert fitted.trimmed
    assert fitted.prompt.bytes <= frame + room
    assert fitted.prompt.text.count("x" * kept) == 10
    assert fitted.prompt.text.count(CUT_MARK) == 1


def test_a_judge_without_room_for_a_prompt_is_refused():
    with pytest.raises(UserError, match=r"'judgelm', mode 'pair' reserves 4000 tokens.*context has 2048.*max_tokens"):
        resolve_judge(JudgeJob.model_validate({"judge": {"name": "judgelm", "max_tokens": 4000}}))


def test_the_tokenizer_is_looked_for_once_a_task_and_only_if_a_prompt_is_long(monkeypatch):
    asked = []
    monkeypatch.setattr("judgelake.jobs.judge.length.token_counter", asked.append)
    fitting = Fitting(judge_of(None, "org/m"), "fail")
    comparison = Comparison("c", "q", (Message("user", "x"),), (Answer("a"), Answer("b")))
    roomy = Fitting(resolve_judge(JudgeJob.model_validate({"judge": {"name": "chat", "context_length": 4096}})), "fail")
    for order in ("AB", "BA"):
        roomy.render(comparison, order)
    assert asked == []
    for order in ("AB", "BA"):
        fitting.render(comparison, order)
    assert len(asked) == 1


@pytest.mark.parametrize(("url", "is_named"), [(None, True), ("http://127.0.0.1:9/v1", False)])
def test_a_tokenizer_that_breaks_while_it_is_loaded_is_named_where_the_model_is_ours(
    monkeypatch, tmp_path, url, is_named
):
    def broken(folder):
        raise RuntimeError("no such class")

    monkeypatch.setattr("judgelake.jobs.judge.length.tokenizer_folder", lambda judge: tmp_path)
    monkeypatch.setattr("judgelake.jobs.judge.length._tokenizer", broken)
    judge = SimpleNamespace(
        model="org/m", is_served=url is not None, mode="pair", spec=SimpleNamespace(name="mine"), chat_template=None
    )
    if is_named:
        with pytest.raises(UserError, match=r"tokenizer of the model 'org/m' \(judge 'mine', mode 'pair'\).*no such"):
            token_counter(judge)
    else:
        assert token_counter(judge) is None
