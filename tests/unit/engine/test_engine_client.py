"""The client against a real server that answers, fails, lies, stalls and dies by rule."""

from __future__ import annotations

import asyncio
import json
import pickle
import urllib.request
from datetime import UTC, datetime

import pytest

from judgelake.comparisons import Failure, Status
from judgelake.comparisons.comparison import Message
from judgelake.engine import Ask, Client, Endpoint, Engine, EngineGone, EngineRefused, Reply, endpoint_of_url
from judgelake.engine.client.body import read_reply, request_body
from judgelake.engine.client.pace import Pace, retry_after_s
from judgelake.engine.config import call_timeout_s
from judgelake.errors import RunError, UserError
from judgelake.judges import Decoding, Prompt

ONE_TOKEN = Decoding(max_tokens=1)
TEXT = Ask(Prompt(text="Score both."), Decoding(max_tokens=64))
CHAT = Ask(Prompt(messages=(Message("user", "Which is better?"),)), ONE_TOKEN, choices=("A", "B"), labels=("A", "B"))


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr("judgelake.engine.client.pace.FIRST_WAIT_S", 0.001)


def ask(url: str, *asks: Ask, model: str = "test-judge", **engine) -> list[Reply | Failure]:
    config = Engine(url=url, **{"max_retries": 2, "timeout_s": 5, **engine})

    async def run():
        async with Client(endpoint_of_url(config, model), config) as client:
            return [await client.ask(one) for one in asks]

    return asyncio.run(run())


def stats(url: str) -> dict:
    with urllib.request.urlopen(url.removesuffix("/v1") + "/stats") as answer:
        return json.load(answer)


def test_a_completion_and_a_chat_are_answered_with_their_usage(test_server):
    text, chat = ask(test_server("instant"), TEXT, CHAT)
    assert isinstance(text, Reply)
    assert isinstance(chat, Reply)
    assert text.finish_reason == "stop"
    assert text.text.endswith("The first is clearer.")
    assert (text.prompt_tokens, text.cached_tokens) == (3, 1)
    assert text.output_tokens > 0
    assert chat.text in ("A", "B")


def test_labels_come_with_the_logprobs_of_their_own_tokens(test_server):
    (chat,) = ask(test_server("instant"), CHAT)
    assert set(chat.label_logprobs) == {"A", "B"}
    text = Ask(Prompt(text="Choose: "), ONE_TOKEN, labels=("1", "2", "10"))
    (reply,) = ask(test_server("instant"), text)
    # In the test server every letter is a token: "1" and "10" share their first and cannot be distinguished.
    assert set(reply.label_logprobs) == {"2"}


def test_a_server_that_is_not_vllm_is_asked_in_the_plain_api_and_a_label_not_listed_is_bounded_by_the_last(test_server):
    (reply,) = ask(test_server("plain"), Ask(Prompt(text="x"), ONE_TOKEN, labels=("C", "D")))
    assert set(reply.label_logprobs) == {"C", "D"}
    assert reply.label_logprobs["D"] <= reply.label_logprobs["C"]
    assert reply.bounded_labels == ("D",)
    assert reply.cached_tokens is None


@pytest.mark.parametrize(
    ("rule", "status", "reason"),
    [
        pytest.param("fail", Status.ENGINE_ERROR, "HTTP 500", id="a server error, after retries"),
        pytest.param("busy", Status.ENGINE_ERROR, "HTTP 429", id="asked to wait again and again"),
        pytest.param("broken-json", Status.ENGINE_ERROR, "not JSON", id="half an answer"),
        pytest.param("abort", Status.ENGINE_ERROR, "aborted the answer", id="given up in mid-answer"),
        pytest.param("wrong-json", Status.ENGINE_ERROR, "not a completion", id="JSON without an answer"),
        pytest.param("cut", Status.ENGINE_ERROR, "talking to the server", id="the connection is cut"),
        pytest.param("context:3", Status.CONTEXT_OVERFLOW, "maximum context length", id="too long for the model"),
        pytest.param("invalid", Status.ENGINE_ERROR, "temperature must not be 3", id="a setting that it refuses"),
        pytest.param("filter", Status.REFUSED, "content filter", id="withheld"),
    ],
)
def test_what_goes_wrong_with_a_call_is_a_failure_with_its_reason(test_server, rule, status, reason):
    (outcome,) = ask(test_server(rule), TEXT)
    assert isinstance(outcome, Failure)
    assert outcome.status is status
    assert reason in outcome.reason


def test_a_call_that_takes_too_long_is_a_timeout_and_not_asked_again(test_server):
    url = test_server("stall")
    (outcome,) = ask(url, TEXT, timeout_s=0.3)
    assert outcome.status is Status.TIMEOUT
    assert stats(url)["total"] == 1


@pytest.mark.parametrize("rule", ["flaky:2", "rate-limit:2", "cut:2", "abort:2"])
def test_what_passes_is_asked_again_and_answered(test_server, rule):
    url = test_server(rule)
    (outcome,) = ask(url, TEXT)
    assert isinstance(outcome, Reply)
    assert stats(url)["total"] == 3


def test_an_answered_request_is_asked_once(test_server):
    url = test_server("instant")
    ask(url, TEXT, CHAT)
    assert set(stats(url)["calls"].values()) == {1}


def test_output_cut_off_is_a_reply_that_says_so(test_server):
    (reply,) = ask(test_server("long"), TEXT)
    assert reply.finish_reason == "length"


def test_a_lone_surrogate_in_an_answer_is_replaced(test_server):
    (reply,) = ask(test_server("surrogate"), TEXT)
    assert reply.text == "8 7 ?"


def test_a_wrong_key_names_the_variable_and_never_the_key(test_server, monkeypatch):
    monkeypatch.setenv("JUDGE_KEY", "s3cret-value")
    with pytest.raises(EngineRefused, match="JUDGE_KEY") as error:
        ask(test_server("key:right"), TEXT, api_key_env="JUDGE_KEY")
    assert "s3cret-value" not in str(error.value)
    assert isinstance(error.value, UserError)


def test_the_right_key_is_taken_and_shown_nowhere(test_server, monkeypatch):
    monkeypatch.setenv("JUDGE_KEY", "right")
    url = test_server("key:right")
    (reply,) = ask(url, TEXT, api_key_env="JUDGE_KEY")
    assert isinstance(reply, Reply)
    assert "right" not in repr(endpoint_of_url(Engine(url=url, api_key_env="JUDGE_KEY"), "m"))


def test_a_key_that_is_not_there_is_named_before_anything_is_asked(monkeypatch):
    monkeypatch.delenv("JUDGE_KEY", raising=False)
    with pytest.raises(UserError, match="JUDGE_KEY"):
        endpoint_of_url(Engine(url="http://localhost:1/v1", api_key_env="JUDGE_KEY"), "m")


def test_an_unknown_model_is_refused_with_the_names_there_are(test_server):
    with pytest.raises(EngineRefused, match="no model 'absent'; it has present"):
        ask(test_server("model:present"), TEXT, model="absent")


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/v1", "http://no-such-host.invalid/v1"])
def test_a_wrong_address_is_a_users_mistake(url):
    with pytest.raises(EngineRefused, match=r"engine\.url"):
        ask(url, TEXT, max_retries=1)


def test_an_address_without_v1_is_explained(test_server):
    with pytest.raises(EngineRefused, match="up to and including /v1"):
        ask(test_server("instant").removesuffix("/v1"), TEXT)


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        pytest.param(Ask(Prompt(text="x"), Decoding(beam_width=4)), "beam search", id="beam search"),
        pytest.param(Ask(Prompt(text="x"), Decoding(repetition_penalty=1.2)), "a repetition penalty", id="penalty"),
        pytest.param(
            Ask(Prompt(messages=(Message("user", "x"),)), ONE_TOKEN, choices=("A", "B")),
            "one of its labels",
            id="choices",
        ),
    ],
)
def test_what_only_vllm_can_do_is_refused_on_another_server_before_anything_is_asked(test_server, asked, named):
    url = test_server("plain")
    with pytest.raises(EngineRefused, match=f"{named}.*does not name vLLM"):
        ask(url, asked)
    assert stats(url)["total"] == 0
    (reply,) = ask(test_server("instant"), asked)
    assert isinstance(reply, Reply)


def test_an_own_server_that_does_not_answer_is_gone(tmp_path):
    endpoint = Endpoint("http://localhost/v1", str(tmp_path / "no.sock"), None, "m")

    async def run():
        async with Client(endpoint, Engine()):
            pass

    with pytest.raises(EngineGone) as error:
        asyncio.run(run())
    assert isinstance(error.value, RunError)


def test_the_rate_limit_spreads_requests():
    now = [100.0]
    slept = []

    async def sleep(seconds):
        slept.append(round(seconds, 6))
        now[0] += seconds

    async def run():
        pace = Pace(4, clock=lambda: now[0])
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(asyncio, "sleep", sleep)
            for _ in range(3):
                await pace.turn()
            pace.pause(2.0)
            await pace.turn()

    asyncio.run(run())
    assert slept[:2] == [0.25, 0.25]
    assert 2.0 <= slept[2] <= 3.0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        pytest.param("3", 3.0, id="seconds"),
        pytest.param("0.5", 0.5, id="part of a second"),
        pytest.param("Wed, 21 Oct 2026 07:28:30 GMT", 30.0, id="an HTTP date"),
        pytest.param("Wed, 21 Oct 2026 07:27:00 GMT", 0.0, id="a date gone by"),
        pytest.param("-5", 0.0, id="negative"),
        pytest.param("soon", None, id="words"),
        pytest.param("nan", None, id="not a number"),
        pytest.param(None, None, id="absent"),
    ],
)
def test_retry_after_is_read_as_seconds_or_date(header, seconds):
    assert retry_after_s(header, datetime(2026, 10, 21, 7, 28, tzinfo=UTC)) == seconds


def test_a_server_that_asks_to_wait_longer_than_a_call_may_take_is_not_waited_for(test_server):
    (outcome,) = ask(test_server("busy"), TEXT, timeout_s=0.04, max_retries=50)
    assert outcome.status in (Status.ENGINE_ERROR, Status.TIMEOUT)


def test_bodies_hold_what_the_decoding_says():
    decoding = Decoding(temperature=0.5, top_p=0.9, max_tokens=7, stop=("\n",), repetition_penalty=1.2, seed=3)
    body = request_body(Ask(Prompt(text="p"), decoding), "m")
    assert body == {
        "model": "m", "prompt": "p", "max_tokens": 7, "temperature": 0.5, "top_p": 0.9, "stop": ["\n"], "seed": 3,
        "repetition_penalty": 1.2,
    }  # fmt: skip
    beams = request_body(Ask(Prompt(text="p"), Decoding(max_tokens=7, beam_width=4)), "m")
    assert (beams["use_beam_search"], beams["n"]) == (True, 4)
    chosen = request_body(CHAT, "m", {"A": 5, "B": 4})
    assert chosen["structured_outputs"] == {"choice": ["A", "B"]}
    assert (chosen["logprobs"], chosen["logprob_token_ids"]) == (True, [4, 5])


def test_beam_search_output_ends_at_the_first_stop():
    asked = Ask(Prompt(text="p"), Decoding(max_tokens=7, beam_width=2, stop=("\n", "END")))
    data = {"choices": [{"text": "1 END 2\n3", "finish_reason": "length"}], "usage": {}}
    assert read_reply(data, asked, 1.0).text == "1 "


def test_endpoints_travel_to_workers_whole():
    endpoint = Endpoint("http://localhost/v1", None, "key", "m")
    assert pickle.loads(pickle.dumps(endpoint)) == endpoint
    assert "key'" not in repr(endpoint)


@pytest.mark.parametrize(
    ("timeout_s", "is_own", "seconds"),
    [
        pytest.param(None, False, 600, id="somebody else's server"),
        pytest.param(None, True, None, id="our own, which its supervisor watches"),
        pytest.param(5, False, 5, id="given"),
        pytest.param(5, True, 5, id="given for our own"),
    ],
)
def test_a_call_to_our_own_server_has_no_time_limit_unless_one_is_given(timeout_s, is_own, seconds):
    assert call_timeout_s(Engine(timeout_s=timeout_s), is_own=is_own) == seconds
