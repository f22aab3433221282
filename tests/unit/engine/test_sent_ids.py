"""Prompts sent as token ids: only to a vLLM that makes the same ids of a first prompt, with everything else kept."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from judgelake.comparisons import Failure, Message
from judgelake.engine import Ask, Client, Engine, Reply, Sending, endpoint_of_url, field_of_texts
from judgelake.engine.client.body import path_of, request_body
from judgelake.engine.client.sent_ids import SentIds
from judgelake.engine.errors import EngineRefused
from judgelake.judges import Decoding, Prompt

CHAT = Prompt(messages=(Message("user", "Which is better?"),))
BEGUN = Prompt(messages=(Message("user", "Which is better?"), Message("assistant", "Scores:")))
TEXT = Prompt(text="Choose: ")


def as_the_test_server(prompt: Prompt) -> tuple[int, ...]:
    """A character is a token; a chat begins with 1 and ends with 2, where the answer starts."""
    if prompt.messages is None:
        return tuple(map(ord, prompt.text or ""))
    return (1, *(ord(letter) for part in prompt.parts for letter in part), 2)


def asked(prompt: Prompt, **more: object) -> Ask:
    return Ask(prompt, Decoding(max_tokens=8), ids=as_the_test_server(prompt), **more)  # type: ignore[arg-type]


def ask(url: str, sending: Sending | None, *asks: Ask, **engine: object) -> list[Reply | Failure]:
    config = Engine(url=url, max_retries=2, timeout_s=5, **engine)  # type: ignore[arg-type]

    async def run() -> list[Reply | Failure]:
        async with Client(endpoint_of_url(config, "test-judge"), config, sending) as client:
            return await asyncio.gather(*(client.ask(one) for one in asks))

    return asyncio.run(run())


@pytest.mark.parametrize("prompt", [CHAT, TEXT], ids=["a chat", "a completion"])
def test_ids_are_sent_where_the_server_makes_the_same(test_server, prompt: Prompt) -> None:
    url = test_server("instant")
    sending = Sending(prompt, as_the_test_server(prompt))
    text, ids = ask(url, None, asked(prompt)), ask(url, sending, asked(prompt), asked(prompt))
    assert [reply.sent_ids for reply in [*text, *ids] if isinstance(reply, Reply)] == [False, True, True]
    assert {reply.text for reply in [*text, *ids] if isinstance(reply, Reply)} == {text[0].text}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("rule", "ids"),
    [
        pytest.param("instant", (1, 5, 2), id="other ids"),
        pytest.param("dumb:404", as_the_test_server(CHAT), id="no /tokenize"),
        pytest.param("plain", as_the_test_server(CHAT), id="not vLLM"),
    ],
)
def test_text_is_sent_where_the_ids_are_not_known_to_be_the_servers(
    test_server, rule: str, ids: tuple[int, ...]
) -> None:
    (reply,) = ask(test_server(rule), Sending(CHAT, ids), asked(CHAT))
    assert isinstance(reply, Reply)
    assert not reply.sent_ids


def test_a_begun_answer_is_refused_by_a_server_that_cannot_continue_it_whatever_ids_there_are(test_server) -> None:
    with pytest.raises(EngineRefused, match="continues the judge's own beginning"):
        ask(test_server("plain"), Sending(BEGUN, as_the_test_server(BEGUN)), asked(BEGUN))


def test_a_check_that_fails_in_transit_is_made_again(test_server) -> None:
    (reply,) = ask(test_server("deaf:1"), Sending(CHAT, as_the_test_server(CHAT)), asked(CHAT))
    assert isinstance(reply, Reply)
    assert reply.sent_ids
    failed, _ = ask(test_server("deaf:3"), Sending(CHAT, as_the_test_server(CHAT)), asked(CHAT), asked(CHAT))
    assert isinstance(failed, Failure)


def test_labels_have_their_logprobs_and_choices_hold_with_ids(test_server) -> None:
    sending = Sending(CHAT, as_the_test_server(CHAT))
    labels = replace(asked(CHAT, labels=("A", "B"), choices=("A", "B")), decoding=Decoding(max_tokens=1))
    (reply,) = ask(test_server("instant"), sending, labels)
    assert isinstance(reply, Reply)
    assert reply.sent_ids
    assert set(reply.label_logprobs or {}) == {"A", "B"}
    assert reply.text in ("A", "B")


def test_the_body_of_ids_is_a_completions_with_all_that_the_judge_decides() -> None:
    decoding = Decoding(max_tokens=7, temperature=0.5, stop=("x",), seed=1, repetition_penalty=1.1)
    request = replace(asked(BEGUN, labels=("A",), choices=("A",)), decoding=decoding)
    extra = {"top_k": 3, "chat_template": "t", "chat_template_kwargs": {"thinking": True}}
    body = request_body(request, "m", {"A": 9}, max_tokens_field="max_completion_tokens", extra=extra)
    assert body == {
        "model": "m",
        "prompt": list(as_the_test_server(BEGUN)),
        "max_tokens": 7,
        "top_k": 3,
        "temperature": 0.5,
        "stop": ["x"],
        "seed": 1,
        "repetition_penalty": 1.1,
        "structured_outputs": {"choice": ["A"]},
        "logprobs": 1,
        "logprob_token_ids": [9],
        "return_tokens_as_token_ids": True,
    }
    assert path_of(request) == "completions"
    beams = request_body(replace(request, decoding=Decoding(beam_width=2)), "m")
    assert (beams["use_beam_search"], beams["n"], beams["prompt"]) == (True, 2, list(as_the_test_server(BEGUN)))


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({}, None),
        ({"top_k": 3, "chat_template_kwargs": {"enable_thinking": False}}, None),
        ({"reasoning_effort": "low", "top_k": 3}, "reasoning_effort"),
    ],
)
def test_a_field_that_only_chats_may_have_keeps_texts(body: dict[str, object], name: str | None) -> None:
    assert field_of_texts(Engine(body=body)) == name


@pytest.mark.parametrize(
    ("text", "opened", "answer", "thinking"),
    [
        pytest.param("<think>A?</think>B", None, "B", "<think>A?</think>", id="thinking, then the answer"),
        pytest.param("A?</think>B", "<think>", "B", "<think>A?</think>", id="opened by the chat template"),
        pytest.param("A? or B", "<think>", "", "A? or B", id="cut off while thinking"),
        pytest.param("<think>A?", None, "", "<think>A?", id="cut off while thinking, opened by the model"),
        pytest.param("B", None, "B", "", id="no thinking"),
    ],
)
def test_thinking_is_apart_as_the_servers_parser_would_have_it(
    text: str, opened: str | None, answer: str, thinking: str
) -> None:
    async def no_tokens(body: dict[str, object]) -> None:
        return None

    ids = as_the_test_server(CHAT)
    sent = SentIds(Sending(CHAT, ids, opened, splits_thinking=True), no_tokens)
    reply = Reply(text, "stop", 1, 0, 1, None, 1.0, sent_ids=True)
    read = sent.read(reply, asked(CHAT))
    assert (read.text, read.thinking) == (answer, thinking)
    assert sent.more_fields(asked(CHAT)) == {"skip_special_tokens": False}
    as_text = replace(asked(CHAT), ids=None)
    assert sent.read(reply, as_text) is reply
    assert sent.more_fields(as_text) == {}
    assert SentIds(Sending(CHAT, ids, opened), no_tokens).read(reply, asked(CHAT)) is reply
