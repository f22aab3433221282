"""What one check found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much a finding matters; a problem stops a run, a warning may."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, what was found, and how to mend it where it needs mending."""

    subject: str
    level: Level
    found: str
    remedy: str = ""


def ok(subject: str, found: str) -> Finding:
    """Nothing to mend."""
    return Finding(subject, Level.OK, found)


def warning(subject: str, found: str, remedy: str) -> Finding:
    """May stop some runs."""
    return Finding(subject, Level.WARNING, found, remedy)


def problem(subject: str, found: str, remedy: str) -> Finding:
    """Stops a run."""
    return Finding(subject, Level.PROBLEM, found, remedy)
