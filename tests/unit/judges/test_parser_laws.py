"""Laws of all parsers: nothing is read from thinking, quotations or lists of labels, and nothing raises."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parser_kinds import LONG, SAYS, long_outputs, read

from judgelake.comparisons import Failure, Reading, Status
from judgelake.judges import PARSERS, load_judge, parse
from judgelake.judges.parsers.thinking import FAMILIES

KINDS = pytest.mark.parametrize("kind", SAYS)

FILLER = st.text(alphabet="cdefg ,.", max_size=20).map(lambda text: f"x{text}x")
QUOTES = (('"', '"'), ("“", "”"), ("‘", "’"), ("«", "»"), ("「", "」"), ("`", "`"))


def test_every_kind_of_parser_is_here() -> None:
    assert set(SAYS) == set(PARSERS)


@KINDS
def test_what_a_judge_says_is_read(kind: str) -> None:
    first, second = (read(kind, said) for said in SAYS[kind][2:])
    assert isinstance(first, Reading)
    assert isinstance(second, Reading)
    assert first != second


@KINDS
@settings(deadline=None, max_examples=50)
@given(st.sampled_from(FAMILIES), FILLER, FILLER)
def test_thinking_says_nothing(kind: str, family: Any, before: str, after: str) -> None:
    said, other = SAYS[kind][2:]
    thinking = f"{before}\n{other}\n{after}"
    whole = f"{family.opening}{thinking}{family.closing}"
    assert read(kind, whole + said) == read(kind, f"{thinking}{family.closing}\n{said}") == read(kind, said)
    assert isinstance(read(kind, f"{whole}\n{before}"), Failure)
    never_ends = read(kind, f"{family.opening}{thinking}")
    assert isinstance(never_ends, Failure)
    assert (never_ends.status, never_ends.reason) == (Status.TRUNCATED, "cut off while thinking")


@KINDS
@settings(deadline=None, max_examples=50)
@given(st.sampled_from(QUOTES), FILLER, FILLER, st.booleans())
def test_a_quotation_says_nothing(kind: str, marks: tuple[str, str], before: str, after: str, on_line: bool) -> None:
    said = SAYS[kind][2]
    end = "\n" if on_line else " "
    assert isinstance(read(kind, f"{before}{end}{marks[0]}{said}{marks[1]}{end}{after}"), Failure)
    assert isinstance(read(kind, f"{before} {marks[0]}{before}\n{said}\n{after}{marks[1]} {after}"), Failure)
    assert isinstance(read(kind, f"{before}\n> {said}\n"), Failure)
    if kind != "json":  # how models set their JSON off
        assert isinstance(read(kind, f"{before}\n```\n{said}\n```\n"), Failure)


@KINDS
@settings(deadline=None, max_examples=50)
@given(
    st.sampled_from([" or ", ", ", "\n", "\n- ", " / ", "; or ", "\n\n", " vs ", "\n* "]), FILLER, st.booleans(), FILLER
)
def test_a_list_of_what_could_be_said_says_nothing(
    kind: str, separator: str, before: str, is_reversed: bool, after: str
) -> None:
    says = SAYS[kind][2:][::-1] if is_reversed else SAYS[kind][2:]
    listed = f"{separator if separator.startswith(chr(10)) else ''}{separator.join(says)}"
    for text in (f"{before}: {listed}", f"{before}\n{listed}", f"{before}: {listed}\n{after}"):
        assert isinstance(read(kind, text), Failure), text


@pytest.mark.parametrize(
    ("judge", "mode", "answers", "raw"),
    [
        ("autoj", "pair", 2, "the final decision is Response 1 or the final decision is Tie"),
        ("autoj", "pair", 2, "the final decision is Response 1; or Response 2"),
        ("autoj", "pair", 2, "the final decision is Response 1...or Response 2"),
        ("autoj", "pair", 2, "the final decision is Response 1, alternatively Tie"),
        ("autoj", "pair", 2, "the final decision is Response 1 unless Response 2 is shorter"),
        ("chat", "pair-explain", 2, "Possible:\nVerdict: A\nor\nVerdict: B"),
        ("autoj", "pair", 2, "the final decision is Response 1 / Response 2. the final decision is Response 2."),
        ("autoj", "pair", 2, "Is the final decision is Response 1? the final decision is Response 2."),
        ("autoj", "pair", 2, 'the final decision is "Response 1" or "Response 2". the final decision is Response 2.'),
        ("autoj", "single", 1, "Rating: [[6]] or [[5]]. Rating: [[6]]"),
        ("autoj", "single", 1, "Rating: [[6]]-[[7]]. So Rating: [[6]]"),
        ("autoj-zh", "pair", 2, "最终决定是回应1或平局。最终决定是平局。"),
        ("prometheus-2", "single", 1, "[RESULT] 3 or 4, I think.\n[RESULT] 3"),
        ("prometheus-2", "single", 1, "[RESULT] 3-4\n[RESULT] 3"),
        ("prometheus-2", "pair", 2, "[RESULT] A or B\n[RESULT] A"),
        ("prometheus-2", "pair", 2, "[RESULT] A and B\n[RESULT] A"),
        ("chat", "pair-explain", 2, "Verdict: A or B\nVerdict: A"),
        ("chat", "pair-explain", 2, "Verdict: A, B or T\n\nVerdict: A"),
    ],
)
def test_a_decision_left_open_contradicts_one_that_is_made(judge: str, mode: str, answers: int, raw: str) -> None:
    result = parse(load_judge(judge), mode, raw, answers=answers)
    assert isinstance(result, Failure)
    assert result.status is Status.UNPARSEABLE


@pytest.mark.parametrize(
    ("judge", "mode", "answers", "raw", "verdict"),
    [
        ("autoj", "pair", 2, "The final decision is not easy. So, the final decision is Response 2.", "B"),
        ("autoj", "pair", 2, 'It asks "the final decision is Response 1 or Tie". the final decision is Tie.', "tie"),
        ("prometheus-2", "pair", 2, 'It says "[RESULT] A or B" itself.\n[RESULT] A', "A"),
        ("chat", "pair-explain", 2, "Verdict: both are close, A or B.\nB has an error.\nVerdict: A", "A"),
        ("chat", "pair-explain", 2, "My verdict is based on the facts.\nVerdict: A", "A"),
    ],
)
def test_what_names_no_choice_or_is_quoted_leaves_nothing_open(
    judge: str, mode: str, answers: int, raw: str, verdict: str
) -> None:
    assert parse(load_judge(judge), mode, raw, answers=answers) == Reading(verdict=verdict)


PIECES = (
    *(
        "A",
        "B",
        "T",
        "tie",
        "8",
        "7",
        "10",
        "8 7",
        "one",
        "two",
        "5",
        "[[",
        "]]",
        "[[A]]",
        "[[A>>B]]",
        "[",
        "]",
        "(",
        ")",
    ),
    *("Verdict", "Verdict:", ":", "Rating:", "[RESULT]", "[SCORE]", "decision is ", "<answer>", "</answer>", "<think>"),
    *("</think>", "[THINK]", "</s>", "<|im_end|>", "<|channel|>", "final<|message|>", "analysisThe", "assistantfinal"),
    *(
        "**",
        "*",
        "_",
        "`",
        "```",
        "\n",
        "\n\n",
        " ",
        "\t",
        "> ",
        "- ",
        "1. ",
        "#",
        '"',
        "'",
        "“",
        "”",
        "「",
        "」",
        "\\",
    ),
    *(
        "\\boxed{",
        "}",
        "{",
        '{"verdict": ',
        '"A"',
        ",",
        ".",
        "/10",
        " or ",
        " and ",
        "?",
        "！",
        "Ａ",
        "８",
        "：",
        "　",
        "\0",
    ),
    *("\ud800", "\u2028", "\u0130", "ſ", "٧", "\U0001f600", "é", "-", "–", "1e9", "nan", "inf", "9" * 400, "x" * 50),
)
FUZZED = int(os.environ.get("JUDGELAKE_FUZZED", "2000"))
"""Outputs per kind of parser; 1,000,000 take some two minutes a kind."""


@KINDS
def test_any_pieces_in_any_order_are_read_or_fail_by_name(kind: str) -> None:
    made = random.Random(kind)
    for _ in range(FUZZED):
        text = "".join(made.choices(PIECES, k=made.randint(0, 12)))
        result = read(kind, text, made.choice(("stop", "length", None)))
        assert isinstance(result, Reading) or result.reason


BYTES = 50_000


@KINDS
@pytest.mark.parametrize("piece", LONG, ids=repr)
def test_a_long_output_is_read_or_fails_without_an_exception(kind: str, piece: str) -> None:
    """A parser whose time grew with the square of the length would take minutes; benchmarks/parsers.py measures it."""
    for whole in long_outputs(kind, piece, BYTES):
        assert isinstance(read(kind, whole), Reading | Failure)
