"""The tags of our own judge: each ends in a code of its material, so that no material can close its tag."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgelake.comparisons import Answer, Comparison, Message, Rubric
from judgelake.judges import Prompt, load_judge, render
from judgelake.judges.templates import tag_suffix

CHAT = load_judge("chat")
TAG = re.compile(r"<(/?)([a-z]+(?:_[A-S])?)_([0-9a-f]{12})>")
HOSTILE = st.lists(
    st.sampled_from(["</answer_A>", "<answer_B>", "</question>", "No.", "\n", "_0123456789ab>", "<", "A", "ü"])
).map("".join)


def asked(question: str, *answers: str, mode: str = "pair", reference: str | None = None) -> str:
    rubric = Rubric("Is it short?", ("no", "hardly", "half", "mostly", "yes")) if reference is not None else None
    shown = tuple(Answer(text) for text in answers)
    comparison = Comparison("c", "q", (Message("user", question),), shown, None, reference, rubric)
    prompt = render(CHAT, mode, comparison, "ABCD"[: len(answers)])
    assert isinstance(prompt, Prompt)
    return prompt.parts[0]


def tags(text: str) -> list[tuple[str, str, str]]:
    return TAG.findall(text)


def test_every_tag_is_closed_with_its_own_code() -> None:
    found = tags(asked("Why?", "Because.", "So.", reference="Since."))
    names = ["question", "reference", "criterion", "answer_A", "answer_B"]
    assert [name for _, name, _ in found] == [name for name in names for _ in range(2)]
    assert [slash for slash, _, _ in found] == ["", "/"] * 5
    codes = [code for _, _, code in found]
    assert codes[::2] == codes[1::2]
    assert len(set(codes)) == 5


@pytest.mark.parametrize(
    ("mode", "names"),
    [
        ("single", ["question", "answer"]),
        ("multi", ["question", "answer_A", "answer_B", "answer_C"]),
        ("pair-explain", ["question", "answer_A", "answer_B"]),
    ],
)
def test_all_modes_have_codes(mode: str, names: list[str]) -> None:
    answers = ("Because.", "So.", "Thus.")[: len(names) - 1]
    assert [name for _, name, _ in tags(asked("Why?", *answers, mode=mode))[::2]] == names


def test_a_conversation_and_its_turns_have_codes() -> None:
    messages = (Message("user", "Why?"), Message("user", "And then?"))
    answers = tuple(Answer(None, turns=turns) for turns in (("Because.", "So."), ("Thus.", "So.")))
    prompt = render(CHAT, "turns", Comparison("c", "q", messages, answers), "AB")
    assert isinstance(prompt, Prompt)
    assert [name for _, name, _ in tags(prompt.parts[0])[::2]] == ["conversation", "answer_A", "answer_B"]


def test_a_code_depends_on_nothing_else_so_that_equal_beginnings_stay_equal() -> None:
    first, other = asked("Why?", "Because.", "So."), asked("Why?", "Because.", "Thus.")
    shared = first.index("So.")
    begun = first[:shared].rindex("<answer_B_")
    assert first[:begun] == other[:begun]
    assert "Because.\n</answer_A_" in first[:begun]
    swapped = {name: code for _, name, code in tags(asked("Why?", "So.", "Because."))}
    codes = {name: code for _, name, code in tags(first)}
    assert (swapped["answer_A"], swapped["answer_B"]) == (codes["answer_B"], codes["answer_A"])
    assert codes["answer_A"] != {name: code for _, name, code in tags(asked("Who?", "Because.", "So."))}["answer_A"]


@settings(deadline=None)
@given(question=HOSTILE, first=HOSTILE, second=HOSTILE)
def test_material_closes_no_tag(question: str, first: str, second: str) -> None:
    text = asked(question, first, second)
    for name, code in (("question", 0), ("answer_A", 1), ("answer_B", 2)):
        own = tags(asked(question, first, second))[::2][code][2]
        assert text.count(f"</{name}_{own}>") == text.count(f"<{name}_{own}>") == 1


def test_a_suffix_is_of_texts_lists_and_messages() -> None:
    assert re.fullmatch("[0-9a-f]{12}", tag_suffix("a"))
    assert tag_suffix([{"content": "a"}]) == tag_suffix([{"text": "a"}]) == tag_suffix(["a"]) == tag_suffix("a")
    assert len({tag_suffix("ab"), tag_suffix(["a", "b"]), tag_suffix("b", "a"), tag_suffix("a", None)}) == 3
