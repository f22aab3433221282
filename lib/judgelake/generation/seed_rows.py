"""From the rows of a source to seeds, or to the reason why a row is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from judgelake.comparisons import Failure
from judgelake.generation.seed import Seed, seed_from_record
from judgelake.generation.seed_formats import SeedFormat


@dataclass(frozen=True, slots=True)
class SeedReader:
    """Reads the rows of one source; picklable, so that executors may read them.

    `source`, `licence`, `language` and `category` are what a row has that does not say its own.
    """

    format: SeedFormat
    source: str | None = None
    licence: str | None = None
    language: str | None = None
    category: str | None = None
    has_references: bool = True
    """Whether the answers of the source are taken as references."""
    least_characters: int = 1
    most_characters: int | None = None
    """Of all that a model is asked: messages and input."""

    def seed(self, value: Mapping[str, Any]) -> Seed | str:
        """The seed of a row, or why it is none."""
        record = self.format.record_of(value)
        if isinstance(record, str):
            return record
        seed = seed_from_record(record)
        if isinstance(seed, Failure):
            return seed.reason
        if (problem := self._wrong_length(seed.characters)) is not None:
            return problem
        return replace(
            seed,
            reference=seed.reference if self.has_references else None,
            source=seed.source or self.source or self.format.name,
            licence=seed.licence or self.licence,
            language=seed.language or self.language,
            category=seed.category or self.category,
        )

    def _wrong_length(self, characters: int) -> str | None:
        if characters < self.least_characters:
            return f"too short: {characters:,} characters, expected at least {self.least_characters:,}"
        if self.most_characters is not None and characters > self.most_characters:
            return f"too long: {characters:,} characters, expected at most {self.most_characters:,}"
        return None
