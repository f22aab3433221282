"""When a call is repeated, when it ends the job, and what its failure may say: the client against a lying server."""

from __future__ import annotations

import asyncio
import http.server
import json
import subprocess
import sys
import threading
import time
import urllib.request

import aiohttp
import pytest

from judgelake.asking.first_outcomes import FirstOutcomes
from judgelake.comparisons import Failure, Status
from judgelake.engine import Ask, Client, Endpoint, Engine, EngineGone, EngineRefused, Reply, endpoint_of_url
from judgelake.engine.client.body import read_reply, request_body
from judgelake.engine.client.connection import Connection
from judgelake.engine.client.outcome import Again, outcome_of
from judgelake.engine.client.pace import Pace, wait_before
from judgelake.judges import Decoding, Prompt

TEXT = Ask(Prompt(text="Score both."), Decoding(max_tokens=64))
OTHER = Ask(Prompt(text="Warm up."), Decoding(max_tokens=1))
LABELS = Ask(Prompt(text="Choose: "), Decoding(max_tokens=1), labels=("A", "B"))
# How soon a server of the standard library notices that it must stop.
POLL_S = 0.02
CONNECTION = "judgelake.engine.client.client.Connection"
KEY = "sk-s3cret-0123456789-value"


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr("judgelake.engine.client.pace.FIRST_WAIT_S", 0.001)


def ask(url: str, *asks: Ask, **engine) -> list[Reply | Failure]:
    config = Engine(url=url, **{"max_retries": 2, "timeout_s": 5, **engine})

    async def run():
        async with Client(endpoint_of_url(config, "test-judge"), config) as client:
            return [await client.ask(one) for one in asks]

    return asyncio.run(run())


def total(url: str) -> int:
    with urllib.request.urlopen(url.removesuffix("/v1") + "/stats") as answer:
        return json.load(answer)["total"]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        pytest.param(402, Status.ENGINE_ERROR, id="no credit"),
        pytest.param(405, Status.ENGINE_ERROR, id="method"),
        pytest.param(407, Status.ENGINE_ERROR, id="proxy"),
        pytest.param(409, Status.ENGINE_ERROR, id="conflict"),
        pytest.param(451, Status.ENGINE_ERROR, id="another one"),
        pytest.param(400, Status.ENGINE_ERROR, id="bad request, about anything"),
        pytest.param(413, Status.CONTEXT_OVERFLOW, id="too large"),
        pytest.param(422, Status.ENGINE_ERROR, id="unprocessable, by anything"),
    ],
)
def test_a_status_that_speaks_of_the_row_is_the_rows_and_any_other_the_engines(test_server, code, status):
    url = test_server(f"status:{code}")
    (outcome,) = ask(url, TEXT)
    assert (outcome.status, total(url)) == (status, 1)


@pytest.mark.parametrize("code", [400, 413])
def test_an_overflow_is_one_whatever_its_status(code):
    text = '{"error": {"message": "too long", "code": "context_length_exceeded"}}'
    outcome = outcome_of(code, text, None, Endpoint("http://x/v1", None, None, "m"), has_answered=False)
    assert outcome.status is Status.CONTEXT_OVERFLOW


def test_a_request_too_large_for_the_server_is_an_overflow_that_says_so_and_ends_no_run():
    outcome = outcome_of(413, "Payload Too Large", None, Endpoint("http://x/v1", None, None, "m"), has_answered=False)
    assert outcome == Failure(
        Status.CONTEXT_OVERFLOW, "the server refuses a request of this size (HTTP 413: Payload Too Large)"
    )
    FirstOutcomes(1).look_at([outcome] * 3)


FLAGGED = Ask(Prompt(text="A flagged prompt"), Decoding(max_tokens=64))


def test_a_403_before_any_answer_refuses_the_engine(test_server):
    with pytest.raises(EngineRefused, match="403"):
        ask(test_server("status:403"), FLAGGED)


def test_a_403_before_any_answer_that_speaks_of_the_prompt_is_a_failed_call(test_server):
    flagged, other = ask(test_server("deny:flagged"), FLAGGED, TEXT)
    assert flagged == Failure(Status.ENGINE_ERROR, "HTTP 403: the prompt was flagged by the firewall")
    assert isinstance(other, Reply)


def test_a_403_after_an_answer_is_that_rows_failure(test_server):
    first, flagged, last = ask(test_server("deny:flagged"), TEXT, FLAGGED, TEXT)
    assert isinstance(first, Reply)
    assert isinstance(last, Reply)
    assert flagged == Failure(Status.REFUSED, "HTTP 403: the prompt was flagged by the firewall")


def test_a_401_always_refuses_the_engine():
    with pytest.raises(EngineRefused, match="401"):
        outcome_of(401, "no", None, Endpoint("http://x/v1", None, None, "m"), has_answered=True)


@pytest.mark.parametrize("code", [200, 302, 400, 402, 403, 408, 422, 429, 500, 507])
def test_no_message_holds_the_key_or_a_part_of_it(test_server, monkeypatch, code):
    monkeypatch.setenv("JUDGE_KEY", KEY)
    try:
        (outcome,) = ask(test_server(f"leak:{code}"), TEXT, api_key_env="JUDGE_KEY")
        message = outcome.reason
    except EngineRefused as error:
        message = str(error)
    assert "xxx" in message
    assert "s3cret" not in message
    assert "sk-" not in message


def test_json_that_is_not_a_completion_is_not_quoted():
    data = {"choices": [{"text": "a", "finish_reason": {KEY: KEY}}], "usage": {"prompt_tokens": KEY}}
    failure = read_reply(data, TEXT, 1.0)
    assert "not a completion" in failure.reason
    assert KEY not in failure.reason


@pytest.mark.parametrize(
    ("choice", "usage"),
    [
        pytest.param({"finish_reason": 1}, {}, id="a finish reason that is a number"),
        pytest.param({}, {"prompt_tokens_details": {"cached_tokens": "12"}}, id="a count that is text"),
        pytest.param({}, {"prompt_tokens": float("inf")}, id="a count without end"),
        pytest.param({}, {"completion_tokens": 2**63}, id="a count that fits no column"),
        pytest.param({}, {"prompt_tokens": -1}, id="a count below nothing"),
        pytest.param({}, {"prompt_tokens": 9.5}, id="a count with a fraction"),
        pytest.param({}, {"prompt_tokens": True}, id="a count that is true"),
        pytest.param({"finish_reason": ["stop"]}, {}, id="a finish reason that is a list"),
        pytest.param({"logprobs": {"top_logprobs": [{"token_id:65": "-1"}]}}, {}, id="a log-probability that is text"),
        pytest.param({"logprobs": {"top_logprobs": [{"token_id:65": 10**400}]}}, {}, id="one that is too large"),
    ],
)
def test_a_reply_with_values_no_column_takes_is_its_own_requests_failure(choice, usage):
    data = {"choices": [{"text": "A", **choice}], "usage": usage}
    assert read_reply(data, LABELS, 1.0, {"A": 65}).status is Status.ENGINE_ERROR


def test_a_lone_surrogate_in_the_finish_reason_is_replaced():
    failure = read_reply({"choices": [{"text": "A", "finish_reason": "\ud800"}]}, TEXT, 1.0)
    assert "finish_reason '?'" in failure.reason
    reply = read_reply({"choices": [{"text": "A", "finish_reason": "stop: \ud800"}]}, TEXT, 1.0)
    assert reply.finish_reason == "stop: ?"


class Connecting(Connection):
    """The first calls get no connection in time, as from a server with a full backlog."""

    times, health = 2, True

    async def _http(self, method, url, *how):
        if url.endswith("/health") and not self.health:
            raise aiohttp.ClientConnectionError("no such socket")
        if method == "POST" and self.times:
            self.times -= 1
            raise aiohttp.ConnectionTimeoutError("Connection timeout to host")
        return await super()._http(method, url, *how)


class WithoutHealth(Connecting):
    health = False


def run_client(client, *asks):
    async def run():
        async with client:
            return [await client.ask(one) for one in asks]

    return asyncio.run(run())


@pytest.fixture(scope="module")
def own_server(root, tmp_path_factory):
    """The test server behind a Unix socket, as our own vLLM."""
    socket = tmp_path_factory.mktemp("own") / "s.sock"
    serve = str(root / "tests" / "support" / "server" / "serve.py")
    command = [sys.executable, serve, "--uds", str(socket), "--rule", "slow:60"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    yield Endpoint("http://localhost/v1", str(socket), None, "test-judge")
    process.kill()
    process.wait()
    process.stdout.close()


def test_our_own_server_may_take_as_long_as_it_computes(own_server, monkeypatch):
    monkeypatch.setattr("judgelake.engine.config.URL_TIMEOUT_S", 0.03)
    (outcome,) = run_client(Client(own_server, Engine()), TEXT)
    assert isinstance(outcome, Reply)
    (outcome,) = run_client(Client(own_server, Engine(timeout_s=0.03)), TEXT)
    assert outcome == Failure(Status.TIMEOUT, "no answer within 0.03 s")


def test_a_connection_that_takes_too_long_is_tried_again(own_server, monkeypatch):
    monkeypatch.setattr(CONNECTION, Connecting)
    (outcome,) = run_client(Client(own_server, Engine(max_retries=2)), TEXT)
    assert isinstance(outcome, Reply)


def test_a_connection_that_never_comes_is_an_engine_error(own_server, monkeypatch):
    monkeypatch.setattr(CONNECTION, Connecting)
    (outcome,) = run_client(Client(own_server, Engine(max_retries=1)), TEXT)
    assert outcome.status is Status.ENGINE_ERROR
    assert "connection" in outcome.reason.lower()
    assert "no answer within" not in outcome.reason


def test_an_own_server_that_takes_no_connection_and_is_dead_is_gone(own_server, monkeypatch):
    monkeypatch.setattr(CONNECTION, WithoutHealth)
    with pytest.raises(EngineGone):
        run_client(Client(own_server, Engine(max_retries=2)), TEXT)


def test_a_named_time_is_a_lower_bound_and_everybody_has_his_own():
    waits = {wait_before(1, 0.0) for _ in range(20)}
    assert len(waits) == 20
    assert min(waits) >= 0.001
    assert all(7.0 <= wait_before(3, 7.0) <= 7.1 for _ in range(20))


def test_a_server_that_says_at_once_is_still_given_growing_time(test_server, monkeypatch):
    monkeypatch.setattr("judgelake.engine.client.pace.FIRST_WAIT_S", 0.04)
    config = Engine(url=test_server("hurry:2"), max_retries=2)

    async def run():
        async with Client(endpoint_of_url(config, "m"), config) as client:
            await client.ask(OTHER)
            started = time.monotonic()
            reply = await client.ask(TEXT)
            return reply, time.monotonic() - started

    reply, seconds = asyncio.run(run())
    assert isinstance(reply, Reply)
    assert seconds >= 0.04 + 0.08


class Unwaiting(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps to the next event: the times are exact, and no test waits."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        select = self._selector.select

        def jump(timeout):
            self._now += timeout or 0.0
            return select(0)

        self._selector.select = jump

    def time(self) -> float:
        return self._now


def test_calls_delayed_by_a_pause_do_not_return_together_and_keep_the_rate():
    def run(rate):
        async def all_calls():
            clock = asyncio.get_running_loop().time
            pace = Pace(rate, clock)
            pace.pause(0.1)

            async def one():
                await pace.turn()
                return clock()

            return sorted(await asyncio.gather(*(one() for _ in range(20))))

        with asyncio.Runner(loop_factory=Unwaiting) as runner:
            return runner.run(all_calls())

    free = run(None)
    assert free[0] >= 0.1
    assert free[-1] - free[0] > 0.01
    assert all(at > 0.09 + 0.02 * place for place, at in enumerate(run(50)))


@pytest.mark.parametrize("calls", [1, 2])
def test_tokens_of_labels_are_asked_for_again(test_server, calls):
    (reply,) = ask(test_server(f"deaf:{calls}"), LABELS)
    assert set(reply.label_logprobs) == {"A", "B"}


def test_tokens_that_cannot_be_had_now_are_a_failure_that_is_not_remembered(test_server):
    url = test_server("deaf:3")
    first, second = ask(url, LABELS, LABELS)
    assert first.status is Status.ENGINE_ERROR
    assert "/tokenize" in first.reason
    assert set(second.label_logprobs) == {"A", "B"}
    assert total(url) == 1


@pytest.mark.parametrize("code", [404, 405, 501])
def test_a_server_without_tokenize_is_asked_for_the_likeliest(test_server, code):
    (reply,) = ask(test_server(f"dumb:{code}"), LABELS)
    assert isinstance(reply, Reply)


def test_a_server_that_fails_at_first_sight_is_still_known_as_vllm(test_server):
    (reply,) = ask(test_server("blind:2"), LABELS)
    assert set(reply.label_logprobs) == {"A", "B"}


@pytest.fixture
def busy_at_first():
    """A server whose model list is not available for the first calls: busy_at_first(2, "0.1") returns its address."""
    servers = []

    def start(calls, after):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                times.append(time.monotonic())
                is_busy = len(times) <= calls
                self.send_response(429 if is_busy else 200)
                self.send_header("Retry-After", after)
                self.end_headers()
                self.wfile.write(b'{"data": [{"owned_by": "vllm"}]}')

            def do_POST(self):
                self.send_response(200)
                self.end_headers()
                self.rfile.read(int(self.headers["Content-Length"]))
                self.wfile.write(b'{"choices": [{"text": "8 7", "finish_reason": "stop"}]}')

            def log_message(self, *arguments):
                pass

        times = []
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(POLL_S,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_address[1]}/v1", times

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_busy_list_of_models_is_asked_for_again_when_the_server_says(busy_at_first):
    url, times = busy_at_first(1, "0.2")
    (reply,) = ask(url, TEXT)
    assert isinstance(reply, Reply)
    assert len(times) == 2
    assert times[1] - times[0] >= 0.2


@pytest.mark.parametrize("after", ["0", "3600"])
def test_a_server_that_is_only_busy_with_its_models_is_there(busy_at_first, after):
    url, _ = busy_at_first(99, after)
    (reply,) = ask(url, TEXT)
    assert isinstance(reply, Reply)


def test_a_server_that_only_fails_is_refused(test_server):
    with pytest.raises(EngineRefused, match="HTTP 500"):
        ask(test_server("blind"), LABELS)


def test_a_server_that_is_not_vllm_gets_none_of_its_keys():
    asked = Ask(Prompt(text="p"), Decoding(max_tokens=7, temperature=0.5), labels=("A",))
    body = request_body(asked, "m")
    assert body == {"model": "m", "prompt": "p", "max_tokens": 7, "temperature": 0.5, "logprobs": 5}


@pytest.mark.parametrize(
    ("temperature", "seed", "repeat", "sent"),
    [
        pytest.param(0.7, 3, 0, 3, id="the first"),
        pytest.param(0.7, 3, 2, 5, id="a repeat differs"),
        pytest.param(0.0, 3, 2, 3, id="nothing is drawn"),
        pytest.param(0.7, None, 2, None, id="no seed"),
        pytest.param(None, 3, 2, 5, id="drawn by the server's own temperature"),
    ],
)
def test_repeats_of_a_seeded_judge_have_their_own_seed(temperature, seed, repeat, sent):
    asked = Ask(Prompt(text="p"), Decoding(temperature=temperature, seed=seed), repeat=repeat)
    assert request_body(asked, "m").get("seed") == sent


def test_a_reason_to_ask_again_hides_the_key_too():
    endpoint = Endpoint("http://x/v1", None, KEY, "m")
    outcome = outcome_of(503, "y" * 290 + KEY, 2.0, endpoint, has_answered=True)
    assert isinstance(outcome, Again)
    assert outcome.wait_s == 2.0
    assert "sk-" not in outcome.reason
