"""What a job would train: the examples at one version, the base, the judge, and what makes its rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

from judgelake.config import Tables
from judgelake.engine import Say
from judgelake.errors import UserError
from judgelake.jobs.train.base import Base, base_of
from judgelake.jobs.train.config import TrainJob
from judgelake.jobs.train.examples import Selected, selected_examples
from judgelake.jobs.train.judgments import OwnJudgments, own_judgments
from judgelake.jobs.train.rows import check_references, made_rows, row_maker, shorter_rows
from judgelake.judges import JudgeSpec, load_judge
from judgelake.trainer import Memory, RunFolder, batch_problem, estimate_memory, shape_of
from judgelake.training import AnyMaker, Audit, Row, RowMaker, SampledRowMaker, Tally

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NOT_OF_THE_SELECTION = {"validated_with", "prompts_at_once"}
"""Keys of `examples` that say how a training validates, not on what."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a job would train, before its rows are written."""

    job: TrainJob
    selected: Selected
    base: Base
    spec: JudgeSpec
    maker: AnyMaker = field(repr=False)
    own: OwnJudgments | None = None
    """The judge's own judgments, where they are what is learned."""

    @property
    def positions(self) -> int | None:
        """The most tokens that the base reads, however many the job asks for; None: no limit is known."""
        return self.base.positions

    def rows(self, tally: Tally) -> Iterator[Row]:
        """The rows of all epochs, made as they are asked for; the tally counts each."""
        recipe = self.job.recipe
        return made_rows(self.maker, self.selected.train, recipe.epochs, recipe.seed, tally)

    def memory(self, audit: Audit) -> Memory:
        """What a process of the training needs."""
        return estimate_memory(shape_of(self.base.folder), self.job.recipe, audit.longest, audit.longest_target)

    def steps(self, audit: Audit) -> int:
        """The number of steps."""
        return ceil(audit.rows / self.job.recipe.batch_rows)


class Planner:
    """Plans trainings; those of the same examples share them, and those of the same base its tokenizer.

    What was read once is kept as long as the planner, and is not looked at again if it changes meanwhile.
    """

    def __init__(self, spark: SparkSession, say: Say) -> None:
        """Reads nothing yet.

        Args:
            spark: a session with Delta.
            say: gets progress messages.
        """
        self._spark, self._say = spark, say
        self._selected: dict[tuple[Tables, str], Selected] = {}
        self._bases: dict[tuple[str, str | None, bool, bool], Base] = {}

    def plan(self, job: TrainJob) -> Plan:
        """Read the examples and load the base's tokenizer; writes nothing.

        Raises:
            UserError: something that the job names does not exist or does not fit.
        """
        job = with_its_version(job, self._say)
        spec = load_judge(job.judge.name, job.judge.folder)
        is_chat = bool(spec.mode(job.judge.mode).messages)
        spec.require_prompt()
        recipe = job.recipe
        if (problem := batch_problem(recipe.batch_rows, recipe.rows_at_once, job.processes)) is not None:
            raise UserError(f"recipe: {problem}.")
        selected = self._examples(job)
        base = self._base(job, is_chat=is_chat)
        if (line := shorter_rows(base, job.rows)) is not None:
            self._say(line)
        maker = row_maker(spec, job.judge.mode, base, job.rows)
        check_references(selected.train, job.rows, maker.asking, job.examples)
        if job.rows.sampled is None or not isinstance(maker, RowMaker):
            return Plan(job, selected, base, spec, maker)
        own = own_judgments(self._spark, job, job.rows.sampled, selected, maker.asking)
        self._say(own.line(base.identity))
        return Plan(job, selected, base, spec, SampledRowMaker(maker, own.lessons), own)

    def _examples(self, job: TrainJob) -> Selected:
        key = (job.tables, job.examples.model_dump_json(exclude=NOT_OF_THE_SELECTION))
        if key not in self._selected:
            self._selected[key] = selected_examples(self._spark, job)
        return self._selected[key]

    def _base(self, job: TrainJob, *, is_chat: bool) -> Base:
        generates = job.rows.head == "generation"
        key = (job.judge.base, job.judge.revision, is_chat, generates)
        if key not in self._bases:
            self._bases[key] = base_of(job.judge, self._say, is_chat=is_chat, generates=generates)
        return self._bases[key]


def plan_of(spark: SparkSession, job: TrainJob, say: Say) -> Plan:
    """The plan of a single training; see `Planner.plan`."""
    return Planner(spark, say).plan(job)


def with_its_version(job: TrainJob, say: Say) -> TrainJob:
    """The job with the versions of its tables with which the training in its folder began, where it names none.

    Raises:
        UserError: the folder holds a record that cannot be read.
    """
    folder = RunFolder(Path(job.output))
    if not folder.record.exists():
        return job
    began = folder.read()
    examples, sampled = job.examples, job.rows.sampled
    version = _version(examples.version, began.examples_version, began.examples_table, job.tables.training_examples)
    if version is not None:
        say(f"going on with version {version} of {began.examples_table}, with which the training in this folder began")
        job = job.model_copy(update={"examples": examples.model_copy(update={"version": version})})
    if sampled is None:
        return job
    version = _version(sampled.version, began.judgments_version, began.judgments_table, job.tables.judgments)
    if version is None:
        return job
    say(f"and with version {version} of {began.judgments_table}")
    rows = job.rows.model_copy(update={"sampled": sampled.model_copy(update={"version": version})})
    return job.model_copy(update={"rows": rows})


def _version(asked: int | None, began: int | None, table: str, table_now: str) -> int | None:
    """The version with which a training began, if none is asked for and the table is the same."""
    return began if asked is None and table == table_now else None
