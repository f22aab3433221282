"""Calls an OpenAI-compatible server over HTTP; every call returns a reply or a failure with its reason."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp

from judgelake.api import error_in_answer, error_of, error_of_text
from judgelake.comparisons import Failure, Status
from judgelake.engine.call import Ask, AskerFactory, Endpoint, Reply, Sending
from judgelake.engine.client.body import (
    OF_THE_TEMPLATE,
    is_broken_off,
    not_offered,
    only_vllm_takes,
    path_of,
    read_reply,
    request_body,
)
from judgelake.engine.client.connection import CONNECT_TIMEOUT_S, Connection
from judgelake.engine.client.decisions import ABSENT_STATUSES, Absent, Decided, Decisions
from judgelake.engine.client.http_answer import HttpAnswer, models_in
from judgelake.engine.client.label_tokens import LabelTokens
from judgelake.engine.client.outcome import Again, is_transient, outcome_of, outcome_of_answer, shown, unknown_path
from judgelake.engine.client.pace import Pace, wait_before
from judgelake.engine.client.sent_ids import SentIds
from judgelake.engine.config import Engine, call_timeout_s
from judgelake.engine.errors import EngineGone, EngineRefused

QUOTED_CHARACTERS = 60
TOO_MANY_REQUESTS = 429

T = TypeVar("T")


class Client:
    """An async context manager; asks over one connection pool. The caller bounds the number of calls in flight."""

    def __init__(self, endpoint: Endpoint, engine: Engine, sending: Sending | None = None) -> None:
        """No connection is opened before the context is entered. Without `sending`, all prompts are sent as text."""
        self._endpoint = endpoint
        self._engine = engine
        self._pace = Pace(engine.requests_per_second)
        self._timeout_s = call_timeout_s(engine, is_own=endpoint.uds is not None)
        self._connection = Connection(endpoint, self._timeout_s)
        self._opened = AsyncExitStack()
        self._is_vllm = self._connection.is_own
        self._has_answered = False
        self._label_tokens = LabelTokens(self._tokenize)
        self._sent_ids = SentIds(sending, self._tokenize)
        self._decisions = Decisions(endpoint, engine)

    async def __aenter__(self) -> Self:
        """Open the pool and query the server once.

        Raises:
            EngineGone: our own server does not respond.
            EngineRefused: no server responds at the address, or the key is refused.
        """
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._connection)
            await self._look()
            self._opened = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection."""
        self._label_tokens.cancel()
        self._sent_ids.cancel()
        await self._opened.aclose()

    async def ask(self, ask: Ask) -> Reply | Failure:
        """The server's reply, or why there is none.

        Raises:
            EngineGone: our own server is dead.
            EngineRefused: the server cannot serve this job: wrong key or model, or the judge needs what only vLLM has.
        """
        if ask.decides:
            return await self._decisions.of(ask, lambda path, data: self._persist(partial(self._decided, path, data)))
        if not self._is_vllm and (needed := only_vllm_takes(ask)) is not None:
            raise EngineRefused(not_offered(needed, self._endpoint.base_url))
        label_ids = await self._label_tokens.of(ask) if ask.labels and self._is_vllm else None
        if isinstance(label_ids, Failure):
            return label_ids
        sent = await self._sent_ids.of(ask, is_vllm=self._is_vllm)
        return sent if isinstance(sent, Failure) else await self._answered(sent, label_ids)

    async def _answered(self, ask: Ask, label_ids: dict[str, int] | None) -> Reply | Failure:
        body = request_body(
            ask,
            self._endpoint.model,
            label_ids,
            max_tokens_field=self._engine.max_tokens_field,
            extra=self._sent_ids.more_fields(ask) | self._engine.body,
        )
        data = json.dumps(body).encode()

        async def answer() -> Reply | Failure | Again:
            await self._pace.turn()
            started = time.perf_counter()
            outcome = await self._attempt(path_of(ask), data)
            if isinstance(outcome, Failure | Again):
                return outcome
            reply = read_reply(outcome, ask, (time.perf_counter() - started) * 1000, label_ids)
            return reply if isinstance(reply, Failure) else self._sent_ids.read(reply, ask)

        return await self._persist(answer)

    async def _decided(self, path: str, data: bytes) -> Decided | Failure | Again | Absent:
        await self._pace.turn()
        started = time.perf_counter()
        http = await self._post(path, data)
        if not isinstance(http, HttpAnswer):
            return http
        if http.status in ABSENT_STATUSES and not self._decisions.has_answered(path):
            return Absent(path, f"HTTP {http.status}: {shown(error_of_text(http.text).message, self._endpoint)}")
        outcome = await self._outcome(http)
        if isinstance(outcome, Failure | Again):
            return outcome
        return Decided(outcome, (time.perf_counter() - started) * 1000, self._is_vllm)

    async def _persist(self, call: Callable[[], Awaitable[T | Again]]) -> T | Failure:
        """The result of `call`, repeated as often as the config allows."""
        for attempt in range(self._engine.max_retries + 1):
            outcome = await call()
            if not isinstance(outcome, Again):
                return outcome
            failure = Failure(Status.ENGINE_ERROR, f"{outcome.reason} (attempt {attempt + 1})")
            if attempt == self._engine.max_retries or not await self._wait(outcome, attempt + 1):
                break
        return failure

    async def _wait(self, again: Again, attempt: int) -> bool:
        """Wait with backoff, and as long as the server asked; False if that is longer than a call may take."""
        if again.wait_s is not None:
            if self._timeout_s is not None and again.wait_s > self._timeout_s:
                return False
            self._pace.pause(again.wait_s)
        await asyncio.sleep(wait_before(attempt, again.wait_s))
        return True

    async def _attempt(self, path: str, data: bytes) -> dict[str, Any] | Failure | Again:
        """One attempt: the reply's JSON, why there is none, or a reason to try again."""
        http = await self._post(path, data)
        if not isinstance(http, HttpAnswer):
            return http
        if http.status == 404 and not self._has_answered:
            raise EngineRefused(unknown_path(self._endpoint, path, await self._connection.names(), http.text))
        return await self._outcome(http)

    async def _post(self, path: str, data: bytes) -> HttpAnswer | Failure | Again:
        try:
            http = await self._connection.post(path, data)
        except aiohttp.ServerTimeoutError as error:
            # Also a TimeoutError; as sock_read is not set, it can only come from connecting.
            await self._connection.stop_if_dead(error)
            return Again(f"no connection within {CONNECT_TIMEOUT_S:g} s")
        except TimeoutError:
            limit = "time" if self._timeout_s is None else f"{self._timeout_s:g} s"
            return Failure(Status.TIMEOUT, f"no answer within {limit}")
        except aiohttp.ClientError as error:
            await self._connection.stop_if_dead(error)
            return Again(f"{type(error).__name__} while talking to the server")
        await self._connection.stop_if_forgotten(http)
        return http

    async def _outcome(self, http: HttpAnswer) -> dict[str, Any] | Failure | Again:
        if http.status == 200:
            return await self._decode(http.text)
        if http.status >= 500:
            await self._connection.stop_if_dead(None)
        return outcome_of(http.status, http.text, http.retry_after, self._endpoint, has_answered=self._has_answered)

    async def _decode(self, text: str) -> dict[str, Any] | Failure | Again:
        try:
            decoded = json.loads(text)
        except (ValueError, RecursionError):
            return Failure(Status.ENGINE_ERROR, f"the server's answer is not JSON: {self._quoted(text)}")
        if isinstance(decoded, list) and (listed := error_of(decoded)) is not None:
            return outcome_of_answer(listed, self._endpoint, has_answered=self._has_answered)
        if not isinstance(decoded, dict):
            return Failure(Status.ENGINE_ERROR, f"the server's answer is not a JSON object: {self._quoted(text)}")
        if (error := error_in_answer(decoded)) is not None:
            return outcome_of_answer(error, self._endpoint, has_answered=self._has_answered)
        if is_broken_off(decoded):
            await self._connection.stop_if_dead(None)
            return Again("the server aborted the answer")
        self._has_answered = self._has_answered or bool(decoded.get("choices") or decoded.get("answers"))
        return decoded

    def _quoted(self, text: str) -> str:
        return repr(shown(text, self._endpoint, QUOTED_CHARACTERS))

    async def _look(self) -> None:
        """Find out which server responds: whether it is vLLM, and whether it accepts our key."""
        is_busy = False
        for attempt in range(self._engine.max_retries + 1):
            try:
                http = await self._connection.models()
            except (aiohttp.ClientError, TimeoutError) as error:
                if self._connection.is_own:
                    raise EngineGone(
                        f"The vLLM server of this executor does not answer ({type(error).__name__})."
                    ) from error
                again = Again(type(error).__name__)
            else:
                if http.status in (401, 403):
                    outcome_of(http.status, http.text, None, self._endpoint, has_answered=False)
                if not is_transient(http.status):
                    # A hosted server may not list its models; then only its answers to calls count.
                    names_vllm = any(model.get("owned_by") == "vllm" for model in models_in(http))
                    self._is_vllm = self._connection.is_own or names_vllm
                    return
                if http.status >= 500:
                    await self._connection.stop_if_dead(None)
                is_busy = http.status == TOO_MANY_REQUESTS
                again = Again(f"HTTP {http.status}", http.retry_after)
            if attempt == self._engine.max_retries or not await self._wait(again, attempt + 1):
                break
        if self._connection.is_own:
            raise EngineGone(f"The vLLM server of this executor does not list its model ({again.reason}).")
        if is_busy:
            # The server exists; the rows show how it answers the calls themselves.
            return
        raise EngineRefused(
            f"No OpenAI-compatible server responds at engine.url {self._endpoint.base_url} ({again.reason}). "
            "Give the address of a running server, up to and including /v1."
        )

    async def _tokenize(self, body: dict[str, Any]) -> list[int] | Failure | None:
        template = {name: self._engine.body[name] for name in OF_THE_TEMPLATE if name in self._engine.body}
        data = json.dumps({"model": self._endpoint.model} | (template if "messages" in body else {}) | body).encode()
        return await self._persist(lambda: self._tokens(data))

    async def _tokens(self, data: bytes) -> list[int] | Again | None:
        try:
            http = await self._connection.tokens(data)
        except (aiohttp.ClientError, TimeoutError) as error:
            await self._connection.stop_if_dead(error)
            return Again(f"{type(error).__name__} from /tokenize")
        await self._connection.stop_if_forgotten(http)
        if is_transient(http.status):
            await self._connection.stop_if_dead(None)
            return Again(f"HTTP {http.status} from /tokenize", http.retry_after)
        try:
            tokens = json.loads(http.text)["tokens"] if http.status == 200 else None
        except (ValueError, KeyError, TypeError):
            return None
        return tokens if isinstance(tokens, list) else None


def client_factory(endpoint: Endpoint, engine: Engine, sending: Sending | None = None) -> AskerFactory:
    """A factory that opens a `Client` for this endpoint."""
    return lambda: Client(endpoint, engine, sending)
