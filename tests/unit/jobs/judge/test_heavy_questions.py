"""How a question that is too heavy for a chunk is cut: evenly, by its answers alone, equal prompts in one piece."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from judgelake.comparisons import Answer, Comparison, Message
from judgelake.jobs.judge.heavy import answers_content, key_of_piece

HEAVY = {7: 8}


def comparison(*answers: str, name: str = "c") -> Comparison:
    return Comparison(name, "q", (Message("user", "Why?"),), tuple(Answer(text) for text in answers))


def test_a_question_that_is_not_heavy_keeps_its_key():
    assert key_of_piece(8, HEAVY, "whatever") == 8
    assert key_of_piece(7, {}, "whatever") == 7


def test_a_heavy_question_is_cut_into_pieces_of_about_the_same_size():
    pieces = Counter(key_of_piece(7, HEAVY, f"answer {number}") for number in range(4000))
    assert len(pieces) == 8
    assert max(pieces.values()) < 1.2 * 500
    assert not set(pieces) & {key_of_piece(9, {9: 8}, f"answer {number}") for number in range(100)}


@settings(deadline=None)
@given(st.lists(st.text(st.characters(exclude_characters="\0")), min_size=1, max_size=4), st.randoms())
def test_prompts_that_may_be_equal_are_in_one_piece(answers, random):
    shuffled = list(answers)
    random.shuffle(shuffled)
    one, other = comparison(*answers), comparison(*shuffled, name="other")
    assert key_of_piece(7, HEAVY, answers_content(one)) == key_of_piece(7, HEAVY, answers_content(other))


def test_turns_count_as_what_they_say():
    turns = Comparison(
        "c", "q", (Message("user", "Why?"),), (Answer(None, turns=("a", "b")), Answer(None, turns=("c", "d")))
    )
    assert answers_content(turns) != answers_content(comparison("ab", "cd"))
