"""How a question that is too heavy for a chunk is cut: evenly, by their content alone."""

from __future__ import annotations

from collections import Counter

from judgelake.asking.heavy import key_of_piece

HEAVY = {7: 8}


def test_a_question_that_is_not_heavy_keeps_its_key():
    assert key_of_piece(8, HEAVY, "whatever") == 8
    assert key_of_piece(7, {}, "whatever") == 7


def test_a_heavy_question_is_cut_into_pieces_of_about_the_same_size():
    pieces = Counter(key_of_piece(7, HEAVY, f"answer {number}") for number in range(4000))
    assert len(pieces) == 8
    assert max(pieces.values()) < 1.2 * 500
    assert not set(pieces) & {key_of_piece(9, {9: 8}, f"answer {number}") for number in range(100)}
