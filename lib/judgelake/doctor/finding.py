"""The result of one check."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How serious a finding is; a problem stops a run, a warning may stop one."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked, what was found, and how to fix it if it needs fixing."""

    subject: str
    level: Level
    found: str
    remedy: str = ""


def ok(subject: str, found: str) -> Finding:
    """A finding with nothing to fix."""
    return Finding(subject, Level.OK, found)


def warning(subject: str, found: str, remedy: str) -> Finding:
    """A finding that may stop some runs."""
    return Finding(subject, Level.WARNING, found, remedy)


def problem(subject: str, found: str, remedy: str) -> Finding:
    """A finding that stops a run."""
    return Finding(subject, Level.PROBLEM, found, remedy)
