"""Loaders of other formats: comparisons with labels and judgments, and the rejected rows; no Spark, no tables."""

from judgelake.sources.formats import FORMATS, format_named
from judgelake.sources.loaded import Files, Format, Item, Loaded, Pairs, Rejected, Row, label_problem
from judgelake.sources.reading import rows_of, rows_of_stream
from judgelake.sources.table import TABLE, Columns, LabelColumns, columns_needed, line_accepted, row_accepted

__all__ = [
    "FORMATS",
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
    "columns_needed",
    "format_named",
    "label_problem",
    "line_accepted",
    "row_accepted",
    "rows_of",
    "rows_of_stream",
]
