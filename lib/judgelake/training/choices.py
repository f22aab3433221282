"""How an example is shown in an epoch: a pure function of the example, the epoch and the seed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

# 64 bits of the hash: the chance that a float cannot tell apart two of them is nil.
DIGEST_BYTES = 8


@dataclass(frozen=True, slots=True)
class Rates:
    """How often an example is swapped, and shown with its reference; from 0 to 1.

    JudgeLM's are 0.5 and 0.5. `reference` is the probability of showing it; its complement is the paper's
    "reference drop".
    """

    swap: float = 0.5
    reference: float = 0.5

    def __post_init__(self) -> None:
        """Reject what is no probability."""
        for name, value in (("swap", self.swap), ("reference", self.reference)):
            if not 0 <= value <= 1:
                raise ValueError(f"the rate of {name} is {value!r}, expected a number from 0 to 1")


@dataclass(frozen=True, slots=True)
class Choice:
    """Whether the answers are shown in the reversed order, and whether the reference is shown."""

    swapped: bool
    with_reference: bool


def choice(example_id: str, epoch: int, seed: int, rates: Rates) -> Choice:
    """How an example is shown in an epoch, if it has a reference and can be swapped."""
    return Choice(
        swapped=chance("swap", example_id, epoch, seed) < rates.swap,
        with_reference=chance("reference", example_id, epoch, seed) < rates.reference,
    )


def chance(purpose: str, example_id: str, epoch: int, seed: int) -> float:
    """A number from 0 up to but not 1, evenly spread, the same wherever and whenever it is computed."""
    # 53 bits, as a float has: a number of 64 bits could be rounded up to 1.
    return (digest_of(purpose, example_id, epoch, seed) >> 11) / 2**53


def digest_of(purpose: str, example_id: str, epoch: int, seed: int) -> int:
    """A whole number of 64 bits from a hash of what it is for, the example, the epoch and the seed."""
    text = f"{purpose}\0{seed}\0{epoch}\0{example_id}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:DIGEST_BYTES], "big")
