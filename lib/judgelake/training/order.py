"""The order of an epoch: a pure function of the examples, the epoch and the seed, so that a resume is exact."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from judgelake.training.choices import digest_of

MEGABATCH = 50
"""Batches that are sorted by length together, as in transformers' length grouping."""


def order_of(example_ids: Iterable[str], epoch: int, seed: int) -> list[str]:
    """The ids in the order of an epoch: the same whatever their order given, and unrelated to other epochs' orders."""
    return sorted(example_ids, key=lambda example_id: (digest_of("order", example_id, epoch, seed), example_id))


def grouped_by_length(order: Sequence[int], lengths: Sequence[int], batch_size: int) -> list[int]:
    """The same places, rearranged so that rows of similar length follow each other; a permutation of `order`.

    Within each run of `MEGABATCH` batches the places are sorted by length, the longest first, and the batches of the
    run are then put back in the order of their earliest place, so that lengths do not fall all through the run. The
    very first batch holds the longest row of all, so that memory runs out at once or never.

    Args:
        order: places of rows in the order of an epoch.
        lengths: the number of tokens of each row, by its place.
        batch_size: rows of a batch over all processes.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}, expected at least 1")
    size = MEGABATCH * batch_size
    rank = {place: index for index, place in enumerate(order)}
    batches: list[list[int]] = []
    for start in range(0, len(order), size):
        longest_first = sorted(order[start : start + size], key=lambda place: (-lengths[place], rank[place]))
        run = [longest_first[begin : begin + batch_size] for begin in range(0, len(longest_first), batch_size)]
        whole = [batch for batch in run if len(batch) == batch_size]
        batches += sorted(whole, key=lambda batch: min(rank[place] for place in batch))
        batches += [batch for batch in run if len(batch) < batch_size]
    if batches:
        longest = max(range(len(batches)), key=lambda index: max(lengths[place] for place in batches[index]))
        if len(batches[longest]) == batch_size:
            batches.insert(0, batches.pop(longest))
    return [place for batch in batches for place in batch]
