"""Batch output files as judgments, and the training data of Prometheus."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from judgelake.comparisons import Failure, Reading
from judgelake.errors import UserError
from judgelake.sources import Files, Loaded, Rejected, format_named

Write = Callable[..., Path]


def line(text: Any, custom_id: str = "c1", finish_reason: str = "stop", **message: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": text, **message}, "finish_reason": finish_reason}
    body = {"object": "chat.completion", "model": "gpt-x-2026", "choices": [choice]}
    return {"id": "b1", "custom_id": custom_id, "response": {"status_code": 200, "body": body}, "error": None}


def failed(status: int, error: Any) -> dict[str, Any]:
    body = {"error": error} if isinstance(error, dict) else error
    return {**line(""), "response": {"status_code": status, "body": body}}


THOUGHT = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "8 7"}]}


def load(path: Path, judge: str = "judgelm", mode: str = "pair", **options: Any) -> list[Any]:
    return list(format_named("openai_batch").load(Files(judgments=(path,), judge=judge, mode=mode, **options)))


def only(items: list[Any]) -> Any:
    (item,) = items
    assert isinstance(item, Loaded), item
    assert (item.comparison, item.labels) == (None, ())
    return item.judgments[0]


@pytest.mark.parametrize(
    ("custom_id", "options", "order", "repeat", "verdict"),
    [
        ("c1", {}, "AB", 0, "A"),
        ("c1#BA", {}, "BA", 0, "B"),
        ("c1#AB#2", {}, "AB", 2, "A"),
        ("c1", {"order": "BA"}, "BA", 0, "B"),
        ("c1#AB", {"order": "BA"}, "AB", 0, "A"),
    ],
)
def test_an_output_is_read_by_its_judge_in_the_order_that_the_id_names(
    write, custom_id, options, order, repeat, verdict
):
    judgment = only(load(write("b.jsonl", line("8 7", custom_id)), **options))
    assert (judgment.comparison_id, judgment.judge, judgment.mode) == ("c1", "judgelm", "pair")
    assert (judgment.shown_order, judgment.repeat, judgment.said.verdict) == (order, repeat, verdict)
    assert (judgment.model_version, judgment.raw_output, judgment.finish_reason) == ("gpt-x-2026", "8 7", "stop")


@pytest.mark.parametrize("custom_id", ["c#1", "row 7#ba", "a#b#c", "doc#QA", "x#ACB#1b"])
def test_an_id_may_hold_the_mark(write, custom_id):
    assert only(load(write("b.jsonl", line("8 7", custom_id)))).comparison_id == custom_id


def test_modes_for_any_number_of_answers_need_the_order(write):
    path = write("b.jsonl", line("8 7 9"), line("8 7 9", "c1#CAB"))
    bare, named = load(path, mode="multi")
    assert bare.reason == "custom_id: no order of the answers; write it behind the id: c1#BA"
    assert named.judgments[0].said == Reading((7.0, 9.0, 8.0), "B")


def responses(*parts: Any, **body: Any) -> dict[str, Any]:
    output = [{"type": "reasoning", "summary": []}, {"type": "message", "content": list(parts)}]
    return {**line(""), "response": {"status_code": 200, "body": {"output": output, **body}}}


def responses_of(*items: Any) -> dict[str, Any]:
    return {**line(""), "response": {"status_code": 200, "body": {"output": list(items), "status": "completed"}}}


def test_an_order_behind_an_id_is_as_long_as_the_mode_is_shown_answers(write):
    items = load(write("out.jsonl", *(line("8 7", custom_id=name) for name in ("q1#A", "q1#BA", "q1#BA#2"))))
    judgments = (item.judgments[0] for item in items)
    asked = [(judgment.comparison_id, judgment.shown_order, judgment.repeat) for judgment in judgments]
    assert asked == [("q1#A", "AB", 0), ("q1", "BA", 0), ("q1", "BA", 2)]


@pytest.mark.parametrize(
    ("given", "status", "reason"),
    [
        pytest.param(
            {**line(""), "response": {"status_code": 429, "body": {"error": {"message": "slow\ndown"}}}},
            "engine_error",
            "status 429: slow down",
            id="a status",
        ),
        pytest.param(
            {**line(""), "response": None, "error": {"code": "batch_expired", "message": "too late"}},
            "engine_error",
            "error: too late",
            id="an error",
        ),
        pytest.param(line(None, refusal="I cannot."), "refused", "refusal: I cannot.", id="a refusal"),
        pytest.param(
            line("8 7", finish_reason="content_filter"),
            "refused",
            "the server's content filter",
            id="filtered",
        ),
        pytest.param(
            failed(400, {"code": "context_length_exceeded", "message": "at most 8192 tokens"}),
            "context_overflow",
            "status 400: at most 8192 tokens",
            id="too long",
        ),
        pytest.param(
            failed(400, {"code": "content_policy_violation", "message": "no"}), "refused", "status 400: no", id="unsafe"
        ),
        pytest.param(
            failed(400, {"message": "Unsupported parameter: top_p"}), "engine_error", "status 400: ", id="a setting"
        ),
        pytest.param(
            failed(500, {"message": "your prompt was flagged"}), "engine_error", "status 500: ", id="a failing server"
        ),
        pytest.param(
            failed(500, {"message": "This model's maximum context length is 4096 tokens"}),
            "context_overflow",
            "status 500: ",
            id="too long, said by a failing server",
        ),
        pytest.param(
            {**line(""), "response": None, "error": {"code": 503, "message": "your prompt was flagged"}},
            "engine_error",
            "error: your prompt",
            id="the words of an error with a failing server's code",
        ),
        pytest.param(failed(413, "<html>Too large"), "context_overflow", "status 413: ", id="too many bytes"),
        pytest.param(failed(502, "<html>Bad gateway</html>"), "engine_error", "status 502: ", id="no JSON"),
        pytest.param(line(None), "unparseable", "first line holds no scores: ''", id="no content"),
        pytest.param(line(None, finish_reason="length"), "truncated", "", id="cut before any text"),
        pytest.param(
            line(None, finish_reason="length", reasoning_content="8 7?"),
            "truncated",
            "cut off while thinking",
            id="cut off while thinking",
        ),
        pytest.param(
            line([{"type": "thinking", "thinking": [{"type": "text", "text": "8 7"}]}]),
            "engine_error",
            "the server returned thinking and no answer",
            id="thinking alone",
        ),
        pytest.param(
            {**line(""), "response": {"status_code": 200, "body": {"output": [THOUGHT], "status": "incomplete"}}},
            "truncated",
            "cut off while thinking",
            id="responses cut off while thinking",
        ),
        pytest.param(line(None, finish_reason="tool_calls"), "engine_error", "the model called a tool", id="a tool"),
        pytest.param(
            responses({"type": "output_text", "text": "7 1"}, status="incomplete"), "truncated", "", id="incomplete"
        ),
        pytest.param(
            responses({"type": "output_text", "text": "7 1"}, status="failed"), "engine_error", "", id="failed"
        ),
        pytest.param(
            responses_of({"type": "function_call", "name": "f"}), "engine_error", "the model called a tool", id="a call"
        ),
        pytest.param(line("First is better"), "unparseable", "", id="nothing to read"),
        pytest.param(line("7", finish_reason="length"), "truncated", "", id="cut off"),
        pytest.param(
            responses({"type": "refusal", "refusal": "No."}), "refused", "refusal: No.", id="a refusal of responses"
        ),
        pytest.param(
            responses(
                {"type": "output_text", "text": "7"},
                status="incomplete",
                incomplete_details={"reason": "max_output_tokens"},
            ),
            "truncated",
            "",
            id="responses cut off",
        ),
    ],
)
def test_a_call_that_gave_no_verdict_is_a_failed_judgment_that_says_why(write, given, status, reason):
    said = only(load(write("b.jsonl", given))).said
    assert isinstance(said, Failure)
    assert said.status == status
    assert said.reason.startswith(reason)


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({**line("8 7"), "error": {}}, id="an empty error"),
        pytest.param(line([{"type": "text", "text": "8 7"}]), id="content of parts"),
        pytest.param(
            responses({"type": "output_text", "text": "8 "}, {"type": "output_text", "text": "7"}), id="responses"
        ),
        pytest.param(
            line([{"type": "reasoning", "text": "1 9"}, {"type": "text", "text": "8 7"}]), id="thinking in parts"
        ),
        pytest.param(
            {**line(""), "response": {"status_code": 200, "body": {"choices": [{"text": "8 7"}]}}}, id="completions"
        ),
    ],
)
def test_bodies_of_all_endpoints_are_read(write, given):
    assert only(load(write("b.jsonl", given))).said.scores == (8.0, 7.0)


@pytest.mark.parametrize(
    ("judge", "mode", "text", "verdict", "scores"),
    [
        ("fare", "pair", "The first errs.\n[B]", "B", None),
        ("glider", "single", "<reasoning>\nIt is right.\n</reasoning>\n<score>\n4\n</score>", None, (4.0,)),
        ("judgelrm", "pair", "It is fine.</think>\n<answer>8</answer><answer>3</answer>", "A", (8.0, 3.0)),
        ("skywork-critic", "pair", "The first errs. [[B]]", "B", None),
    ],
)
def test_outputs_of_a_judge_whose_prompt_is_withheld_are_read(write, judge, mode, text, verdict, scores):
    said = only(load(write("b.jsonl", line(text)), judge, mode)).said
    assert (said.verdict, said.scores) == (verdict, scores)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"id": "b", "response": {}}, "custom_id: missing"),
        ({**line(""), "response": "no"}, "response: str 'no', expected an object with status_code and body"),
        ({**line(""), "response": {"status_code": 200, "body": {}}}, "body: neither choices nor output"),
        ({**line(""), "response": {"status_code": 200, "body": {"choices": []}}}, "choices: a list of 0, expected"),
        (responses_of({"type": "message", "content": 5}), "output: content is not a list of parts"),
        (responses_of({"type": "message", "content": {"text": "8 7"}}), "output: content is not a list of parts"),
        (line("8 7", finish_reason=5), "finish_reason: int '5', expected text"),
    ],
)
def test_a_line_that_is_no_output_is_rejected_by_name(write, given, reason):
    (item,) = load(write("b.jsonl", given))
    assert isinstance(item, Rejected)
    assert item.reason.startswith(reason)


def test_who_reads_the_outputs_must_be_named_and_known(write):
    path = write("b.jsonl", line("8 7"))
    with pytest.raises(UserError, match=r"No judge 'nobody'|no judge 'nobody'|nobody"):
        load(path, judge="nobody")
    with pytest.raises(UserError, match="pear"):
        load(path, mode="pear")
    with pytest.raises(UserError, match="--format openai_batch needs --judge"):
        format_named("openai_batch").check(["judgments"])
    (item,) = load(path, judge="chat", mode="pair-logprobs")
    assert item.reason.startswith("verdict_logprobs: missing, but mode 'pair-logprobs' decides by log-probabilities")


GRADED = {
    "instruction": "long prompt",
    "output": "Clear. [RESULT] 4",
    "orig_instruction": "Explain rain.",
    "orig_response": "Water falls.",
    "orig_reference_answer": "Vapour condenses.",
    "orig_criteria": "Is it correct?",
    **{f"orig_score{score}_description": f"level {score}" for score in range(1, 6)},
    "orig_score": "4",
    "orig_feedback": "Clear.",
}
COMPARED = {
    **{key: value for key, value in GRADED.items() if key not in ("orig_response", "orig_score")},
    "orig_response_A": "Water falls.",
    "orig_response_B": "It rains.",
    "orig_score_A": "2",
    "orig_score_B": "4",
    "orig_preference": "B",
    "output": "B is clearer. [RESULT] B",
}


def graded(write: Write, row: dict[str, Any]) -> Any:
    (item,) = format_named("feedback_collection").load(Files(inputs=(write("f.jsonl", row),)))
    return item


def without(row: dict[str, Any], *keys: str, **change: Any) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in keys} | change


@pytest.mark.parametrize(
    ("row", "score", "reason"),
    [
        pytest.param(GRADED, 4.0, None, id="a score as text"),
        pytest.param({**GRADED, "orig_score": 4}, 4.0, None, id="a score"),
        pytest.param({**GRADED, "orig_score": " 4"}, 4.0, None, id="a score with a blank"),
        pytest.param(without(GRADED, "orig_score"), 4.0, None, id="only the result"),
        pytest.param(without(GRADED, "output"), 4.0, None, id="only the score"),
        pytest.param({**GRADED, "output": "No [RESULT] here."}, 4.0, None, id="a result that is no verdict"),
        pytest.param(without(GRADED, "output", "orig_score"), None, None, id="neither"),
        pytest.param(
            {**GRADED, "orig_score": "5"}, None, "orig_score is 5, but the output ends with [RESULT] 4", id="two"
        ),
        pytest.param({**GRADED, "orig_score": "6"}, None, "orig_score: str '6', expected a score from 1 to 5", id="6"),
        pytest.param({**GRADED, "orig_score": "4.5"}, None, "orig_score: str '4.5', expected a score", id="a half"),
        pytest.param({**GRADED, "orig_score": True}, None, "orig_score: true, expected a score", id="true"),
    ],
)
def test_a_graded_answer_has_its_rubric_and_the_teachers_score(write, row, score, reason):
    item = graded(write, row)
    comparison = item.comparison
    assert (comparison.messages[0].content, comparison.answers[0].text) == ("Explain rain.", "Water falls.")
    assert (comparison.reference, comparison.rubric.criteria) == ("Vapour condenses.", "Is it correct?")
    assert comparison.rubric.scores == tuple(f"level {score}" for score in range(1, 6))
    assert [(one.labeler, one.kind, one.scores) for one in item.labels] == (
        [] if score is None else [("gpt-4", "teacher", (score,))]
    )
    assert [one.reason.startswith(f"label by gpt-4: {reason}") for one in item.refused] == [True] * bool(reason)


@pytest.mark.parametrize(
    ("row", "label", "reason"),
    [
        pytest.param(COMPARED, ("B", (2.0, 4.0)), None, id="a preference with scores"),
        pytest.param(without(COMPARED, "orig_score_A"), ("B", None), None, id="without scores"),
        pytest.param(without(COMPARED, "orig_preference"), ("B", (2.0, 4.0)), None, id="only the result"),
        pytest.param({**COMPARED, "orig_preference": "A"}, None, "orig_preference is A, but the output", id="two"),
        pytest.param({**COMPARED, "orig_preference": "C"}, None, "orig_preference: str 'C', expected A or B", id="C"),
    ],
)
def test_two_compared_answers_have_the_teachers_preference(write, row, label, reason):
    item = graded(write, row)
    assert [answer.text for answer in item.comparison.answers] == ["Water falls.", "It rains."]
    assert [(one.verdict, one.scores) for one in item.labels] == ([] if label is None else [label])
    assert [one.reason.startswith(f"label by gpt-4: {reason}") for one in item.refused] == [True] * bool(reason)


@pytest.mark.parametrize("key", ["orig_instruction", "orig_response", "orig_criteria", "orig_score3_description"])
def test_a_row_that_lacks_what_is_judged_is_rejected_by_name(write, key):
    item = graded(write, without(GRADED, key))
    assert isinstance(item, Rejected)
    assert item.reason.startswith(f"{key}: ")
