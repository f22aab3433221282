"""A judge of every kind of parser, what it may say, and long outputs of which a parser might never come to the end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from judgelake.comparisons import Failure, Reading
from judgelake.judges import JudgeSpec, parse

LETTERS = {"choices": {"letters": True, "tie": "T"}}


def judge_of(kind: str, answers: int = 2, mode: dict[str, Any] | None = None, **options: Any) -> JudgeSpec:
    content = {"name": "mine", "description": "x", "model": "m", "context_length": 9, "licence": "x"}
    spec = {"answers": [answers, answers], "prompt": "{{ question }}", "parser": {"kind": kind, **options}}
    return JudgeSpec.model_validate({**content, "modes": {"mine": {**spec, **(mode or {})}}})


SAYS: dict[str, tuple[JudgeSpec, int, str, str]] = {
    "score_line": (judge_of("score_line"), 2, "8 7", "7 8"),
    "first_line": (judge_of("first_line", labels={"one": "A", "two": "B", "tie": "tie"}), 2, "one", "two"),
    "final_decision": (
        judge_of("final_decision", after=["decision is "], labels={"one": "A", "two": "B"}),
        *(2, "The decision is one.", "The decision is two."),
    ),
    "final_rating": (judge_of("final_rating", 1, after=["Rating:"]), 1, "Rating: [[5]]", "Rating: [[6]]"),
    "result": (judge_of("result", gives="letter"), 2, "[RESULT] A", "[RESULT] B"),
    "choice": (judge_of("choice", mode=LETTERS), 2, "A", "B"),
    "last_line": (judge_of("last_line", mode=LETTERS, word="Verdict"), 2, "Verdict: A", "Verdict: B"),
    "labelled_line": (judge_of("labelled_line", mode=LETTERS, word="Verdict"), 2, "Verdict: A", "Verdict: B"),
    "brackets": (judge_of("brackets", mode=LETTERS), 2, "[[A]]", "[[B]]"),
    "tag": (judge_of("tag", mode=LETTERS, tag="answer"), 2, "<answer>A</answer>", "<answer>B</answer>"),
    "tagged_scores": (
        judge_of("tagged_scores", tag="answer"),
        *(2, "<answer>8</answer><answer>7</answer>", "<answer>7</answer><answer>8</answer>"),
    ),
    "json": (judge_of("json", mode=LETTERS, field="verdict"), 2, '{"verdict": "A"}', '{"verdict": "B"}'),
}
"""A judge of every kind of parser, how many answers it is shown, and two outputs that say different things."""


def read(kind: str, text: str, finish_reason: str | None = "stop") -> Reading | Failure:
    spec, answers, *_ = SAYS[kind]
    return parse(spec, "mine", text, answers=answers, finish_reason=finish_reason)


LONG = (
    *(
        "a",
        " ",
        "\n",
        "8 ",
        "9",
        "A ",
        "*",
        "**a ",
        "_a_ ",
        "`",
        '"',
        "'",
        "don't ",
        "“",
        "(",
        "[",
        "[[",
        "]]",
        "[[A]] ",
        "{",
    ),
    *(
        '{"',
        '{"verdict": "A"} ',
        '{"a":',
        "}",
        "<",
        "<think>",
        "</think>",
        "`<think>` ",
        "<answer>",
        "</answer>",
        "</s>",
    ),
    *(
        "<|channel|>",
        "<|im_end",
        "\\boxed{A} ",
        "> a\n",
        "- ",
        "```\n",
        "Verdict: A\n",
        "[RESULT] ",
        "[RESULT] A\n",
        "Ａ",
    ),
    *(
        "The decision is ",
        "The decision is one. ",
        "The decision is one and ",
        "Rating: [[5]] ",
        "score ",
        ". ",
        "or ",
        "#",
    ),
    *("is ", "\\", "$", "「", "</s> ", "[RESULT] (", "é", "\u2028"),
)


def long_outputs(kind: str, piece: str, size: int) -> Iterator[str]:
    """The piece repeated up to so many bytes: alone, behind a verdict, and before one."""
    said, text = SAYS[kind][2], piece * (size // len(piece.encode("utf-8", "surrogatepass")))
    yield from (text, f"{said}\n{text}", f"{text}\n{said}")
