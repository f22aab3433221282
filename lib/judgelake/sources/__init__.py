"""Loaders of other formats: comparisons with labels and judgments, and the rejected rows; no Spark, no tables."""

from judgelake.sources.columns import TABLE, Columns, LabelColumns, columns_needed
from judgelake.sources.conversations import messages_of, turns_of
from judgelake.sources.files import rows_of
from judgelake.sources.folders import ANY_TABLE, files_named, is_address, read_here
from judgelake.sources.formats import FORMATS, format_named
from judgelake.sources.guessing import format_offered
from judgelake.sources.label_sheet import as_csv, as_jsonl, sheet_row
from judgelake.sources.loaded import (
    Files,
    Format,
    Item,
    Loaded,
    Pairs,
    Rejected,
    Row,
    label_problem,
    rejections_of,
    user_turns,
)
from judgelake.sources.reading import rows_of_stream
from judgelake.sources.table import OWN_NEEDED, line_accepted, load_tables, no_such_column, row_accepted
from judgelake.sources.values import attributes_of

__all__ = [
    "ANY_TABLE",
    "FORMATS",
    "OWN_NEEDED",
    "TABLE",
    "Columns",
    "Files",
    "Format",
    "Item",
    "LabelColumns",
    "Loaded",
    "Pairs",
    "Rejected",
    "Row",
    "as_csv",
    "as_jsonl",
    "attributes_of",
    "columns_needed",
    "files_named",
    "format_named",
    "format_offered",
    "is_address",
    "label_problem",
    "line_accepted",
    "load_tables",
    "messages_of",
    "no_such_column",
    "read_here",
    "rejections_of",
    "row_accepted",
    "rows_of",
    "rows_of_stream",
    "sheet_row",
    "turns_of",
    "user_turns",
]
