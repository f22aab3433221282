"""Judges whose last message is the beginning of the answer: what the model writes then starts inside the thinking."""

from __future__ import annotations

import pytest

from judgelake.comparisons import Failure, Reading, Status
from judgelake.config import validated
from judgelake.errors import UserError
from judgelake.judges import JudgeSpec, parse
from judgelake.judges.parsers.thinking import opened_thinking


def judge_with(begun: str, **mode) -> JudgeSpec:
    messages = [{"role": "user", "content": "{{ question }}"}, {"role": "assistant", "content": begun}]
    content = {"answers": [2, 2], "messages": messages, "parser": {"kind": "score_line"}} | mode
    judge = {"name": "mine", "description": "x", "model": "m", "context_length": 99, "licence": "x"}
    return validated(JudgeSpec, judge | {"modes": {"pair": content}}, "mine.yaml")


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        pytest.param("<think>\n", "<think>", id="it opens"),
        pytest.param("<think>\nFirst, ", "<think>", id="it opens and begins"),
        pytest.param("<THINK>", "<THINK>", id="capitals"),
        pytest.param("<think></think>\n[THINK]", "[THINK]", id="one is closed, one is open"),
        pytest.param("<|channel>thought\n", "<|channel>thought", id="another family"),
        pytest.param("<think>\n\n</think>\n\n", None, id="closed at once"),
        pytest.param("In `<think>` tags:", None, id="only named"),
        pytest.param("Verdict: ", None, id="no thinking"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_a_beginning_that_leaves_its_thinking_open_is_known_by_its_mark(text, mark):
    assert opened_thinking(text) == mark
    assert judge_with(text).mode("pair").opened_thinking == mark


@pytest.mark.parametrize("kept", [(), ("thinking",)], ids=["thinking is cut off", "the original reads thinking too"])
@pytest.mark.parametrize(
    ("begun", "output", "expected"),
    [
        pytest.param("<think>\n", "8 7\nso far", Status.TRUNCATED, id="scores within thinking that never ends"),
        pytest.param("<think>\nFirst, ", "8 7", Status.TRUNCATED, id="thinking that has begun"),
        pytest.param("<think>\n", "8 7 [/THINK] 8 7", Status.TRUNCATED, id="closed by another family's mark"),
        pytest.param("<think>\n", "8 7 `</think>` 8 7", Status.TRUNCATED, id="the mark is only named"),
        pytest.param("<think>\n", "", Status.TRUNCATED, id="nothing"),
        pytest.param("<think>\n\n</think>\n\n", "8 7", (8.0, 7.0), id="closed before the output"),
        pytest.param("", "8 7", (8.0, 7.0), id="an empty beginning"),
    ],
)
def test_an_output_that_never_ends_the_thinking_it_starts_in_is_no_verdict(begun, output, expected, kept):
    judge = judge_with(begun, parser={"kind": "score_line", "faithful": list(kept)})
    result = parse(judge, "pair", output, answers=2)
    if isinstance(expected, Status):
        assert isinstance(result, Failure)
        assert result.status is expected
    else:
        assert isinstance(result, Reading)
        assert result.scores == expected


@pytest.mark.parametrize(
    "output",
    [
        pytest.param("5 5, or rather</think>8 7", id="the tag is closed"),
        pytest.param("<think>5 5</think>8 7", id="the model opens it again"),
        pytest.param("5 5</think>6 6</think>\n8 7", id="closed twice"),
    ],
)
def test_what_follows_the_thinking_is_read(output):
    result = parse(judge_with("<think>\n"), "pair", output, answers=2)
    assert isinstance(result, Reading)
    assert result.scores == (8.0, 7.0)


@pytest.mark.parametrize(
    "change",
    [
        {"constrained": True, "parser": {"kind": "choice"}},
        {"verdict_from": "logprobs", "parser": {}},
    ],
    ids=["constrained", "log-probabilities"],
)
def test_a_label_cannot_be_the_first_token_of_thinking(change):
    with pytest.raises(UserError, match="opens <think>, so the first token is not a label"):
        judge_with("<think>\n", choices={"letters": True}, **change)
    judge_with("<think>\n\n</think>\n\n", choices={"letters": True}, **change)


def test_thinking_that_the_server_took_out_has_ended():
    judge = judge_with("<think>", parser={"kind": "score_line"})
    assert parse(judge, "pair", "8 7", answers=2, has_thinking_apart=True).verdict == "A"
