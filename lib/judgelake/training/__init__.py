"""Training rows as pure functions of examples, epoch and seed; no Spark, engine, torch, clock or random number."""

from judgelake.training.choices import Choice, Rates, chance, choice
from judgelake.training.encoding import TokenEncoder
from judgelake.training.example import SPLITS, Example, Judged, Split, example_problem, identified, label_of
from judgelake.training.formats import TRAINABLE, Style, labels_of
from judgelake.training.maker import OverLong, RowMaker
from judgelake.training.order import grouped_by_length, order_of
from judgelake.training.records import example_from_record, record_of
from judgelake.training.row import LeftOut, Row, SoftTarget
from judgelake.training.shards import SHARD, read_shards, row_of, write_shards
from judgelake.training.swap import swap_example
from judgelake.training.targets import TargetWriter

__all__ = [
    "SHARD",
    "SPLITS",
    "TRAINABLE",
    "Choice",
    "Example",
    "Judged",
    "LeftOut",
    "OverLong",
    "Rates",
    "Row",
    "RowMaker",
    "SoftTarget",
    "Split",
    "Style",
    "TargetWriter",
    "TokenEncoder",
    "chance",
    "choice",
    "example_from_record",
    "example_problem",
    "grouped_by_length",
    "identified",
    "label_of",
    "labels_of",
    "order_of",
    "read_shards",
    "record_of",
    "row_of",
    "swap_example",
    "write_shards",
]
