"""The examples of a training: those of its table at one version that the job selects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.errors import AnalysisException, ParseException

from judgelake.comparisons import Failure
from judgelake.errors import UserError, first_line
from judgelake.jobs.train.config import Examples, TrainJob
from judgelake.lake import Pinned, named_in, read_pinned, register
from judgelake.training import Example, example_from_record, label_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

FEWEST_CLASSES = 2


@dataclass(frozen=True, slots=True)
class Selected:
    """The examples of a job, each split by example_id, and the version of the table that they are from."""

    train: tuple[Example, ...]
    validation: tuple[Example, ...]
    table: str
    version: int
    location: str

    @property
    def licences(self) -> dict[str, int]:
        """How many training examples come under which licence; the empty one is not known."""
        return dict(Counter(example.licence for example in self.train))

    @property
    def teachers(self) -> dict[str, int]:
        """How many training examples are by which teacher."""
        return dict(Counter(example.teacher for example in self.train))


def selected_examples(spark: SparkSession, job: TrainJob) -> Selected:
    """Read the examples.

    Raises:
        UserError: the table, the version or a column is missing, the predicate is not SQL, a row is no example, a split
            is empty, all examples have one label, from which nothing can be learned, or a question is in both splits.
    """
    register(spark, job.tables, {"training_examples", *named_in(job.tables, job.examples.where)})
    pinned = read_pinned(spark, job.tables.training_examples, job.examples.version, needs=("example_id", "split"))
    rows = _where(pinned, job.examples)
    train = _examples(_of_split(rows, "train", job.examples.limit), pinned)
    validation: tuple[Example, ...] = ()
    if job.examples.validation:
        validation = _examples(_of_split(rows, "validation", job.examples.validation), pinned)
        if not validation:
            raise UserError(
                f"{_place(pinned, job.examples)} has no examples of the split validation: give it some, or set "
                "examples.validation: 0."
            )
    if not train:
        raise UserError(
            f"{_place(pinned, job.examples)} has no examples of the split train: fill it with jobs/generate.py, or "
            "change examples.where."
        )
    _check_classes(train)
    check_groups(train, validation)
    return Selected(train, validation, pinned.table, pinned.version, pinned.location)


def _where(pinned: Pinned, chosen: Examples) -> DataFrame:
    if chosen.where is None:
        return pinned.df
    try:
        return pinned.df.where(chosen.where)
    except (AnalysisException, ParseException) as error:
        raise UserError(f"examples.where {chosen.where!r} does not fit {pinned.table}: {first_line(error)}") from error


def _of_split(rows: DataFrame, split: str, limit: int | None) -> DataFrame:
    of_split = rows.where(f"split = '{split}'").orderBy("example_id")
    return of_split if limit is None else of_split.limit(limit)


def _examples(rows: DataFrame, pinned: Pinned) -> tuple[Example, ...]:
    found: list[Example] = []
    for row in rows.toLocalIterator():
        example = example_from_record(row.asDict(recursive=True))
        if isinstance(example, Failure):
            raise UserError(
                f"Example {row['example_id']!r} of {pinned.table} is not one: {example.reason}. Correct or delete it."
            )
        if found and found[-1].example_id == example.example_id:
            raise UserError(f"Example {example.example_id!r} is in {pinned.table} twice: delete one of the two.")
        found.append(example)
    return tuple(found)


def _place(pinned: Pinned, chosen: Examples) -> str:
    return f"{pinned.table} version {pinned.version}" + (f" where {chosen.where}" if chosen.where else "")


def check_groups(train: Sequence[Example], validation: Sequence[Example]) -> None:
    """Refuse to validate a judge on questions, or near-duplicates of them, that it is trained on.

    Raises:
        UserError: a group of questions is in both splits.
    """
    both = sorted({example.group for example in train} & {example.group for example in validation})
    if both:
        which = "group of questions is" if len(both) == 1 else "groups of questions are"
        raise UserError(
            f"{len(both):,} {which} in both splits, for example {both[0]!r}: give all examples of a group the same "
            "split, or leave some out with examples.where."
        )


def _check_classes(examples: Sequence[Example]) -> None:
    """Refuse examples that all teach the same; grades of single answers have no classes."""
    labels = {label_of(example.judged, len(example.comparison.answers)) for example in examples}
    if len(labels) < FEWEST_CLASSES and labels != {None}:
        raise UserError(
            f"All {len(examples):,} training examples have the label {labels.pop()!r}, so a judge would only learn to "
            "say it: add examples with other labels."
        )
