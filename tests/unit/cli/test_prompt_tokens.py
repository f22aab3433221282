"""`judgelake prompts --tokens`: the ids that vLLM makes of a prompt, and the warnings about them."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from judgelake.cli import main

# Only searched for: importing it would cost every test run seconds.
pytestmark = pytest.mark.skipif(find_spec("transformers") is None, reason="needs transformers")

BOS, EOS, UNKNOWN, TURN = 0, 1, 2, 3
SPECIAL = {"<s>": BOS, "</s>": EOS, "<unk>": UNKNOWN, "<|turn|>": TURN}
WORDS = ("judge", "question", "one", "two", "A", "B", ":", "Verdict")
IDS = SPECIAL | {word: number for number, word in enumerate(WORDS, start=len(SPECIAL))}

TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<|turn|> {{ message.content }} {% endfor %}"
    "{% if add_generation_prompt %}<|turn|>{% endif %}"
)
LINE = {
    "comparison_id": "c1",
    "messages": [{"role": "user", "content": "question"}],
    "answers": [{"text": "one"}, {"text": "two"}],
    "reference": "two two",
}
CHAT = """\
messages:
      - {role: user, content: "judge {{ question }} A: {{ answers[0] }} B: {{ answers[1] }}"}"""
BEGUN = CHAT + '\n      - {role: assistant, content: "Verdict:"}'
COMPLETION = 'prompt: "judge {{ question }} A: {{ answers[0] }} B: {{ answers[1] }}"'
JUDGE = """\
name: mine
description: A judge for this test.
model: org/not-here
{more}
context_length: {context}
licence: MIT
decoding: {{max_tokens: 8}}
modes:
  pair:
    answers: [2, 2]
    {shown}
    reference: {reference}
    parser: {{kind: score_line}}
"""


def save_tokenizer(folder: Path, template: str | None = TEMPLATE) -> str:
    """A tokenizer whose words are tokens, and which begins a text with BOS, as those of Llama do."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel(IDS, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", BOS)])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=words,
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        additional_special_tokens=["<|turn|>"],
    )
    if template is not None:
        tokenizer.chat_template = template
    tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save_tokenizer(tmp_path_factory.mktemp("model"))


def asking(
    folder: Path,
    shown: str,
    line: dict[str, Any] | None = None,
    *more: str,
    context: int = 100,
    reference: str = "none",
    revision: str = "",
) -> list[str]:
    """The arguments that show the tokens of one comparison, for a judge written into the folder."""
    judge = JUDGE.format(shown=shown, context=context, reference=reference, more=revision)
    (folder / "mine.yaml").write_text(judge, "utf-8")
    file = folder / "comparisons.jsonl"
    file.write_text(json.dumps(line or LINE) + "\n", "utf-8")
    return ["prompts", "--judges", str(folder), "--judge", "mine", "--mode", "pair", "--tokens", *more, str(file)]


def row(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> dict[str, Any]:
    assert main(arguments) == 0, capsys.readouterr().err
    (line,) = capsys.readouterr().out.splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


def ids_of(text: str) -> list[int]:
    return [IDS[word] for word in text.split()]


ASKED = "judge question A : one B : two"


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        pytest.param(CHAT, f"<s> <|turn|> {ASKED} <|turn|>", id="a chat, with nothing added to its template"),
        pytest.param(BEGUN, f"<s> <|turn|> {ASKED} <|turn|> Verdict :", id="a chat that ends in a begun answer"),
        pytest.param(COMPLETION, f"<s> {ASKED}", id="a completion, with the BOS that the tokenizer adds"),
    ],
)
def test_each_kind_of_prompt_has_its_ids(
    tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str], shown: str, expected: str
) -> None:
    found = row(capsys, asking(tmp_path, shown, None, "--model", model))
    assert set(found) == {"comparison_id", "order", "prompt", "tokens", "token_ids", "warnings"}
    assert found["token_ids"] == ids_of(expected)
    assert found["tokens"] == len(found["token_ids"])
    assert found["warnings"] == []


def test_the_order_shown_is_the_order_of_the_tokens(
    tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = row(capsys, asking(tmp_path, COMPLETION, None, "--model", model, "--order", "BA"))
    assert found["token_ids"] == ids_of("<s> judge question A : two B : one")


def test_a_chat_template_that_writes_a_second_bos_is_seen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = save_tokenizer(tmp_path / "model", "{{ bos_token }}" + TEMPLATE)
    found = row(capsys, asking(tmp_path, CHAT, None, "--model", model))
    assert found["token_ids"][:3] == [BOS, BOS, TURN]
    (warning,) = found["warnings"]
    assert "two BOS tokens ('<s>')" in warning


def test_a_completion_that_begins_with_the_text_of_bos_has_two(
    tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = COMPLETION.replace("judge", "<s>judge")
    found = row(capsys, asking(tmp_path, shown, None, "--model", model))
    assert found["token_ids"] == ids_of(f"<s> <s> {ASKED}")
    (warning,) = found["warnings"]
    assert "two BOS tokens ('<s>')" in warning


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        pytest.param("one</s>", "'</s>'.", id="one"),
        pytest.param("<|turn|>A<|turn|>one </s>", "'<|turn|>', '</s>'.", id="several"),
        pytest.param("one <unk>", "'<unk>'.", id="the token of unknown words, spelled out"),
        pytest.param("one <|im_end|>", "'<|im_end|>'.", id="that of another model"),
        pytest.param("never heard of", None, id="words that the tokenizer does not know"),
        pytest.param("< / s > turn", None, id="no such string"),
    ],
)
@pytest.mark.parametrize("shown", [CHAT, COMPLETION], ids=["chat", "completion"])
def test_control_strings_in_the_material_are_named_and_those_of_the_templates_are_not(
    tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str], shown: str, answer: str, said: str | None
) -> None:
    line = LINE | {"answers": [{"text": answer}, {"text": "two"}]}
    found = row(capsys, asking(tmp_path, shown, line, "--model", model))
    expected = f"The judged material holds control strings: {said} In these ids they are only text;"
    assert [warning.startswith(expected) for warning in found["warnings"]] == ([] if said is None else [True])
    harmless = row(capsys, asking(tmp_path, shown, None, "--model", model))
    assert special_of(found) == special_of(harmless)


def special_of(found: dict[str, Any]) -> list[int]:
    return [token for token in found["token_ids"] if token in (BOS, EOS, TURN)]


def test_a_tokenizer_that_takes_control_strings_for_tokens_is_said(
    tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transformers.PreTrainedTokenizerFast.backend_tokenizer", None)
    line = LINE | {"answers": [{"text": "one</s>"}, {"text": "two"}]}
    found = row(capsys, asking(tmp_path, COMPLETION, line, "--model", model))
    assert found["token_ids"].count(EOS) == 1
    assert "They act as such, because prompts are sent as text: the model's tokenizer cannot" in found["warnings"][0]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("messages", [{"role": "user", "content": "question </s>"}]),
        ("input", "one </s>"),
        ("reference", "two </s>"),
    ],
)
def test_every_text_that_the_mode_shows_is_looked_at(
    tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str], key: str, value: object
) -> None:
    shown = COMPLETION.replace("judge", "judge {{ reference }}")
    arguments = asking(tmp_path, shown, LINE | {key: value}, "--model", model, reference="optional")
    found = row(capsys, arguments)
    assert found["token_ids"].count(EOS) == 0
    assert "holds control strings: '</s>'." in found["warnings"][0]


def test_a_reference_that_is_not_shown_does_not_count(
    tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    line = LINE | {"reference": "two </s>"}
    assert row(capsys, asking(tmp_path, COMPLETION, line, "--model", model))["warnings"] == []
    shown = COMPLETION.replace("judge", "judge {{ reference }}")
    ignored = asking(tmp_path, shown, line, "--model", model, "--reference", "ignore", reference="optional")
    assert row(capsys, ignored)["warnings"] == []


def test_turns_and_rubric_are_material(tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = 'rubric: required\n    conversation: turns\n    prompt: "{{ rubric.criteria }} {{ answers[0][0].text }}"'
    line = LINE | {
        "answers": [{"turns": ["one </s>"]}, {"turns": ["two"]}],
        "rubric": {"criteria": "A <|turn|>"},
    }
    (warning,) = row(capsys, asking(tmp_path, shown, line, "--model", model))["warnings"]
    assert "control strings: '<|turn|>', '</s>'." in warning


@pytest.mark.parametrize(("context", "is_said"), [(17, False), (16, True)])
def test_a_prompt_without_room_for_the_output_is_seen(
    tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str], context: int, is_said: bool
) -> None:
    warnings = row(capsys, asking(tmp_path, COMPLETION, None, "--model", model, context=context))["warnings"]
    expected = "The prompt's 9 tokens and at most 8 of the output are more than the context of 16 tokens."
    assert warnings == ([expected] if is_said else [])


def test_the_context_is_no_longer_than_the_models_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = save_tokenizer(tmp_path / "model")
    (tmp_path / "model" / "config.json").write_text('{"model_type": "llama", "max_position_embeddings": 16}')
    (warning,) = row(capsys, asking(tmp_path, COMPLETION, None, "--model", model))["warnings"]
    assert "the context of 16 tokens" in warning


def refused(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> str:
    """What is said on standard error: one line, after which the command ends with exit code 2."""
    assert main(arguments) == 2
    out, error = capsys.readouterr()
    assert out == ""
    assert error.count("\n") == 1
    return error


def test_a_tokenizer_that_is_not_here_is_not_downloaded_and_the_way_to_it_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    said = refused(capsys, asking(tmp_path, COMPLETION, revision="revision: abc123"))
    assert "'org/not-here' is not on this machine" in said
    assert "hf download org/not-here --revision abc123 --include" in said
    # The judge's revision is of the judge's model alone.
    said = refused(capsys, asking(tmp_path, COMPLETION, None, "--model", "org/other", revision="revision: abc123"))
    assert "hf download org/other --include" in said


def test_a_name_is_found_in_the_local_cache(
    tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "cache" / "models--org--not-here"
    (place / "refs").mkdir(parents=True)
    (place / "refs" / "main").write_text("c0ffee")
    (place / "snapshots").mkdir()
    (place / "snapshots" / "c0ffee").symlink_to(model)
    monkeypatch.setattr("huggingface_hub.file_download.HF_HUB_CACHE", str(tmp_path / "cache"), raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    assert row(capsys, asking(tmp_path, COMPLETION))["token_ids"] == ids_of(f"<s> {ASKED}")


def test_a_folder_without_a_tokenizer_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "tokenizer.json").write_text("{")
    said = refused(capsys, asking(tmp_path, COMPLETION, None, "--model", str(tmp_path / "model")))
    assert "cannot be loaded" in said
    assert str(tmp_path / "model") in said


def test_a_model_without_a_chat_template_cannot_show_a_chat(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = save_tokenizer(tmp_path / "model", None)
    said = refused(capsys, asking(tmp_path, CHAT, None, "--model", model))
    assert "does not accept this judge's messages" in said
    assert "Set --model to an instruct model." in said
    assert row(capsys, asking(tmp_path, COMPLETION, None, "--model", model))["tokens"] == 9


def test_without_transformers_the_package_is_named(
    tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("judgelake.engine.load_tokenizer", lambda folder: None)
    assert "needs the package transformers" in refused(capsys, asking(tmp_path, CHAT, None, "--model", model))


def test_the_prompts_of_a_decision_endpoint_are_the_servers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = asking(tmp_path, COMPLETION)[-1:]
    command = ["prompts", "--judge", "chat", "--mode", "single-decide", "--tokens", *arguments]
    assert "'single-decide' of judge 'chat' asks a decision endpoint" in refused(capsys, command)


def test_a_model_is_only_given_for_tokens(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = asking(tmp_path, COMPLETION, None, "--model", "org/m")
    arguments.remove("--tokens")
    assert "add --tokens" in refused(capsys, arguments)


def test_a_line_that_fails_has_no_tokens(tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = asking(tmp_path, COMPLETION, None, "--model", model)
    three = LINE | {"comparison_id": "c3", "answers": [{"text": "one"}] * 3}
    with Path(arguments[-1]).open("a") as file:
        file.write(json.dumps(three) + "\n")
    assert main(arguments) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [set(found) - {"comparison_id", "order"} for found in rows] == [
        {"prompt", "tokens", "token_ids", "warnings"},
        {"status", "reason"},
    ]
