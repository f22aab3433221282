"""A judge, examples and a job for the tiny model: the answer with the lower number is better, wherever it is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from judgelake.comparisons import Answer, Comparison, Message
from judgelake.jobs.train import TrainJob
from judgelake.jobs.train.base import base_of
from judgelake.jobs.train.examples import Selected
from judgelake.jobs.train.plan import Plan
from judgelake.jobs.train.rows import row_maker
from judgelake.judges import load_judge
from judgelake.training import Example, Judged, Split, identified

JUDGE = """
name: tiny
description: Two scores.
model: tiny
context_length: 64
licence: none
decoding: {temperature: 0.0, max_tokens: 6}
modes:
  pair:
    answers: [2, 2]
    prompt: "{{ answers[0] }} {{ answers[1] }} better :"
    parser: {kind: score_line}
"""
PAIRS = [(low, high) for low in range(4) for high in range(10, 15)]


def example(better: int, worse: int, *, is_first: bool, split: Split = "train") -> Example:
    """The better answer is first or second, with the scores 9 and 2."""
    answers = (Answer(f"w{better}"), Answer(f"w{worse}"))
    name = f"{better}-{worse}-{'first' if is_first else 'second'}"
    shown = answers if is_first else answers[::-1]
    scores = (9.0, 2.0) if is_first else (2.0, 9.0)
    return identified(
        Example(
            example_id="",
            group=f"{name}-{split}",
            comparison=Comparison(name, name, (Message("user", "w19"),), shown),
            judged=Judged("A" if is_first else "B", scores),
            teacher="rule",
            split=split,
            source="made",
            licence="CC0-1.0",
        )
    )


def examples(split: Split = "train") -> list[Example]:
    """Forty examples, half of each verdict, by their ids."""
    made = [example(*pair, is_first=is_first, split=split) for pair in PAIRS for is_first in (True, False)]
    return sorted(made, key=lambda one: one.example_id)


def train_job(folder: Path, base: Path, **changes: Any) -> TrainJob:
    """A job that trains the tiny model in a folder: two epochs of forty rows, ten steps, without MLflow."""
    judges = folder / "judges"
    judges.mkdir(parents=True, exist_ok=True)
    (judges / "tiny.yaml").write_text(JUDGE, "utf-8")
    recipe = {
        "learning_rate": 1e-2,
        "batch_rows": 8,
        "rows_at_once": 8,
        "epochs": 2,
        "bf16": False,
        "evaluate_steps": 5,
    }
    usual: dict[str, Any] = {
        "judge": {"name": "tiny", "folder": str(judges), "base": str(base)},
        "examples": {"validation": 10},
        "rows": {"max_tokens": 32},
        "recipe": recipe | changes.pop("recipe", {}),
        "output": str(folder / "trained"),
        "mlflow": {"enabled": False},
    }
    return TrainJob.model_validate(usual | changes)


def plan_here(job: TrainJob, train: list[Example] | None = None, validation: list[Example] | None = None) -> Plan:
    """The plan of a job whose examples are at hand, without a table."""
    spec = load_judge(job.judge.name, job.judge.folder)
    base = base_of(job.judge, lambda line: None, is_chat=False)
    of_validation = examples("validation") if validation is None else validation
    selected = Selected(
        train=tuple(examples() if train is None else train),
        validation=tuple(of_validation[: job.examples.validation]),
        table="training_examples",
        version=3,
        location="file:/tables/training_examples",
    )
    return Plan(job, selected, base, spec, row_maker(spec, job.judge.mode, base, job.rows))
