"""`jobs/ablate.py`: which training, in which variants, and on what they are compared."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from judgelake.config import Config, Mlflow, Tables, put_at, validated
from judgelake.errors import UserError
from judgelake.jobs.train import Reference, TrainJob
from judgelake.measures.families import LEAST_SEEDS

OWN = ("tables", "mlflow", "output", "examples.validation", "examples.validated_with", "recipe.seed")
"""Keys of a training that the ablation sets itself."""
CellName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]*$")]
"""Names a folder, and figures in MLflow."""


class AblateJob(Config):
    """`jobs/ablate.py`: a training in variants."""

    train: dict[str, Any]
    """A training as in conf/train.yaml, without what the ablation sets itself: tables, mlflow, output, the seed and
    what is validated."""
    cells: dict[CellName, dict[str, Any]] = Field(min_length=1)
    """The variants by name, each with the keys that it changes: {swap: {rows.swap: 0.5}}. A cell is a row of the table
    of results."""
    baseline: str
    """The cell that all others are compared with."""
    seeds: tuple[NonNegativeInt, ...] = (0, 1, 2)
    """Each cell is trained with each of them; one, or at least three."""
    held_out: PositiveInt = 200
    """The first N examples of the split validation by example_id: no training sees them, and none chooses its weights
    by them. Each finished model judges them in both orders."""
    shown: tuple[Reference, ...] = Field(default=("ignore",), min_length=1)
    """How often it does so: without their references (ignore), with them (use), or once each."""
    output: str = "models/ablation"
    """Folder of all trainings; the same folder goes on with an ablation that was stopped."""
    tables: Tables = Tables()
    mlflow: Mlflow = Mlflow()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.baseline not in self.cells:
            raise ValueError(f"baseline: {self.baseline!r} is none of the cells {', '.join(self.cells)}")
        if len({*self.seeds}) < len(self.seeds):
            raise ValueError("seeds: one is listed twice")
        if len(self.seeds) not in (1, *range(LEAST_SEEDS, len(self.seeds) + 1)):
            raise ValueError(f"seeds: expected one, or at least {LEAST_SEEDS}: two say nothing of a third")
        names = [name.casefold() for name in self.cells]
        if len({*names}) < len(names):
            raise ValueError("cells: two names differ only by capitals, and each names a folder")
        return self


def training_of(job: AblateJob, cell: str, seed: int) -> TrainJob:
    """The training of a cell with a seed, in a folder of its own.

    Raises:
        UserError: a key of the cell does not exist, does not fit, or is set by the ablation.
    """
    content: dict[str, Any] = deepcopy(job.train)
    for key, value in deepcopy(job.cells[cell]).items():
        put_at(content, key, value, f"{key!r} of cell {cell!r}")
    given = [key for key in OWN if _has(content, key.split("."))]
    if given:
        raise UserError(f"{given[0]} of cell {cell!r} is set by the ablation: remove it from train and cells.")
    own = {
        "examples.validation": job.held_out,
        "recipe.seed": seed,
        "tables": job.tables.model_dump(),
        "mlflow": job.mlflow.model_dump() | {"log_model": False},
        "output": str(Path(job.output) / folder_name(cell, seed)),
    }
    for key, value in own.items():
        put_at(content, key, value, f"cell {cell!r}")
    return validated(TrainJob, content, f"cell {cell!r}")


def folder_name(cell: str, seed: int) -> str:
    """The folder of a training below the ablation's."""
    return f"{cell}-{seed}"


def _has(content: Any, parts: list[str]) -> bool:
    if not isinstance(content, dict) or parts[0] not in content:
        return False
    return len(parts) == 1 or _has(content[parts[0]], parts[1:])
