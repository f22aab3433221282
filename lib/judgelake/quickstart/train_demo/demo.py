"""A demo as its folder has it: the files that it makes, and the command of each job."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from judgelake.errors import RunError, UserError
from judgelake.quickstart.train_demo.labelled import to_jsonl
from judgelake.quickstart.train_demo.parts import Parts

BASE = "models/smollm2-135m"
NAME = "demo-judge"
RECIPE = Path("conf/train/cpu-small.yaml")
# Minutes on two cores: 20 to 200 examples are seen so often that there are about as many rows.
ROWS = 160
MOST_EPOCHS = 8
BATCH_ROWS = 8
# Each writes a checkpoint of 1.6 GB.
VALIDATIONS = 4
VALIDATED = 24
# Of so few questions the usual twentieth would be one.
VALIDATION_SHARE = 0.2
TEACHERS = "examples.teachers=[{name: people, labels: {labeler: null}}]"
# Why the base may put so little on its labels: see `quickstart_job`. Both judges are asked alike, to be compared.
ASKED = ("judge.name=chat", "judge.mode=pair-logprobs", "judge.least_label_mass=0.1")
PAIRS = "size(answers) = 2 AND answers[0].turns IS NULL"


@dataclass(frozen=True, slots=True)
class Command:
    """A job with its arguments, as one would type it."""

    job: str
    arguments: tuple[str, ...]

    def __str__(self) -> str:
        return shlex.join(["python", f"jobs/{self.job}.py", *self.arguments])

    @property
    def settings(self) -> list[str]:
        """The values of its --set."""
        return [value for name, value in zip(self.arguments, self.arguments[1:], strict=False) if name == "--set"]


@dataclass(frozen=True, slots=True)
class Demo:
    """One demo: its folder, how many pairs are learned, and what of the training is set otherwise."""

    folder: Path
    learned: int
    settings: tuple[str, ...] = ()

    @property
    def learned_file(self) -> Path:
        """The pairs that are learned."""
        return self.folder / "learned.jsonl"

    @property
    def tested_file(self) -> Path:
        """The pairs that test it."""
        return self.folder / "tested.jsonl"

    @property
    def report(self) -> Path:
        """The evaluation's page."""
        return self.folder / "report.html"

    def warehouse(self, of: str) -> str:
        """The folder of a warehouse: `learn`, `test` or `file`."""
        return str(self.folder / of)

    def keep(self, parts: Parts) -> None:
        """Write both parts, unless they are there from before.

        Raises:
            UserError: the folder has the parts of another demo.
            RunError: the folder cannot be written.
        """
        for path, pairs in ((self.learned_file, parts.learned), (self.tested_file, parts.tested)):
            text = to_jsonl(pairs)
            if not path.exists():
                try:
                    self.folder.mkdir(parents=True, exist_ok=True)
                    path.write_text(text, "utf-8")
                except OSError as error:
                    raise RunError(f"Cannot write {str(path)!r}: {error.strerror}. Give another --folder.") from error
            elif path.read_text("utf-8") != text:
                raise UserError(
                    f"{str(self.folder)!r} has a demo with other labels: give another --folder, or delete this one to "
                    "start again."
                )

    def ingesting(self, path: Path, warehouse: str) -> Command:
        """A file into the tables of a warehouse."""
        return Command("ingest", ("--format", "judgelake", "--input", str(path), *self._set(warehouse)))

    def examples(self) -> Command:
        """Training examples of the labels."""
        steps = ("--steps", "examples")
        share = f"examples.validation_share={VALIDATION_SHARE}"
        return Command("generate", (*steps, *self._set("learn", "examples.table=comparisons", TEACHERS, share)))

    def training(self, *, dry_run: bool = False) -> Command:
        """The training, or what it would learn."""
        epochs = max(1, min(MOST_EPOCHS, round(ROWS / self.learned)))
        steps = ceil(self.learned * epochs / BATCH_ROWS)
        own = (
            f"recipe.epochs={epochs}",
            f"recipe.batch_rows={BATCH_ROWS}",
            "recipe.learning_rate=0.00005",
            f"recipe.evaluate_steps={ceil(steps / VALIDATIONS)}",
            f"examples.validation={VALIDATED}",
            "rows.most_left_out=0.1",
            f"output={self.folder / 'model'}",
            f"mlflow.register_as={NAME}",
        )
        given = ("--config", str(RECIPE), *self._set("learn", *own, *self.settings))
        return Command("train", (*given, *(("--dry-run",) if dry_run else ())))

    def judging(self, model: str, warehouse: str, *more: str) -> Command:
        """Both orders of every pair in a warehouse."""
        return Command("judge", self._set(warehouse, *ASKED, f"judge.model={model}", *more))

    def evaluation(self, fingerprints: Sequence[str]) -> Command:
        """The test's judgments by these judges alone, compared with the labels."""
        names = ", ".join(map(repr, fingerprints))
        alone = f"judgments_where=judge_fingerprint IN ({names})"
        return Command("evaluate", self._set("test", alone, f"report={self.report}", f"cards={self.folder / 'cards'}"))

    def promotion(self) -> Command:
        """The candidate by the thresholds of conf/promote.yaml."""
        return Command("promote", self._set("test", f"model={NAME}"))

    def _set(self, warehouse: str, *settings: str) -> tuple[str, ...]:
        every = (f"tables.warehouse={self.warehouse(warehouse)}", *settings)
        return tuple(part for setting in every for part in ("--set", setting))
