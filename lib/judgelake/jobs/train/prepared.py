"""A training as it stands before its first step: examples read, rows written, and what they come to."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judgelake.engine import Say
from judgelake.errors import RunError, UserError
from judgelake.jobs.train.base import Base, base_of
from judgelake.jobs.train.config import TrainJob
from judgelake.jobs.train.examples import Selected, selected_examples
from judgelake.jobs.train.rows import RowCount, check_references, made_rows, row_maker
from judgelake.jobs.train.validation import write_validation
from judgelake.judges import JudgeSpec, load_judge
from judgelake.trainer import Memory, RunFolder, TrainingRun, batch_problem, estimate_memory, shape_of
from judgelake.training import RowMaker, write_shards

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass(frozen=True, slots=True)
class Plan:
    """What a job would train, before its rows are written."""

    job: TrainJob
    selected: Selected
    base: Base
    spec: JudgeSpec
    maker: RowMaker = field(repr=False)

    def memory(self, count: RowCount) -> Memory:
        """What a process of the training needs."""
        return estimate_memory(shape_of(self.base.folder), self.job.recipe, count.audit.longest, count.longest_target)

    def steps(self, count: RowCount) -> int:
        """The number of steps."""
        return ceil(count.audit.rows / self.job.recipe.batch_rows)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a training is made of; its rows are written, and its folder describes it."""

    folder: RunFolder
    run: TrainingRun
    selected: Selected
    base: Base
    spec: JudgeSpec
    mode: str
    counts: dict[str, int]
    audit: list[dict[str, Any]]
    """Rows left out or at fault, the first of them."""
    memory: Memory
    steps: int


def plan_of(spark: SparkSession, job: TrainJob, say: Say) -> Plan:
    """Read the examples and load the base's tokenizer; needs Spark, and writes nothing.

    Raises:
        UserError: something that the job names does not exist or does not fit.
    """
    job = with_its_version(job, say)
    spec = load_judge(job.judge.name, job.judge.folder)
    is_chat = bool(spec.mode(job.judge.mode).messages)
    spec.require_prompt()
    recipe = job.recipe
    if (problem := batch_problem(recipe.batch_rows, recipe.rows_at_once, job.processes)) is not None:
        raise UserError(f"recipe: {problem}.")
    selected = selected_examples(spark, job)
    base = base_of(job.judge, say, is_chat=is_chat)
    maker = row_maker(spec, job.judge.mode, base, job.rows)
    check_references(selected.train, job.rows, maker.asking, job.examples)
    return Plan(job, selected, base, spec, maker)


def with_its_version(job: TrainJob, say: Say) -> TrainJob:
    """The job with the version of the examples with which the training in its folder began, if it names none.

    Raises:
        UserError: the folder holds a record that cannot be read.
    """
    folder = RunFolder(Path(job.output))
    if job.examples.version is not None or not folder.record.exists():
        return job
    began = folder.read()
    if began.examples_version is None or began.examples_table != job.tables.training_examples:
        return job
    say(
        f"going on with version {began.examples_version} of {began.examples_table}, with which the training in this "
        "folder began"
    )
    examples = job.examples.model_copy(update={"version": began.examples_version})
    return job.model_copy(update={"examples": examples})


def counted(plan: Plan) -> RowCount:
    """Make all rows only to count them.

    Raises:
        UserError: too few can be made.
    """
    count, recipe = RowCount(), plan.job.recipe
    deque(made_rows(plan.maker, plan.selected.train, recipe.epochs, recipe.seed, count), maxlen=0)
    count.audit.require(plan.job.rows.most_left_out)
    return count


def prepare(plan: Plan) -> Prepared:
    """Write the rows and the prompts of the validation, and describe the training in its folder; needs no Spark.

    Raises:
        UserError: too few rows can be made, or the folder holds another training.
        RunError: the folder cannot be written.
    """
    job, folder, count = plan.job, RunFolder(Path(plan.job.output).resolve()), RowCount()
    recipe, mode = job.recipe, job.judge.mode
    rows = made_rows(plan.maker, plan.selected.train, recipe.epochs, recipe.seed, count)
    try:
        shards = write_shards(rows, folder.path / "rows")
        count.audit.require(job.rows.most_left_out)
        asking, encoder = plan.maker.asking, plan.base.encoder
        validation = write_validation(folder.path, plan.selected.validation, job.examples, asking, encoder)
        run = TrainingRun(
            base=str(plan.base.folder),
            base_identity=plan.base.identity,
            shards=tuple(str(path) for path in shards),
            examples_table=plan.selected.table,
            examples_version=plan.selected.version,
            recipe=recipe,
            end_token=plan.base.end_token,
            pad_token=plan.base.pad_token,
            validation=validation,
        )
        folder.write(run)
    except OSError as error:
        raise RunError(f"Cannot write {job.output!r}: {error.strerror}. Set output to a writable folder.") from error
    return Prepared(
        folder,
        run,
        plan.selected,
        plan.base,
        plan.spec,
        mode,
        count.numbers,
        count.listed,
        plan.memory(count),
        plan.steps(count),
    )
