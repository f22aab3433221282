"""Models that MLflow keeps: which version an alias stands for, and where its files are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from judgelake.engine.keys import JUDGE, Keys
from judgelake.engine.model.place import Place
from judgelake.errors import UserError, in_one_line, without_password

REGISTERED = re.compile(r"models:/(?P<name>[^/@]+)(?:@(?P<alias>[^/@]+)|/(?P<version>\d+|latest))/?", re.IGNORECASE)
LOGGED = re.compile(r"models:/(?P<id>m-[0-9a-f]+)/?")
ON_DATABRICKS = "databricks"


def mlflow_place(uri: str, keys: Keys = JUDGE) -> Place:
    """The place of a model in MLflow, its alias resolved to the version that it stands for now.

    Args:
        uri: models:/NAME@ALIAS, models:/NAME/VERSION, models:/NAME/latest, models:/m-..., runs:/..., dbfs:/...
        keys: of the job's config.

    Raises:
        UserError: MLflow is not installed, does not know it, or the address is not of a known form.
    """
    try:
        import mlflow
    except ImportError as error:
        raise UserError(f"{uri!r} needs MLflow, which is not installed here: pip install mlflow.") from error
    tracking, registry = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    if not uri.startswith("models:/"):
        return Place(uri, uri.rstrip("/"), by_mlflow=True, tracking_uri=tracking, registry_uri=registry)
    try:
        client = mlflow.MlflowClient()
        version = None if LOGGED.fullmatch(uri) else _version(client, uri)
        readable = uri if version is None else f"models:/{version.name}/{version.version}"
        source = readable if registry.startswith(ON_DATABRICKS) else _source(client, uri, version)
    except (mlflow.MlflowException, OSError) as error:
        raise UserError(
            f"MLflow at {without_password(registry)!r} does not know {uri!r} ({in_one_line(error)}): correct "
            f"{keys.model} or the address in MLFLOW_TRACKING_URI or MLFLOW_REGISTRY_URI."
        ) from error
    stamp = f"{registry} {readable} {version.creation_timestamp}" if version is not None else f"{tracking} {readable}"
    path = _local_path(source)
    if path is not None:
        return Place(readable, path)
    return Place(readable, source, True, tracking, registry, stamp)


def _version(client: Any, uri: str) -> Any:
    match = REGISTERED.fullmatch(uri)
    if match is None:
        raise UserError(
            f"{uri!r} does not name a version of a model: write models:/NAME@ALIAS, models:/NAME/3 or "
            "models:/NAME/latest (stages are no longer part of MLflow)."
        )
    name, alias, number = match["name"], match["alias"], match["version"]
    if alias is not None:
        return client.get_model_version_by_alias(name, alias)
    if number.isdigit():
        return client.get_model_version(name, number)
    versions = client.search_model_versions(f"name='{name}'")
    if not versions:
        raise UserError(f"The model {name!r} of {uri!r} has no version in MLflow's registry: register one.")
    return max(versions, key=lambda version: int(version.version))


def _source(client: Any, uri: str, version: Any) -> str:
    if version is None:
        match = LOGGED.fullmatch(uri)
        assert match is not None
        return str(client.get_logged_model(match["id"]).artifact_location)
    return str(client.get_model_version_download_uri(version.name, version.version))


def _local_path(source: str) -> str | None:
    """The folder that an artifact address names on this machine; None if it is elsewhere."""
    parts = urlsplit(source)
    if parts.scheme not in ("", "file"):
        return None
    return str(Path(unquote(parts.path) if parts.scheme else source).resolve())
