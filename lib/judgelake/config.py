"""What people write: the frozen models of a job's YAML file. How it is read and refused: config_reading."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, PositiveFloat, PositiveInt, field_validator
from pydantic_core import PydanticCustomError

from judgelake.config_reading import SECRET_IN_URL, Config, ConfigT, put_in, read_yaml, validated

# The last word of a name, as in hf-token, VLLM_API_KEY, ssl-keyfile-password; of a password or secret any word, as in
# AWS_SECRET_ACCESS_KEY. Plurals are something else: max-num-batched-tokens.
SECRET_NAME = re.compile(r"(?:^|[-_]|api)(?:token|key)$|secret|password|passwd|passphrase", re.IGNORECASE)

__all__ = [
    "Asking",
    "Config",
    "Engine",
    "Input",
    "JudgeChoice",
    "JudgeJob",
    "JudgeMlflow",
    "Mlflow",
    "Order",
    "Scalar",
    "Tables",
    "fingerprint",
    "is_secret_name",
    "load_config",
    "load_tables",
    "read_yaml",
    "validated",
]

Scalar = bool | int | float | str | None


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
    judge_leaderboard: str = "judge_leaderboard"
    """View: the figure that stands for every judge, of its latest evaluation."""
    agreement_over_time: str = "agreement_over_time"
    """View: the figure that stands for every judge, from evaluation to evaluation."""
    worst_slices: str = "worst_slices"
    """View: where each judge does worst."""
    confident_disagreements: str = "confident_disagreements"
    """View: comparisons on which a judge is sure and the labels say otherwise."""


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
    options: dict[str, Scalar] = Field(default_factory=dict)
    """vLLM's own options, by their names without dashes: {"max-model-len": 4096, "dtype": "bfloat16"}. No secrets."""
    env: dict[str, str] = Field(default_factory=dict)
    """Environment of the vLLM server, for settings that are no options: {"VLLM_CPU_KVCACHE_SPACE": "4"}. No secrets."""
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
                SECRET_IN_URL, "an address with user and password would end up in tables; use engine.api_key_env"
            )
        return url

    @field_validator("options", "env")
    @classmethod
    def _names_no_secret(cls, values: dict[str, Any]) -> dict[str, Any]:
        secret = next((name for name in values if is_secret_name(name)), None)
        if secret is not None:
            raise PydanticCustomError(
                SECRET_IN_URL,
                "{name} is a secret and would end up in tables and logs; set it in the environment of the executors, "
                "where a server finds HF_TOKEN and the keys of AWS, Azure and Google (it needs no API key of its own)",
                {"name": repr(secret)},
            )
        return values


class Asking(Config):
    """How requests are made and sent; nothing here changes what is asked."""

    chunk_requests: PositiveInt = 20_000
    """Requests in one Delta append; about ten minutes' work of the cluster is a good size."""
    chunks_in_flight: PositiveInt = 2
    partitions: PositiveInt | None = None
    """Tasks a chunk is split into; null: two a slot of the cluster."""
    window_requests: PositiveInt = 256
    """Requests one task keeps in flight."""
    window_mib: PositiveInt = 64
    """Prompt bytes one task keeps in flight, in MiB."""
    max_attempts: PositiveInt = 3
    """Attempts over all runs for a request that failed in a way worth another try."""
    max_failed_share: float = Field(default=0.05, ge=0, le=1)
    """The run fails when a larger share of its requests ends in engine_error or timeout."""
    give_up_after: PositiveInt = 50
    """The run stops when its first N requests all fail, with the same status; not where most is judged already."""


class Mlflow(Config):
    """Where the run is logged. The tracking address comes from MLFLOW_TRACKING_URI."""

    enabled: bool = True
    experiment: str = "judgelake"


class JudgeMlflow(Mlflow):
    """What a run of the judge job logs besides."""

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
    mlflow: JudgeMlflow = JudgeMlflow()


class _TablesOnly(Config):
    tables: Tables = Tables()


def is_secret_name(name: str) -> bool:
    """Whether an option or variable of this name holds a secret, by how such names are built."""
    return SECRET_NAME.search(name) is not None


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
    return _loaded(model, {} if path is None else read_yaml(path), path, overrides)


def load_tables(path: str | Path | None, overrides: Sequence[str] = ()) -> Tables:
    """The tables of any job's YAML file, whatever else stands in it; precedence as in `load_config`.

    Raises:
        UserError: as `load_config`.
    """
    named = {} if path is None else {key: value for key, value in read_yaml(path).items() if key == "tables"}
    return _loaded(_TablesOnly, named, path, overrides).tables


def _loaded(model: type[ConfigT], data: dict[str, Any], path: str | Path | None, overrides: Sequence[str]) -> ConfigT:
    if "tables" in model.model_fields:
        data["tables"] = _with_table_names(data.get("tables"))
    settings = [put_in(data, item) for item in overrides]
    return validated(model, data, None if path is None else str(path), settings)


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
