"""What a model is to write, as token ids: no token that inference would not make, and an end at which engines stop."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
from small_tokenizers import KINDS, byte_level, metaspace

from judgelake.engine import Encoder, end_token, ending_ids
from judgelake.errors import UserError
from judgelake.judges import Prompt

pytestmark = pytest.mark.skipif(find_spec("transformers") is None, reason="needs transformers")


@pytest.fixture(scope="module", params=KINDS)
def encoder(request: pytest.FixtureRequest) -> Encoder:
    return Encoder(KINDS[request.param](), "m")


@pytest.mark.parametrize("answer", ["A", "8 7\nAnswer A is better.", "\n</think>\n\nA"])
def test_the_ids_of_an_answer_are_those_that_follow_in_one_text(encoder: Encoder, answer: str) -> None:
    whole = encoder.tokenizer("Answer:" + answer)["input_ids"]
    prompt = encoder.tokenizer("Answer:")["input_ids"]
    assert whole[: len(prompt)] == prompt
    # Where every piece of a text gets a space (T5), an answer has it too, and says the same.
    if encoder.answer_ids(Prompt(text=answer)) != whole[len(prompt) :]:
        assert encoder.text_of(encoder.answer_ids(Prompt(text=answer))).split() == answer.split()
        assert "▁" in (encoder.tokenizer.convert_ids_to_tokens(encoder.answer_ids(Prompt(text=answer)))[0])


def test_control_strings_are_tokens_outside_the_material_and_text_inside(encoder: Encoder) -> None:
    text = "<think>It ends with </s> and </think>.</think>A"
    answer = Prompt(text=text, material=(((7, 38),),))
    assert text[7:38] == "It ends with </s> and </think>."
    ids, controls = encoder.answer_ids(answer), encoder.controls
    assert [one for one in ids if one in encoder.control_ids - {encoder.tokenizer.unk_token_id}] == [
        controls["<think>"],
        controls["</think>"],
    ]
    assert ids[0] == controls["<think>"]


def test_nothing_is_added_at_the_beginning_of_an_answer(encoder: Encoder) -> None:
    assert encoder.controls["<s>"] not in encoder.answer_ids(Prompt(text="A"))
    assert encoder.answer_ids(Prompt(text="")) == []


def test_the_text_of_an_answers_ids_is_the_answer() -> None:
    for made in (byte_level, metaspace):
        encoder = Encoder(made(), "m")
        ids = encoder.answer_ids(Prompt(text="8 7\nA is better."))
        assert encoder.text_of([*ids, encoder.controls["</s>"]]) == "8 7\nA is better."


def config(folder: Path, eos_token_id: object) -> Path:
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": eos_token_id}), "utf-8")
    return folder


def test_the_end_of_a_chat_is_the_token_of_its_template_at_which_the_engine_stops(tmp_path: Path) -> None:
    encoder = Encoder(byte_level(), "m")
    turn_end, text_end = encoder.controls["<|im_end|>"], encoder.controls["</s>"]
    assert end_token(encoder, config(tmp_path, [text_end, turn_end]), is_chat=True) == turn_end
    assert end_token(encoder, tmp_path, is_chat=False) == text_end
    assert ending_ids(encoder, tmp_path) == {turn_end, text_end}


@pytest.mark.parametrize("given", [None, 99, [99], "no number", []])
def test_a_model_that_would_not_stop_behind_an_answer_is_refused(given: object, tmp_path: Path) -> None:
    encoder = Encoder(byte_level(), "m")
    with pytest.raises(UserError, match=r"'m' does not stop at .* chat template .* list its id under eos_token_id"):
        end_token(encoder, config(tmp_path, given), is_chat=True)


def test_a_completion_needs_an_end_token(tmp_path: Path) -> None:
    tokenizer = byte_level()
    tokenizer.eos_token = None
    with pytest.raises(UserError, match="does not stop at an end token"):
        end_token(Encoder(tokenizer, "m"), tmp_path, is_chat=False)


def test_a_template_that_takes_no_answer_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not accept a user's message and an answer"):
        end_token(Encoder(byte_level(), "m", "{{ raise_exception('no') }}"), tmp_path, is_chat=True)
