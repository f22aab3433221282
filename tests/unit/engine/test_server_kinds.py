"""Servers as they really fail and answer: each kind through the client, over HTTP, against the test server."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from pathlib import Path

import pytest
from server.server_kinds import CALL, ENDED, FAILING, FINAL, OVERFLOW, REFUSED, SHAPED, Kind, openai

from judgelake.api.complaints import COMPLAINTS, complaint_of, plain
from judgelake.api.server_error import ServerError, error_in_answer, error_of_text
from judgelake.comparisons import Failure, Status
from judgelake.comparisons.comparison import Message
from judgelake.engine import Ask, Client, Endpoint, Engine, EngineRefused, Reply, endpoint_of_url
from judgelake.engine.client.outcome import Again, outcome_of, outcome_of_answer
from judgelake.engine.describe import servers_page
from judgelake.judges import Decoding, Prompt

TEXT = Ask(Prompt(text="Score both."), Decoding(max_tokens=64))
CHAT = Ask(Prompt(messages=(Message("user", "Score both."),)), Decoding(max_tokens=64))
ENDPOINT = Endpoint("http://x/v1", None, None, "m")


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr("judgelake.engine.client.pace.FIRST_WAIT_S", 0.001)


def ask(url: str, *asks: Ask, **engine) -> list[Reply | Failure]:
    config = Engine(url=url, **{"max_retries": 1, "timeout_s": 5, **engine})

    async def run():
        async with Client(endpoint_of_url(config, "test-judge"), config) as client:
            return [await client.ask(one) for one in asks]

    return asyncio.run(run())


def calls(url: str) -> int:
    with urllib.request.urlopen(url.removesuffix("/v1") + "/stats") as answer:
        return json.load(answer)["total"]


@pytest.mark.parametrize("kind", FAILING)
def test_an_error_of_each_kind_is_the_rows_own_or_a_failed_call_with_the_servers_words(test_server, kind):
    failing: Kind = FAILING[kind]
    url = test_server(f"says:{kind}")
    (outcome,) = ask(url, TEXT)
    assert isinstance(outcome, Failure)
    assert (outcome.status.value, calls(url)) == (failing.status, 2 if failing.again else 1)
    assert outcome.status.is_worth_another_attempt is (failing.status not in FINAL)
    # A wrapper's words are kept beside those of the server behind it.
    said = error_of_text(failing.text).message or "no message"
    assert kind in ("null-choices", "gemini-blocked", "openrouter-choice") or said[:40].split("\n")[0] in outcome.reason


@pytest.mark.parametrize(("reason", "meaning"), ENDED.items())
def test_an_answer_is_read_by_what_its_finish_reason_means(test_server, reason, meaning):
    (outcome,) = ask(test_server(f"ends:{reason}"), TEXT)
    if meaning in ("whole", "cut"):
        assert isinstance(outcome, Reply)
        assert outcome.finish_reason == reason
    else:
        assert isinstance(outcome, Failure)
        assert outcome.status.value == meaning
        assert reason in outcome.reason


@pytest.mark.parametrize("shape", SHAPED)
def test_an_answer_of_each_form_is_its_text_alone(test_server, shape):
    (usual,) = ask(test_server("instant"), CHAT)
    (outcome,) = ask(test_server(f"shape:{shape}"), CHAT)
    if shape in ("refusal", "image"):
        assert isinstance(outcome, Failure)
        assert outcome.status is (Status.REFUSED if shape == "refusal" else Status.ENGINE_ERROR)
        return
    assert isinstance(outcome, Reply)
    if shape == "only-thinking":
        assert (outcome.text, outcome.thinking) == ("", usual.text)
        failure = outcome.without_answer()
        assert failure is not None
        assert failure.status is Status.ENGINE_ERROR
        return
    assert outcome.text == usual.text
    assert outcome.without_answer() is None
    assert outcome.thinking == ("1 10 would be wrong" if shape in ("parts", "reasoning-content", "reasoning") else "")
    assert outcome.output_tokens == (None if shape == "no-usage" else usual.output_tokens)
    assert isinstance(outcome.output_tokens, int | None)


def test_thinking_that_was_cut_is_truncated():
    reply = Reply("", "MAX_TOKENS", 1, None, 64, None, 1.0, thinking="First I compare")
    assert reply.without_answer() == Failure(Status.TRUNCATED, "cut off while thinking")


@pytest.mark.parametrize("kind", [kind for kind, failing in FAILING.items() if failing.status == OVERFLOW])
def test_a_prompt_that_is_too_long_is_known_by_a_code_or_by_words(kind):
    text = FAILING[kind].text
    error = error_in_answer(json.loads(text)) if FAILING[kind].http == 200 else error_of_text(text)
    complaint = complaint_of(error)
    assert complaint is not None
    assert complaint.status is Status.CONTEXT_OVERFLOW


NOT_OF_THE_PROMPT = [
    pytest.param(400, openai("Your account was flagged for unusual activity. Contact support."), id="an account"),
    pytest.param(400, openai("Your organization has been suspended for violating our usage policies."), id="suspended"),
    pytest.param(400, openai("Your API key was flagged as leaked"), id="a key"),
    pytest.param(400, openai("Invalid value for top_logprobs: flagged as unsupported"), id="a value"),
    pytest.param(
        400, openai("safety_identifier is not allowed by the safety system", param="safety_identifier"), id="a field"
    ),
    pytest.param(400, openai("This API version does not support content filtering policy settings"), id="a version"),
    pytest.param(400, openai("stop: input is too long", param="stop"), id="a long stop"),
    pytest.param(400, openai("max_tokens (100000) exceeds the context window"), id="more tokens than the context"),
    pytest.param(
        422,
        {"detail": [{"type": "string_too_long", "loc": ["body", "user"], "msg": "at most 64 characters"}]},
        id="a long user",
    ),
    pytest.param(413, openai("Request too large: tokens per minute limit 6000"), id="tokens a minute"),
]


@pytest.mark.parametrize(("status", "body"), NOT_OF_THE_PROMPT)
def test_what_is_said_of_the_account_or_of_a_setting_is_never_final(status, body):
    outcome = outcome_of(status, json.dumps(body), None, ENDPOINT, has_answered=True)
    assert isinstance(outcome, Failure)
    assert outcome.status is Status.ENGINE_ERROR


@pytest.mark.parametrize(
    "words",
    ["Our safety system is temporarily unavailable", "Guardrail error: request blocked by timeout of content filter"],
)
def test_what_a_failing_server_says_of_content_is_not_believed(words):
    assert isinstance(outcome_of(503, json.dumps(openai(words)), None, ENDPOINT, has_answered=True), Again)


SETTINGS = [
    pytest.param("Unsupported value: 'stop' must be shorter than the context window", "unsupported_value", id="stop"),
    pytest.param("maximum context length of the content filter", "unknown_parameter", id="words of two other kinds"),
    pytest.param("Request too large: your prompt is too long for this tier", "rate_limit_exceeded", id="a quota"),
]


@pytest.mark.parametrize(("words", "code"), SETTINGS)
def test_a_code_decides_before_words(words, code):
    outcome = outcome_of(400, json.dumps(openai(words, code)), None, ENDPOINT, has_answered=True)
    assert isinstance(outcome, Failure)
    assert outcome.status is Status.ENGINE_ERROR


def test_a_field_that_is_too_long_is_a_setting_unless_it_is_the_prompt():
    for param, status in (("messages[1].content", Status.CONTEXT_OVERFLOW), ("user", Status.ENGINE_ERROR)):
        body = json.dumps(openai("string too long", "string_above_max_length", param=param))
        assert outcome_of(400, body, None, ENDPOINT, has_answered=True).status is status


def test_words_further_on_may_be_a_quoted_prompt_and_decide_nothing():
    quoted = f"Invalid request. {'x' * 500} your prompt is too long, and was flagged"
    assert complaint_of(ServerError(quoted)) is None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("model not set", (None, "model not set"), id="plain text"),
        pytest.param('{"error": "a"}', (None, "a"), id="a text as error"),
        pytest.param('{"error": {"message": "a", "code": 429}}', (429, "a"), id="a code that is a status"),
        pytest.param('{"detail": [{"loc": ["body", "n"], "msg": "bad"}]}', (None, "n: bad"), id="a field of FastAPI"),
        pytest.param(
            '{"error": {"message": "{\\"error\\": {\\"message\\": \\"in\\"}}"}}', (None, "in"), id="JSON in text"
        ),
        pytest.param('{"error": {"code": "server_error"}}', (None, "server_error"), id="a code without words"),
        pytest.param('{"error": {}}', (None, '{"error": {}}'), id="nothing in it"),
        pytest.param("[" * 100_000, (None, "[" * 100_000), id="nesting without end"),
    ],
)
def test_an_error_is_found_in_whatever_shape(body, expected):
    error = error_of_text(body)
    assert (error.http_status, error.message) == expected


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"choices": [{"text": "8 7"}], "error": None}, id="null"),
        pytest.param({"choices": [{"text": "8 7"}], "error": {"code": 0, "message": ""}}, id="a code for success"),
        pytest.param({"choices": [{"text": "8 7", "error": False}]}, id="false"),
        pytest.param({"choices": [{"text": "8 7"}], "base_resp": {"status_code": 0}}, id="MiniMax's success"),
    ],
)
def test_an_answer_that_says_that_nothing_went_wrong_is_an_answer(answer):
    assert error_in_answer(answer) is None


def test_a_wrong_key_inside_an_answer_refuses_the_engine():
    error = error_in_answer({"error": {"message": "No auth credentials found", "code": 401}})
    assert error is not None
    with pytest.raises(EngineRefused, match="No auth credentials found"):
        outcome_of_answer(error, ENDPOINT, has_answered=True)


def test_a_403_after_an_answer_that_is_not_about_the_prompt_is_asked_again():
    outcome = outcome_of(403, json.dumps(openai("Your project has no access")), None, ENDPOINT, has_answered=True)
    assert outcome == Failure(Status.ENGINE_ERROR, "HTTP 403: Your project has no access")


def test_a_404_shows_the_servers_own_words(test_server):
    with pytest.raises(EngineRefused, match=r"no model 'test-judge'; it has other .*The model `test-judge` does not"):
        ask(test_server("model:other"), TEXT)
    with pytest.raises(EngineRefused, match=r"which it lists \(HTTP 404: by rule\)"):
        ask(test_server("status:404"), TEXT)


def test_a_404_after_an_answer_is_a_failed_call():
    outcome = outcome_of(404, '{"error": "model is reloading"}', None, ENDPOINT, has_answered=True)
    assert outcome == Failure(Status.ENGINE_ERROR, "HTTP 404: model is reloading")


@pytest.mark.parametrize("status", [500, 503, 529])
def test_a_server_that_fails_is_asked_again_unless_it_says_that_the_prompt_is_too_long(status):
    assert isinstance(outcome_of(status, "internal", 1.0, ENDPOINT, has_answered=True), Again)
    too_long = outcome_of(status, '{"error": {"type": "exceed_context_size_error"}}', None, ENDPOINT, has_answered=True)
    assert isinstance(too_long, Failure)
    assert too_long.status is Status.CONTEXT_OVERFLOW


def test_no_words_of_one_kind_hold_those_of_another():
    for complaint in COMPLAINTS:
        for words in complaint.words:
            found = complaint_of(ServerError(words.replace("...", "x")))
            assert found is complaint, words
            assert words == plain(words), "words are compared in lower case and without quotes"


def test_codes_are_written_as_they_are_compared_and_stand_for_one_kind():
    codes = [code for complaint in COMPLAINTS for code in complaint.codes]
    assert codes == [code.lower() for code in codes]
    assert len(codes) == len(set(codes))


def test_every_status_that_ends_a_row_is_about_its_prompt():
    assert {complaint.status.value for complaint in COMPLAINTS if complaint.is_final} == set(FINAL)
    assert {kind.status for kind in FAILING.values()} == {CALL, OVERFLOW, REFUSED, "invalid_input"}


def test_the_page_about_servers_is_that_of_the_tables(root: Path):
    written = (root / "docs" / "servers.md").read_text("utf-8")
    assert written == servers_page(), "run: python -m judgelake.engine.describe > docs/servers.md"
