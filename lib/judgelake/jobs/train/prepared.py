"""A training as it stands before its first step: examples read, rows written, and what they come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from judgelake.engine import Say
from judgelake.errors import RunError
from judgelake.jobs.train.base import Base
from judgelake.jobs.train.config import Reference
from judgelake.jobs.train.examples import Selected
from judgelake.jobs.train.judgments import OwnJudgments
from judgelake.jobs.train.plan import Plan
from judgelake.jobs.train.row_store import stored_rows
from judgelake.jobs.train.validation import write_validation
from judgelake.judges import JudgeSpec
from judgelake.trainer import Memory, RunFolder, TrainingRun, Validation

JUDGMENTS = "judgments."
"""Begins the names of counts of the judge's own judgments."""


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
    own: OwnJudgments | None = None
    """The judge's own judgments, where they are what was learned."""


def prepare(plan: Plan, say: Say = lambda line: None, tests: Sequence[Reference] = ()) -> Prepared:
    """Write the rows and the prompts of the validation, and describe the training in its folder; needs no Spark.

    Rows that the folder holds already are not made again. With `tests` the examples to validate on choose no weights:
    the finished model is asked them, once with and once without the reference, or one of both.

    Raises:
        UserError: too few rows can be made, or the folder holds another training.
        RunError: the folder cannot be written.
    """
    job, folder = plan.job, RunFolder(Path(plan.job.output).resolve())
    try:
        rows = stored_rows(plan, folder.rows, say)
        asked = {shown: _asked(plan, folder, shown) for shown in tests or (job.examples.validated_with,)}
        known = {shown: validation for shown, validation in asked.items() if validation is not None}
        run = TrainingRun(
            base=str(plan.base.folder),
            base_identity=plan.base.identity,
            shards=tuple(str(path) for path in rows.shards),
            examples_table=plan.selected.table,
            examples_version=plan.selected.version,
            judgments_table="" if plan.own is None else plan.own.table,
            judgments_version=None if plan.own is None else plan.own.version,
            recipe=job.recipe,
            head=job.rows.head,
            end_token=plan.base.end_token,
            pad_token=plan.base.pad_token,
            validation=None if tests else asked[job.examples.validated_with],
            tests=known if tests else {},
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
        job.judge.mode,
        rows.audit.counts | _counts(plan.own),
        [asdict(one) for one in rows.audit.listed],
        plan.memory(rows.audit),
        plan.steps(rows.audit),
        plan.own,
    )


def _counts(own: OwnJudgments | None) -> dict[str, int]:
    """What became of the judge's own judgments."""
    return {} if own is None else {f"{JUDGMENTS}{name}": count for name, count in own.counts.items()}


def _asked(plan: Plan, folder: RunFolder, shown: Reference) -> Validation | None:
    chosen = plan.job.examples.model_copy(update={"validated_with": shown})
    asking, base, head = plan.maker.asking, plan.base, plan.job.rows.head
    return write_validation(
        folder.path, plan.selected.validation, chosen, asking, base.encoder, head, positions=plan.positions
    )
