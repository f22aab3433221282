"""What a trainer's process reads and writes: the record of a training, and the names in its folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from pydantic import Field, PositiveInt

from judgelake.config import Config, fingerprint, validated
from judgelake.errors import RunError, UserError, in_one_line
from judgelake.judges import JudgeSpec
from judgelake.trainer.recipe import Recipe
from judgelake.training import Head
from judgelake.whole_files import written_whole


class Validation(Config):
    """How a model is validated during the training: the real prompts, and how its answers are read."""

    prompts: str
    """Path of a Parquet file with the columns of `PROMPTS`."""
    judge: JudgeSpec
    mode: str
    label_ids: dict[str, int] = Field(default_factory=dict)
    """The token of each label, for modes that decide by log-probabilities."""
    prompts_at_once: PositiveInt = 16
    left_out: dict[str, int] = Field(default_factory=dict)
    """How many of the examples to validate on are not asked, by cause."""


class TrainingRun(Config):
    """Everything that a training depends on; equal records give equal models on equal machines."""

    base: str
    """Folder of the model to train."""
    base_identity: str
    """Names the base's content, wherever its folder is; as `engine.ResolvedModel.identity`."""
    shards: tuple[str, ...]
    """Paths of the rows, in their order."""
    examples_table: str = ""
    examples_version: int | None = None
    """Where the rows are from, so that a resume reads the same; the rows themselves decide the model."""
    judgments_table: str = ""
    judgments_version: int | None = None
    """The same of a judge's own judgments, if it is trained on them."""
    recipe: Recipe = Recipe()
    head: Head = "generation"
    end_token: int
    """The token that ends every target, and at which a served model stops."""
    pad_token: int
    validation: Validation | None = None
    tests: dict[str, Validation] = Field(default_factory=dict)
    """What the finished model is asked once, by a name for each; its answers are in `RunFolder.answers`."""

    @property
    def identity(self) -> str:
        """SHA-256 (hex) of what decides the model; rows and prompts count by their files' names, which are hashes."""
        content = self.model_dump(mode="json", exclude=NOT_OF_THE_MODEL)
        if self.head == "generation":
            # As it was named before there were heads.
            del content["head"]
        if self.recipe.dpo is None:
            del content["recipe"]["dpo"]
        content["shards"] = [Path(path).name for path in self.shards]
        if self.validation is not None:
            content["validation"]["prompts"] = Path(self.validation.prompts).name
        return fingerprint(content)


SPEED_OF_A_RECIPE = frozenset({"rows_at_once", "gradient_checkpointing", "checkpoints"})
"""Keys of a recipe that decide how fast and in how much memory it is followed, not what comes of it."""
NOT_OF_THE_MODEL: Any = {
    "base": True,
    "examples_table": True,
    "examples_version": True,
    "judgments_table": True,
    "judgments_version": True,
    "recipe": SPEED_OF_A_RECIPE,
    "validation": {"prompts_at_once", "left_out"},
    "tests": True,
}
"""What may change when a training is resumed: where base and examples are, memory and speed, what is asked after it."""


CHOSEN_BY = "agreement_failed_is_wrong"
"""The figure by which the best checkpoint is found: a model that answers only what is easy is not the best."""
PREFERRED = ("reward_margin", "reward_accuracy", "chosen_reward")
"""In the event of a step with dpo: means over its pairs, see `preferences.Preferences`."""
MERGED_FLIPS = "merged_flips"
"""In an event: share of the validation's prompts to which the merged model gives another verdict than its adapter."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of one training; everything that it writes is here."""

    path: Path

    @property
    def rows(self) -> Path:
        """The folder of the rows, which the record names."""
        return self.path / "rows"

    @property
    def record(self) -> Path:
        """The record of the training, as JSON."""
        return self.path / "training.json"

    @property
    def events(self) -> Path:
        """One JSON object a line for each step and validation; see `events_of`."""
        return self.path / "events.jsonl"

    @property
    def model(self) -> Path:
        """The finished model, as transformers and vLLM load it: with LoRA, the base and the adapter merged."""
        return self.path / "model"

    @property
    def is_finished(self) -> bool:
        """Whether the model is there, which appears last and whole."""
        return self.model.is_dir()

    @property
    def adapter(self) -> Path:
        """The finished adapter, with LoRA."""
        return self.path / "adapter"

    @property
    def reference(self) -> Path:
        """What the untrained weights say of the pairs, with dpo."""
        return self.path / "reference.parquet"

    @property
    def predictions(self) -> Path:
        """The finished model's answers to the prompts of the validation, as JSON lines."""
        return self.path / "predictions.jsonl"

    def answers(self, test: str) -> Path:
        """The finished model's answers to the prompts of a test, in the form of `predictions`."""
        return self.path / f"answers-{test}.jsonl"

    @property
    def trainer_lock(self) -> Path:
        """The file that the first process locks while it trains, so that it counts also when its job was killed."""
        return self.path / ".trainer.lock"

    @contextmanager
    def alone(self, *locks: Path) -> Iterator[None]:
        """Context in which this process holds these locks.

        Raises:
            UserError: another training of this machine holds one.
            OSError: the folder cannot be written.
        """
        with ExitStack() as held:
            try:
                for path in locks:
                    held.enter_context(FileLock(path).acquire(blocking=False))
            except Timeout as error:
                raise UserError(
                    f"Another training is writing into {str(self.path)!r}: wait for it or end it, or name another "
                    "folder in output."
                ) from error
            yield

    def failure(self, process: int) -> Path:
        """Where a process writes why it failed."""
        return self.path / f"failure-{process}.json"

    def write(self, run: TrainingRun) -> None:
        """Write the record, or find it unchanged.

        Raises:
            UserError: the folder holds another training.
            OSError: it cannot be written.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        if self.record.exists() and self.read().identity != run.identity:
            raise UserError(
                f"{str(self.path)!r} holds a training of other rows, another base or another recipe: name another "
                "folder in output, or delete this one."
            )
        content = run.model_dump(mode="json", exclude_unset=True)
        with written_whole(self.record) as draft:
            draft.write_text(json.dumps(content, ensure_ascii=False, indent=1), "utf-8")

    def read(self) -> TrainingRun:
        """The record.

        Raises:
            UserError: there is none, or it is not a record of this version.
        """
        try:
            content = json.loads(self.record.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise UserError(f"{str(self.record)!r} is not the record of a training: {in_one_line(error)}.") from error
        return validated(TrainingRun, content, str(self.record))

    def write_failure(self, process: int, error: UserError | RunError) -> None:
        """Write down why a process failed, for the one that started it."""
        self.failure(process).write_text(json.dumps({"exit_code": error.exit_code, "message": str(error)}), "utf-8")

    def failures(self) -> Iterator[UserError | RunError]:
        """What the processes wrote down, the first process first."""
        for path in sorted(self.path.glob("failure-*.json")):
            content = json.loads(path.read_text("utf-8"))
            kind = UserError if content["exit_code"] == UserError.exit_code else RunError
            yield kind(content["message"])

    def forget_failures(self) -> None:
        """Delete what an earlier try wrote down."""
        for path in self.path.glob("failure-*.json"):
            path.unlink()


def events_of(path: Path) -> list[dict[str, Any]]:
    """The events in a file; a line that is being written is left.

    An event of a step has `step`, `epoch`, `loss`, `learning_rate`, `grad_norm` and `time`; one of a validation has
    `step` and its figures behind `eval_`.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in content[: content.rfind(b"\n") + 1].splitlines()]
