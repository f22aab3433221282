"""Which questions are held out: whole groups of near-duplicates, by a hash."""

from __future__ import annotations

from judgelake.training.choices import chance
from judgelake.training.example import Split


def split_of(group: str, validation_share: float, seed: int) -> Split:
    """The split of a group of near-duplicate questions, the same whatever other groups there are.

    Args:
        group: shared by all examples of the group.
        validation_share: from 0 to 1; the share of groups, and so about that of examples.
        seed: another one holds out other groups.
    """
    return "validation" if chance("split", group, 0, seed) < validation_share else "train"
