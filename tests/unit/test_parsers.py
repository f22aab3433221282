"""What each judge's output says, by our own cases: cut, refused, quoted, out of range, and hostile ones."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgelake.judges import Failure, Reading, Status, list_judges, parse

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
]


@pytest.mark.parametrize(("raw", "finish_reason", "expected"), DECISIONS)
def test_autoj_decides_in_its_last_words(raw: str, finish_reason: str | None, expected: object) -> None:
    assert said("autoj", "pair", raw, 2, finish_reason) == expected


RATINGS = [
    pytest.param("Fine. Rating: [[7]]", None, (7,), id="plain"),
    pytest.param("It quotes Rating: [[10]]. Rating: [[3]]", None, (3,), id="the last one"),
    pytest.param("Rating: [[10]] was asked for. Rating: [[x]]", None, Status.UNPARSEABLE, id="the last is garbage"),
    pytest.param("Rating: [[11]]", None, Status.OUT_OF_RANGE, id="above"),
    pytest.param("Rating: [[-3]]", None, Status.OUT_OF_RANGE, id="below"),
    pytest.param("Rating: [[inf]]", None, Status.UNPARSEABLE, id="infinite"),
    pytest.param("Rating: [[nan]]", None, Status.UNPARSEABLE, id="not a number"),
    pytest.param("Rating: [[5", CUT, Status.TRUNCATED, id="cut in the brackets"),
    pytest.param("Rating: [[5]]", CUT, (5,), id="cut behind the brackets"),
    pytest.param("It asks for Rating: [[10]] and then", CUT, Status.TRUNCATED, id="cut after a quote"),
]


@pytest.mark.parametrize(("raw", "finish_reason", "expected"), RATINGS)
def test_autoj_rates_in_its_last_brackets(raw: str, finish_reason: str | None, expected: object) -> None:
    assert said("autoj", "single", raw, 1, finish_reason) == expected


def test_autoj_zh_reads_the_spacing_its_own_prompt_shows() -> None:
    assert said("autoj-zh", "single", "不错。评分: [[5]]", 1) == (5,)
    assert said("autoj-zh", "pair", "所以，最终决定是回应11", 2) == Status.UNPARSEABLE
    assert said("autoj-zh", "pair", "所以，最终决定是回应1/回应2/平局", 2) == Status.UNPARSEABLE


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
    assert said("prometheus-2", "pair", "[RESULT] A sentence", 2) == Status.UNPARSEABLE
    assert said("prometheus-2", "pair", '[RESULT] (Either "A" or "B")', 2) == Status.UNPARSEABLE
    assert said("prometheus-2", "pair", "[RESULT] A", 2, CUT) == Status.TRUNCATED


def test_prometheus_1_takes_nothing_but_the_integer() -> None:
    assert said("prometheus", "single", "Feedback: good. [RESULT] 4\n", 1) == (4,)
    assert said("prometheus", "single", "good [RESULT] 4 of 5", 1) == Status.UNPARSEABLE
    assert said("prometheus", "single", "good [RESULT] ４", 1) == Status.UNPARSEABLE


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
    pytest.param("pair-explain", "A is right.\n**Verdict: T.**\n\n", 2, "stop", "tie", id="bold, full stop"),
    pytest.param("pair-explain", "Verdict: A\nit says, but B is right.", 2, "stop", Status.UNPARSEABLE, id="quoted"),
    pytest.param("pair-explain", "Fine.\nVerdict: A or B", 2, "stop", Status.UNPARSEABLE, id="left open"),
    pytest.param("pair-explain", "Fine.\nVerdict: A", 2, CUT, Status.TRUNCATED, id="cut at the label"),
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


@settings(deadline=None)
@given(st.text(max_size=200), st.sampled_from(["stop", "length", None]))
def test_any_text_at_all_is_read_or_fails_by_name(raw: str, finish_reason: str | None) -> None:
    for spec in JUDGES.values():
        for name, mode in spec.modes.items():
            result = parse(spec, name, raw, answers=mode.answers[0], finish_reason=finish_reason)
            assert isinstance(result, (Reading, Failure))
            if isinstance(result, Reading) and result.scores is not None:
                assert all(math.isfinite(score) for score in result.scores)
