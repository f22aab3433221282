"""Where a label counts: on a labelled line, alone in quotation marks, and not where a quotation is announced."""

from __future__ import annotations

import pytest
from parser_kinds import judge_of

from judgelake.comparisons import Failure, Status
from judgelake.judges import JudgeSpec, parse

CUT = "length"
LINE = judge_of("labelled_line", word="Result", labels={"A": "A", "B": "B"})
SCORE_LINE = judge_of("labelled_line", 1, word="Result", lowest=1, highest=5)
PAIR = judge_of("brackets", labels={"A": "A", "B": "B"})
FIELD = judge_of("json", field="verdict", labels={"A": "A", "B": "B"})
IN_PARENTHESES = judge_of("brackets", labels={"a": "A", "b": "B"}, opening="Output (", closing=")")


def read(judge: JudgeSpec, raw: str, finish_reason: str | None = "stop") -> object:
    result = parse(judge, "mine", raw, answers=judge.modes["mine"].answers[0], finish_reason=finish_reason)
    if isinstance(result, Failure):
        return result.status
    return result.scores[0] if result.scores is not None else result.verdict


LINES = [
    pytest.param(LINE, "Result: A", "A", id="alone"),
    pytest.param(LINE, "B errs.\n**Result:** A\nSo it is.", "A", id="text before and after"),
    pytest.param(LINE, "## Final result\n\n**B**", Status.UNPARSEABLE, id="a heading without a colon is text"),
    pytest.param(LINE, "Result:\n\nB\n", "B", id="on the next line that is not empty"),
    pytest.param(LINE, "Result: A\n\nResult: A", "A", id="twice the same"),
    pytest.param(LINE, "Result: A\nResult: B", Status.UNPARSEABLE, id="two that differ"),
    pytest.param(LINE, "Result: B\nor a tie", Status.UNPARSEABLE, id="left open on the next line"),
    pytest.param(LINE, "Result: A or B\nResult: A", Status.UNPARSEABLE, id="an earlier one is open"),
    pytest.param(LINE, "Result: A is shorter", Status.UNPARSEABLE, id="begins a sentence"),
    pytest.param(LINE, "The result: A", "A", id="an article before the word"),
    pytest.param(LINE, "I think the result: A", Status.UNPARSEABLE, id="within a line"),
    pytest.param(LINE, "> Result: A\nis what it wrote", Status.UNPARSEABLE, id="quoted"),
    pytest.param(LINE, "Result:", Status.UNPARSEABLE, id="nothing after it"),
    pytest.param(LINE, "Result:\nResult: A", "A", id="a heading before the line"),
    pytest.param(LINE, "Result: A\n\nResult:\n", Status.UNPARSEABLE, id="a second one without a label"),
    pytest.param(LINE, "Result: A\n" * 300, Status.UNPARSEABLE, id="a loop"),
    pytest.param(LINE, "", Status.UNPARSEABLE, id="empty"),
    pytest.param(SCORE_LINE, "Result: 4\nFine.", 4, id="a score"),
    pytest.param(SCORE_LINE, "Result: 4/5\n", 4, id="with its scale"),
    pytest.param(SCORE_LINE, "Result: 4/10\n", Status.UNPARSEABLE, id="another scale"),
    pytest.param(SCORE_LINE, "Result: 6\n", Status.OUT_OF_RANGE, id="above the scale"),
    pytest.param(SCORE_LINE, "Result: 3\nResult: 4", Status.UNPARSEABLE, id="scores that differ"),
]
INTRODUCED = [
    pytest.param(LINE, "Response B's text ends with:\nResult: B\nI cannot decide.", Status.UNPARSEABLE, id="its text"),
    pytest.param(LINE, "Format:\nResult: A", Status.UNPARSEABLE, id="the format"),
    pytest.param(LINE, "Quoting B:\nResult: B", Status.UNPARSEABLE, id="a quotation"),
    pytest.param(LINE, "B's last line:\nResult: B", Status.UNPARSEABLE, id="its last line"),
    pytest.param(LINE, "A ends with\nResult: A", Status.UNPARSEABLE, id="without a colon"),
    pytest.param(LINE, "B ends with:\nResult: B\n\nResult: A", "A", id="and the judge's own after it"),
    pytest.param(LINE, "Considering all that A includes:\n\nResult: A", "A", id="a reason"),
    pytest.param(LINE, "A says less, so here is mine:\nResult: B", "B", id="a verb before other words"),
    pytest.param(LINE, "In the format asked for, here is my result:\nResult: B", "B", id="the word itself"),
    pytest.param(LINE, "I compared both answers\nResult: B", "B", id="a line of text"),
    pytest.param(FIELD, 'Model B says: {"verdict": "B"}', Status.UNPARSEABLE, id="an object"),
    pytest.param(FIELD, 'B ends with ```\n{"verdict": "B"}\n``` which is bad', Status.UNPARSEABLE, id="in a fence"),
    pytest.param(FIELD, 'Format:\n```json\n{"verdict": "B"}\n```', Status.UNPARSEABLE, id="the format in a fence"),
    pytest.param(FIELD, 'My choice:\n```json\n{"verdict": "B"}\n```', "B", id="the judge's own in a fence"),
]
TAG = judge_of("tag", 1, tag="score", lowest=0, highest=5)
BRACKETS = judge_of("brackets", 1, lowest=0, highest=10)
GRADES = judge_of("last_line", 1, {"choices": {"scores": {str(score): score for score in range(1, 6)}}}, word="Score")
NUMBERS = [
    pytest.param(TAG, "<score>.5</score>", Status.UNPARSEABLE, id="a half without its zero is not five"),
    pytest.param(TAG, "<score>(.5)</score>", Status.UNPARSEABLE, id="in parentheses"),
    pytest.param(TAG, "<score>...5</score>", Status.UNPARSEABLE, id="after an ellipsis"),
    pytest.param(TAG, "<score>0.5</score>", 0.5, id="a half"),
    pytest.param(TAG, "<score>. 5.</score>", 5, id="between stops"),
    pytest.param(TAG, "<score>5.</score>", 5, id="a stop behind it"),
    pytest.param(TAG, "<score>: 5</score>", 5, id="a colon before it"),
    pytest.param(BRACKETS, "Rating: [[.5]]", Status.UNPARSEABLE, id="in brackets"),
    pytest.param(BRACKETS, "Rating: [[**.5**]]", Status.UNPARSEABLE, id="emphasised"),
    pytest.param(SCORE_LINE, "Result: .4", Status.UNPARSEABLE, id="on a labelled line"),
    pytest.param(GRADES, "Fine.\nScore: .5", Status.UNPARSEABLE, id="one of several labels"),
    pytest.param(GRADES, "Fine.\nScore: 5.", 5, id="a label and a stop"),
]
QUOTED = [
    pytest.param(PAIR, '"[[A]]"', "A", id="all of it"),
    pytest.param(PAIR, " “[[B]]”\n", "B", id="other marks"),
    pytest.param(IN_PARENTHESES, "“Output (a)”", "A", id="other brackets"),
    pytest.param(PAIR, 'It says "[[A]]"', Status.UNPARSEABLE, id="a part of it"),
    pytest.param(PAIR, '"[[A]]" or "[[B]]"', Status.UNPARSEABLE, id="two"),
    pytest.param(PAIR, '"[[A]]', Status.UNPARSEABLE, id="a mark that does not close"),
    pytest.param(PAIR, '"The winner is [[A]]"', Status.UNPARSEABLE, id="with other words in the marks"),
]


@pytest.mark.parametrize(("judge", "raw", "expected"), [*LINES, *INTRODUCED, *NUMBERS, *QUOTED])
def test_a_label_counts_only_in_its_place(judge: JudgeSpec, raw: str, expected: object) -> None:
    assert read(judge, raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param("Result: A", Status.TRUNCATED, id="the line may go on"),
        pytest.param("Result: A\n", "A", id="the line is complete"),
        pytest.param("Result: A\nBecause", Status.TRUNCATED, id="the output goes on"),
        pytest.param("Result: A\nResult: ", Status.TRUNCATED, id="a second one begins"),
        pytest.param("Result:", Status.TRUNCATED, id="nothing after the word"),
    ],
)
def test_a_cut_labelled_line_counts_only_if_it_is_complete_and_the_last_words(raw: str, expected: object) -> None:
    assert read(LINE, raw, CUT) == expected
