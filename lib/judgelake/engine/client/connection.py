"""The connections to one server, and what is seen through them of its health and of the models that it serves."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import aiohttp

from judgelake.engine.call import Endpoint
from judgelake.engine.client.http_answer import HttpAnswer, models_in
from judgelake.engine.client.pace import retry_after_s
from judgelake.engine.errors import EngineGone

CONNECT_TIMEOUT_S = 30.0
PROBE_TIMEOUT_S = 30.0
# uvicorn closes a connection after 5 s without use; reusing one at that moment would fail.
KEEP_ALIVE_S = 4.0


class Connection:
    """An async context manager over one connection pool."""

    def __init__(self, endpoint: Endpoint, timeout_s: float | None) -> None:
        """No connection is opened before the context is entered.

        Args:
            endpoint: the server.
            timeout_s: of a call; None: it may take as long as it likes.
        """
        self.is_own = endpoint.uds is not None
        """Whether the server is that of this executor."""
        self._endpoint = endpoint
        self._timeout_s = timeout_s
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the pool."""
        connector: aiohttp.BaseConnector
        if self._endpoint.uds is not None:
            connector = aiohttp.UnixConnector(self._endpoint.uds, limit=0, keepalive_timeout=KEEP_ALIVE_S)
        else:
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_S)
        key = self._endpoint.api_key
        self._session = aiohttp.ClientSession(
            connector=connector,
            headers={"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {}),
            timeout=aiohttp.ClientTimeout(total=self._timeout_s, sock_connect=CONNECT_TIMEOUT_S),
            trust_env=not self.is_own,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()

    async def post(self, path: str, data: bytes) -> HttpAnswer:
        """The answer to a call.

        Args:
            path: below the server's base URL.
            data: the body, JSON.

        Raises:
            aiohttp.ClientError: there is none.
            TimeoutError: there is none in time; aiohttp.ServerTimeoutError if there was no connection.
        """
        return await self._http("POST", f"{self._endpoint.base_url}/{path}", self._timeout_s, data)

    async def models(self) -> HttpAnswer:
        """The answer to the question for the server's models; raises as `post` does."""
        return await self._http("GET", f"{self._endpoint.base_url}/models", PROBE_TIMEOUT_S)

    async def tokens(self, data: bytes) -> HttpAnswer:
        """The answer of vLLM's tokenizer; raises as `post` does."""
        return await self._http("POST", f"{self._root}/tokenize", PROBE_TIMEOUT_S, data)

    async def names(self) -> list[str]:
        """The models that the server lists; none if it does not."""
        try:
            return [str(listed.get("id")) for listed in models_in(await self.models())]
        except (aiohttp.ClientError, TimeoutError):
            return []

    async def stop_if_dead(self, cause: Exception | None) -> None:
        """Raise `EngineGone` if the failing server is our own and dead; a busy server is not dead."""
        if not self.is_own:
            return
        try:
            http = await self._http("GET", f"{self._root}/health", PROBE_TIMEOUT_S)
        except TimeoutError:
            return
        except aiohttp.ClientError as error:
            raise EngineGone("The vLLM server of this executor has ended; its log says why.") from (cause or error)
        if http.status != 200:
            raise EngineGone(f"The vLLM server of this executor is dying (health: HTTP {http.status}).") from cause

    async def stop_if_forgotten(self, http: HttpAnswer) -> None:
        """Raise `EngineGone` if our own server no longer has our adapter: another task has started it again since."""
        if self.is_own and http.status == 404:
            names = await self.names()
            if names and self._endpoint.model not in names:
                raise EngineGone("The vLLM server of this executor was started again and does not have the adapter.")

    @property
    def _root(self) -> str:
        return self._endpoint.base_url.removesuffix("/v1")

    async def _http(self, method: str, url: str, timeout_s: float | None, data: bytes | None = None) -> HttpAnswer:
        assert self._session is not None, "the connection is used outside its context"
        timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=CONNECT_TIMEOUT_S)
        async with self._session.request(method, url, data=data, timeout=timeout, allow_redirects=False) as response:
            content = await response.read()
            after = retry_after_s(response.headers.get("Retry-After"))
            return HttpAnswer(response.status, content.decode("utf-8", "replace"), after)
