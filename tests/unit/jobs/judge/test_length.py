"""Whether a prompt fits: counted with the judge's own tokenizer, and said by name where that cannot be."""

from __future__ import annotations

import pickle
import shutil
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest
from jinja2 import TemplateError
from word_tokenizer import save_word_tokenizer

from judgelake.comparisons import Answer, Comparison, Failure, Message, Status
from judgelake.errors import UserError
from judgelake.jobs.judge import JudgeJob
from judgelake.jobs.judge.length import (
    Trimming,
    counter_with,
    rendered,
    token_counter,
    tokenizer_folder,
    trimming_of,
)
from judgelake.jobs.judge.resolve import resolve_judge
from judgelake.judges import CUT_MARK, Prompt

TEMPLATE = "{% for message in messages %}{{ message.content }} {% endfor %}"
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


def test_control_strings_in_answers_count_as_the_text_they_are_sent_as():
    from tokenizers import Tokenizer as Words
    from tokenizers import models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = Words(models.WordLevel({"<unk>": 0, "Judge": 1}, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.add_special_tokens(["<|end|>"])
    count = counter_with(PreTrainedTokenizerFast(tokenizer_object=words, unk_token="<unk>"), "m", None)
    text = "Judge <|end|> <|end|>"
    assert count(Prompt(text=text)) == 3
    # "<|", "end" and "|>" are words of their own.
    assert count(Prompt(text=text, material=(((6, 13),),))) == 5
    assert count(Prompt(text=text, material=(((6, 21),),))) == 7


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
    for name in ("config.json", "tokenizer.json"):
        (tmp_path / "my-judge" / name).write_text("{}")
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


COMPARISON = Comparison("c", "q", (Message("user", "x"),), (Answer("word " * 500), Answer("b")))


def fitted(judge, comparison=COMPARISON, order="AB", tokenizer=None):
    prompt = rendered(judge, comparison, order)
    return Trimming(judge, tokenizer or SimpleNamespace(load=Tokenizer)).fitted(prompt, comparison, order)


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
    monkeypatch.setattr("judgelake.jobs.judge.length._counter", lambda judge, tokenizer: lambda prompt: prompt.bytes)
    answers = (*(Answer("x" * others) for _ in range(10)), Answer("y" * 5_000))
    comparison, order = Comparison("c", "q", (Message("user", "?"),), answers), "ABCDEFGHIJK"

    def fitted_into(budget):
        choice = {"name": "judgelm", "mode": "multi", "context_length": 128 + budget}
        return fitted(resolve_judge(JudgeJob.model_validate({"judge": choice})), comparison, order)

    frame = fitted_into(20_000).prompt.bytes - 10 * others - 5_000
    found = fitted_into(frame + room)
    if kept is None:
        assert found == Failure(
            Status.CONTEXT_OVERFLOW, f"the prompt has {frame + 10 * others + 5_000} tokens, but only {frame + room} fit"
        )
        return
    assert found.trimmed
    assert found.prompt.bytes <= frame + room
    assert found.prompt.text.count("x" * kept) == 10
    assert found.prompt.text.count(CUT_MARK) == 1


def test_a_judge_without_room_for_a_prompt_is_refused():
    with pytest.raises(UserError, match=r"'judgelm', mode 'pair' reserves 4000 tokens.*context has 2048.*max_tokens"):
        resolve_judge(JudgeJob.model_validate({"judge": {"name": "judgelm", "max_tokens": 4000}}))


def test_the_tokenizer_is_loaded_only_where_a_prompt_may_be_long():
    loaded = []

    def load():
        loaded.append(1)
        return Tokenizer()

    short = replace(COMPARISON, answers=(Answer("a"), Answer("b")))
    roomy = resolve_judge(JudgeJob.model_validate({"judge": {"name": "chat", "context_length": 4096}}))
    assert not fitted(roomy, short, tokenizer=SimpleNamespace(load=load)).trimmed
    assert loaded == []
    assert fitted(judge_of(None, "org/m"), tokenizer=SimpleNamespace(load=load)).trimmed
    assert loaded == [1]


def test_a_tokenizer_that_is_shipped_cuts_alike_where_there_is_no_model(tmp_path, monkeypatch):
    folder = save_word_tokenizer(tmp_path / "model", "word b", TEMPLATE)
    trimming = trimming_of(judge_of(None, str(folder)))
    here = trimming.fitted(rendered(trimming.judge, COMPARISON, "AB"), COMPARISON, "AB")
    sent = pickle.dumps(trimming)
    shutil.rmtree(folder)
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    there = pickle.loads(sent)
    assert there.fitted(rendered(there.judge, COMPARISON, "AB"), COMPARISON, "AB") == here
    assert here.trimmed
    assert 0 < here.prompt.messages[-1].content.count("word") < 500


class Hub:
    """Stands in for huggingface_hub: what it has is downloaded into a folder, all else is an error."""

    def __init__(self, **folders):
        self.folders, self.asked = folders, []

    def try_to_load_from_cache(self, name, file, revision=None):
        return None

    def snapshot_download(self, name, *, revision, **options):
        self.asked.append((name, revision))
        if name not in self.folders:
            raise OSError(f"404: no model\n{name}")
        return str(self.folders[name])


def test_a_tokenizer_that_is_nowhere_here_is_downloaded_once(tmp_path, monkeypatch):
    hub = Hub(**{"org/m": save_word_tokenizer(tmp_path, "word b", TEMPLATE)})
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    job = {"judge": {"name": "chat", "model": "org/m", "revision": "v1", "context_length": 200}}
    trimming = trimming_of(resolve_judge(JudgeJob.model_validate(job)))
    assert fitted(trimming.judge, tokenizer=trimming.tokenizer).trimmed
    assert fitted(trimming.judge, order="BA", tokenizer=trimming.tokenizer).trimmed
    assert hub.asked == [("org/m", "v1")]


@pytest.mark.parametrize(
    ("url", "model", "said", "asked"),
    [
        pytest.param(
            None, "org/gone", r"OSError: 404: no model org/gone\. Set judge\.model to a folder", 1, id="not on the hub"
        ),
        pytest.param(
            "http://j.example/v1", "org/gone", "404.*overflow: fail, with which the server decides", 1, id="served"
        ),
        # Somebody else's model may have that name on Hugging Face.
        pytest.param(
            "http://j.example/v1", "judge", "not the name of a model.*Serve the model under", 0, id="short name"
        ),
    ],
)
def test_a_job_that_is_to_trim_is_refused_where_no_tokenizer_can_be_had(monkeypatch, url, model, said, asked):
    hub = Hub(judge="/nowhere")
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    with pytest.raises(
        UserError, match=rf"overflow: trim needs the tokenizer of the model '{model}'.*{said}"
    ) as raised:
        trimming_of(judge_of(url, model))
    assert "\n" not in str(raised.value)
    assert len(hub.asked) == asked


def test_a_served_model_whose_template_here_is_another_is_not_trimmed_by_it(tmp_path, monkeypatch):
    hub = Hub(**{"org/m": save_word_tokenizer(tmp_path, "word b", None)})
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    with pytest.raises(UserError, match=r"'org/m' here does not accept the messages of judge 'chat', mode 'pair'\."):
        trimming_of(judge_of("http://judge.example/v1", "org/m"))


def test_a_tokenizer_that_cannot_be_loaded_is_never_a_reason_to_ask_untrimmed(tmp_path, monkeypatch):
    folder = save_word_tokenizer(tmp_path / "model", "word b", TEMPLATE)
    (folder / "tokenizer.json").write_text("{")
    with pytest.raises(UserError, match=r"tokenizer of the model .* cannot be loaded: .*Fix the model's folder"):
        trimming_of(judge_of(None, str(folder)))
    monkeypatch.setattr("judgelake.jobs.judge.length.load_tokenizer", lambda folder: None)
    with pytest.raises(UserError, match="needs the package transformers"):
        trimming_of(judge_of(None, str(folder)))


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
