"""One row a simulated run, as a table in Markdown."""

from __future__ import annotations

from dataclasses import dataclass, fields

HOUR_S = 3_600.0
MIB = 2**20


@dataclass(frozen=True, slots=True)
class Row:
    """What is shown of one run. Names of fields are the columns' keys, see `HEADS`."""

    scenario: str
    pairs: str
    gpus: int
    policy: str
    chunks: str
    in_flight: int
    tasks: str
    hours: str
    slots_busy: str
    engines_busy: str
    full_speed: str
    tail_min: str
    commits_an_hour: str
    files: str
    driver_gib: str
    log_mib: str


HEADS = {
    "scenario": "questions",
    "pairs": "pairs",
    "gpus": "GPUs",
    "policy": "chunks of",
    "chunks": "chunks (simulated)",
    "in_flight": "in flight",
    "tasks": "tasks a chunk x minutes",
    "hours": "hours",
    "slots_busy": "slots busy %",
    "engines_busy": "engines busy %",
    "full_speed": "of full speed %",
    "tail_min": "tail, min",
    "commits_an_hour": "commits / h",
    "files": "files in plan / judgments",
    "driver_gib": "driver GiB (threads)",
    "log_mib": "log MiB",
}


def head() -> str:
    """The first two lines of the table."""
    names = [HEADS[field.name] for field in fields(Row)]
    return f"| {' | '.join(names)} |\n|{' --- |' * len(names)}"


def line(row: Row) -> str:
    """One line of it."""
    return f"| {' | '.join(str(getattr(row, field.name)) for field in fields(Row))} |"


def short(number: float) -> str:
    """A number as people say it: 20 k, 1 M, 1 B."""
    for size, name in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g} {name}"
    return f"{number:g}"
