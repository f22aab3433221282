"""A sample of comparisons in which all models stand about equally often: by hashes alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from judgelake.generation.hashes import hash_of

Models = tuple[str, ...]
"""Who answered in a comparison, in alphabetical order."""


def balanced_sample(comparisons: Mapping[Models, Sequence[str]], size: int) -> list[str]:
    """The ids of a sample, in the order in which they were chosen; a larger sample begins with a smaller one.

    Each time the comparison is taken whose models were chosen least so far; of equals that whose pairing was, then by
    a hash. Where models are in few comparisons, these are used up, and the others go on.

    Args:
        comparisons: by who answered, the ids in the order in which they may be taken. The first `size` of each suffice.
        size: comparisons of the sample; fewer if there are no more.
    """
    chosen: list[str] = []
    of_model: Counter[str] = Counter()
    taken: Counter[Models] = Counter()
    left = {models for models, ids in comparisons.items() if ids}
    while left and len(chosen) < size:
        models = min(left, key=lambda one: (_mean(of_model, one), taken[one], hash_of(comparisons[one][taken[one]])))
        chosen.append(comparisons[models][taken[models]])
        taken[models] += 1
        of_model.update(set(models))
        if taken[models] == len(comparisons[models]):
            left.remove(models)
    return chosen


def _mean(of_model: Counter[str], models: Models) -> float:
    different = set(models)
    return sum(of_model[model] for model in different) / max(1, len(different))
