"""Labelled pairs in two parts: those that are learned and those that test it, with no question in both."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest

from judgelake.errors import UserError
from judgelake.quickstart.train_demo.labelled import Labelled

# With fewer, a validation may have nothing to look at, and no interval says anything.
LEAST = 20
Key = tuple[str, str]
Group = tuple[Labelled, ...]


@dataclass(frozen=True, slots=True)
class Parts:
    """What is learned and what tests it, each in the order of a hash of its questions."""

    learned: tuple[Labelled, ...]
    tested: tuple[Labelled, ...]

    @property
    def questions(self) -> int:
        """Different questions of the test."""
        return len({one.comparison.question_id for one in self.tested})


def parted(
    pairs: Sequence[Labelled], tests: Sequence[Labelled] | None = None, *, most_learned: int, most_tested: int
) -> Parts:
    """Part pairs by their questions: all pairs of a question are on one side, chosen by a hash of its id.

    Two questions are one if they have the same id or the same words. The same pairs give the same parts, whatever
    their order in the file. Where a side may not have all of its pairs, it has as many questions as possible.

    Args:
        pairs: what can be learned.
        tests: what tests it; None: half of the pairs' questions do. Those of a question that is learned are left out.
        most_learned: at most so many pairs are learned; what is more is left out.
        most_tested: likewise of the test.

    Raises:
        UserError: fewer than `LEAST` pairs are left on a side.
    """
    if tests is None:
        groups = _by_question(pairs)
        middle = len(groups) // 2
        learned, tested = _first(groups[middle:], most_learned), _first(groups[:middle], most_tested)
    else:
        learned, tested = _apart(pairs, tests, most_learned, most_tested)
    found = Parts(learned, tested)
    for side, count in (("learn from", len(found.learned)), ("test with", len(found.tested))):
        if count < LEAST:
            raise UserError(
                f"Too few labelled pairs: {count} to {side}, at least {LEAST} are needed. Give a file with more "
                "questions, or raise --most-learned and --most-tested."
            )
    return found


def _apart(
    pairs: Sequence[Labelled], tests: Sequence[Labelled], most_learned: int, most_tested: int
) -> tuple[Group, Group]:
    """The two sides where each has files of its own: a question that is learned does not test."""
    known = {id(one) for one in pairs}
    mixed = _by_question([*pairs, *tests])
    learned = _first([tuple(one for one in group if id(one) in known) for group in mixed], most_learned)
    taken = {id(one) for one in learned}
    free = [group for group in mixed if not any(id(one) in taken for one in group)]
    return learned, _first([tuple(one for one in group if id(one) not in known) for group in free], most_tested)


def _by_question(pairs: Sequence[Labelled]) -> list[Group]:
    """The pairs of each question, in the order of a hash of its smallest id."""
    parents: dict[Key, Key] = {}

    def root(key: Key) -> Key:
        while (parent := parents.setdefault(key, key)) != key:
            key = parent
        return key

    for one in pairs:
        by_id, by_words = _keys(one)
        parents[max(root(by_id), root(by_words))] = min(root(by_id), root(by_words))
    groups: dict[Key, list[Labelled]] = {}
    for one in pairs:
        groups.setdefault(root(_keys(one)[0]), []).append(one)
    inside = [tuple(sorted(group, key=lambda one: one.comparison.comparison_id)) for group in groups.values()]
    return sorted(inside, key=_hash)


def _keys(one: Labelled) -> tuple[Key, Key]:
    comparison = one.comparison
    texts = (*(message.content for message in comparison.messages), comparison.input or "")
    return ("id", comparison.question_id), ("words", " ".join(" ".join(texts).lower().split()))


def _hash(group: Group) -> str:
    name = min(one.comparison.question_id for one in group)
    return hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()


def _first(groups: Sequence[Group], most: int) -> Group:
    """So many pairs at most: one of each question, then a second one of each, and so on."""
    in_turn = zip_longest(*groups)
    return tuple(islice((one for turn in in_turn for one in turn if one is not None), most))
