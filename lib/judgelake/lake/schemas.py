"""The columns of every table, defined once: other packages select from these by name; `ddl/` is tested with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

TEXT, SCORES = pa.string(), pa.list_(pa.float64())
MOMENT = pa.timestamp("us", tz="UTC")

MESSAGE = pa.struct({"role": TEXT, "content": TEXT})
ANSWER = pa.struct({"model": TEXT, "text": TEXT, "turns": pa.list_(TEXT)})
RUBRIC = pa.struct({"criteria": TEXT, "scores": pa.list_(TEXT)})

COMPARISON = pa.schema(
    {
        "comparison_id": TEXT,
        "question_id": TEXT,
        "messages": pa.list_(MESSAGE),
        "input": TEXT,
        "answers": pa.list_(ANSWER),
        "reference": TEXT,
        "rubric": RUBRIC,
        "source": TEXT,
        "attributes": pa.map_(TEXT, TEXT),
    }
)
LABEL = pa.schema({"comparison_id": TEXT, "labeler": TEXT, "kind": TEXT, "verdict": TEXT, "scores": SCORES})
JUDGMENT = pa.schema(
    {
        "judgment_id": TEXT,
        "run_id": TEXT,
        "comparison_id": TEXT,
        "question_id": TEXT,
        "judge": TEXT,
        "judge_fingerprint": TEXT,
        "model_version": TEXT,
        "mode": TEXT,
        "shown_order": TEXT,
        "repeat": pa.int32(),
        "content_sha256": TEXT,
        "prompt_sha256": TEXT,
        "trimmed": pa.bool_(),
        "raw_output": TEXT,
        "finish_reason": TEXT,
        "status": TEXT,
        "error": TEXT,
        "scores": SCORES,
        "verdict": TEXT,
        "verdict_logprobs": pa.map_(TEXT, pa.float64()),
        "margin": pa.float64(),
        "prompt_tokens": pa.int64(),
        "cached_tokens": pa.int64(),
        "output_tokens": pa.int64(),
        "latency_ms": pa.float64(),
        "attempt": pa.int32(),
        "chunk": pa.int32(),
        "engine": TEXT,
        "judged_at": MOMENT,
    }
)
REJECTED_ROW = pa.schema(
    {
        "row_id": TEXT,
        "file": TEXT,
        "line": pa.int64(),
        "reason": TEXT,
        "raw": TEXT,
        "format": TEXT,
        "ingested_at": MOMENT,
    }
)
PLANNED = pa.schema(
    {
        "plan_id": TEXT,
        "chunk": pa.int32(),
        "question_key": pa.int64(),
        "judgment_id": TEXT,
        "comparison_id": TEXT,
        "question_id": TEXT,
        "shown_order": TEXT,
        "repeat": pa.int32(),
        "content_sha256": TEXT,
        "prompt_sha256": TEXT,
        "prompt": TEXT,
        "prompt_bytes": pa.int64(),
        "trimmed": pa.bool_(),
        "status": TEXT,
        "reason": TEXT,
        "attempt": pa.int32(),
    }
)
RUN = pa.schema(
    {
        "run_id": TEXT,
        "started_at": MOMENT,
        "ended_at": MOMENT,
        "outcome": TEXT,
        "judge": TEXT,
        "judge_fingerprint": TEXT,
        "mode": TEXT,
        "model": TEXT,
        "model_revision": TEXT,
        "model_version": TEXT,
        "config_sha256": TEXT,
        "config": TEXT,
        "input_table": TEXT,
        "input_version": pa.int64(),
        "git_commit": TEXT,
        "judgelake_version": TEXT,
        "mlflow_run_id": TEXT,
        "engine": TEXT,
        "engine_settings": TEXT,
        "requests": pa.int64(),
        "asked": pa.int64(),
        "skipped": pa.int64(),
        "answered_by_status": pa.map_(TEXT, pa.int64()),
        "answered_by_order": pa.map_(TEXT, pa.int64()),
        "coverage": pa.float64(),
        "consistency": pa.float64(),
        "prompt_tokens": pa.int64(),
        "cached_tokens": pa.int64(),
        "output_tokens": pa.int64(),
        "engine_start_s": pa.float64(),
        "device_seconds": pa.float64(),
        "wall_s": pa.float64(),
        "requests_per_s": pa.float64(),
    }
)
METRIC = pa.schema(
    {
        "run_id": TEXT,
        "judge": TEXT,
        "judge_fingerprint": TEXT,
        "model_version": TEXT,
        "mode": TEXT,
        "metric": TEXT,
        "subject": TEXT,
        "slice": TEXT,
        "value": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
        "detectable": pa.float64(),
        "if_failures_wrong": pa.float64(),
        "if_failures_right": pa.float64(),
        "n": pa.int64(),
        "clusters": pa.int64(),
        "asked": pa.int64(),
        "coverage": pa.float64(),
        "swap_rule": TEXT,
        "is_headline": pa.bool_(),
        "failure_rule": TEXT,
        "label_rule": TEXT,
        "comparisons_where": TEXT,
        "judgments_where": TEXT,
        "comparisons_version": pa.int64(),
        "judgments_version": pa.int64(),
        "labels_version": pa.int64(),
        "reason": TEXT,
        "computed_at": MOMENT,
    }
)
SCHEMAS = {
    "comparisons": COMPARISON,
    "labels": LABEL,
    "judgments": JUDGMENT,
    "rejected_rows": REJECTED_ROW,
    "plans": PLANNED,
    "runs": RUN,
    "metrics": METRIC,
}
"""The schema of each table, by its key in `tables`; every column may be NULL."""

SQL_TYPES = {
    pa.string(): "STRING",
    pa.bool_(): "BOOLEAN",
    pa.int32(): "INT",
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    MOMENT: "TIMESTAMP",
}


def selected(schema: pa.Schema, *names: str) -> pa.Schema:
    """The named columns, in the order of the names.

    Raises:
        KeyError: a name that is not a column.
    """
    return pa.schema([schema.field(name) for name in names])


def without(schema: pa.Schema, *names: str) -> pa.Schema:
    """All columns except the named ones.

    Raises:
        KeyError: a name that is not a column.
    """
    left_out = set(selected(schema, *names).names)
    return pa.schema([field for field in schema if field.name not in left_out])


def as_struct(schema: pa.Schema) -> pa.DataType:
    """The type of a whole row, for a column of rows."""
    return pa.struct(list(schema))


def ddl_of(schema: pa.Schema) -> str:
    """Names and types in Spark's syntax: "repeat INT, scores ARRAY<DOUBLE>"."""
    return ", ".join(f"{field.name} {sql_type(field.type)}" for field in schema)


def sql_type(kind: pa.DataType) -> str:
    """The type as it is written in `ddl/`.

    Raises:
        KeyError: a type that no table uses.
    """
    if pa.types.is_struct(kind):
        return f"STRUCT<{', '.join(f'{field.name}: {sql_type(field.type)}' for field in kind)}>"
    if pa.types.is_map(kind):
        return f"MAP<{sql_type(kind.key_type)}, {sql_type(kind.item_type)}>"
    if pa.types.is_list(kind):
        return f"ARRAY<{sql_type(kind.value_type)}>"
    return SQL_TYPES[kind]


def check_names(given: Iterable[str], schema: pa.Schema) -> None:
    """Whether these are exactly the columns of the schema, in any order.

    Raises:
        ValueError: names the missing and the unknown columns.
    """
    names, known = set(given), set(schema.names)
    if names != known:
        raise ValueError(
            f"A row must have exactly the columns of its schema: missing are {sorted(known - names)}, "
            f"unknown are {sorted(names - known)}."
        )


def as_batch(
    rows: Iterable[Mapping[str, Any]], schema: pa.Schema, shared: Mapping[str, Any] | None = None
) -> pa.RecordBatch:
    """Rows as one Arrow batch, every column matched by name; the order of a row's keys does not matter.

    Args:
        rows: all with the same keys; those of the first are checked.
        schema: the columns of the batch.
        shared: columns with one value in all rows, by name; the rows do not contain them.

    Raises:
        ValueError: a row's keys together with the shared ones are not exactly the schema's columns.
    """
    same = shared or {}
    columns: dict[str, list[Any]] = {name: [] for name in schema.names if name not in same}
    count = 0
    # Row by row, and none kept: a million rows of 23 keys took 7.0 us each, 8.4 us when a batch of them was held.
    for row in rows:
        if count == 0:
            check_names([*row, *same], schema)
        for name, value in row.items():
            columns[name].append(value)
        count += 1
    arrays = [
        pa.repeat(pa.scalar(same[field.name], field.type), count)
        if field.name in same
        else pa.array(columns[field.name], field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


REQUEST = without(PLANNED, "plan_id", "chunk", "attempt")
"""A request as made from a comparison; the plan adds the run and chunk to which it belongs, and the attempt."""
REQUEST_DDL = ddl_of(REQUEST)
NAMED = pa.schema([("row_key", pa.int64()), REQUEST.field("judgment_id")])
"""Which requests a row of the comparisons becomes."""
NAMED_DDL = ddl_of(NAMED)
