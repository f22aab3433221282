"""A reference of a conversation of several turns, which a comparison holds as one text: what it says to each turn."""

from __future__ import annotations


def references_of_turns(reference: str, turns: int) -> tuple[str, ...] | None:
    r"""The reference to each turn, of a text that names them: "Turn 1:\n...\n\nTurn 2:\n...".

    The source `mt_bench` writes it so. None if the text does not name exactly these turns, each once and in this order:
    which part belongs to which turn would be a guess.
    """
    rest = f"\n\n{reference}"
    parts = []
    for turn in range(1, turns + 2):
        mark = f"\n\nTurn {turn}:\n"
        # Of the turn that is one too many there may be none.
        if rest.count(mark) != (turn <= turns):
            return None
        if turn <= turns:
            part, _, rest = rest.partition(mark)
            parts.append(part)
    return None if parts[0] else (*parts[1:], rest)
