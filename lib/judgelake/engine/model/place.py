"""Where the files of a model are read from when they are not on every host: a volume, an object store, or MLflow."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from judgelake.errors import UserError
from judgelake.stores import STORES, holds_a_key, scheme_of, store_address

# Folders of Databricks that are mounted over the network: eight engines of a host would each read all weights over it.
NETWORK_FOLDERS = ("/Volumes/", "/dbfs/")
VOLUMES = "dbfs:/Volumes/"
MLFLOW = ("models", "runs", "dbfs")
KNOWN = "models:/NAME/VERSION, models:/NAME@ALIAS, runs:/, /Volumes/, dbfs:/, s3://, gs:// or abfss://"


@dataclass(frozen=True, slots=True)
class Place:
    """Where every host reads the files of a model or adapter once.

    Attributes:
        uri: as the driver resolved it, with its version: for messages and the run's record.
        source: what is read: an absolute folder, an address that pyarrow reads, or one that MLflow reads.
        by_mlflow: whether MLflow reads it.
        tracking_uri: of MLflow.
        registry_uri: of MLflow.
        stamp: of what MLflow reads, what is new whenever the files are; empty if only reading them tells.
    """

    uri: str
    source: str
    by_mlflow: bool = False
    tracking_uri: str | None = None
    registry_uri: str | None = None
    stamp: str = ""


def is_in_mlflow(model: str) -> bool:
    """Whether MLflow is asked for a model of this name."""
    return scheme_of(model) in MLFLOW and not model.startswith(VOLUMES)


def is_address(model: str) -> bool:
    """Whether every host reads a model of this name once, from somewhere else.

    Raises:
        UserError: as `plain_place`.
    """
    return is_in_mlflow(model) or plain_place(model) is not None


def plain_place(model: str) -> Place | None:
    """The place of a volume or in an object store; None if the model is neither.

    Raises:
        UserError: the address holds a key, or has a scheme that nothing here reads.
    """
    path = model.removeprefix("dbfs:") if model.startswith(VOLUMES) else model
    if path.startswith(NETWORK_FOLDERS):
        return Place(path, path.rstrip("/"))
    scheme = scheme_of(model)
    if scheme is None or is_in_mlflow(model):
        return None
    if scheme not in STORES:
        raise UserError(f"{model!r} is an address that judgelake cannot read a model from. Known are {KNOWN}.")
    if holds_a_key(model):
        parts = urlsplit(model)
        raise UserError(
            f"The address of the model at {scheme}://{parts.netloc.rpartition('@')[2]} holds a key, which would end up "
            "in tables and logs: set it in the environment of driver and executors (AWS_SECRET_ACCESS_KEY, ...)."
        )
    return Place(model, store_address(model))
