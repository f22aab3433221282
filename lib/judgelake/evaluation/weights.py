"""Bootstrap weights that follow from a question's name alone: the same data gives the same interval anywhere."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

# SplitMix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators"): its increment and the
# multipliers of its finaliser. A counter-based generator needs no state, so any task can weigh any question.
INCREMENT = np.uint64(0x9E3779B97F4A7C15)
FIRST_FACTOR = np.uint64(0xBF58476D1CE4E5B9)
SECOND_FACTOR = np.uint64(0x94D049BB133111EB)
DRAWS_A_WORD = 4
STEPS = 1 << 16


def poisson_weights(question_keys: NDArray[np.int64], replicates: int, seed: int) -> NDArray[np.float32]:
    """How often each question stands in each bootstrap replicate: independent Poisson(1) draws.

    Poisson weights in place of multinomial ones need no total, so questions can be weighed apart from each other
    (Chamandy et al. 2012, "Estimating uncertainty for massive data streams").

    Args:
        question_keys: 64-bit hashes of the questions' names, shape (questions,). Equal keys get equal weights.
        replicates: how many replicates.
        seed: another seed, other weights.

    Returns:
        Shape (questions, 1 + replicates). Column 0 is 1 for every question: the data itself.
    """
    words = -(-replicates // DRAWS_A_WORD)
    with np.errstate(over="ignore"):
        start = _mixed(question_keys.astype(np.uint64) + np.uint64(seed) * FIRST_FACTOR)
        counter = np.arange(1, words + 1, dtype=np.uint64) * INCREMENT
        draws = _mixed(start[:, None] + counter[None, :])
    weights = np.empty((len(question_keys), 1 + replicates), dtype=np.float32)
    weights[:, 0] = 1.0
    weights[:, 1:] = _quantiles()[draws.view(np.uint16)[:, :replicates]]
    return weights


def _mixed(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    state = (state ^ (state >> np.uint64(30))) * FIRST_FACTOR
    state = (state ^ (state >> np.uint64(27))) * SECOND_FACTOR
    mixed: NDArray[np.uint64] = state ^ (state >> np.uint64(31))
    return mixed


@lru_cache(maxsize=1)
def _quantiles() -> NDArray[np.float32]:
    """Poisson(1) by a uniform 16-bit number: its mean is exactly 1, no probability is off by more than 2 in 65,536."""
    shares = np.array([24109, 24110, 12054, 4019, 1005, 200, 33, 5, 1])
    table: NDArray[np.float32] = np.repeat(np.arange(len(shares), dtype=np.float32), shares)
    return table
