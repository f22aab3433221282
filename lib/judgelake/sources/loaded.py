"""What a loader gets and yields, and how a row of any format becomes an accepted or a rejected item."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from judgelake.comparisons import (
    Comparison,
    Failure,
    Judgment,
    Label,
    comparison_from_record,
    label_from_record,
    said_problem,
)
from judgelake.errors import UserError
from judgelake.sources.judgments import judgment_from_record

if TYPE_CHECKING:
    from judgelake.training import Example

Pairs = Literal["all", "together", "alone"]

OF_FILES = ("input", "labels", "answers", "annotations", "judgments")
"""The options that name files with rows; the others say how to read them."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A comparison with its labels and judgments; comparison None if it comes from elsewhere, now or earlier.

    `refused` are labels of the row that cannot be read: the comparison is taken without them. `examples` are what a
    judge can learn from the row, for sources with the reasons of a teacher.
    """

    file: str
    line: int
    comparison: Comparison | None
    labels: tuple[Label, ...] = ()
    judgments: tuple[Judgment, ...] = ()
    refused: tuple[Rejected, ...] = ()
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that could not be accepted: its place (line from 1), why, and its text as far as it is text."""

    file: str
    line: int
    reason: str
    raw: str


@dataclass(frozen=True, slots=True)
class Row:
    """One JSON object of a file; `line` is the line on which it begins, from 1."""

    file: str
    line: int
    raw: str
    value: Mapping[str, Any]

    def rejected(self, reason: str) -> Rejected:
        """This row, rejected."""
        return Rejected(self.file, self.line, reason, self.raw)


@dataclass(frozen=True, slots=True)
class Files:
    """The files and options the user gives for one ingest.

    `pairs` and `baseline` say how several models' answers to one question become comparisons: every
    unordered pair, all answers together in one, each answer alone, or (baseline) each against one model.
    """

    inputs: tuple[Path, ...] = ()
    tables: tuple[str, ...] = ()
    """For the format "table": names of tables, or paths, folders, patterns and addresses."""
    labels: tuple[Path, ...] = ()
    answers: tuple[Path, ...] = ()
    annotations: tuple[Path, ...] = ()
    judgments: tuple[Path, ...] = ()
    judges: Path | None = None
    """A folder of judge files, searched before the built-in ones, to parse raw outputs with."""
    judge: str | None = None
    """The judge whose parser reads raw outputs, where the file does not name it; with its mode."""
    mode: str | None = None
    order: str | None = None
    """The order in which the answers were shown, where the file does not say it."""
    reference: Path | None = None
    pairs: Pairs = "all"
    baseline: str | None = None


Item = Loaded | Rejected


def rejections_of(item: Item) -> tuple[Rejected, ...]:
    """What was rejected of a row: the row itself, or labels of it."""
    return (item,) if isinstance(item, Rejected) else item.refused


@dataclass(frozen=True, slots=True)
class Format:
    """A file format: its loader, and which of the optional files and options it accepts or needs."""

    name: str
    load: Callable[[Files], Iterator[Item]]
    takes: tuple[str, ...] = ()
    needs: tuple[str, ...] = ("input",)
    signs: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Options, each with keys by which a row of its files is recognised; used only to offer the format."""
    counted: str = "row"
    """What of a file is taken; for the message that there is none."""

    def check(self, given: Sequence[str]) -> None:
        """Reject an option that this format does not accept, a missing one that it needs, and no file at all.

        Raises:
            UserError: names the option and what the format accepts.
        """
        options = ", ".join(f"--{name}" for name in dict.fromkeys((*self.needs, *self.takes)))
        for name in given:
            if name not in self.takes and name not in self.needs:
                raise UserError(f"--format {self.name} does not accept --{name}; it accepts {options}.")
        for name in self.needs:
            if name not in given:
                raise UserError(f"--format {self.name} needs --{name}; it accepts {options}.")
        if not set(given) & set(OF_FILES):
            *others, last = (f"--{name}" for name in OF_FILES if name in self.takes)
            raise UserError(f"--format {self.name} needs a file: {', '.join(others)} or {last}.")


def accepted(
    row: Row,
    record: Mapping[str, Any],
    labels: Sequence[Mapping[str, Any]] = (),
    judgments: Sequence[Mapping[str, Any]] = (),
    problems: Sequence[str] = (),
) -> Item:
    """The comparison of a row with its labels and judgments, or the row rejected with the first invalid field.

    A label that cannot be read does not cost the comparison: it is refused by itself, with its reason.

    Args:
        row: where the record comes from.
        record: the comparison, with the keys of judgelake's JSONL.
        labels: label records; `comparison_id` is added here.
        judgments: judgment records; likewise.
        problems: labels that the format itself could not read, one reason each.
    """
    comparison = comparison_from_record(record)
    if isinstance(comparison, Failure):
        return row.rejected(comparison.reason)
    read: list[Label] = []
    refused = [row.rejected(problem) for problem in problems]
    for given in labels:
        label = _label_of(given, comparison)
        if isinstance(label, Label):
            read.append(label)
        else:
            refused.append(row.rejected(f"labels: {label}"))
    judged = judged_row(row, comparison.comparison_id, judgments)
    if isinstance(judged, Rejected):
        return judged
    return replace(judged, comparison=comparison, labels=tuple(read), refused=tuple(refused))


def _label_of(given: Mapping[str, Any], comparison: Comparison) -> Label | str:
    if given.get("comparison_id", comparison.comparison_id) != comparison.comparison_id:
        return "comparison_id differs from the row's own"
    label = label_from_record({**given, "comparison_id": comparison.comparison_id})
    if isinstance(label, Failure):
        return label.reason
    return label_problem(label, len(comparison.answers)) or label


def judged_row(row: Row, comparison_id: str, judgments: Sequence[Mapping[str, Any]]) -> Item:
    """The judgments of a row about a comparison that comes from elsewhere, or the row rejected.

    Args:
        row: where the records come from.
        comparison_id: the comparison they belong to; added to every record here.
        judgments: judgment records with verdicts or scores, as in judgelake's JSONL.
    """
    read: list[Judgment] = []
    for given in judgments:
        judgment = judgment_from_record({**given, "comparison_id": comparison_id})
        if isinstance(judgment, str):
            return row.rejected(f"judgments: {judgment}")
        read.append(judgment)
    return Loaded(row.file, row.line, None, judgments=tuple(read))


def label_problem(label: Label, answers: int) -> str | None:
    """Why a label does not fit a comparison with so many answers; None if it fits."""
    return said_problem(label.verdict, label.scores, answers)


def user_turns(*turns: Any) -> list[dict[str, Any]]:
    """The messages of a conversation when only the user's turns are given."""
    return [{"role": "user", "content": turn} for turn in turns]
