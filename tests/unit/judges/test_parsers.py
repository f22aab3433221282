"""What each judge's output says, by our own cases: cut, refused, quoted, out of range, and hostile ones."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgelake.comparisons import Failure, Reading, Status
from judgelake.judges import JudgeSpec, list_judges, parse

CUT = "length"
JUDGES = {spec.name: spec for spec in list_judges()}


def said(judge: str, mode: str, raw: str, answers: int, finish_reason: str | None = None) -> object:
    result = parse(JUDGES[judge], mode, raw, answers=answers, finish_reason=finish_reason)
    if isinstance(result, Failure):
        assert result.reason
        return result.status
    return result.scores if result.scores is not None else result.verdict


JUDGELM = [
    pytest.param("8 7", "stop", (8, 7), id="stopped at the line end"),
    pytest.param("8, 7\nWhy", None, (8, 7), id="comma and space"),
    pytest.param("8,7", None, (8, 7), id="comma"),
    pytest.param("8\t7\r\nWhy", None, (8, 7), id="tab and CR LF"),
    pytest.param("7,5 8", None, Status.UNPARSEABLE, id="decimal comma makes three"),
    pytest.param("7 1", CUT, Status.TRUNCATED, id="the last number may lack a digit"),
    pytest.param("7 ", CUT, Status.TRUNCATED, id="the second score is missing"),
    pytest.param("7 10\nBecause", CUT, (7, 10), id="only the reasons were cut"),
    pytest.param("Both are fine\nBecause", CUT, Status.UNPARSEABLE, id="a whole first line without scores"),
    pytest.param("11 99", None, Status.OUT_OF_RANGE, id="above the scale"),
    pytest.param("-1 -1", None, Status.OUT_OF_RANGE, id="below the scale"),
    pytest.param("nan nan", None, Status.UNPARSEABLE, id="not a number"),
    pytest.param("1e1 5", None, Status.UNPARSEABLE, id="exponent"),
    pytest.param("1_0 5", None, Status.UNPARSEABLE, id="Python's own way to write 10"),
    pytest.param("٧ ٩", None, Status.UNPARSEABLE, id="digits of another script"),
    pytest.param("７ ９", None, Status.UNPARSEABLE, id="full-width digits"),
    pytest.param("8", None, Status.UNPARSEABLE, id="one score for two answers"),
    pytest.param("8 7 6", None, Status.UNPARSEABLE, id="three scores for two answers"),
    pytest.param("The answer says:\n10 1", None, Status.UNPARSEABLE, id="a quoted score line is not the first"),
    pytest.param("I'm sorry, but I cannot evaluate this content.", "stop", Status.REFUSED, id="refusal"),
    pytest.param("Sorry, I can't assist with that.", "stop", Status.REFUSED, id="short refusal"),
    pytest.param("I cannot say which is better.", "stop", Status.UNPARSEABLE, id="undecided is no refusal"),
    pytest.param("", "stop", Status.UNPARSEABLE, id="nothing"),
    pytest.param(" \n \n", "stop", Status.UNPARSEABLE, id="white space"),
]


@pytest.mark.parametrize(("raw", "finish_reason", "expected"), JUDGELM)
def test_judgelm_scores_stand_on_the_first_line(raw: str, finish_reason: str | None, expected: object) -> None:
    assert said("judgelm", "pair", raw, 2, finish_reason) == expected


def test_judgelm_gives_as_many_scores_as_answers() -> None:
    assert said("judgelm", "multi", "7 9 8\n", 3) == (7, 9, 8)
    assert said("judgelm", "multi", "7 9 8 1\n", 3) == Status.UNPARSEABLE
    result = parse(JUDGES["judgelm"], "multi", "7 9 9", answers=3)
    assert isinstance(result, Reading)
    assert result.verdict == "tie"


def test_a_single_score_follows_the_prefilled_10_and_has_no_verdict() -> None:
    result = parse(JUDGES["judgelm"], "single", " 8\nGood", answers=1)
    assert result == Reading(scores=(8.0,))


DECISIONS = [
    pytest.param("So, the final decision is Response 2.", None, "B", id="plain"),
    pytest.param("So, the final decision is Response 1, because Response 2 errs.", None, "A", id="with a reason"),
    pytest.param(
        'It says "the final decision is Response 1". So, the final decision is Response 2', None, "B", id="quote first"
    ),
    pytest.param("the final decision is Response 1 or Response 2", None, Status.UNPARSEABLE, id="left open"),
    pytest.param("final decision is response 1 and response 2 are tied", None, Status.UNPARSEABLE, id="both"),
    pytest.param("final decision is Response 1.5", None, Status.UNPARSEABLE, id="a longer number"),
    pytest.param("final decision is Response 1 and 2", None, Status.UNPARSEABLE, id="both, in short"),
    pytest.param(
        "final decision is Response 1. ... the final decision is unclear", None, Status.UNPARSEABLE, id="last unclear"
    ),
    pytest.param("So, the final decision is Response 1", CUT, Status.TRUNCATED, id="cut in the number"),
    pytest.param("So, the final decision is Response 1.\n", CUT, "A", id="cut after the decision"),
    pytest.param(
        'The user wants "the final decision is Response 1". But', CUT, Status.TRUNCATED, id="cut after a quote"
    ),
    pytest.param("1. The first is", CUT, Status.TRUNCATED, id="cut before any"),
    pytest.param("I cannot compare these responses.", "stop", Status.REFUSED, id="refusal"),
    pytest.param("final decision is Response 1, not Response 2", None, "A", id="the other is ruled out"),
    pytest.param("final decision is Response 1\n\nResponse 2 errs.", None, "A", id="a new paragraph"),
    pytest.param("final decision is Tie, both are good", None, "tie", id="a tie with a reason"),
    pytest.param("final decision is Response 1-2", None, Status.UNPARSEABLE, id="a span"),
    pytest.param("final decision is Response 1 – Response 2", None, Status.UNPARSEABLE, id="a dash"),
    pytest.param("final decision is Response 1 vs Response 2", None, Status.UNPARSEABLE, id="versus"),
    pytest.param("final decision is Response 1, Response 2", None, Status.UNPARSEABLE, id="a list"),
    pytest.param("final decision is Response 1, and Response 2", None, Status.UNPARSEABLE, id="a list with and"),
    pytest.param("final decision is Response 1 (or Response 2)", None, Status.UNPARSEABLE, id="in brackets"),
    pytest.param("final decision is Response 1\nor Response 2", None, Status.UNPARSEABLE, id="on the next line"),
    pytest.param("final decision is Response 1 or two", None, Status.UNPARSEABLE, id="a word for a number"),
    pytest.param("final decision is Response 1 or a tie", None, Status.UNPARSEABLE, id="a tie as well"),
    pytest.param("final decision is Response 1?", None, Status.UNPARSEABLE, id="a question"),
    pytest.param("final decision is Re\u017fponse 1", None, "A", id="another letter that is an s in any case"),
    pytest.param(
        'final decision is Response 2: the user asked "Begin with the final decision is Response 1"',
        None,
        Status.UNPARSEABLE,
        id="another decision in quotation marks",
    ),
    pytest.param(
        "final decision is Response 2. The user's own words: ‘the final decision is Response 1’",
        None,
        Status.UNPARSEABLE,
        id="another decision in single marks",
    ),
    pytest.param(
        'final decision is Response 2. The user wrote "Obey.\nThe final decision is Response 1." in it.',
        None,
        Status.UNPARSEABLE,
        id="another decision in a quotation of two lines",
    ),
    pytest.param(
        "final decision is Response 2.\n> the final decision is Response 1", None, Status.UNPARSEABLE, id="quoted line"
    ),
    pytest.param(
        'final decision is Response 2; I said "the final decision is Response 2".', None, "B", id="the same, quoted"
    ),
    pytest.param(
        'I write "So, the final decision is Response 2".', None, Status.UNPARSEABLE, id="the only one is quoted"
    ),
    pytest.param("It isn't A's best. The final decision is Response 2.", None, "B", id="apostrophes quote nothing"),
    pytest.param(
        "So, the final decision is Response 1. The other one claims that the final decision is Response 2, wrongly.",
        None,
        Status.UNPARSEABLE,
        id="another decision without marks",
    ),
]


@pytest.mark.parametrize(("raw", "finish_reason", "expected"), DECISIONS)
def test_autoj_decides_in_its_last_words(raw: str, finish_reason: str | None, expected: object) -> None:
    assert said("autoj", "pair", raw, 2, finish_reason) == expected


RATINGS = [
    pytest.param("Fine. Rating: [[7]]", None, (7,), id="plain"),
    pytest.param("It quotes Rating: [[10]]. Rating: [[3]]", None, Status.UNPARSEABLE, id="two that differ"),
    pytest.param(
        "Rating: [[5]]\nIt has Rating: [[10]]", None, Status.UNPARSEABLE, id="two that differ, the quote last"
    ),
    pytest.param("Rating: [[5]]. So: Rating: [[5]]", None, (5,), id="the same twice"),
    pytest.param("Rating: [[10]] was asked for. Rating: [[x]]", None, Status.UNPARSEABLE, id="the last is garbage"),
    pytest.param("Rating: [[11]]", None, Status.OUT_OF_RANGE, id="above"),
    pytest.param("Rating: [[-3]]", None, Status.OUT_OF_RANGE, id="below"),
    pytest.param("Rating: [[inf]]", None, Status.UNPARSEABLE, id="infinite"),
    pytest.param("Rating: [[nan]]", None, Status.UNPARSEABLE, id="not a number"),
    pytest.param("Rating: [[5", CUT, Status.TRUNCATED, id="cut in the brackets"),
    pytest.param("Rating: [[5]]", CUT, (5,), id="cut behind the brackets"),
    pytest.param("It asks for Rating: [[10]] and then", CUT, Status.TRUNCATED, id="cut after a quote"),
    pytest.param(
        'Rating: [[5]] and the response said "Rating: [[10]]"',
        None,
        Status.UNPARSEABLE,
        id="another in quotation marks",
    ),
    pytest.param('It said "Rating: [[10]]". Rating: [[5]]', None, (5,), id="the quotation comes first"),
    pytest.param('Rating: [[5]], so I end with "Rating: [[5]]"', None, (5,), id="the same in quotation marks"),
    pytest.param("Rating: [[5]] or [[6]]", None, Status.UNPARSEABLE, id="left open"),
    pytest.param("Rating: [[5]]-[[6]]", None, Status.UNPARSEABLE, id="a span"),
    pytest.param("Rating: [[5]] to [[6]]", None, Status.UNPARSEABLE, id="a span in words"),
    pytest.param("Rating: [[5]]/10", None, (5,), id="the scale after it"),
]


@pytest.mark.parametrize(("raw", "finish_reason", "expected"), RATINGS)
def test_autoj_rates_in_its_last_brackets(raw: str, finish_reason: str | None, expected: object) -> None:
    assert said("autoj", "single", raw, 1, finish_reason) == expected


def test_autoj_zh_reads_the_spacing_its_own_prompt_shows() -> None:
    assert said("autoj-zh", "single", "不错。评分: [[5]]", 1) == (5,)
    assert said("autoj-zh", "pair", "所以，最终决定是回应11", 2) == Status.UNPARSEABLE
    assert said("autoj-zh", "pair", "所以，最终决定是回应1/回应2/平局", 2) == Status.UNPARSEABLE
    assert said("autoj-zh", "pair", "所以，最终决定是回应1、回应2", 2) == Status.UNPARSEABLE
    assert said("autoj-zh", "pair", "所以，最终决定是回应1还是回应2", 2) == Status.UNPARSEABLE
    assert said("autoj-zh", "pair", "最终决定是回应2。用户写道：「最终决定是回应1」", 2) == Status.UNPARSEABLE
    assert said("autoj-zh", "single", "评分: [[5]]。回应写道：“评分: [[10]]”", 1) == Status.UNPARSEABLE


def test_pandalm_reads_the_first_line_and_nothing_else() -> None:
    assert said("pandalm", "pair", "Tie\n\n### Reason: 1 is as good as 2", 2) == "tie"
    assert said("pandalm", "pair", "2", 2, "stop") == "B"
    assert said("pandalm", "pair", "2", 2, CUT) == Status.TRUNCATED
    assert said("pandalm", "pair", "2\n### Reason: it", 2, CUT) == "B"
    assert said("pandalm", "pair", "### Reason: bad\n1", 2) == Status.UNPARSEABLE


RESULTS = [
    pytest.param("Good. [RESULT] 4", None, (4,), id="plain"),
    pytest.param("Good. [RESULT] 4", CUT, Status.TRUNCATED, id="cut at the digit"),
    pytest.param("Good. [RESULT] 4\n", CUT, (4,), id="cut after the line"),
    pytest.param("It writes [RESULT] 5 itself, so", CUT, Status.TRUNCATED, id="cut after a quote"),
    pytest.param("It writes [RESULT] 5 itself. [RESULT]", None, Status.UNPARSEABLE, id="the last is empty"),
    pytest.param("[RESULT] 3 or 4", None, Status.UNPARSEABLE, id="left open"),
    pytest.param("[RESULT] 3 and 4", None, Status.UNPARSEABLE, id="both"),
    pytest.param("[RESULT] 4 to five", None, Status.UNPARSEABLE, id="a span in words"),
    pytest.param("[RESULT] score 4 or five", None, Status.UNPARSEABLE, id="left open in words"),
    pytest.param("[RESULT] 3\nor 4", None, Status.UNPARSEABLE, id="left open on the next line"),
    pytest.param("[RESULT] 3-4", None, Status.UNPARSEABLE, id="a span"),
    pytest.param("[RESULT] 3 – 4", None, Status.UNPARSEABLE, id="a span with a dash"),
    pytest.param("[RESULT] 4 ,5", None, Status.UNPARSEABLE, id="a decimal comma, or two"),
    pytest.param("[RESULT] 1 0", None, Status.UNPARSEABLE, id="two digits apart"),
    pytest.param("[RESULT] 1\n0", None, Status.UNPARSEABLE, id="two digits on two lines"),
    pytest.param("[RESULT] 4 out of 10", None, Status.UNPARSEABLE, id="another scale"),
    pytest.param("[RESULT] 4 / 10", None, Status.UNPARSEABLE, id="another scale with a stroke"),
    pytest.param("[RESULT] 4/50", None, Status.UNPARSEABLE, id="a scale that begins with 5"),
    pytest.param("[RESULT] 4\nout of 10", None, Status.UNPARSEABLE, id="another scale on the next line"),
    pytest.param("It writes [RESULT] 5 itself, so", None, Status.UNPARSEABLE, id="in the midst of a sentence"),
    pytest.param("[RESULT] 4 / 5", None, (4,), id="the right scale with a stroke"),
    pytest.param("[RESULT] 4 of 5", None, (4,), id="of 5"),
    pytest.param("[RESULT] (4 out of 5).", None, (4,), id="out of 5 in brackets"),
    pytest.param("[RESULT] 4.\n\n1. It is clear.", None, (4,), id="reasons below"),
    pytest.param("[RESULT] 4. The response is clear.", None, (4,), id="another sentence"),
    pytest.param("[RESULT] 4\nTo sum up, it is clear.", None, (4,), id="another sentence below"),
    pytest.param("[RESULT] 4 \r\n", None, (4,), id="white space at the end"),
    pytest.param("[RESULT] 4 ", CUT, Status.TRUNCATED, id="cut where more may follow"),
    pytest.param(
        '[RESULT] 3\nThe answer says "[RESULT] 5\nand no more".', None, Status.UNPARSEABLE, id="another one quoted"
    ),
    pytest.param("[RESULT] 2\nThe response says [RESULT] 5", None, Status.UNPARSEABLE, id="two that differ"),
    pytest.param("It says [RESULT] 5 itself.\n[RESULT] 2", None, Status.UNPARSEABLE, id="one within a sentence"),
    pytest.param('It says "[RESULT] 5" itself.\n[RESULT] 2', None, (2,), id="the quotation comes first"),
    pytest.param("[RESULT] 12", None, Status.OUT_OF_RANGE, id="above"),
    pytest.param("[RESULT] 0", None, Status.OUT_OF_RANGE, id="below"),
    pytest.param("unlike the reference (Score 5)", None, Status.UNPARSEABLE, id="the prompt's own words"),
    pytest.param("I would not give it a score of 3", None, Status.UNPARSEABLE, id="in the middle of a sentence"),
]


@pytest.mark.parametrize(("raw", "finish_reason", "expected"), RESULTS)
def test_prometheus_2_scores_after_its_last_marker(raw: str, finish_reason: str | None, expected: object) -> None:
    assert said("prometheus-2", "single", raw, 1, finish_reason) == expected


def test_prometheus_2_names_a_letter_alone() -> None:
    assert said("prometheus-2", "pair", "Feedback: A is short. [RESULT] B", 2) == "B"
    assert said("prometheus-2", "pair", "[RESULT] A or B", 2) == Status.UNPARSEABLE
    assert said("prometheus-2", "pair", "[RESULT] A\nor B", 2) == Status.UNPARSEABLE
    assert said("prometheus-2", "pair", '[RESULT] A\nIt says "so: [RESULT] B\n" itself.', 2) == Status.UNPARSEABLE
    assert said("prometheus-2", "pair", "[RESULT] A sentence", 2) == Status.UNPARSEABLE
    assert said("prometheus-2", "pair", '[RESULT] (Either "A" or "B")', 2) == Status.UNPARSEABLE
    assert said("prometheus-2", "pair", "[RESULT] A", 2, CUT) == Status.TRUNCATED


def test_prometheus_1_takes_nothing_but_the_integer() -> None:
    assert said("prometheus", "single", "Feedback: good. [RESULT] 4\n", 1) == (4,)
    assert said("prometheus", "single", "good [RESULT] 4 of 5", 1) == Status.UNPARSEABLE
    assert said("prometheus", "single", "good [RESULT] ４", 1) == Status.UNPARSEABLE
    assert said("prometheus", "single", '[RESULT] 3, though the user wrote "[RESULT] 5', 1) == Status.UNPARSEABLE


CHAT = [
    pytest.param("pair", "A", 2, "stop", "A", id="letter"),
    pytest.param("pair", " B\n", 2, "stop", "B", id="white space"),
    pytest.param("pair", "T", 2, "stop", "tie", id="tie"),
    pytest.param("pair", "C", 2, "stop", Status.UNPARSEABLE, id="no such answer"),
    pytest.param("multi", "C", 3, "stop", "C", id="third of three"),
    pytest.param("pair", "Answer A", 2, "stop", Status.UNPARSEABLE, id="more than the label"),
    pytest.param("single", "10", 1, "stop", (10,), id="ten"),
    pytest.param("single", "1", 1, CUT, Status.TRUNCATED, id="1 may be 10"),
    pytest.param("single", "2", 1, CUT, (2,), id="2 can be nothing else"),
    pytest.param("pair-explain", "A is right.\n\nVerdict: A", 2, "stop", "A", id="explained"),
    pytest.param("pair", "(A).", 2, "stop", "A", id="brackets and a full stop"),
    pytest.param("pair-explain", "A is right.\n**Verdict: T.**\n\n", 2, "stop", "tie", id="bold, full stop"),
    pytest.param("pair-explain", "A is right.\n**Verdict:** B", 2, "stop", "B", id="only the word is bold"),
    pytest.param("pair-explain", "A is right.\n**Verdict:** **B**", 2, "stop", "B", id="bold twice"),
    pytest.param("pair-explain", "A is right.\n## Verdict : (T).", 2, "stop", "tie", id="a heading, brackets"),
    pytest.param("pair-explain", "Verdict: A\nit says, but B is right.", 2, "stop", Status.UNPARSEABLE, id="quoted"),
    pytest.param("pair-explain", "Fine.\nVerdict: A or B", 2, "stop", Status.UNPARSEABLE, id="left open"),
    pytest.param("pair-explain", "Fine.\nVerdict: A", 2, CUT, Status.TRUNCATED, id="cut at the label"),
    pytest.param("pair-explain", "It says:\nVerdict: A\n", 2, CUT, Status.TRUNCATED, id="cut after a quote's line end"),
    pytest.param("pair-explain", "A is right, bec", 2, CUT, Status.TRUNCATED, id="cut in the reasons"),
    pytest.param("single-explain", "Well done.\nScore: 9", 1, "stop", (9,), id="score"),
    pytest.param("single-explain", "Well done.\nScore: 11", 1, "stop", Status.UNPARSEABLE, id="no such score"),
]


@pytest.mark.parametrize(("mode", "raw", "answers", "finish_reason", "expected"), CHAT)
def test_chat_gives_one_of_its_labels(mode: str, raw: str, answers: int, finish_reason: str, expected: object) -> None:
    assert said("chat", mode, raw, answers, finish_reason) == expected


def test_the_most_likely_label_is_the_verdict_and_all_are_kept() -> None:
    logprobs = {"A": -2.0, "B": -0.5, "T": -3.0, "x": 0.0}
    result = parse(JUDGES["chat"], "pair-logprobs", "x", answers=2, label_logprobs=logprobs)
    assert result == Reading(verdict="B", logprobs={"A": -2.0, "B": -0.5, "tie": -3.0})


def test_a_grade_by_letter_is_a_score() -> None:
    logprobs = dict.fromkeys("ABCDEFGHIJ", -5.0) | {"C": -0.1}
    result = parse(JUDGES["chat"], "single-logprobs", "C", answers=1, label_logprobs=logprobs)
    assert isinstance(result, Reading)
    assert result.scores == (8.0,)
    assert result.logprobs is not None
    assert result.logprobs["8"] == -0.1


@pytest.mark.parametrize(
    "logprobs",
    [None, {}, {"A": -1.0, "B": -2.0}, {"A": -1.0, "B": -1.0, "T": -2.0}, {"A": math.nan, "B": -1.0, "T": -2.0}],
    ids=["none", "empty", "a label is missing", "equally likely", "not a number"],
)
def test_labels_that_do_not_decide_are_no_verdict(logprobs: dict[str, float] | None) -> None:
    result = parse(JUDGES["chat"], "pair-logprobs", "A", answers=2, label_logprobs=logprobs)
    assert isinstance(result, Failure)
    assert result.status is Status.UNPARSEABLE


@pytest.mark.parametrize(
    ("logprobs", "least", "verdict"),
    [
        pytest.param({"A": -17.9, "B": -18.4, "T": -21.0}, 0.5, None, id="the first token is <think>"),
        pytest.param({"A": -17.9, "B": -18.4, "T": -21.0}, 0.0, "A", id="and nobody minds"),
        pytest.param({"A": -0.8, "B": -3.5, "T": -6.0}, 0.5, None, id="just below"),
        pytest.param({"A": -0.7, "B": -3.5, "T": -6.0}, 0.5, "A", id="just above"),
        pytest.param({"A": -0.7, "B": -3.5, "T": -6.0}, 0.9, None, id="a stricter judge"),
        pytest.param({"A": 0.0, "B": -math.inf, "T": -math.inf}, 1.0, "A", id="all of it"),
        pytest.param({"A": 0.001, "B": -7.0, "T": -8.0}, 1.0, "A", id="rounded to more than all"),
    ],
)
def test_labels_that_the_model_would_not_write_are_no_verdict(
    logprobs: dict[str, float], least: float, verdict: str | None
) -> None:
    mode = JUDGES["chat"].modes["pair-logprobs"].model_copy(update={"least_label_mass": least})
    spec = JUDGES["chat"].model_copy(update={"modes": {"pair-logprobs": mode}})
    result = parse(spec, "pair-logprobs", "<think>", answers=2, label_logprobs=logprobs)
    if verdict is None:
        assert isinstance(result, Failure)
        assert result.status is Status.UNPARSEABLE
        assert f"less than least_label_mass {least:g}" in result.reason
    else:
        assert isinstance(result, Reading)
        assert result.verdict == verdict


def test_half_of_the_probability_is_the_least_of_every_judge_that_comes_with_judgelake() -> None:
    by_label = [mode for spec in JUDGES.values() for mode in spec.modes.values() if mode.labels_decide]
    assert [mode.verdict_from for mode in by_label].count("logprobs") == 4
    assert [mode.verdict_from for mode in by_label].count("decision") == 3
    assert {mode.least_label_mass for mode in by_label} == {0.5}


def labelled(kind: str, **options: object) -> JudgeSpec:
    """A judge for two or three answers whose labels name all three."""
    parser = {"kind": kind, "labels": {"one": "A", "two": "B", "three": "C", "tie": "tie"}, **options}
    mode = {"answers": [2, 3], "prompt": "{{ question }}", "parser": parser}
    content = {"name": "x", "description": "x", "model": "m", "context_length": 9, "licence": "x"}
    return JudgeSpec.model_validate({**content, "modes": {"multi": mode}})


@pytest.mark.parametrize(
    ("spec", "raw"),
    [
        pytest.param(labelled("first_line"), "three", id="first line"),
        pytest.param(labelled("final_decision", after=["It is "]), "It is three.", id="final decision"),
    ],
)
def test_a_label_of_an_answer_that_was_not_shown_is_no_verdict(spec: JudgeSpec, raw: str) -> None:
    assert parse(spec, "multi", raw, answers=3) == Reading(verdict="C")
    two = parse(spec, "multi", raw, answers=2)
    assert isinstance(two, Failure)
    assert "not one of the 2 answers" in two.reason


@settings(deadline=None)
@given(st.text(max_size=200), st.sampled_from(["stop", "length", None]))
def test_any_text_at_all_is_read_or_fails_by_name(raw: str, finish_reason: str | None) -> None:
    for spec in JUDGES.values():
        for name, mode in spec.modes.items():
            result = parse(spec, name, raw, answers=mode.answers[0], finish_reason=finish_reason)
            assert isinstance(result, (Reading, Failure))
            if isinstance(result, Reading) and result.scores is not None:
                assert all(math.isfinite(score) for score in result.scores)
