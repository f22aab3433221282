"""How uncertain a difference is, for an interval and a detectable size at any level."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """The standard error of a difference of two shares, and what its interval needs besides."""

    error: float
    """0 if the difference is the same whichever question is left out."""
    degrees: float
    """Degrees of freedom of the error."""
    trials: float
    """Questions of equal weight that the difference is based on."""
