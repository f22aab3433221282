"""Swapping: everything that is said of an answer follows it, twice gives the same, and scores in words stay."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from training_examples import COMPARISON, example, examples

from judgelake.comparisons import as_shown, orders_of
from judgelake.training import Example, Judged, swap_example
from judgelake.training.positions import reversed_places

SWAPPED = {
    "Assistant 1 is better than Assistant 2.": "Assistant 2 is better than Assistant 1.",
    "assistant 2's answer beats ASSISTANT 1’s": "assistant 1's answer beats ASSISTANT 2’s",
    "Assistants 1 and 2 get 8 and 7.": "Assistants 2 and 1 get 8 and 7.",
    "Assistant 1: 8/10, Assistant 2: 7/10": "Assistant 2: 8/10, Assistant 1: 7/10",
    "**Assistant 1** (8), Assistant #2 (7)": "**Assistant 2** (8), Assistant #1 (7)",
    "Assistant one and assistant Two": "Assistant two and assistant One",
    "Response A's steps; response B has none": "Response B's steps; response A has none",
    "Responses A and B": "Responses B and A",
    "Output (a) or Output (b), Model [A]": "Output (b) or Output (a), Model [B]",
    "The first answer is short, the second answer's long.": "The second answer is short, the first answer's long.",
    "the First response, THE SECOND RESPONSE": "the Second response, THE FIRST RESPONSE",
    "the first and second AI assistants": "the second and first AI assistants",
    "The 1st response beats the 2nd response": "The 2nd response beats the 1st response",
    "A is right and B is wrong.": "B is right and A is wrong.",
    "Both A and B are fine, but A's code runs.": "Both B and A are fine, but B's code runs.",
    "A is better than B.": "B is better than A.",
    "I prefer B because it is short": "I prefer A because it is short",
    "The former is better than the latter.": "The latter is better than the former.",
    "回应1比回应2好，第一个回答": "回应2比回应1好，第二个回答",
    "The first answer is better than the second.": "The second answer is better than the first.",
    "The first answer is better than the second one.": "The second answer is better than the first one.",
    "The first one is better, and the second lacks detail.": "The second one is better, and the first lacks detail.",
    "The first is clearer.": "The second is clearer.",
    "Answer A is better than answer B.": "Answer B is better than answer A.",
    "Answer 1 is better than answer 2.": "Answer 2 is better than answer 1.",
    "Model 1 is better than model 2.": "Model 2 is better than model 1.",
    "I prefer A over B.": "I prefer B over A.",
    "A is better than B at following it.": "B is better than A at following it.",
    "A provides facts, which B lacks.": "B provides facts, which A lacks.",
    "Response 2 repeats a word. A better suggestion would be: none.": (
        "Response 1 repeats a word. A better suggestion would be: none."
    ),
    "Assistant 1 gets 8, Assistant 2 gets 2.": "Assistant 2 gets 8, Assistant 1 gets 2.",
    "Response 1 is about the first person.": "Response 2 is about the first person.",
    "前者更好": "后者更好",
}
KEPT = [
    "8 7\nBoth are fine.",
    "It should first answer the question; second, give reasons.",
    "the first step, the second paragraph, the first answer choice",
    "Step 1 and step 2, version 1.5, 1/2, 2 points",
    "A student asked; vitamin B is not hepatitis A and B.",
    "Assistant 3 and Assistant 12 and the third answer",
    "Assistant 1.5 and Response 1,000",
    "This response a user liked",
    "Plan B. A good plan.",
    "A/B testing, A-level",
    "A better suggestion would be: none.",
    "a formerly good answer",
]
AMBIGUOUS = [
    "The answer 1 is wrong, answer 2 is asked for.",
    "class A {} and f(A, B)",
    "Assistant 1 is more detailed than 2.",
    "Assistant 1, in contrast to 2, is good",
    "Assistants 1, 2 both answered.",
    "Assistant one is better than two.",
    "The two answers: 1 is better than 2.",
    "First response is better.",
    "Assistant 1 gives two steps. The first is wrong.",
    "Assistant A (the first one) is better",
    "Both are good, but A is more concise while B rambles.",
    "Response A is good. A better suggestion would be none.",
    "A's reply outdoes B's.",
    "A outperforms B.",
    "A also gives the year.",
    "A > B",
    "Verdict: A",
    "(A) is better than (B)",
    "Option A is better than Option B",
    "Assistant 1 chose option B, which is correct.",
    "回应1好，第二更好",
    "A比B好",
]


@pytest.mark.parametrize("reasons", SWAPPED)
def test_words_that_name_a_place_change_with_the_answers(reasons: str) -> None:
    assert reversed_places(reasons, 2) == SWAPPED[reasons]
    assert reversed_places(SWAPPED[reasons], 2) == reasons


@pytest.mark.parametrize("reasons", KEPT)
def test_words_that_may_mean_something_else_stay(reasons: str) -> None:
    assert reversed_places(reasons, 2) == reasons


@pytest.mark.parametrize("reasons", AMBIGUOUS)
def test_reasons_that_could_only_be_reversed_by_half_are_ambiguous(reasons: str) -> None:
    assert reversed_places(reasons, 2) is None
    assert swap_example(example(judged=Judged("A", None, reasons))).judged == Judged("B")
    assert reversed_places(reasons, 1) == reasons


def test_the_former_is_what_the_text_named_first_wherever_that_was_shown() -> None:
    said = "Assistant 1 and Assistant 2 are polite; the former errs."
    assert reversed_places(said, 2) == "Assistant 2 and Assistant 1 are polite; the former errs."


def test_of_three_answers_the_middle_one_keeps_its_place() -> None:
    said = "Assistant 1, Assistant 2 and the third answer; the former"
    assert reversed_places(said, 3) == "Assistant 3, Assistant 2 and the first answer; the former"
    assert reversed_places("C is better than A; the former", 3) == "A is better than C; the former"
    assert reversed_places(f"{said}; C is better than A", 3) is None


WORDS = "A|B|C|1|2|8|10|9.5|.| |\n|,|(|)|/|%|'s| and | is |than |the |first|second|former|latter|answer|Assistant |AI "
PIECES = st.sampled_from([*SWAPPED, *KEPT, *WORDS.split("|")])


@settings(deadline=None, max_examples=500)
@given(st.lists(PIECES, max_size=8).map("".join) | st.text(max_size=40), st.integers(1, 4))
def test_reversing_twice_gives_the_same_text_and_no_score_line_changes(text: str, answers: int) -> None:
    there = reversed_places(text, answers)
    assert there is None or reversed_places(there, answers) == text
    line = "8 7\n"
    assert (reversed_places(line + text, answers) or line).startswith(line)


@settings(deadline=None)
@given(examples())
def test_swapping_twice_is_the_identity_and_nothing_is_mutated(one: Example) -> None:
    before = copy.deepcopy(one)
    there = swap_example(one)
    back = swap_example(there)
    kept = {
        name: None if judged is None else replace(judged, reasons=None)
        for name in ("judged", "referenced")
        if (judged := getattr(one, name)) is None or getattr(there, name).reasons is None
    }
    assert back == replace(one, **kept)
    assert one == before


def test_everything_said_of_an_answer_follows_it() -> None:
    one = swap_example(example(probabilities={"A": 0.7, "B": 0.2, "tie": 0.1}))
    assert one.example_id == example().example_id
    assert one.comparison.answers == as_shown(COMPARISON.answers, "BA")
    assert one.judged == Judged("B", (2.0, 9.0), "Assistant 2 is right. Assistant 1's answer is wrong.")
    assert one.referenced is not None
    assert one.referenced.reasons == "The second answer is the reference; the first answer is not."
    assert one.probabilities == {"B": 0.7, "A": 0.2, "tie": 0.1}


@pytest.mark.parametrize(("verdict", "swapped"), [("A", "C"), ("B", "B"), ("C", "A"), ("tie", "tie")])
def test_the_label_inverts_exactly(verdict: str, swapped: str) -> None:
    three = example(
        comparison=replace(COMPARISON, answers=(*COMPARISON.answers, COMPARISON.answers[0])),
        judged=Judged(verdict),
        referenced=None,
        probabilities=None,
    )
    assert swap_example(three).judged.verdict == swapped
    assert orders_of(3)[1] == "CBA"
