"""The key of a hosted server: from the environment or a Databricks secret, never from a config."""

from __future__ import annotations

import os

from judgelake.config import Engine
from judgelake.errors import UserError


def api_key(engine: Engine) -> tuple[str | None, str | None]:
    """The key and the name of where it was found; (None, None) where the config names no place.

    Raises:
        UserError: the place it should be in is empty or cannot be read.
    """
    if engine.api_key_secret is not None:
        return _from_secret(engine.api_key_secret), f"the secret {engine.api_key_secret}"
    if engine.api_key_env is None:
        return None, None
    key = os.environ.get(engine.api_key_env, "").strip()
    if not key:
        raise UserError(
            f"engine.api_key_env names the variable {engine.api_key_env}, which is not set here. "
            "Set it in the environment of the job's driver, which hands the key to its tasks."
        )
    return key, f"the variable {engine.api_key_env}"


def _from_secret(place: str) -> str:
    scope, slash, name = place.partition("/")
    if not (scope and slash and name):
        raise UserError(f"engine.api_key_secret must be 'scope/key', not {place!r}.")
    try:
        from pyspark.dbutils import DBUtils  # type: ignore[import-not-found]  # only Databricks has it
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise UserError(
            f"engine.api_key_secret ({place}) needs Databricks; elsewhere name a variable in engine.api_key_env."
        ) from error
    try:
        return str(DBUtils(SparkSession.getActiveSession()).secrets.get(scope, name))
    except Exception as error:  # dbutils raises whatever the gateway gives
        raise UserError(f"Cannot read the Databricks secret {place!r} ({type(error).__name__}).") from error
