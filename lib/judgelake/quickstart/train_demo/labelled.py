"""The labelled pairs of a file in any layout that the ingest job reads, and what of the file is none."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from judgelake.comparisons import Comparison, Label, comparison_to_record, label_to_record
from judgelake.errors import UserError
from judgelake.sources import (
    TABLE,
    Files,
    Format,
    Item,
    Loaded,
    Row,
    format_named,
    format_offered,
    rejections_of,
    rows_of,
)

PAIR = 2
# The evaluation compares with one kind of labels: of several the first of these.
KINDS = ("gold", "human", "teacher")
NOT_A_PAIR, IN_TURNS, WITHOUT_LABEL = "not of two answers", "conversations", "without a label"


@dataclass(frozen=True, slots=True)
class Labelled:
    """A comparison of two single answers with the labels that it has, at least one."""

    comparison: Comparison
    labels: tuple[Label, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """What a file holds: labelled pairs, each comparison once, and how much of it is none, by reason."""

    pairs: tuple[Labelled, ...]
    left_out: dict[str, int] = field(default_factory=dict)
    kind: str = ""
    """Of the labels: a file's other kinds are not used."""

    @property
    def text(self) -> str:
        """In a clause: "45 pairs with gold labels (8 left out: 3 conversations, 5 not of two answers)"."""
        counts = ", ".join(f"{count:,} {reason}" for reason, count in sorted(self.left_out.items()))
        total = sum(self.left_out.values())
        return f"{len(self.pairs):,} pairs with {self.kind} labels" + (
            f" ({total:,} left out: {counts})" if total else ""
        )


def read_labelled(format_name: str, paths: Sequence[Path]) -> Read:
    """The labelled pairs of files of one layout, in the order of the files.

    Several rows about one comparison give it the labels of all of them. Rows that the layout's loader rejects are
    counted; the ingest job says why, row by row.

    Args:
        format_name: see `sources.FORMATS`.
        paths: files of that layout that hold both the answers and the labels.

    Raises:
        UserError: a file cannot be read, its layout needs further files or a config, or it has no labelled pair.
    """
    if format_name == TABLE:
        raise UserError(
            f"--format {TABLE} needs a config that names the columns, which the demo does not read: ingest the table "
            "yourself and follow docs/train.md, or write it as judgelake's JSONL."
        )
    items = _items(format_named(format_name), paths)
    read = _gathered(items)
    if not read.pairs:
        names = ", ".join(map(str, paths))
        found = ", ".join(f"{count:,} rows {reason}" for reason, count in sorted(read.left_out.items())) or "no row"
        offer = format_offered(paths, f"--format {format_name} --input")
        raise UserError(
            f"No labelled pair of answers in {names}: {found}. Expected rows with two answers and a label.{offer}"
        )
    return read


def to_jsonl(pairs: Sequence[Labelled]) -> str:
    """The pairs as judgelake's JSONL, a line each with its labels in it."""
    records = (
        comparison_to_record(one.comparison) | {"labels": [label_to_record(label) for label in one.labels]}
        for one in pairs
    )
    return "".join(f"{json.dumps(record)}\n" for record in records)


def _items(layout: Format, paths: Sequence[Path]) -> Iterator[Item]:
    option = _option(layout, paths[0])
    layout.check([option])
    given = tuple(paths)
    return layout.load(Files(annotations=given) if option == "annotations" else Files(inputs=given))


def _option(layout: Format, path: Path) -> str:
    """The option of the ingest job by which the file would be given: `annotations` where it looks like these."""
    first = next(iter(rows_of(path)), None)
    keys = first.value.keys() if isinstance(first, Row) else set()
    is_annotated = any(option == "annotations" and keys >= set(signs) for option, signs in layout.signs)
    return "annotations" if is_annotated else "input"


def _gathered(items: Iterator[Item]) -> Read:
    comparisons: dict[str, Comparison] = {}
    labels: dict[str, dict[str, Label]] = {}
    left_out: Counter[str] = Counter()
    for item in items:
        left_out["rejected"] += len(rejections_of(item))
        if not isinstance(item, Loaded):
            continue
        if item.comparison is not None:
            comparisons.setdefault(item.comparison.comparison_id, item.comparison)
        for label in item.labels:
            labels.setdefault(label.comparison_id, {}).setdefault(label.labeler, label)
    found = {label.kind for given in labels.values() for label in given.values()}
    kind = next((kind for kind in KINDS if kind in found), "")
    pairs = []
    for name, comparison in comparisons.items():
        own = tuple(label for label in labels.get(name, {}).values() if label.kind == kind)
        why = _why_not(comparison, own)
        if why is None:
            pairs.append(Labelled(comparison, own))
        else:
            left_out[why] += 1
    return Read(tuple(pairs), {reason: count for reason, count in left_out.items() if count}, kind)


def _why_not(comparison: Comparison, labels: Sequence[Label]) -> str | None:
    if len(comparison.answers) != PAIR:
        return NOT_A_PAIR
    if any(answer.turns is not None for answer in comparison.answers):
        return IN_TURNS
    return None if labels else WITHOUT_LABEL
