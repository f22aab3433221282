"""Which comparison a judgment in a separate file belongs to, if it names a row of the input instead of an id."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from judgelake.comparisons import Label
from judgelake.sources.loaded import Item, Rejected


@dataclass(frozen=True, slots=True)
class Target:
    """A comparison of the input, by its id, with its labels."""

    comparison_id: str
    labels: tuple[Label, ...]


class Targets:
    """The comparisons from the rows of the input, by the key with which judgments refer to them."""

    def __init__(self) -> None:
        self._became: dict[Hashable, Target | str] = {}

    def __len__(self) -> int:
        """How many keys are known."""
        return len(self._became)

    def add(self, key: Hashable, item: Item) -> None:
        """Remember the item from the row with this key."""
        became: Target | str
        if isinstance(item, Rejected):
            became = f"rejected: {item.reason}"
        else:
            assert item.comparison is not None, "a row of the input is a comparison"
            became = Target(item.comparison.comparison_id, item.labels)
        if self._became.setdefault(key, became) != became:
            self._became[key] = "not the only one with this name"

    def of(self, key: Hashable) -> Target | str:
        """The comparison, or why there is none."""
        became = self._became.get(key)
        if became is None:
            return "there is no such row in the input"
        return became if isinstance(became, Target) else f"that row of the input is {became}"
