"""Training rows as pure functions of examples, epoch and seed; no Spark, engine, torch, clock or random number."""

from judgelake.training.choices import Choice, Rates, chance, choice
from judgelake.training.example import SPLITS, Example, Judged, Split, example_problem, identified, label_of
from judgelake.training.order import grouped_by_length, order_of
from judgelake.training.records import example_from_record, record_of
from judgelake.training.row import LeftOut, Row, SoftTarget
from judgelake.training.shards import SHARD, read_shards, row_of, write_shards
from judgelake.training.swap import swap_example

__all__ = [
    "SHARD",
    "SPLITS",
    "Choice",
    "Example",
    "Judged",
    "LeftOut",
    "Rates",
    "Row",
    "SoftTarget",
    "Split",
    "chance",
    "choice",
    "example_from_record",
    "example_problem",
    "grouped_by_length",
    "identified",
    "label_of",
    "order_of",
    "read_shards",
    "record_of",
    "row_of",
    "swap_example",
    "write_shards",
]
