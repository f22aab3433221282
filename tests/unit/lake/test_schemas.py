"""The schemas of the tables: what the DDL says, rows built by name, and the documented tables."""

import re

import pyarrow as pa
import pytest

from judgelake.comparisons import Comparison, comparison_from_record
from judgelake.comparisons.records import MAY_HAVE, NEEDED
from judgelake.config import Tables
from judgelake.jobs.ingest.any_table import OWN
from judgelake.jobs.ingest.judgment_rows import FILLED
from judgelake.jobs.ingest.staging import STAGED, staged_row
from judgelake.lake.describe import tables_markdown
from judgelake.lake.description import described
from judgelake.lake.names import TABLES, VIEWS, ddl_text
from judgelake.lake.schemas import (
    COMPARISON,
    JUDGMENT,
    LABEL,
    SCHEMAS,
    arrow_type,
    as_batch,
    as_struct,
    check_names,
    ddl_of,
    selected,
    sql_type,
    without,
)
from judgelake.sources import Files, format_named

NUMBERS = pa.schema({"name": pa.string(), "count": pa.int32(), "at": pa.timestamp("us", tz="UTC")})


@pytest.mark.parametrize("table", TABLES)
def test_the_ddl_of_a_table_has_the_columns_and_types_of_its_schema(table):
    written = [(column.name, column.sql_type) for column in described(table).columns]
    assert written == [(field.name, sql_type(field.type)) for field in SCHEMAS[table]]


@pytest.mark.parametrize("table", TABLES)
def test_every_name_in_a_tables_ddl_with_a_comment_was_read_as_a_column(table):
    """Counted another way, so that a line which `described` skipped would be missed."""
    statement = ddl_text(table).split("USING DELTA")[0]
    assert len(described(table).columns) == len(re.findall(r"\bCOMMENT '", statement)) > 3


def test_every_table_and_view_has_a_name_in_the_config_and_a_ddl_file_and_no_file_is_left_over(root):
    assert tuple(SCHEMAS) == TABLES
    files = {path.stem for path in (root / "lib" / "judgelake" / "lake" / "ddl").glob("*.sql")}
    assert files == {*TABLES, *VIEWS} == set(Tables.model_fields) - {"warehouse"}


def test_the_documented_tables_are_those_of_the_ddl(root):
    documented = (root / "docs" / "tables.md").read_text("utf-8")
    assert documented == tables_markdown(), "run: python -m judgelake.lake.describe > docs/tables.md"


@pytest.mark.parametrize("name", [*TABLES, *VIEWS])
def test_the_documentation_names_every_column_with_its_comment(name):
    section = tables_markdown().split(f"### {name}\n")[1].split("\n### ")[0]
    for column in described(name).columns:
        assert f"| `{column.name}` |" in section
        assert column.comment in section.replace("\\|", "|").replace("&lt;", "<")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("CREATE TABLE x (a INT)", "expected one CREATE TABLE or VIEW", id="columns on the first line"),
        pytest.param(
            "CREATE TABLE IF NOT EXISTS {x} (\n  a INT\n) USING DELTA\nCOMMENT 'x'",
            "expected a column with its COMMENT on one line, found 'a INT'",
            id="a column without comment",
        ),
        pytest.param(
            "CREATE TABLE IF NOT EXISTS {x} (\n  a INT COMMENT 'a'\n) USING DELTA",
            "expected a COMMENT that says what a row is",
            id="a table without comment",
        ),
    ],
)
def test_ddl_that_cannot_be_described_is_refused_by_name(text, problem, monkeypatch):
    monkeypatch.setattr("judgelake.lake.description.ddl_text", lambda name: text)
    with pytest.raises(ValueError, match=rf"ddl/x\.sql: {problem}"):
        described("x")


def test_quotes_checks_and_layout_are_read_from_the_ddl():
    labels, plans = described("labels"), described("plans")
    assert dict(labels.rules)["known_kind"] == "kind IN ('human', 'teacher', 'gold')"
    assert next(column.comment for column in labels.columns if column.name == "verdict").startswith(
        "A, B, ... or tie, in the original order of the comparison's answers"
    )
    assert (labels.layout, plans.layout) == (None, "partitioned by plan_id, chunk")
    assert described("judgments").layout == "clustered by run_id, question_id"
    assert {column.sql_type for column in described("judgments_latest").columns} == {None}


def test_a_batch_is_built_by_name_whatever_the_order_of_the_keys():
    rows = [{"count": 1, "name": "a"}, {"name": "b", "count": None}]
    batch = as_batch(rows, NUMBERS, {"at": None})
    assert batch.schema == NUMBERS
    assert batch.to_pylist() == [{"name": "a", "count": 1, "at": None}, {"name": "b", "count": None, "at": None}]


def test_a_shared_value_is_that_of_every_row():
    batch = as_batch(({"count": n, "at": None} for n in range(3)), NUMBERS, {"name": "x"})
    assert batch.column("name").to_pylist() == ["x", "x", "x"]
    assert as_batch([], NUMBERS, {"name": "x"}).num_rows == 0


@pytest.mark.parametrize(
    ("row", "shared", "problem"),
    [
        ({"name": "a", "count": 1}, {}, r"missing are \['at'\], unknown are \[\]"),
        ({"name": "a", "count": 1, "at": None, "colour": 1}, {}, r"missing are \[\], unknown are \['colour'\]"),
        ({"name": "a", "count": 1}, {"at": None, "colour": 1}, r"unknown are \['colour'\]"),
        ({"nome": "a", "count": 1, "at": None}, {}, r"missing are \['name'\], unknown are \['nome'\]"),
    ],
)
def test_a_row_with_other_columns_than_the_schemas_is_refused(row, shared, problem):
    with pytest.raises(ValueError, match=problem):
        as_batch([row], NUMBERS, shared)


def test_names_are_checked_in_any_order():
    check_names(reversed(NUMBERS.names), NUMBERS)
    with pytest.raises(ValueError, match="missing are"):
        check_names([], NUMBERS)


def test_columns_are_selected_and_left_out_by_name_and_an_unknown_one_is_an_error():
    assert selected(NUMBERS, "at", "name").names == ["at", "name"]
    assert without(NUMBERS, "count").names == ["name", "at"]
    for choose in (selected, without):
        with pytest.raises(KeyError, match="colour"):
            choose(NUMBERS, "colour")


def test_types_are_written_as_sql_reads_them():
    assert ddl_of(NUMBERS) == "name STRING, count INT, at TIMESTAMP"
    with pytest.raises(KeyError):
        sql_type(pa.int8())


TEXT, MOMENT = pa.string(), pa.timestamp("us", tz="UTC")
TYPES = [
    ("STRING", TEXT),
    ("BOOLEAN", pa.bool_()),
    ("INT", pa.int32()),
    ("BIGINT", pa.int64()),
    ("DOUBLE", pa.float64()),
    ("TIMESTAMP", MOMENT),
    ("ARRAY<DOUBLE>", pa.list_(pa.float64())),
    ("MAP<STRING, BIGINT>", pa.map_(TEXT, pa.int64())),
    ("STRUCT<criteria: STRING, scores: ARRAY<STRING>>", pa.struct({"criteria": TEXT, "scores": pa.list_(TEXT)})),
    (
        "ARRAY<STRUCT<a: MAP<STRING, BIGINT>, b: STRUCT<c: INT, d: ARRAY<BOOLEAN>>, e: STRING>>",
        pa.list_(
            pa.struct(
                {
                    "a": pa.map_(TEXT, pa.int64()),
                    "b": pa.struct({"c": pa.int32(), "d": pa.list_(pa.bool_())}),
                    "e": TEXT,
                }
            )
        ),
    ),
]


@pytest.mark.parametrize(("sql", "kind"), TYPES, ids=[sql for sql, _ in TYPES])
def test_a_type_is_read_from_the_ddl_as_it_is_written_there(sql, kind):
    assert arrow_type(sql) == kind
    assert sql_type(kind) == sql


@pytest.mark.parametrize("sql", ["DATE", "ARRAY<DATE>", "string", ""])
def test_a_type_that_no_table_uses_is_refused_with_those_that_are(sql):
    with pytest.raises(ValueError, match=r"is not a column's type: expected STRING, BOOLEAN, INT, BIGINT, DOUBLE"):
        arrow_type(sql)


def test_the_schemas_have_the_types_that_the_code_reads_and_writes():
    answer = pa.struct({"model": TEXT, "text": TEXT, "turns": pa.list_(TEXT)})
    assert COMPARISON.field("messages").type == pa.list_(pa.struct({"role": TEXT, "content": TEXT}))
    assert COMPARISON.field("answers").type == pa.list_(answer)
    assert COMPARISON.field("attributes").type == pa.map_(TEXT, TEXT)
    assert JUDGMENT.field("scores").type == LABEL.field("scores").type == pa.list_(pa.float64())
    assert JUDGMENT.field("verdict_logprobs").type == pa.map_(TEXT, pa.float64())
    numbers = {"repeat": pa.int32(), "attempt": pa.int32(), "chunk": pa.int32(), "prompt_tokens": pa.int64()}
    numbers |= {"latency_ms": pa.float64(), "trimmed": pa.bool_(), "judged_at": MOMENT}
    assert {name: JUDGMENT.field(name).type for name in numbers} == numbers


def test_our_own_keys_are_the_columns_of_the_comparisons_and_what_a_table_may_hold():
    assert {*NEEDED, *MAY_HAVE} == set(COMPARISON.names) == set(Comparison.__dataclass_fields__)
    assert (*COMPARISON.names, "labels") == OWN


def test_everything_staged_is_a_row_of_its_table(root, tmp_path):
    said = tmp_path / "said.jsonl"
    said.write_text('{"comparison_id": "c", "judge": "gpt", "shown_order": "AB", "verdict": "A"}\n', "utf-8")
    files = Files(inputs=(root / "samples" / "comparisons.jsonl",), judgments=(said,))
    rows = [staged_row(item) for item in format_named("judgelake").load(files)]
    comparisons = [row["comparison"] for row in rows if row["comparison"] is not None]
    labels = [label for row in rows for label in row["labels"]]
    judgments = [judgment for row in rows for judgment in row["judgments"]]
    assert comparisons
    assert labels
    assert len(judgments) == 1
    for row in rows:
        check_names(["seq", *row], STAGED)
    for comparison in comparisons:
        check_names(comparison, COMPARISON)
    for label in labels:
        check_names(label, LABEL)
    check_names(judgments[0], selected(JUDGMENT, *FILLED))
    batch = as_batch(({"seq": seq, **row} for seq, row in enumerate(rows)), STAGED)
    assert batch.schema.field("comparison").type == as_struct(COMPARISON)
    read = batch.column("comparison").to_pylist(maps_as_pydicts="strict")
    assert [comparison_from_record(record) for record in read if record is not None] == [
        comparison_from_record({**comparison, "attributes": dict(comparison["attributes"])})
        for comparison in comparisons
    ]
