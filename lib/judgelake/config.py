"""What people write: frozen models read from YAML, unknown keys refused with the nearest valid name."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, ValidationError, field_validator
from pydantic_core import PydanticCustomError

from judgelake.errors import UserError

Scalar = bool | int | float | str | None


class Config(BaseModel):
    """Base of everything read from YAML: frozen, unknown keys forbidden, defaults only here."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)


ConfigT = TypeVar("ConfigT", bound=Config)


class Tables(Config):
    """Names of the tables (one, two or three parts) and where an embedded warehouse lies."""

    warehouse: str | None = "warehouse"
    """Folder of the embedded Delta warehouse; null where the session's catalog knows the tables."""
    comparisons: str = "comparisons"
    labels: str = "labels"
    judgments: str = "judgments"
    rejected_rows: str = "rejected_rows"
    plans: str = "plans"
    runs: str = "runs"
    metrics: str = "metrics"
    judgments_latest: str = "judgments_latest"
    """View: the last attempt of every request."""
    judgments_both_orders: str = "judgments_both_orders"
    """View: one row a comparison and judge, both orders side by side."""


class Engine(Config):
    """The OpenAI-compatible endpoint that answers: a given address, or a vLLM server on each executor."""

    url: str | None = None
    """Address of a running server, up to and with /v1. Null: every executor starts its own vLLM."""
    api_key_env: str | None = None
    """Variable in the driver's environment that holds the key of `url`. The key itself never stands in a config."""
    api_key_secret: str | None = None
    """Databricks secret as "scope/key", used instead of `api_key_env`."""
    requests_per_second: PositiveFloat | None = None
    """Upper bound a task keeps to; null for none."""
    max_retries: int = Field(default=5, ge=0)
    """Attempts after the first for a call that failed in transit or was told to wait."""
    timeout_s: PositiveFloat = 600
    """Seconds one call may take before its row gets the status timeout."""
    options: dict[str, Scalar] = {}
    """vLLM's own options, by their names without dashes: {"max-model-len": 4096, "dtype": "bfloat16"}."""
    env: dict[str, str] = {}
    """Environment of the vLLM server, for settings that are no options: {"VLLM_CPU_KVCACHE_SPACE": "4"}."""
    start_timeout_s: PositiveFloat = 900
    """Seconds a server may take to load the model and answer."""
    idle_stop_s: PositiveFloat = 300
    """Seconds without a request after which a server stops itself."""
    stall_stop_s: PositiveFloat = 600
    """Seconds with requests waiting but no token made after which a server is killed."""
    folder: str | None = None
    """Where sockets, locks and logs lie on an executor; null: judgelake-<user> in the temporary folder."""

    @field_validator("url")
    @classmethod
    def _holds_no_secret(cls, url: str | None) -> str | None:
        if url is not None and "@" in urlsplit(url).netloc:
            raise PydanticCustomError(
                "secret_in_url", "an address with user and password would end up in tables; use engine.api_key_env"
            )
        return url


class Asking(Config):
    """How requests are made and sent; nothing here changes what is asked."""

    chunk_requests: PositiveInt = 20_000
    """Requests in one Delta append; about ten minutes' work of the cluster is a good size."""
    chunks_in_flight: PositiveInt = 2
    partitions: PositiveInt | None = None
    """Tasks a chunk is split into; null: two a slot of the cluster."""
    window_requests: PositiveInt = 128
    """Requests one task keeps in flight."""
    window_mib: PositiveInt = 64
    """Prompt bytes one task keeps in flight, in MiB."""
    max_attempts: PositiveInt = 3
    """Attempts over all runs for a request that failed in a way worth another try."""
    max_failed_share: float = Field(default=0.05, ge=0, le=1)
    """The run fails when a larger share of its requests ends in engine_error or timeout."""
    give_up_after: PositiveInt = 50
    """The run stops when its first N requests all fail, with the same status."""


class Mlflow(Config):
    """Where the run is logged. The tracking address comes from MLFLOW_TRACKING_URI."""

    enabled: bool = True
    experiment: str = "judgelake"
    sample_rows: int = Field(default=20, ge=0)
    """Judgments logged as a table, for a first look."""


class JudgeChoice(Config):
    """Which judge, in which mode, with which model."""

    name: str
    mode: str = "pair"
    folder: str | None = None
    """A folder of your own judge files, searched before the built-in ones."""
    model: str | None = None
    """Model name or local folder in place of the judge's own."""
    revision: str | None = None
    reference: Literal["use", "ignore"] = "use"
    """Whether a comparison's reference is shown, where the mode has a place for it."""
    max_tokens: PositiveInt | None = None
    """Output tokens in place of the judge's own."""
    context_length: PositiveInt | None = None
    """Context in tokens in place of the judge's own."""


class Input(Config):
    """Which comparisons are judged."""

    version: int | None = None
    """Version of the comparisons table; null: the newest when the run starts, then pinned."""
    where: str | None = None
    """SQL predicate on the comparisons table."""
    limit: PositiveInt | None = None
    """The first N comparisons by comparison_id."""


class Order(Config):
    """In which orders the answers are shown, and how often each is asked."""

    orders: Literal["AB", "BA", "both"] = "both"
    """AB: as the comparison has them; BA: reversed (of n answers too); both shows position bias."""
    permutations: int = Field(default=0, ge=0)
    """Further distinct random orders for each comparison of three or more answers."""
    seed: int = 0
    """Of the random orders; the same seed gives the same orders in every run."""
    repeats: PositiveInt = 1
    """How often an identical request is asked; more than 1 only makes sense with a temperature."""


class JudgeJob(Config):
    """`jobs/judge.py`: one judge over one table."""

    judge: JudgeChoice
    input: Input = Input()
    order: Order = Order()
    overflow: Literal["fail", "trim"] = "fail"
    """What a prompt that cannot fit becomes: a context_overflow row, or answers cut equally, with a mark."""
    engine: Engine = Engine()
    asking: Asking = Asking()
    tables: Tables = Tables()
    mlflow: Mlflow = Mlflow()


class _TablesOnly(Config):
    tables: Tables = Tables()


def load_config(model: type[ConfigT], path: str | Path | None, overrides: Sequence[str] = ()) -> ConfigT:
    """Read and validate a YAML file. Precedence: overrides (`key.path=value`), then YAML, then defaults.

    Names of tables and the warehouse may also come from the environment (JUDGELAKE_WAREHOUSE,
    JUDGELAKE_JUDGMENTS, ...), which goes between overrides and YAML: addresses and names only, nothing that
    changes a verdict.

    Args:
        model: the config class.
        path: the YAML file; None reads no file.
        overrides: `key.path=value` items; the value is read as YAML ("8", "true", "[AB]", "null").

    Raises:
        UserError: no such file, not YAML, an unknown key (with the nearest valid name), an ill-typed value.
    """
    data = {} if path is None else read_yaml(path)
    if "tables" in model.model_fields:
        data["tables"] = _with_table_names(data.get("tables"))
    for item in overrides:
        _override(data, item)
    return validated(model, data, str(path or "--set"))


def load_tables(path: str | Path | None, overrides: Sequence[str] = ()) -> Tables:
    """The tables of any job's YAML file, whatever else stands in it; precedence as in `load_config`.

    Raises:
        UserError: as `load_config`.
    """
    named = {} if path is None else {key: value for key, value in read_yaml(path).items() if key == "tables"}
    named["tables"] = _with_table_names(named.get("tables"))
    for item in overrides:
        _override(named, item)
    return validated(_TablesOnly, named, str(path or "--set")).tables


def read_yaml(path: str | Path) -> dict[str, Any]:
    """The mapping a YAML file holds.

    Raises:
        UserError: the file is absent, unreadable, not YAML or not a mapping.
    """
    try:
        text = Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"Cannot read the config {str(path)!r}: {error}. Name a readable YAML file.") from error
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UserError(f"{str(path)!r} is not valid YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(data, dict):
        raise UserError(f"{str(path)!r} must hold a mapping of keys to values, not {type(data).__name__}.")
    return data


def validated(model: type[ConfigT], data: Mapping[str, Any], origin: str) -> ConfigT:
    """The model made from `data`; every problem in one `UserError` that names key paths in `origin`."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        problems = "; ".join(_problem(model, dict(item)) for item in error.errors())
        raise UserError(f"{origin}: {problems}") from error


def fingerprint(content: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of the canonical JSON of `content`.

    No `default=` here: a value JSON does not know must fail, not be hashed by its repr.
    """
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _with_table_names(given: Any) -> Any:
    """The group `tables` with the names of the environment put in; what is no group is left to the validation."""
    if given is not None and not isinstance(given, dict):
        return given
    found = {name: os.environ.get(f"JUDGELAKE_{name.upper()}") for name in Tables.model_fields}
    return {**(given or {}), **{name: value for name, value in found.items() if value}}


def _override(data: dict[str, Any], item: str) -> None:
    path, equals, text = item.partition("=")
    if not equals or not path:
        raise UserError(f"--set {item!r}: expected key.path=value, for example --set judge.mode=single.")
    *parents, leaf = path.split(".")
    for key in parents:
        data = data.setdefault(key, {})
        if not isinstance(data, dict):
            raise UserError(f"--set {item!r}: {key!r} holds a value, not a group of keys.")
    try:
        data[leaf] = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UserError(f"--set {item!r}: the value is not valid YAML.") from error


def _problem(model: type[Config], error: dict[str, Any]) -> str:
    location = [str(part) for part in error["loc"]]
    path = ".".join(location)
    if error["type"] == "secret_in_url":
        return f"{path}: {error['msg']}"  # without what was found
    if error["type"] != "extra_forbidden":
        return f"{path or 'the whole'}: {error['msg']} (found {error.get('input')!r})"
    known = sorted(_fields_at(model, location[:-1]))
    close = difflib.get_close_matches(location[-1], known, n=1)
    meant = f"did you mean {close[0]!r}?" if close else f"expected one of {', '.join(known)}."
    return f"unknown key {path!r}: {meant}"


def _fields_at(model: type[Config], location: Sequence[str]) -> list[str]:
    current: Any = model
    for name in location:
        field = getattr(current, "model_fields", {}).get(name)
        if field is None:
            continue
        candidates = [field.annotation, *get_args(field.annotation)]
        nested = [c for c in candidates if isinstance(c, type) and issubclass(c, Config)]
        if nested:
            current = nested[0]
        else:
            values = [a for a in get_args(field.annotation) if isinstance(a, type) and issubclass(a, Config)]
            current = values[-1] if values else current
    return list(getattr(current, "model_fields", {}))
