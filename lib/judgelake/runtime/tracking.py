"""MLflow as every job uses it: where runs go, and the tables they read."""

from __future__ import annotations

import http.client
import os
import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from judgelake.config import Mlflow, Tables
from judgelake.errors import UserError, first_line, in_one_line
from judgelake.writability import is_writable

DEFAULT_TRACKING = "sqlite:///mlflow.db"
REACH_SECONDS = 5
REMEDY = "Mend MLFLOW_TRACKING_URI, or set mlflow.enabled: false."


def warm_up(settings: Mlflow) -> Callable[[], None]:
    """Import MLflow and open its store in a thread, while Spark is at work: one to four seconds of every run.

    Returns:
        What waits for it, to be called before MLflow is used.
    """
    if not settings.enabled:
        return lambda: None
    # Not a daemon: one that is ended while it makes the tables of a new store would leave half of them.
    thread = Thread(target=_warm_up, name="judgelake-mlflow")
    thread.start()
    return thread.join


def _warm_up() -> None:
    address = tracking_address()
    # What goes wrong here goes wrong again in `open_experiment`, which says so.
    with suppress(Exception):
        if address is None or why_unusable(address) is None:
            import mlflow

            if address is not None:
                # Through a client of its own: the process's address may be somebody else's by now.
                mlflow.MlflowClient(address).search_experiments(max_results=1)


def open_experiment(settings: Mlflow) -> Any:
    """MLflow, set to the experiment of the settings; the address comes from MLFLOW_TRACKING_URI or Databricks.

    Raises:
        UserError: nothing answers at the address, it cannot be written, or MLflow does not take the experiment.
    """
    address = tracking_address()
    problem = why_unusable(address) if address is not None else None
    if problem is not None:
        # MLflow itself tries for minutes, without a word.
        raise UserError(f"MLflow: {problem}. {REMEDY}")
    import mlflow  # seconds to import, and not needed where it is switched off

    if address is not None:
        mlflow.set_tracking_uri(address)
    try:
        mlflow.set_experiment(settings.experiment)
    except mlflow.MlflowException as error:
        why = without_password(first_line(error))
        raise UserError(f"MLflow does not take the experiment {settings.experiment!r}: {why} {REMEDY}") from error
    return mlflow


def tracking_address() -> str | None:
    """Where MLflow keeps its runs; None where Databricks decides."""
    given = os.environ.get("MLFLOW_TRACKING_URI")
    return given or (None if "DATABRICKS_RUNTIME_VERSION" in os.environ else DEFAULT_TRACKING)


def tracking_errors() -> tuple[type[Exception], ...]:
    """What a tracking server raises that is away, full or refuses; anything else is a mistake of the caller.

    The errors of requests are `OSError`, too.
    """
    from mlflow.exceptions import MlflowException

    return MlflowException, OSError, UserError


def why_unusable(address: str) -> str | None:
    """Why runs cannot be kept at a tracking address, known within seconds; None where they can, or only MLflow knows.

    Nothing is changed, and no user and password of the address are sent or repeated.
    """
    if address.startswith(("http://", "https://")):
        return _why_silent(without_password(address))
    place = _place_of(address)
    return None if place is None or is_writable(place) else f"{without_password(address)} cannot be written"


def without_password(address: str) -> str:
    """An address, or a text with addresses, as it may be shown."""
    return re.sub(r"://[^/\s]*@", "://", address)


def shown_error(error: BaseException) -> str:
    """What MLflow or its store raised, in one line that may be shown."""
    return without_password(in_one_line(error))


def _why_silent(shown: str) -> str | None:
    try:
        with urllib.request.urlopen(f"{shown.rstrip('/')}/health", timeout=REACH_SECONDS):
            return None
    except urllib.error.HTTPError as error:
        # It answers a stranger with what it likes; only a gateway with nothing behind it is no server.
        return f"{shown} answers with HTTP {error.code}" if error.code >= 500 else None
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        # MLflow has settings of its own for certificates.
        return None if isinstance(reason, ssl.SSLError) else f"{shown} does not answer ({reason})"


def _place_of(address: str) -> Path | None:
    """The file or folder behind an address; None where it is something else."""
    if address.startswith("sqlite:"):
        name = address.removeprefix("sqlite:///").partition("?")[0]
        return None if name in ("", ":memory:") or name.startswith("sqlite:") else Path(name)
    if address.startswith("file:"):
        return Path(urlsplit(address).path)
    return None if ":" in address or address.startswith("databricks") else Path(address)


def table_dataset(tables: Tables, name: str, location: str, version: int) -> Any:
    """A Delta table at one version as an MLflow dataset, without reading it.

    Args:
        tables: says whether the table lies in an embedded warehouse.
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
    found: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, dict) and value:
            found |= flat(value, f"{prefix}{name}.")
        else:
            found[prefix + name] = str(value)
    return found
