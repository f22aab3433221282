"""Both decision endpoints: what is sent, what is read from their replies, and what is no decision."""

from __future__ import annotations

import asyncio
import json
import math
import urllib.request

import pytest

from judgelake.api import error_in_answer
from judgelake.comparisons import Failure, Reading, Status, mass_of
from judgelake.comparisons.comparison import Message
from judgelake.engine import Ask, Client, Engine, EngineRefused, Reply, endpoint_of_url
from judgelake.engine.client.decisions import Decided, decision_body, read_decision
from judgelake.judges import Decoding, Prompt, load_judge, parse

SHOWN = Prompt(messages=(Message("user", "Both answers."), Message("user", "Which?")))
LABELS = ("A", "B", "tie")


def ask_of(labels=LABELS) -> Ask:
    return Ask(SHOWN, Decoding(max_tokens=1), labels=labels, decides=True)


def test_a_request_holds_what_is_judged_the_question_and_its_options_in_either_layout():
    assert decision_body("systemone", ask_of(), "m", {"priority": 1}) == {
        "model": "m",
        "priority": 1,
        "state": "Both answers.",
        "questions": {
            "verdict": {"type": "choice", "instructions": "Which?", "criteria": {"A": None, "B": None, "tie": None}}
        },
    }
    assert decision_body("decisions", ask_of(), "m") == {
        "model": "m",
        "input": "Both answers.",
        "questions": [
            {
                "type": "choice",
                "name": "verdict",
                "instructions": "Which?",
                "choices": [{"value": "A"}, {"value": "B"}, {"value": "tie"}],
            }
        ],
    }


def systemone(shares, mass=None, usage=None, **answer):
    said = {"type": "choice", "choice": "A", "probabilities": shares, **answer}
    diagnostics = {} if mass is None else {"diagnostics": {"verdict": {"label_mass": mass, "argmax_is_label": True}}}
    return {"answers": {"verdict": said}, "usage": usage or {}, **diagnostics}


def decisions(shares, confidence=None, usage=None, **answer):
    listed = [{"value": name, "probability": share} for name, share in shares.items()]
    said = {"type": "choice", "name": "verdict", "choice": "A", "probabilities": listed, **answer}
    return {"answers": [said | ({} if confidence is None else {"confidence": confidence})], "usage": usage or {}}


def read(data, *, is_vllm=True, labels=LABELS):
    return read_decision(Decided(data, 1.0, is_vllm), ask_of(labels))


THIRDS = {"A": 0.6, "B": 0.3, "tie": 0.1}


@pytest.mark.parametrize(
    ("data", "is_vllm", "mass"),
    [
        pytest.param(systemone(THIRDS, 0.8), True, 0.8, id="diagnostics"),
        pytest.param(systemone(THIRDS, 0.8), False, 0.8, id="diagnostics of another server"),
        pytest.param(systemone(THIRDS, 0), True, 0.0, id="no probability at all"),
        pytest.param(systemone(THIRDS), True, None, id="no diagnostics"),
        pytest.param(systemone({"A": 0.4, "B": 0.2, "tie": 0.1}), True, 0.7, id="a sum below one"),
        pytest.param(systemone({"A": 0.4, "B": 0.2, "tie": 0.1}, 0.35), True, 0.35, id="a sum below one, and a mass"),
        pytest.param(systemone({"A": 0.6, "B": 0.3, "tie": 0.1004}), True, None, id="rounded to a little more"),
        pytest.param(decisions(THIRDS, 0.3), True, 0.5, id="vLLM's confidence is of all tokens"),
        pytest.param(decisions(THIRDS, 0.601), True, 1.0, id="a confidence rounded up"),
        pytest.param(decisions(THIRDS, 0.3), False, None, id="the confidence of others may be anything"),
        pytest.param(decisions(THIRDS), True, None, id="no confidence"),
    ],
)
def test_the_log_probabilities_add_up_to_the_mass_of_the_labels(data, is_vllm, mass):
    reply = read(data, is_vllm=is_vllm)
    assert isinstance(reply, Reply)
    assert reply.is_mass_known == (mass is not None)
    assert mass_of(reply.label_logprobs) == pytest.approx(1.0 if mass is None else mass, abs=1e-12)
    assert (reply.text, reply.finish_reason) == ("A", None)
    if mass != 0:
        logprobs = reply.label_logprobs
        assert logprobs["A"] - logprobs["B"] == pytest.approx(math.log(2)), "the margin does not depend on the mass"


def test_the_confidence_is_that_of_the_chosen_label_also_if_rounding_puts_another_above_it():
    reply = read(decisions({"A": 0.40, "B": 0.195, "tie": 0.405}, 0.2))
    assert mass_of(reply.label_logprobs) == pytest.approx(0.5)


def test_probabilities_among_the_labels_alone_are_judged_without_their_mass():
    reply = read(systemone({"A": 0.4, "B": 0.3, "tie": 0.3}))
    judge, given = load_judge("chat"), {"answers": 2, "label_logprobs": {"A": -1.2, "B": -1.4, "tie": -4.0}}
    assert not reply.is_mass_known
    assert isinstance(parse(judge, "pair-decide", "A", **given), Reading)
    low = given | {"label_logprobs": {"A": -3.0, "B": -4.0, "tie": -5.0}}
    assert isinstance(parse(judge, "pair-decide", "A", **low), Failure)
    assert isinstance(parse(judge, "pair-decide", "A", **low, is_mass_known=False), Reading)


def test_counts_of_tokens_are_taken_where_they_are():
    usage = {"input_tokens": 40, "output_tokens": 1, "input_tokens_details": {"cached_tokens": 8}}
    reply = read(decisions(THIRDS, usage=usage))
    assert (reply.prompt_tokens, reply.cached_tokens, reply.output_tokens) == (40, 8, 1)
    none = read(systemone(THIRDS, 0.9))
    assert (none.prompt_tokens, none.cached_tokens, none.output_tokens) == (None, None, None)


def test_a_label_of_no_probability_is_as_improbable_as_can_be():
    reply = read(systemone({"A": 1.0, "B": 0.0, "tie": 0.0}, 0.9))
    assert reply.label_logprobs == {"A": pytest.approx(math.log(0.9)), "B": -math.inf, "tie": -math.inf}


def test_an_answer_that_was_not_asked_for_is_not_a_label():
    reply = read(systemone({**THIRDS, "none": 0.0}, 1.0))
    assert set(reply.label_logprobs) == set(LABELS)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        pytest.param(systemone({"A": 0.7, "B": 0.3}), "no probability of 'tie'", id="a label is missing"),
        pytest.param(systemone({}), "no probability of 'A'", id="no label"),
        pytest.param(systemone({"a": 0.7, "b": 0.2, "tie": 0.1}), "no probability of 'A'", id="other letters"),
        pytest.param(
            systemone({"A": 0.03, "B": 0.02, "tie": 0.005, "other": 0.945}), "was not asked", id="another answer"
        ),
        pytest.param(
            systemone({"A": 0.98, "B": 0.002, "tie": 0, "x": 0.009, "y": 0.009}),
            "was not asked",
            id="two more answers",
        ),
        pytest.param(systemone(THIRDS, choice="B"), "not the likeliest", id="another choice"),
        pytest.param(systemone(THIRDS, choice="other"), "not the likeliest", id="a choice that was not asked"),
        pytest.param(systemone(THIRDS, choice=None), "not the likeliest", id="no choice"),
        pytest.param(decisions(THIRDS, name="other"), "StopIteration", id="the answer to another question"),
    ],
)
def test_what_is_no_decision_between_the_labels_is_a_failed_call_that_is_asked_again(given, reason):
    failure = read(given)
    assert isinstance(failure, Failure)
    assert failure.status is Status.ENGINE_ERROR
    assert reason in failure.reason


def test_an_answer_with_a_state_of_its_own_is_no_error():
    assert error_in_answer({**systemone(THIRDS), "status": "completed", "type": "decision"}) is None


@pytest.mark.parametrize(
    ("mass", "verdict"), [(0.9, "A"), (0.5, "A"), (0.49, None)], ids=["enough", "just enough", "too little"]
)
def test_labels_that_the_model_would_not_write_are_no_verdict(mass, verdict):
    reply = read(systemone(THIRDS, mass))
    judged = parse(load_judge("chat"), "pair-decide", "A", answers=2, label_logprobs=reply.label_logprobs)
    if verdict is None:
        assert isinstance(judged, Failure)
        assert judged.status is Status.UNPARSEABLE
        assert "less than least_label_mass 0.5" in judged.reason
    else:
        assert isinstance(judged, Reading)
        assert judged.verdict == verdict
        assert set(judged.logprobs) == {"A", "B", "tie"}


@pytest.mark.parametrize(
    ("data", "status", "said"),
    [
        pytest.param(decisions(THIRDS, type="refusal"), Status.REFUSED, "refuses to decide", id="a refusal"),
        pytest.param(systemone({"A": 0.9, "B": 0.9, "tie": 0}), Status.ENGINE_ERROR, "add up to 1.8", id="too much"),
        pytest.param(systemone({"A": 1.2, "B": -0.2}), Status.ENGINE_ERROR, "not from 0 to 1", id="no probability"),
        pytest.param(systemone({"A": math.nan}), Status.ENGINE_ERROR, "not from 0 to 1", id="NaN"),
        pytest.param(systemone({"A": True}), Status.ENGINE_ERROR, "not from 0 to 1", id="true"),
        pytest.param(systemone({"A": "0.5"}), Status.ENGINE_ERROR, "not from 0 to 1", id="text"),
        pytest.param(systemone(THIRDS, 1.5), Status.ENGINE_ERROR, "not from 0 to 1", id="a mass above one"),
        pytest.param(systemone(None), Status.ENGINE_ERROR, "not a decision", id="no probabilities"),
        pytest.param({"answers": []}, Status.ENGINE_ERROR, "not a decision", id="no answer"),
        pytest.param({"answers": {"other": {}}}, Status.ENGINE_ERROR, "not a decision", id="another question"),
        pytest.param({"answers": None}, Status.ENGINE_ERROR, "not a decision", id="null"),
        pytest.param({"choices": []}, Status.ENGINE_ERROR, "not a decision", id="a completion"),
        pytest.param(
            systemone(THIRDS, usage={"input_tokens": "9"}), Status.ENGINE_ERROR, "not a decision", id="no count"
        ),
    ],
)
def test_what_is_no_decision_is_a_failure_with_its_reason(data, status, said):
    failure = read(data)
    assert isinstance(failure, Failure)
    assert failure.status is status
    assert said in failure.reason


def test_two_probabilities_of_one_answer_are_no_decision():
    twice = [{"value": "A", "probability": 0.5}, {"value": "A", "probability": 0.4}]
    failure = read(decisions({}, probabilities=twice))
    assert "two probabilities" in failure.reason


def asked(url, *asks, **engine):
    config = Engine(url=url, **{"max_retries": 1, "timeout_s": 5, **engine})

    async def run():
        async with Client(endpoint_of_url(config, "test-judge"), config) as client:
            return [await client.ask(one) for one in asks]

    return asyncio.run(run())


def test_a_call_that_looks_for_the_endpoint_after_another_has_found_it_finds_it_too(test_server, monkeypatch):
    config = Engine(url=test_server("decides:decisions"), max_retries=1, timeout_s=5)

    async def run():
        found, looked = asyncio.Event(), []
        async with Client(endpoint_of_url(config, "test-judge"), config) as client:
            post = client._post

            async def late_for_the_second(path, data):
                looked.append(path)
                is_second = looked.count("systemone") == 2 and path == "systemone"
                http = await post(path, data)
                if is_second:
                    await found.wait()
                return http

            monkeypatch.setattr(client, "_post", late_for_the_second)
            first, second = asyncio.create_task(client.ask(ask_of())), asyncio.create_task(client.ask(ask_of()))
            await first
            found.set()
            return first.result(), await second

    assert all(isinstance(reply, Reply) for reply in asyncio.run(run()))


@pytest.mark.parametrize("rule", ["decides", "decides:systemone", "decides:decisions", "decides:decisions+flaky:1"])
def test_whichever_endpoint_the_server_has_gives_the_same_decision(test_server, rule, monkeypatch):
    monkeypatch.setattr("judgelake.engine.client.pace.FIRST_WAIT_S", 0.001)
    (reply,) = asked(test_server(rule), ask_of())
    (other,) = asked(test_server("decides:systemone"), ask_of())
    assert isinstance(reply, Reply)
    assert reply.text == other.text
    assert reply.label_logprobs == pytest.approx(other.label_logprobs)
    assert mass_of(reply.label_logprobs) == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("rule", "engine", "said"),
    [
        pytest.param("instant", {}, "/systemone: HTTP 404: Not Found; /decisions: HTTP 404", id="neither"),
        pytest.param("decides:no", {}, "HTTP 501: The model does not support", id="not for this architecture"),
        pytest.param(
            "decides:systemone", {"decision_endpoint": "decisions"}, "(/decisions: HTTP 404", id="not the one wanted"
        ),
    ],
)
def test_a_server_that_cannot_decide_stops_the_run_with_its_own_words(test_server, rule, engine, said):
    with pytest.raises(EngineRefused) as refused:
        asked(test_server(rule), ask_of(), **engine)
    assert said in str(refused.value)
    assert "-logprobs" in str(refused.value)


@pytest.mark.parametrize("path", ["systemone", "decisions"])
@pytest.mark.parametrize(
    ("rule", "labels", "status", "said"),
    [
        pytest.param("context:5", LABELS, Status.CONTEXT_OVERFLOW, "maximum context length", id="too long"),
        pytest.param("invalid", LABELS, Status.ENGINE_ERROR, "temperature", id="a setting"),
        pytest.param(
            "instant", tuple(map(str, range(27))), Status.ENGINE_ERROR, "at most 26 options", id="too many options"
        ),
        pytest.param("broken-json", LABELS, Status.ENGINE_ERROR, "not JSON", id="no JSON"),
        pytest.param("wrong-json", LABELS, Status.ENGINE_ERROR, "not a decision", id="another JSON"),
        pytest.param("says:openai-quota", LABELS, Status.ENGINE_ERROR, "quota", id="the account"),
    ],
)
def test_errors_mean_what_they_mean_for_other_requests(test_server, path, rule, labels, status, said, monkeypatch):
    monkeypatch.setattr("judgelake.engine.client.pace.FIRST_WAIT_S", 0.001)
    (failure,) = asked(test_server(f"decides:{path}+{rule}"), ask_of(labels))
    assert isinstance(failure, Failure)
    assert failure.status is status
    assert said in failure.reason


def test_the_endpoint_that_answered_is_asked_from_then_on(test_server):
    url = test_server("decides:decisions")
    replies = asked(url, ask_of(), ask_of())
    assert all(isinstance(reply, Reply) for reply in replies)
    with urllib.request.urlopen(url.removesuffix("/v1") + "/stats") as answer:
        paths = json.load(answer)["paths"]
    assert (paths["/v1/systemone"], paths["/v1/decisions"]) == (1, 2)
