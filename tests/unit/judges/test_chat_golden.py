"""The prompts of our own judge, whole and in our own words: one character changed makes every judgment a new one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from judgelake.cli import main
from judgelake.judges import load_judge

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
ROWS: list[dict[str, Any]] = [
    json.loads(line) for line in (GOLDEN / "chat_prompts.jsonl").read_text("utf-8").splitlines()
]
MODES = tuple(dict.fromkeys(row["mode"] for row in ROWS))
# Asked in the same words as the mode without the ending.
SAME_WORDS = ("pair-logprobs", "multi-logprobs", "turns-logprobs")

# What is judged in the same words, and a question of its own.
DECIDED = ("pair-decide", "multi-decide", "single-decide")


def printed(capsys: pytest.CaptureFixture[str], mode: str, order: str) -> Iterator[dict[str, Any]]:
    command = ["prompts", "--judge", "chat", "--mode", mode, "--order", order, str(GOLDEN / "comparisons.jsonl")]
    assert main(command) == 0
    return map(json.loads, capsys.readouterr().out.splitlines())


@pytest.mark.parametrize("mode", MODES)
def test_the_prompts_of_a_mode_are_those_on_file(mode: str, capsys: pytest.CaptureFixture[str]) -> None:
    expected = [row for row in ROWS if row["mode"] == mode]
    order = "BA" if any(row["order"] in ("BA", "CBA") for row in expected) else "AB"
    assert [{"mode": mode, **row} for row in printed(capsys, mode, order)] == expected
    assert any("prompt" in row for row in expected)


@pytest.mark.parametrize("mode", SAME_WORDS)
def test_a_mode_that_decides_by_log_probabilities_asks_in_the_same_words(
    mode: str, capsys: pytest.CaptureFixture[str]
) -> None:
    prompts = [row["prompt"] for row in printed(capsys, mode, "AB") if "prompt" in row]
    plain = printed(capsys, mode.removesuffix("-logprobs"), "AB")
    assert prompts == [row["prompt"] for row in plain if "prompt" in row] != []


@pytest.mark.parametrize(
    ("mode", "question"),
    [
        ("pair-decide", "Which answer is best? Each option names one answer; tie means that both are equally good."),
        (
            "multi-decide",
            "Which answer is best? Each option names one answer; tie means that the best ones are equally good.",
        ),
        (
            "single-decide",
            "Grade the answer: the options are grades from 1 (useless) to 10 (could not be better).",
        ),
    ],
)
def test_a_mode_that_asks_a_decision_endpoint_shows_the_same_and_asks_apart(
    mode: str, question: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = [row["prompt"] for row in printed(capsys, mode, "AB") if "prompt" in row]
    plain = [row["prompt"] for row in printed(capsys, mode.removesuffix("-decide"), "AB") if "prompt" in row]
    assert (
        [prompt[0]["content"] for prompt in shown]
        == [prompt[0]["content"].rpartition("\n\n")[0] for prompt in plain]
        != []
    )
    assert question in {prompt[1]["content"] for prompt in shown}
    assert {tuple(message["role"] for message in prompt) for prompt in shown} == {("user", "user")}


def test_every_mode_is_on_file_or_asks_in_the_words_of_one_that_is() -> None:
    # Of multi-explain both parts are: the answers are multi's, the question is pair-explain's.
    assert {*MODES, *SAME_WORDS, *DECIDED, "multi-explain"} == set(load_judge("chat").modes)
