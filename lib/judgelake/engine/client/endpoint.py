"""A server that already runs: its address, its key (never from a config), and the version it reports."""

from __future__ import annotations

import http.client
import json
import os
import urllib.request
from typing import Any

from judgelake.engine.call import Endpoint
from judgelake.engine.config import Engine
from judgelake.engine.errors import EngineRefused
from judgelake.engine.keys import JUDGE, Keys
from judgelake.errors import UserError

REACH_SECONDS = 5.0
MOST_BYTES = 64 * 1024


def endpoint_of_url(engine: Engine, model: str, keys: Keys = JUDGE) -> Endpoint:
    """The endpoint at `engine.url`, with its key; `keys` are those of the job's config.

    Raises:
        UserError: the address is not an http address, or the key is not where the config says.
    """
    url = (engine.url or "").rstrip("/")
    if not url.startswith(("http://", "https://")):
        raise EngineRefused(f"engine.url must start with http:// or https://, not {engine.url!r}.")
    key, name = api_key(engine)
    return Endpoint(base_url=url, uds=None, api_key=key, model=model, key_name=name, keys=keys)


def settings_of_server(endpoint: Endpoint) -> dict[str, Any] | None:
    """The version that the server at an address reports, as vLLM does; None if it reports none.

    The key is not sent: the version is outside the API that the key is for.
    """
    url = endpoint.base_url.removesuffix("/v1") + "/version"
    try:
        with urllib.request.urlopen(url, timeout=REACH_SECONDS) as answer:
            reply = json.loads(answer.read(MOST_BYTES))
    except (OSError, http.client.HTTPException, ValueError):
        return None
    has_version = isinstance(reply, dict) and "version" in reply
    return {"url": endpoint.base_url, "version": reply["version"]} if has_version else None


def api_key(engine: Engine) -> tuple[str | None, str | None]:
    """The key and the name of its place; (None, None) if the config does not name a place.

    Raises:
        UserError: the place is empty or cannot be read.
    """
    if engine.api_key_secret is not None:
        return _from_secret(engine.api_key_secret), f"the secret {engine.api_key_secret}"
    if engine.api_key_env is None:
        return None, None
    key = os.environ.get(engine.api_key_env, "").strip()
    if not key:
        raise UserError(
            f"engine.api_key_env names the variable {engine.api_key_env}, which is not set here. "
            "Set it in the environment of the job's driver, which passes the key to its tasks."
        )
    return key, f"the variable {engine.api_key_env}"


def _from_secret(place: str) -> str:
    scope, slash, name = place.partition("/")
    if not (scope and slash and name):
        raise UserError(f"engine.api_key_secret must be 'scope/key', not {place!r}.")
    try:
        from pyspark.dbutils import DBUtils  # type: ignore[import-not-found]  # only exists on Databricks
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise UserError(
            f"engine.api_key_secret ({place}) needs Databricks; elsewhere name a variable in engine.api_key_env."
        ) from error
    try:
        return str(DBUtils(SparkSession.getActiveSession()).secrets.get(scope, name))
    except Exception as error:  # dbutils raises whatever the gateway gives
        raise UserError(f"Cannot read the Databricks secret {place!r} ({type(error).__name__}).") from error
