"""What a judge is asked and how its answer is read; pure code, with no Spark, engine, clock or network."""

from judgelake.judges.catalog import list_judges, load_judge
from judgelake.judges.comparison import Answer, Comparison, Message, Rubric
from judgelake.judges.parse import parse
from judgelake.judges.parsers.registry import PARSERS
from judgelake.judges.prompt import Prompt, render
from judgelake.judges.records import (
    Label,
    comparison_from_record,
    comparison_to_record,
    label_from_record,
    label_to_record,
)
from judgelake.judges.spec import Decoding, JudgeSpec, ModeSpec, judge_fingerprint
from judgelake.judges.verdict import (
    LETTERS,
    TIE,
    Failure,
    Reading,
    Status,
    as_shown,
    margin_of,
    orders_of,
    own_label,
    to_own_order,
    unshown,
    verdict_of_scores,
)

__all__ = [
    "LETTERS",
    "PARSERS",
    "TIE",
    "Answer",
    "Comparison",
    "Decoding",
    "Failure",
    "JudgeSpec",
    "Label",
    "Message",
    "ModeSpec",
    "Prompt",
    "Reading",
    "Rubric",
    "Status",
    "as_shown",
    "comparison_from_record",
    "comparison_to_record",
    "judge_fingerprint",
    "label_from_record",
    "label_to_record",
    "list_judges",
    "load_judge",
    "margin_of",
    "orders_of",
    "own_label",
    "parse",
    "render",
    "to_own_order",
    "unshown",
    "verdict_of_scores",
]
