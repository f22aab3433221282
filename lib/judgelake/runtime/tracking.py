"""MLflow for all jobs: where runs are stored, and the tables they read."""

from __future__ import annotations

import http.client
import os
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from judgelake.config import Mlflow, Tables
from judgelake.errors import UserError, first_line, in_one_line, without_password
from judgelake.writability import is_writable

DEFAULT_TRACKING = "sqlite:///mlflow.db"
REACH_SECONDS = 5
REMEDY = "Fix MLFLOW_TRACKING_URI, or set mlflow.enabled: false."


def warm_up(settings: Mlflow, *modules: str) -> Callable[[], None]:
    """Import MLflow and open its store in a thread while Spark works: saves one to four seconds of every run.

    Done once for an address: a command does it while Java starts, and the job that it calls again.

    Args:
        settings: whether it is enabled.
        modules: what else takes long to import and is needed only for MLflow.

    Returns:
        A function that waits for the thread, to be called before MLflow is used.
    """
    if not settings.enabled:
        return lambda: None
    return _warming(tracking_address(), modules).join


@cache
def _warming(address: str | None, modules: tuple[str, ...]) -> Thread:
    # Not a daemon: if it ended while creating the tables of a new store, only some of them would exist.
    thread = Thread(target=_warm_up, args=(address, modules), name="judgelake-mlflow")
    thread.start()
    return thread


def _warm_up(address: str | None, modules: tuple[str, ...]) -> None:
    # What fails here fails again in `open_experiment`, which reports it.
    with suppress(Exception):
        if address is None or why_unusable(address) is None:
            import mlflow

            if address is not None:
                # Through its own client: other code may have changed the process's address by now.
                mlflow.MlflowClient(address).search_experiments(max_results=1)
            for module in modules:
                import_module(module)


def open_experiment(settings: Mlflow) -> Any:
    """MLflow, set to the experiment of the settings; see `open_store`.

    Raises:
        UserError: as `open_store`, or MLflow does not accept the experiment.
    """
    mlflow = open_store()
    try:
        mlflow.set_experiment(settings.experiment)
    except mlflow.MlflowException as error:
        why = without_password(first_line(error))
        raise UserError(f"MLflow does not accept the experiment {settings.experiment!r}: {why} {REMEDY}") from error
    return mlflow


def open_store(remedy: str = REMEDY) -> Any:
    """MLflow, set to the address in MLFLOW_TRACKING_URI, or that of Databricks.

    Args:
        remedy: what to do where that address cannot be used, a sentence.

    Raises:
        UserError: no server responds at the address, or it is not writable.
    """
    address = tracking_address()
    problem = why_unusable(address) if address is not None else None
    if problem is not None:
        # MLflow itself retries for minutes without a message.
        raise UserError(f"MLflow: {problem}. {remedy}")
    import mlflow  # takes seconds to import, and is not needed if disabled

    if address is not None:
        mlflow.set_tracking_uri(address)
    return mlflow


def tracking_address() -> str | None:
    """Where MLflow stores its runs; None if Databricks decides."""
    given = os.environ.get("MLFLOW_TRACKING_URI")
    return given or (None if "DATABRICKS_RUNTIME_VERSION" in os.environ else DEFAULT_TRACKING)


def tracking_errors() -> tuple[type[Exception], ...]:
    """The errors raised if a tracking server is unreachable, full or refuses; others are mistakes of the caller.

    The errors of the package requests are also `OSError`.
    """
    from mlflow.exceptions import MlflowException

    return MlflowException, OSError, UserError


@contextmanager
def accepted_by_mlflow(what: str, advice: str = REMEDY) -> Iterator[None]:
    """Context in which an error of MLflow or its store becomes one sentence; a `UserError` stays as it is.

    Args:
        what: is not accepted then, for example "the training".
        advice: what to do, in sentences.

    Raises:
        UserError: MLflow does not accept it.
    """
    try:
        yield
    except UserError:
        raise
    except tracking_errors() as error:
        raise UserError(f"MLflow does not accept {what}: {shown_error(error)}. {advice}") from error


def why_unusable(address: str) -> str | None:
    """Why runs cannot be stored at a tracking address, found within seconds; None if they can, or only MLflow knows.

    Nothing is changed, and the user and password in the address are neither sent nor shown.
    """
    if address.startswith(("http://", "https://")):
        return _why_silent(without_password(address))
    place = _place_of(address)
    return None if place is None or is_writable(place) else f"{without_password(address)} is not writable"


def shown_error(error: BaseException) -> str:
    """An error of MLflow or its store in one line, without passwords."""
    return in_one_line(error)


def _why_silent(shown: str) -> str | None:
    try:
        with urllib.request.urlopen(f"{shown.rstrip('/')}/health", timeout=REACH_SECONDS):
            return None
    except urllib.error.HTTPError as error:
        # A server may refuse an anonymous request; only a gateway error means that there is no server.
        return f"{shown} answers with HTTP {error.code}" if error.code >= 500 else None
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        # MLflow has its own settings for certificates.
        return None if isinstance(reason, ssl.SSLError) else f"{shown} does not answer ({reason})"


def _place_of(address: str) -> Path | None:
    """The file or folder of an address; None if it is something else."""
    if address.startswith("sqlite:"):
        name = address.removeprefix("sqlite:///").partition("?")[0]
        return None if name in ("", ":memory:") or name.startswith("sqlite:") else Path(name)
    if address.startswith("file:"):
        return Path(urlsplit(address).path)
    return None if ":" in address or address.startswith("databricks") else Path(address)


def table_dataset(tables: Tables, name: str, location: str, version: int) -> Any:
    """A Delta table at one version as an MLflow dataset, without reading it.

    Args:
        tables: says whether the table is in an embedded warehouse.
        name: of the table.
        location: its folder or address.
        version: of the table.
    """
    from mlflow.data.delta_dataset_source import DeltaDatasetSource
    from mlflow.data.meta_dataset import MetaDataset

    place = {"path": location} if tables.warehouse else {"delta_table_name": name}
    source = DeltaDatasetSource(**place, delta_table_version=version)
    return MetaDataset(source, name=name, digest=f"v{version}")


def flat(values: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """A config as MLflow's parameters: nested keys joined by dots, values as text."""
    parameters: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, dict) and value:
            parameters |= flat(value, f"{prefix}{name}.")
        else:
            parameters[prefix + name] = str(value)
    return parameters
