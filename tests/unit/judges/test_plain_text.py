"""An output without thinking, end marks and decoration: what goes, what stays, and that no digits meet."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgelake.comparisons import Failure, Status
from judgelake.judges.parsers.plain import Form, plain_text
from judgelake.judges.parsers.thinking import FAMILIES, Family, without_thinking

THINKING = [
    pytest.param("<think>a</think>b", "b", id="a block"),
    pytest.param("<think></think>b", "b", id="an empty block"),
    pytest.param("a</think>b", "b", id="begun in the prompt"),
    pytest.param("<think>a</think>b</think>c", "c", id="up to the last end"),
    pytest.param("<think>a</think>b<think>c</think>d", "d", id="two blocks"),
    pytest.param("<think>a <thinking> b</think>c", "c", id="another family's mark inside"),
    pytest.param("<think>a</reasoning>b</think>c", "c", id="another family's end inside"),
    pytest.param("<THINK>a</THINK>b", "b", id="capitals"),
    pytest.param("<Thinking>a</Thinking>b", "b", id="a capital"),
    pytest.param("x<think>a</think>b", "b", id="text before it"),
    pytest.param("4<reasoning>a</reasoning>", "4", id="a tag that was asked for, after the answer"),
    pytest.param("a</reasoning>b", "b", id="a tag that was asked for, begun in the prompt"),
    pytest.param("It has `<think>` and `</think>` tags. A", "It has `<think>` and `</think>` tags. A", id="named"),
    pytest.param("<think>a `</think>` b</think>c", "c", id="named inside"),
    pytest.param("<think>a</think>b has `</think>` in it", "b has `</think>` in it", id="named after it"),
    pytest.param("<think>a", None, id="never ends"),
    pytest.param("<think>a</think>b<think>c", None, id="the second never ends"),
    pytest.param("b<think>a", None, id="never ends, text before it"),
    pytest.param("<think>a</thinking>b", None, id="only another family ends"),
    pytest.param("<think>a `</think>` b", None, id="its end is only named"),
    pytest.param("a > b < c [x] {y}", "a > b < c [x] {y}", id="no mark"),
]


@pytest.mark.parametrize(("text", "answer"), THINKING)
def test_the_answer_follows_the_thinking(text: str, answer: str | None) -> None:
    assert without_thinking(text) == answer


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.opening)
def test_every_family_thinks_in_its_own_marks(family: Family) -> None:
    assert plain_text(f"{family.opening}x{family.closing}A") == "A"
    assert plain_text(f"x{family.closing}A") == "A"
    cut = plain_text(f"{family.opening}x")
    assert isinstance(cut, Failure)
    assert (cut.status, cut.reason) == (Status.TRUNCATED, "cut off while thinking")


CHANNELS = [
    pytest.param("<|channel|>final<|message|>A<|return|>", "A", id="only an answer"),
    pytest.param(
        "<|channel|>analysis<|message|>B<|end|><|start|>assistant<|channel|>final<|message|>A", "A", id="both"
    ),
    pytest.param(
        "<|channel|>final <|constrain|>json<|message|>{}<|return|>", "{}", id="an answer of a constrained kind"
    ),
    pytest.param("<|channel|>commentary<|message|>B<|end|>", None, id="no answer"),
    pytest.param("<|channel|>analysis<|message|>the final is B", None, id="cut in the analysis"),
    pytest.param("analysisWe need B.assistantfinalA", "A", id="without special tokens"),
    pytest.param("analysisWe need B.assistantcommentaryBassistantfinalA", "A", id="three of them"),
    pytest.param("assistantfinalA", "A", id="the answer alone, without special tokens"),
    pytest.param("analysisWe need B.", None, id="cut, without special tokens"),
    pytest.param("analysis: A is better", "analysis: A is better", id="a word"),
    pytest.param("Analysis of A", "Analysis of A", id="a word with a capital"),
]


@pytest.mark.parametrize(("text", "answer"), CHANNELS)
def test_only_the_final_channel_is_the_answer(text: str, answer: str | None) -> None:
    plain = plain_text(text)
    assert (None if isinstance(plain, Failure) else plain) == answer


END_MARKS = [
    *(
        pytest.param(f"A{mark}", "A", id=mark)
        for mark in (
            *("</s>", "<|im_end|>", "<|eot_id|>", "<|endoftext|>", "<|end_of_text|>", "<eos>", "<end_of_turn>"),
            *("<|end|>", "<|return|>", "<|eom_id|>", "<｜end▁of▁sentence｜>", "<|END_OF_TURN_TOKEN|>", "[|endofturn|]"),
            *("<turn|>", "<|user|>", "[EOS]", "<pad><pad>", "</s></s>", "</s> </s>\n", "<|endofassistant|>"),
        )
    ),
    pytest.param("A<|im_end|>\n<|im_start|>user\nB", "A", id="an invented turn"),
    pytest.param("A</s><s>[INST] B", "A", id="an invented turn of Llama 2"),
    pytest.param("<|im_start|>assistant\nA", "A", id="the head of the turn"),
    pytest.param("<|START_RESPONSE|>A<|END_RESPONSE|>", "A", id="marks on both sides"),
    pytest.param("It leaves `<|im_end|>` in. A", "It leaves `<|im_end|>` in. A", id="named"),
    pytest.param("It is <s>struck</s> out. A", "It is <s>struck</s> out. A", id="HTML"),
    pytest.param("A \n", "A \n", id="white space stays"),
    pytest.param("A##", "A", id="the judge's own"),
]


@pytest.mark.parametrize(("text", "answer"), END_MARKS)
def test_the_turn_ends_at_its_mark(text: str, answer: str) -> None:
    assert plain_text(text, end_marks=("##",)) == answer


DECORATION = [
    pytest.param("**A**", "A", id="bold"),
    pytest.param("*A*, __B__ and _C_", "A, B and C", id="other marks"),
    pytest.param("***A***", "A", id="bold and italic"),
    pytest.param("**Final verdict:** A", "Final verdict: A", id="bold up to a colon"),
    pytest.param("__Verdict:__ _A_", "Verdict: A", id="underscores up to a colon"),
    pytest.param("最终决定是**回应2**。", "最终决定是回应2。", id="bold between Chinese characters"),
    pytest.param("model_a __init__.py", "model_a init.py", id="names with underscores"),
    pytest.param("4**5 4*5 2 * 3 2 ** 3", "4**5 4*5 2 * 3 2 ** 3", id="arithmetic"),
    pytest.param("1**0**", "1**0", id="half a number in bold"),
    pytest.param("* a\n* b", "* a\n* b", id="a list"),
    pytest.param("- a", "a", id="one item"),
    pytest.param("## a", "a", id="a heading"),
    pytest.param("- 8", "- 8", id="perhaps a minus"),
    pytest.param("-  8", "-  8", id="perhaps a minus, further away"),
    pytest.param("1. 8", "1. 8", id="perhaps a number"),
    pytest.param("> a\n> b", "a\nb", id="all quoted"),
    pytest.param("a\n> b", "a\n> b", id="a part quoted"),
    pytest.param("```\na\n```", "a\n", id="a fence"),
    pytest.param("\n```json\na\n```\n", "a\n", id="a fence with a name"),
    pytest.param("x\n```\na\n```", "x\n```\na\n```", id="a fence around a part"),
    pytest.param("```\na\n```\nb\n```\nc\n```", "```\na\n```\nb\n```\nc\n```", id="two fences"),
    pytest.param("Ａ：８／１０　", "A:8/10 ", id="full width"),
    pytest.param("「Ａ」、。", "「A」、。", id="marks that have no other width"),
    pytest.param(r"\boxed{A}", "A", id="a box"),
    pytest.param(r"so $\boxed{\text{A}}$.", "so A.", id="a box of text in a formula"),
    pytest.param(r"\[ \boxed{8} \]", "8", id="a box in a formula of its own"),
    pytest.param(r"\\boxed{A}", "A", id="a box in JSON"),
    pytest.param(r"1\boxed{0}", r"1\boxed{0}", id="a box beside a digit"),
    pytest.param(r"\boxed{1}0", r"\boxed{1}0", id="a digit beside a box"),
    pytest.param(r"\boxed{1}\boxed{0}", r"1\boxed{0}", id="a box beside a box"),
    pytest.param(r"\boxed{A", r"\boxed{A", id="half a box"),
]


@pytest.mark.parametrize(("text", "plain"), DECORATION)
def test_decoration_goes_and_digits_are_never_glued_together(text: str, plain: str) -> None:
    assert plain_text(text) == plain


@pytest.mark.parametrize(("text", "plain"), [*DECORATION, *END_MARKS[:6]])
def test_nothing_changes_where_all_forms_are_kept(text: str, plain: str) -> None:
    assert plain_text(text, tuple(Form)) == text


@settings(deadline=None)
@given(st.text(alphabet="0123456789*_$\\{}boxed`>- \n</tThink|", max_size=60))
def test_no_two_digits_meet_that_were_apart(text: str) -> None:
    plain = plain_text(text)
    if isinstance(plain, str):
        numbers = set(filter(None, "".join(each if each.isdigit() else " " for each in text).split(" ")))
        left = "".join(each if each.isdigit() else " " for each in plain).split()
        assert all(any(number in whole for whole in numbers) for number in left)
