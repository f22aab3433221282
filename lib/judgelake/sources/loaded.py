"""What a loader yields, what it is given, and how a row of any format becomes one or the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from judgelake.errors import UserError
from judgelake.judges import TIE, Comparison, Failure, Label, comparison_from_record, label_from_record, orders_of

Pairs = Literal["all", "together", "alone"]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A comparison with its labels, or labels alone (comparison None) for a comparison that comes from elsewhere."""

    file: str
    line: int
    comparison: Comparison | None
    labels: tuple[Label, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that could not be accepted: where it stands (line from 1), why, and its text as far as it is text."""

    file: str
    line: int
    reason: str
    raw: str


@dataclass(frozen=True, slots=True)
class Row:
    """One JSON object of a file; `line` is the line it begins on, from 1."""

    file: str
    line: int
    raw: str
    value: Mapping[str, Any]

    def rejected(self, reason: str) -> Rejected:
        """This row as one that is not accepted."""
        return Rejected(self.file, self.line, reason, self.raw)


@dataclass(frozen=True, slots=True)
class Files:
    """What the user names for one ingest.

    `pairs` and `baseline` say how several models' answers to one question become comparisons: every
    unordered pair, all answers together in one, each answer alone, or (baseline) each against one model.
    """

    inputs: tuple[Path, ...] = ()
    tables: tuple[str, ...] = ()
    """For the format "table": names, or paths and addresses of Delta, Parquet or JSON."""
    labels: tuple[Path, ...] = ()
    answers: tuple[Path, ...] = ()
    annotations: tuple[Path, ...] = ()
    reference: Path | None = None
    pairs: Pairs = "all"
    baseline: str | None = None


Item = Loaded | Rejected


@dataclass(frozen=True, slots=True)
class Format:
    """A foreign format: its loader, and which of the optional files and options it takes or cannot do without."""

    name: str
    load: Callable[[Files], Iterator[Item]]
    takes: tuple[str, ...] = ()
    needs: tuple[str, ...] = ("input",)

    def check(self, given: Sequence[str]) -> None:
        """Refuse an option that this format has no use for, and the absence of one that it needs.

        Raises:
            UserError: names the option and what the format takes.
        """
        options = ", ".join(f"--{name}" for name in dict.fromkeys((*self.needs, *self.takes)))
        for name in given:
            if name not in self.takes and name not in self.needs:
                raise UserError(f"--{name} means nothing for --format {self.name}, which takes {options}.")
        for name in self.needs:
            if name not in given:
                raise UserError(f"--format {self.name} needs --{name}; it takes {options}.")


def accepted(row: Row, record: Mapping[str, Any], labels: Sequence[Mapping[str, Any]] = ()) -> Item:
    """The comparison and labels of a row, or the row rejected with the first field that cannot be taken.

    Args:
        row: where the record comes from.
        record: the comparison, with the keys of our JSONL.
        labels: label records; `comparison_id` is put in here.
    """
    comparison = comparison_from_record(record)
    if isinstance(comparison, Failure):
        return row.rejected(comparison.reason)
    read: list[Label] = []
    for given in labels:
        if given.get("comparison_id", comparison.comparison_id) != comparison.comparison_id:
            return row.rejected("labels: comparison_id is another than the row's own")
        label = label_from_record({**given, "comparison_id": comparison.comparison_id})
        if isinstance(label, Failure):
            return row.rejected(f"labels: {label.reason}")
        problem = label_problem(label, len(comparison.answers))
        if problem is not None:
            return row.rejected(f"labels: {problem}")
        read.append(label)
    return Loaded(row.file, row.line, comparison, tuple(read))


def label_problem(label: Label, answers: int) -> str | None:
    """Why a label cannot be about a comparison of so many answers; None where it can."""
    letters = orders_of(answers)[0]
    if label.verdict is not None and label.verdict != TIE and label.verdict not in tuple(letters):
        return f"verdict {label.verdict!r}, but the answers are {', '.join(letters)}"
    if label.verdict is not None and answers == 1:
        return f"verdict {label.verdict!r}, but a single answer has only a score"
    if label.scores is not None and len(label.scores) != answers:
        return f"{len(label.scores)} scores for {answers} answers"
    return None


def user_turns(*turns: Any) -> list[dict[str, Any]]:
    """The messages of a conversation of which only the user's turns are given."""
    return [{"role": "user", "content": turn} for turn in turns]
