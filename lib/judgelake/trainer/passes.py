"""Passes through a model that teach it nothing: shared by the processes, in batches of similar length."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from torch import distributed

Item = TypeVar("Item")
Made = TypeVar("Made")


def by_all_processes(items: Sequence[Item], work: Callable[[Sequence[Item]], Sequence[Made]]) -> list[Made]:
    """What `work` makes of each item, in their order; each process does a part and has the results of all.

    Args:
        items: the same ones in every process.
        work: of a part of them, possibly an empty one; one result an item.
    """
    processes = distributed.get_world_size() if distributed.is_initialized() else 1
    process = distributed.get_rank() if processes > 1 else 0
    found = [work(items[process::processes])]
    if processes > 1:
        (mine,), found = found, [[] for _ in range(processes)]
        distributed.all_gather_object(found, mine)
    return [found[place % processes][place // processes] for place in range(len(items))]


@contextmanager
def not_learning(model: Any) -> Iterator[None]:
    """Context without gradients and dropout; the model is left as it was."""
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        model.train(was_training)


def longest_first(lengths: Sequence[int], at_once: int) -> Iterator[list[int]]:
    """The places of each batch: similar lengths together, the longest first, so that memory runs out at once or never.

    Args:
        lengths: of the sequences.
        at_once: sequences of a batch.
    """
    places = sorted(range(len(lengths)), key=lambda place: -lengths[place])
    for start in range(0, len(places), at_once):
        yield places[start : start + at_once]
