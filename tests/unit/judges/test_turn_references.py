"""The reference of a conversation of several turns: split only where its text names exactly these turns."""

from __future__ import annotations

import pytest

from judgelake.judges.turn_references import references_of_turns
from judgelake.sources.benchmark import _one_text

TWO = "Turn 1:\nSaturn\n\nTurn 2:\nMars"


@pytest.mark.parametrize(
    ("reference", "turns", "expected"),
    [
        pytest.param(TWO, 2, ("Saturn", "Mars"), id="two"),
        pytest.param("Turn 1:\n\n\nTurn 2:\n", 2, ("", ""), id="empty ones"),
        pytest.param("Turn 1:\na\n\nb\n\n\nTurn 2:\n c ", 2, ("a\n\nb\n", " c "), id="line ends stay"),
        pytest.param(f"{TWO}\n\nTurn 3:\nVenus", 3, ("Saturn", "Mars", "Venus"), id="three"),
        pytest.param("Turn 1:\nSaturn", 1, ("Saturn",), id="one"),
        pytest.param(f"{TWO}\n\nTurn 3:\nVenus", 2, None, id="one more"),
        pytest.param("Turn 1:\nSaturn", 2, None, id="one less"),
        pytest.param("Saturn", 2, None, id="names none"),
        pytest.param("", 2, None, id="empty"),
        pytest.param(f"Planets\n\n{TWO}", 2, None, id="text before"),
        pytest.param(f"{TWO}\n\nTurn 2:\nVenus", 2, None, id="one twice"),
        pytest.param("Turn 2:\nMars\n\nTurn 1:\nSaturn", 2, None, id="the other way round"),
        pytest.param("Turn 1: Saturn\n\nTurn 2: Mars", 2, None, id="on the same line"),
    ],
)
def test_a_reference_is_split_at_the_turns_that_it_names(
    reference: str, turns: int, expected: tuple[str, ...] | None
) -> None:
    assert references_of_turns(reference, turns) == expected


def test_the_text_that_the_source_writes_is_split_again() -> None:
    text = _one_text(("Saturn,\n\nor Neptune", "Mars\n"))
    assert text is not None
    assert references_of_turns(text, 2) == ("Saturn,\n\nor Neptune", "Mars\n")
