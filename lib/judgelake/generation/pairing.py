"""Which answers to a question are compared, and in which order they are shown: by hashes alone."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from judgelake.generation.hashes import hash_of


@dataclass(frozen=True, slots=True)
class Candidate:
    """One answer to a question: which model gave it, as which of its samples, and its text."""

    model: str
    sample: int
    text: str


Group = tuple[Candidate, ...]
"""The answers of one comparison, in the order A, B, ..."""


@dataclass(frozen=True, slots=True)
class Pairing:
    """How the answers to one question become comparisons; a pure function of the question's id and the seed.

    `how` is random, all, baseline or together; `pairs` counts only for random, `baseline` names a model. Whatever it
    is, two answers of one model are never compared with each other.
    """

    how: str
    pairs: int = 1
    baseline: str | None = None
    seed: int = 0

    def groups(self, question_id: str, candidates: Iterable[Candidate]) -> list[Group]:
        """The comparisons of a question, each with its answers in the order in which they stand.

        Whoever stands first is decided by a hash of the comparison's members, so that over many questions each model
        is first in an equal share of its comparisons. Fewer than two models give none.
        """
        by_model: dict[str, list[Candidate]] = {}
        for one in sorted(candidates, key=lambda one: (one.model, one.sample)):
            by_model.setdefault(one.model, []).append(one)
        if len(by_model) < 2:
            return []
        members = self._members(question_id, by_model)
        return [self._ordered(question_id, group) for group in members]

    def _members(self, question_id: str, by_model: dict[str, list[Candidate]]) -> list[Group]:
        if self.how == "random":
            return self._random(question_id, by_model)
        if self.how == "together":
            return [self._together(by_model)]
        pairs = [pair for pair in itertools.combinations(by_model, 2) if self.baseline in (None, *pair)]
        return [group for first, second in pairs for group in itertools.product(by_model[first], by_model[second])]

    def _random(self, question_id: str, by_model: dict[str, list[Candidate]]) -> list[Group]:
        """The first pairs of a tournament whose players are in an order by hash."""
        models = sorted(by_model, key=lambda model: self._key(question_id, "player", model))
        played = dict.fromkeys(models, 0)
        groups = []
        for pair in itertools.islice(tournament(models), self.pairs):
            chosen = []
            for model in pair:
                samples = sorted(by_model[model], key=lambda one: self._key(question_id, "sample", model, one.sample))
                chosen.append(samples[played[model] % len(samples)])
                played[model] += 1
            groups.append(tuple(chosen))
        return groups

    def _together(self, by_model: dict[str, list[Candidate]]) -> Group:
        """The first sample of each model."""
        return tuple(samples[0] for samples in by_model.values())

    def _ordered(self, question_id: str, group: Group) -> Group:
        members = sorted(f"{one.model}\0{one.sample}" for one in group)
        return tuple(sorted(group, key=lambda one: self._key(question_id, "place", *members, one.model, one.sample)))

    def _key(self, question_id: str, *parts: object) -> str:
        return hash_of(self.seed, question_id, *parts)


def tournament(players: Sequence[str]) -> Iterable[tuple[str, str]]:
    """All pairs of players, round by round, so that everybody plays equally often: the circle method.

    In each round every player plays once, with an odd number all but one. So after any number of pairs the players'
    numbers of games differ by at most one, with an odd number of players by at most two.
    """
    circle: list[str | None] = [*players, *([None] if len(players) % 2 else [])]
    half = len(circle) // 2
    rested: str | None = None
    for _ in range(len(circle) - 1):
        games = list(zip(circle[:half], reversed(circle[half:]), strict=True))
        # Whoever had no game in the last round comes first in this one.
        games.sort(key=lambda game: rested not in game)
        for first, second in games:
            if first is not None and second is not None:
                yield first, second
        rested = next((one for game in games if None in game for one in game if one is not None), None)
        circle = [circle[0], circle[-1], *circle[1:-1]]
