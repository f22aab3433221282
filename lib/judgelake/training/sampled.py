"""A judge's own judgments, sampled: those that agree with the label to learn from, and pairs to prefer one of."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from judgelake.comparisons import TIE
from judgelake.training.choices import Choice, digest_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sampled:
    """A judgment that a judge wrote of an example, one of several.

    `verdict` is what its parser read, in the order shown; None if it read none.
    """

    example_id: str
    choice: Choice
    repeat: int
    text: str
    verdict: str | None


@dataclass(frozen=True, slots=True)
class Preference:
    """Two judgments of an example in one order: the first agrees with the label, the second does not."""

    chosen: Sampled
    rejected: Sampled


def agreeing(
    samples: Iterable[Sampled], labels: Mapping[tuple[str, Choice], str], most: int, seed: int
) -> list[Sampled]:
    """Judgments that agree with the label, at most so many of an example, as many for A as for B.

    Args:
        samples: of any examples and orders.
        labels: the label of each example as it is shown, in the order shown; of others nothing is kept.
        most: of one example shown one way; which of more is decided by a hash.
        seed: for that hash.
    """
    kept: list[Sampled] = []
    for shown, group in _by_shown(samples).items():
        right = [sample for sample in group if sample.verdict is not None and sample.verdict == labels.get(shown)]
        kept += _in_order(right, seed)[:most]
    return balanced(kept, lambda sample: sample.verdict or "", lambda sample: _key(sample, seed))


def preferences(
    samples: Iterable[Sampled], labels: Mapping[tuple[str, Choice], str], most: int, seed: int
) -> list[Preference]:
    """Pairs of a judgment that agrees with the label and one that does not, as many for A as for B.

    A judgment without a verdict is in no pair: what it says is not known. Each judgment is in one pair at most.

    Args:
        samples: of any examples and orders.
        labels: the label of each example as it is shown, in the order shown; others give no pair.
        most: pairs of one example shown one way.
        seed: for the hash that decides which judgments meet.
    """
    pairs: list[Preference] = []
    for shown, group in _by_shown(samples).items():
        label = labels.get(shown)
        read = [sample for sample in _in_order(group, seed) if sample.verdict is not None]
        right = [sample for sample in read if sample.verdict == label]
        wrong = [sample for sample in read if sample.verdict != label]
        pairs += [Preference(*pair) for pair in zip(right[:most], wrong[:most], strict=False)]
    return balanced(pairs, lambda pair: pair.chosen.verdict or "", lambda pair: _key(pair.chosen, seed))


def balanced(items: Sequence[T], verdict_of: Callable[[T], str], key_of: Callable[[T], int]) -> list[T]:
    """As many items of every letter as of the rarest, chosen by their keys and in their order; ties all stay.

    Empty if a letter has none while another has some: a judge that learns one place alone learns nothing else.
    """
    counts = Counter(verdict_of(item) for item in items)
    letters = {"A", "B", *counts} - {TIE}
    least = min(counts[letter] for letter in letters)
    kept: set[int] = set()
    for letter in letters:
        places = [place for place, item in enumerate(items) if verdict_of(item) == letter]
        kept.update(sorted(places, key=lambda place: (key_of(items[place]), place))[:least])
    return [item for place, item in enumerate(items) if place in kept or verdict_of(item) == TIE]


def _by_shown(samples: Iterable[Sampled]) -> dict[tuple[str, Choice], list[Sampled]]:
    groups: dict[tuple[str, Choice], list[Sampled]] = defaultdict(list)
    for sample in samples:
        groups[sample.example_id, sample.choice].append(sample)
    order = sorted(groups, key=lambda shown: (shown[0], shown[1].swapped, shown[1].with_reference))
    return {shown: groups[shown] for shown in order}


def _in_order(samples: Iterable[Sampled], seed: int) -> list[Sampled]:
    return sorted(samples, key=lambda sample: (_key(sample, seed), sample.repeat))


def _key(sample: Sampled, seed: int) -> int:
    shown = f"{sample.example_id} {sample.choice.swapped:d}{sample.choice.with_reference:d}"
    return digest_of("sampled", shown, sample.repeat, seed)
