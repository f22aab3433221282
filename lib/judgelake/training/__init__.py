"""Training rows as pure functions of examples, epoch and seed; no Spark, engine, torch, clock or random number."""

from judgelake.training.auditing import AnyMaker, Audit, Tally, audit
from judgelake.training.choices import Choice, Rates, chance, choice
from judgelake.training.encoding import TokenEncoder
from judgelake.training.example import SPLITS, Example, Judged, Split, example_problem, identified, label_of
from judgelake.training.fitting import OverLong
from judgelake.training.formats import TRAINABLE, Style, labels_of
from judgelake.training.heads import CLASSES, Head, HeadRowMaker, class_target, score_target, verdict_of_head
from judgelake.training.judgelm import JudgelmRow, from_judgelm
from judgelake.training.labelled import MAJORITY, LabelRule, from_labels
from judgelake.training.licences import STRICTNESS, Terms, terms_of_licence
from judgelake.training.maker import RowMaker
from judgelake.training.order import grouped_by_length, order_of
from judgelake.training.records import example_from_record, record_of
from judgelake.training.row import LeftOut, Row, SoftTarget
from judgelake.training.sampled import Preference, Sampled, agreeing, balanced, preferences
from judgelake.training.sampled_rows import Lesson, SampledRowMaker
from judgelake.training.shards import SHARD, read_shards, row_of, write_shards
from judgelake.training.shown import Asking
from judgelake.training.splits import split_of
from judgelake.training.swap import swap_answers, swap_example
from judgelake.training.targets import TargetWriter

__all__ = [
    "CLASSES",
    "MAJORITY",
    "SHARD",
    "SPLITS",
    "STRICTNESS",
    "TRAINABLE",
    "AnyMaker",
    "Asking",
    "Audit",
    "Choice",
    "Example",
    "Head",
    "HeadRowMaker",
    "Judged",
    "JudgelmRow",
    "LabelRule",
    "LeftOut",
    "Lesson",
    "OverLong",
    "Preference",
    "Rates",
    "Row",
    "RowMaker",
    "Sampled",
    "SampledRowMaker",
    "SoftTarget",
    "Split",
    "Style",
    "Tally",
    "TargetWriter",
    "Terms",
    "TokenEncoder",
    "agreeing",
    "audit",
    "balanced",
    "chance",
    "choice",
    "class_target",
    "example_from_record",
    "example_problem",
    "from_judgelm",
    "from_labels",
    "grouped_by_length",
    "identified",
    "label_of",
    "labels_of",
    "order_of",
    "preferences",
    "read_shards",
    "record_of",
    "row_of",
    "score_target",
    "split_of",
    "swap_answers",
    "swap_example",
    "terms_of_licence",
    "verdict_of_head",
    "write_shards",
]
