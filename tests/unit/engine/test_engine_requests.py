"""What a request holds beside the judge's own fields, and what a label is worth that the server did not list."""

from __future__ import annotations

import asyncio
import itertools
import math

import pytest

from judgelake.comparisons.comparison import Message
from judgelake.config import validated
from judgelake.engine import Ask, Client, Engine, Reply, endpoint_of_url
from judgelake.engine.client.body import read_reply, request_body
from judgelake.engine.client.logprobs import LabelLogprobs, label_logprobs
from judgelake.engine.config import MAX_TOKENS, OWN_FIELDS
from judgelake.errors import UserError
from judgelake.jobs.judge import JudgeJob
from judgelake.jobs.judge.resolve import resolve_judge
from judgelake.judges import Decoding, Prompt

TEXT = Prompt(text="p")
CHAT = Prompt(messages=(Message("user", "p"),))


def job(engine=None, **judge):
    content = {"judge": {"name": "chat", "mode": "pair-explain", **judge}, "engine": engine or {}}
    return validated(JudgeJob, content, "test")


def fingerprint(engine=None, **judge):
    return resolve_judge(job({"url": "http://x/v1", **(engine or {})}, **judge)).fingerprint


def test_every_field_of_a_request_is_known_as_the_judges_own():
    decodings = (
        Decoding(top_p=0.9, stop=("x",), seed=1, repetition_penalty=1.1, temperature=0.5),
        Decoding(beam_width=2),
    )
    prompts, labels, choices = (TEXT, CHAT), (None, ("A", "B")), (None, ("A", "B"))
    for prompt, decoding, label, choice in itertools.product(prompts, decodings, labels, choices):
        for ids in (None, {"A": 1, "B": 2}):
            body = request_body(Ask(prompt, decoding, choices=choice, labels=label), "m", ids)
            assert body.keys() <= OWN_FIELDS | {MAX_TOKENS}


def test_a_request_takes_the_servers_name_for_the_tokens_and_further_fields_and_no_temperature():
    asked = Ask(CHAT, Decoding(max_tokens=7, temperature=None))
    body = request_body(asked, "m", max_tokens_field="max_completion_tokens", extra={"reasoning_effort": "low"})
    assert body == {
        "model": "m",
        "messages": [{"role": "user", "content": "p"}],
        "max_completion_tokens": 7,
        "reasoning_effort": "low",
    }


def test_a_server_that_only_takes_the_new_field_and_no_temperature_answers(test_server):
    engine = Engine(url=test_server("only:max_completion_tokens"), max_tokens_field="max_completion_tokens")

    async def run():
        async with Client(endpoint_of_url(engine, "test-judge"), engine) as client:
            return await client.ask(Ask(TEXT, Decoding(max_tokens=7, temperature=None)))

    assert isinstance(asyncio.run(run()), Reply)


@pytest.mark.parametrize(
    ("engine", "said"),
    [
        pytest.param({"body": {"temperature": 1}}, "body.temperature is decided by the judge", id="temperature"),
        pytest.param({"body": {"max_tokens": 9}}, "body.max_tokens is decided", id="the tokens"),
        pytest.param(
            {"body": {"max_completion_tokens": 9}, "max_tokens_field": "max_completion_tokens"},
            "body.max_completion_tokens is decided",
            id="the tokens by their other name",
        ),
        pytest.param({"body": {"messages": []}}, "body.messages is decided", id="the prompt"),
        pytest.param({"body": {"stream": True}}, "body.stream would change the form", id="a stream"),
        pytest.param({"body": {"n": 2}}, "body.n is decided", id="two answers"),
        pytest.param({"body": {"api_key": "s3cret"}}, "is a secret", id="a key"),
        pytest.param({"body": {"extra": [{"access_token": "s3cret"}]}}, "is a secret", id="a key further inside"),
        pytest.param({"body": {"at": math.inf}}, "not JSON", id="a number JSON does not have"),
        pytest.param({"max_tokens_field": "temperature"}, "another field", id="tokens as temperature"),
        pytest.param({"max_tokens_field": "max tokens"}, "max_tokens_field", id="no name"),
        pytest.param({"max_in_flight": 4}, "is for engine.url", id="a bound of no server"),
        pytest.param({"url": "http://x/v1", "max_in_flight": 0}, "max_in_flight", id="a bound of none"),
    ],
)
def test_what_the_judge_decides_or_cannot_be_read_is_refused(engine, said):
    with pytest.raises(UserError) as error:
        job(engine)
    assert said in str(error.value)
    assert "s3cret" not in str(error.value)


def test_a_field_that_is_no_secret_though_its_name_looks_like_one_is_taken():
    assert job({"body": {"prompt_cache_key": "judge"}}).engine.body == {"prompt_cache_key": "judge"}


def test_what_is_sent_otherwise_is_another_judge_and_how_fast_is_not():
    usual = fingerprint()
    assert fingerprint({"body": {}, "max_tokens_field": "max_tokens"}, omit_temperature=False) == usual
    assert fingerprint({"max_in_flight": 8, "requests_per_second": 2.0}) == usual
    changed = [
        fingerprint({"body": {"reasoning_effort": "low"}}),
        fingerprint({"body": {"reasoning_effort": "high"}}),
        fingerprint({"max_tokens_field": "max_completion_tokens"}),
        fingerprint(omit_temperature=True),
        fingerprint(temperature=0.8),
    ]
    assert len({usual, *changed}) == len(changed) + 1


def test_a_judge_without_a_temperature_keeps_the_rest_of_its_decoding():
    usual, without = (resolve_judge(job(omit_temperature=omit)).decoding for omit in (False, True))
    assert (usual.temperature, without.temperature) == (0.0, None)
    assert without.model_copy(update={"temperature": 0.0}) == usual


def test_a_temperature_of_the_job_replaces_that_of_the_judge():
    assert resolve_judge(job(temperature=0.8)).decoding.temperature == 0.8
    with pytest.raises(UserError, match=r"sends no temperature, and temperature is 0\.8: leave one of them out"):
        job(temperature=0.8, omit_temperature=True)


def chat_list(written, *listed):
    """The log-probabilities of a chat's first token: the token that was written, and the list of likely ones."""
    items = [{"token": token, "logprob": value} for token, value in listed]
    return {"content": [{"token": written[0], "logprob": written[1], "top_logprobs": items}]}


AB = ("A", "B")
LISTED = [
    pytest.param(chat_list(("A", -0.1), ("A", -0.1), (" B", -2.0)), {"A": -0.1, "B": -2.0}, (), id="both are listed"),
    pytest.param(chat_list(("A", -0.1), ("A", -0.1), ("~", -9.0)), {"A": -0.1, "B": -9.0}, ("B",), id="one is not"),
    pytest.param(chat_list(("<think>", 0.0), ("<think>", 0.0), ("~", -9.0)), {}, (), id="none is"),
    pytest.param(
        chat_list(("A", -30.0), ("~", -0.1), ("#", -9.0)),
        {"A": -30.0},
        (),
        id="one is less likely than the bound",
    ),
    pytest.param(
        {"content": [{"token": "A", "logprob": -0.1, "top_logprobs": None}]}, {"A": -0.1}, (), id="a null list"
    ),
    pytest.param({"content": [{"token": "A", "logprob": -0.1}]}, {"A": -0.1}, (), id="no list"),
    pytest.param({"content": []}, {}, (), id="no token"),
    pytest.param(None, {}, (), id="nothing"),
    pytest.param({"top_logprobs": [{"A": -0.1, "~": -7.0}]}, {"A": -0.1, "B": -7.0}, ("B",), id="a completion"),
    pytest.param(
        {"top_logprobs": None, "tokens": [" A"], "token_logprobs": [-0.1]},
        {"A": -0.1},
        (),
        id="a completion without a list",
    ),
    pytest.param({"top_logprobs": [None], "tokens": ["A"], "token_logprobs": [None]}, {}, (), id="nulls alone"),
]


@pytest.mark.parametrize(("logprobs", "values", "bounded"), LISTED)
def test_a_label_that_is_not_listed_is_at_most_as_likely_as_the_last_one_listed(logprobs, values, bounded):
    assert label_logprobs(logprobs, AB, None) == LabelLogprobs(values, bounded)


def test_a_label_that_may_begin_with_a_listed_token_is_not_bounded():
    listed = chat_list(("1", -0.1), ("1", -0.1), ("2", -3.0))
    assert label_logprobs(listed, ("1", "2", "10"), None) == LabelLogprobs({"1": -0.1, "2": -3.0})


def test_labels_asked_for_by_their_tokens_are_exact_or_missing():
    logprobs = {"top_logprobs": [{"token_id:5": -0.1, "token_id:9": -4.0}]}
    assert label_logprobs(logprobs, AB, {"A": 5}) == LabelLogprobs({"A": -0.1})


def test_counts_may_be_written_with_a_point_and_a_server_without_counts_leaves_them_unknown():
    data = {"choices": [{"text": "8 7", "finish_reason": "stop"}]}
    usage = {"prompt_tokens": 9.0, "completion_tokens": 3.0, "prompt_tokens_details": {"cached_tokens": 4.0}}
    reply = read_reply(data | {"usage": usage}, Ask(TEXT, Decoding()), 1.0)
    assert (reply.prompt_tokens, reply.cached_tokens, reply.output_tokens) == (9, 4, 3)
    unknown = read_reply(data, Ask(TEXT, Decoding()), 1.0)
    assert (unknown.prompt_tokens, unknown.cached_tokens, unknown.output_tokens) == (None, None, None)


@pytest.mark.parametrize(
    ("finish", "tokens", "expected"),
    [
        pytest.param(None, 8, "length", id="all tokens were used"),
        pytest.param("", 8, "length", id="an empty reason"),
        pytest.param(None, 7, None, id="not all"),
        pytest.param(None, None, None, id="not known"),
        pytest.param("stop", 8, "stop", id="the server knows"),
    ],
)
def test_an_output_of_all_its_tokens_is_cut_if_the_server_gives_no_reason(finish, tokens, expected):
    data = {"choices": [{"text": "7 1", "finish_reason": finish}], "usage": {"completion_tokens": tokens}}
    assert read_reply(data, Ask(TEXT, Decoding(max_tokens=8)), 1.0).finish_reason == expected
