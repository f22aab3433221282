"""How many requests the questions of a table have, and in which chunks the planner puts them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from judgelake.asking.heavy import key_of_numbered_piece, pieces_of

Ints = NDArray[np.int64]
PAIRS_A_QUESTION = 10
QUESTIONS_OF_ALPACA_EVAL = 805
MOST_ZIPF_QUESTIONS = 1_000_000


@dataclass(frozen=True, slots=True)
class Questions:
    """A table of pairs: `counts[i]` of its questions have `pairs[i]` pairs each."""

    pairs: Ints
    counts: Ints


def _alike(pairs: int) -> Questions:
    return Questions(np.array([PAIRS_A_QUESTION]), np.array([max(1, pairs // PAIRS_A_QUESTION)]))


def _distinct(pairs: int) -> Questions:
    return Questions(np.array([1]), np.array([pairs]))


def _zipf(pairs: int) -> Questions:
    weights = 1.0 / np.arange(1, min(MOST_ZIPF_QUESTIONS, max(1, pairs // PAIRS_A_QUESTION)) + 1)
    each = np.maximum(1, np.rint(pairs * weights / weights.sum())).astype(np.int64)
    return Questions(*np.unique(each, return_counts=True))


def _leaderboard(pairs: int) -> Questions:
    return Questions(np.array([max(1, pairs // QUESTIONS_OF_ALPACA_EVAL)]), np.array([QUESTIONS_OF_ALPACA_EVAL]))


def _constant(pairs: int) -> Questions:
    return Questions(np.array([pairs]), np.array([1]))


SCENARIOS: dict[str, Callable[[int], Questions]] = {
    "uniform": _alike,
    "distinct": _distinct,
    "zipf": _zipf,
    "leaderboard": _leaderboard,
    "constant": _constant,
}
"""Tables by name, given the number of all their pairs: ten pairs for each question; one for each; 1/n of the most
frequent question's pairs for the n-th, of at most a million; 805 questions with equally many; one question."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Questions, or pieces of heavy ones, by chunk: those of chunk i are `units[begins[i] : begins[i + 1]]`."""

    units: Ints
    """Requests of each."""
    begins: Ints
    requests: Ints
    """Of each chunk; an empty one has 0."""
    heavy: int
    """Questions that are cut into pieces; their dictionary is collected by the driver."""

    def of_chunk(self, chunk: int) -> Ints:
        """Requests of each question, or piece of one, in a chunk."""
        return self.units[self.begins[chunk] : self.begins[chunk + 1]]


def layout_of(table: Questions, requests_a_pair: int, chunks: int, chunk_requests: int, seed: int) -> Layout:
    """Put each question into a chunk as the planner does: by its key, or by those of its pieces if it is heavy.

    A key is a hash, here a random number; that of a piece is the planner's own.
    """
    rng = np.random.default_rng(seed)
    sizes = table.pairs * requests_a_pair
    pieces = [pieces_of(size, chunk_requests) if chunks > 1 else 1 for size in sizes.tolist()]
    is_whole = np.array(pieces) == 1
    if len(sizes) == 1 and is_whole[0]:
        # Up to 100 million questions: how many each chunk gets is drawn without drawing their keys.
        counts = rng.multinomial(table.counts[0], np.full(chunks, 1 / chunks))
        begins = np.concatenate([[0], np.cumsum(counts)])
        return Layout(np.broadcast_to(sizes[0], (begins[-1],)), begins, counts * sizes[0], 0)
    whole = np.repeat(sizes[is_whole], table.counts[is_whole])
    cut = np.repeat(sizes[~is_whole], table.counts[~is_whole])
    drawn = [_drawn_pieces(int(size), chunk_requests, rng) for size in cut]
    units = np.concatenate([whole, *(each for _, each in drawn)])
    keys = np.concatenate([_keys(len(whole), rng), *(names for names, _ in drawn)])
    places = keys % chunks
    order = np.argsort(places, kind="stable")
    begins = np.searchsorted(places[order], np.arange(chunks + 1))
    requests = np.bincount(places, weights=units, minlength=chunks).astype(np.int64)
    return Layout(units[order], begins, requests, len(cut))


def _keys(count: int, rng: np.random.Generator) -> Ints:
    return rng.integers(-(2**63), 2**63 - 1, size=count, dtype=np.int64, endpoint=True)


def _drawn_pieces(requests: int, chunk_requests: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    key = int(_keys(1, rng)[0])
    count = pieces_of(requests, chunk_requests)
    keys = np.array([key_of_numbered_piece(key, piece) for piece in range(count)], dtype=np.int64)
    # Contents are spread over pieces by their hash.
    return keys, rng.multinomial(requests, np.full(count, 1 / count))
