"""The parsers a judge file may name: a new kind of output is one function, one options class, one line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from judgelake.comparisons import Failure, Reading
from judgelake.judges.parsers.first_line import FirstLine, read_first_line
from judgelake.judges.parsers.json_field import JsonField, read_json_field
from judgelake.judges.parsers.label import Choice, LastLine, read_choice, read_last_line
from judgelake.judges.parsers.labelled_line import LabelledLine, read_labelled_line
from judgelake.judges.parsers.last_words import FinalDecision, FinalRating, read_final_decision, read_final_rating
from judgelake.judges.parsers.marked import Brackets, Tag, read_brackets, read_tag
from judgelake.judges.parsers.options import Options
from judgelake.judges.parsers.output import Output
from judgelake.judges.parsers.result_marker import Result, read_result
from judgelake.judges.parsers.score_line import ScoreLine, read_score_line
from judgelake.judges.parsers.tagged_scores import TaggedScores, read_tagged_scores


@dataclass(frozen=True, slots=True)
class Parser:
    """How one kind of output is parsed: the options a judge file may give, and the function."""

    options: type[Options]
    # Any: each function takes its own options class, which the judge file was validated against.
    read: Callable[[Output, Any], Reading | Failure]


PARSERS: dict[str, Parser] = {
    "score_line": Parser(ScoreLine, read_score_line),
    "first_line": Parser(FirstLine, read_first_line),
    "final_decision": Parser(FinalDecision, read_final_decision),
    "final_rating": Parser(FinalRating, read_final_rating),
    "result": Parser(Result, read_result),
    "choice": Parser(Choice, read_choice),
    "last_line": Parser(LastLine, read_last_line),
    "labelled_line": Parser(LabelledLine, read_labelled_line),
    "brackets": Parser(Brackets, read_brackets),
    "tag": Parser(Tag, read_tag),
    "tagged_scores": Parser(TaggedScores, read_tagged_scores),
    "json": Parser(JsonField, read_json_field),
}
