"""The frozen models of a job's YAML file; how it is read and rejected is in `reading`."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from judgelake.config.reading import Config, ConfigT, put_in, read_yaml, validated

__all__ = [
    "Config",
    "Mlflow",
    "Tables",
    "fingerprint",
    "load_config",
    "load_groups",
    "load_tables",
    "read_yaml",
    "validated",
]


class Tables(Config):
    """Names of the tables (one, two or three parts) and the folder of an embedded warehouse."""

    warehouse: str | None = "warehouse"
    """Folder of the embedded Delta warehouse; null if the session's catalog has the tables."""
    comparisons: str = "comparisons"
    labels: str = "labels"
    judgments: str = "judgments"
    rejected_rows: str = "rejected_rows"
    plans: str = "plans"
    runs: str = "runs"
    metrics: str = "metrics"
    seeds: str = "seeds"
    generated_answers: str = "generated_answers"
    generated_comparisons: str = "generated_comparisons"
    training_examples: str = "training_examples"
    cascades: str = "cascades"
    cascade_verdicts: str = "cascade_verdicts"
    reliability: str = "reliability"
    judgments_latest: str = "judgments_latest"
    """View: the last attempt of every request."""
    judgments_both_orders: str = "judgments_both_orders"
    """View: one row per comparison and judge, both orders side by side."""
    judge_leaderboard: str = "judge_leaderboard"
    """View: every judge's headline metric in its latest evaluation."""
    agreement_over_time: str = "agreement_over_time"
    """View: every judge's headline metric, from evaluation to evaluation."""
    worst_slices: str = "worst_slices"
    """View: where each judge does worst."""
    corrected_rates: str = "corrected_rates"
    """View: win rates of the models by a judge beside those corrected by the labels there are."""
    confident_disagreements: str = "confident_disagreements"
    """View: comparisons on which a judge is confident and the labels disagree."""


class Mlflow(Config):
    """Where the run is logged. The tracking address comes from MLFLOW_TRACKING_URI."""

    enabled: bool = True
    experiment: str = "judgelake"


class _TablesOnly(Config):
    tables: Tables = Tables()


def load_config(model: type[ConfigT], path: str | Path | None, overrides: Sequence[str] = ()) -> ConfigT:
    """Read and validate a YAML file. Precedence: overrides (`key.path=value`), then YAML, then defaults.

    Names of tables and the warehouse may also come from the environment (JUDGELAKE_WAREHOUSE,
    JUDGELAKE_JUDGMENTS, ...), with precedence between overrides and YAML: only addresses and names, nothing that
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
    """The tables of any job's YAML file, whatever else it contains; precedence as in `load_config`.

    Raises:
        UserError: as `load_config`.
    """
    return load_groups(_TablesOnly, path, overrides).tables


def load_groups(model: type[ConfigT], path: str | Path | None, overrides: Sequence[str] = ()) -> ConfigT:
    """The groups of any job's YAML file that `model` has, whatever else it contains; precedence as in `load_config`.

    Raises:
        UserError: as `load_config`; also an override of another key.
    """
    named = {} if path is None else {key: value for key, value in read_yaml(path).items() if key in model.model_fields}
    return _loaded(model, named, path, overrides)


def _loaded(model: type[ConfigT], data: dict[str, Any], path: str | Path | None, overrides: Sequence[str]) -> ConfigT:
    if "tables" in model.model_fields:
        data["tables"] = _with_table_names(data.get("tables"))
    settings = [put_in(data, item) for item in overrides]
    return validated(model, data, None if path is None else str(path), settings)


def fingerprint(content: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of the canonical JSON of `content`.

    No `default=` here: a value that JSON cannot represent must fail, not be hashed by its repr.
    """
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _with_table_names(given: Any) -> Any:
    """The group `tables` with names from the environment added; anything else than a group is left to validation."""
    if given is not None and not isinstance(given, dict):
        return given
    from_environment = {name: os.environ.get(f"JUDGELAKE_{name.upper()}") for name in Tables.model_fields}
    return {**(given or {}), **{name: value for name, value in from_environment.items() if value}}
