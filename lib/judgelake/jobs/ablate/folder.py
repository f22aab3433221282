"""What an ablation keeps between runs: the version of the examples, its MLflow run, and which trainings are done."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judgelake.config import fingerprint
from judgelake.errors import RunError, UserError, in_one_line
from judgelake.jobs.ablate.answers import by_question, read_answers
from judgelake.jobs.ablate.results import Values
from judgelake.jobs.train import TrainJob
from judgelake.trainer import SPEED_OF_A_RECIPE, RunFolder
from judgelake.whole_files import written_whole

DONE = "ablation.json"
OF_THE_PLACE: Any = {
    "output": True,
    "tables": True,
    "mlflow": True,
    "processes": True,
    "launch": True,
    "examples": {"prompts_at_once"},
    "recipe": SPEED_OF_A_RECIPE,
}


@dataclass(frozen=True, slots=True)
class AblationFolder:
    """The folder of one ablation; its trainings are below it."""

    path: Path

    @property
    def results(self) -> Path:
        """All results, as a list of JSON objects."""
        return self.path / "results.json"

    @property
    def picture(self) -> Path:
        """The picture of the results."""
        return self.path / "results.png"

    def known(self) -> dict[str, Any]:
        """What an earlier run has written: `examples_version` and `mlflow_run_id`, or nothing.

        Raises:
            UserError: the record cannot be read.
        """
        return _read(self.path / DONE) or {}

    def remember(self, known: Mapping[str, Any]) -> None:
        """Write it down."""
        with self.writable():
            self.path.mkdir(parents=True, exist_ok=True)
            _write(self.path / DONE, known)

    def finish(self, name: str, training: TrainJob, groups: Mapping[str, str], mlflow_run_id: str | None) -> None:
        """Say that a training is done, and which group each example that it was asked is of."""
        done = {"training": _settings(training), "groups": dict(groups), "mlflow_run_id": mlflow_run_id}
        with self.writable():
            _write(self.path / name / DONE, done)

    def values(self, name: str, training: TrainJob, shown: Sequence[str]) -> dict[str, Values] | None:
        """What the model of a finished training said, for each way of asking; None if the training is not done.

        Raises:
            UserError: it is done with other settings, or was not asked in one of these ways.
        """
        done = _read(self.path / name / DONE)
        if done is None:
            return None
        folder = RunFolder(self.path / name)
        if done["training"] != _settings(training):
            raise UserError(
                f"The training in {str(folder.path)!r} is finished and had other settings. Delete this folder to train "
                "it again, or name another output."
            )
        missing = [way for way in shown if not folder.answers(way).is_file()]
        if missing:
            raise UserError(
                f"The training in {str(folder.path)!r} is finished and was not asked with shown: {missing[0]}. Delete "
                "this folder to train it again, or name another output."
            )
        return {way: by_question(read_answers(folder.answers(way)), done["groups"]) for way in shown}

    @contextmanager
    def writable(self) -> Iterator[None]:
        """Turn what the disk says into one sentence.

        Raises:
            RunError: the folder cannot be written.
        """
        try:
            yield
        except OSError as error:
            raise RunError(
                f"Cannot write {str(self.path)!r}: {error.strerror}. Set output to a writable folder."
            ) from error


def _settings(training: TrainJob) -> str:
    """A hash of what a training is, wherever and how fast it is done."""
    return fingerprint(training.model_dump(mode="json", exclude=OF_THE_PLACE))


def _read(path: Path) -> dict[str, Any] | None:
    try:
        return dict(json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise UserError(f"{str(path)!r} is not the record of an ablation: {in_one_line(error)}. Delete it.") from error


def _write(path: Path, content: Mapping[str, Any]) -> None:
    with written_whole(path) as draft:
        draft.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
