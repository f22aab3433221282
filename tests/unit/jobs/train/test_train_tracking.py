"""What the driver logs of a training while it runs, and what it registers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from tiny_model import made_row, save_tiny_model, tiny_run
from tiny_training import train_job

from judgelake.errors import RunError
from judgelake.jobs.train.tracking import IDENTITY_TAG, TrainTracker
from judgelake.trainer import RunFolder
from judgelake.trainer.judge_trainer import JudgeTrainer
from judgelake.trainer.process import train_here

ROWS = [made_row(example, epoch) for epoch in range(2) for example in range(18)]


class KilledError(Exception):
    """In place of a kill: nothing of ours catches it."""


class Store:
    """In place of MLflow: keeps the metrics that it is given."""

    def __init__(self) -> None:
        self.logged: list[Any] = []

    def MlflowClient(self) -> Any:  # noqa: N802  # MLflow's name
        return SimpleNamespace(log_batch=lambda run_id, metrics: self.logged.extend(metrics))


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return save_tiny_model(tmp_path_factory.mktemp("base"))


def test_a_training_that_goes_on_after_a_kill_is_logged_to_its_end(tmp_path, base, monkeypatch):
    folder = tiny_run(tmp_path, ROWS, base, evaluate_steps=3)
    whole = JudgeTrainer.training_step

    def killed(self, *args):
        if self.state.global_step + 1 == 6:
            raise KilledError
        return whole(self, *args)

    with monkeypatch.context() as patched:
        patched.setattr(JudgeTrainer, "training_step", killed)
        with pytest.raises(KilledError):
            train_here(folder, lambda line: None)
    store = Store()
    tracker = TrainTracker(train_job(tmp_path, base), folder, store)
    train_here(folder, lambda line: tracker.watch())
    tracker.watch()
    assert [metric.step for metric in store.logged if metric.key == "loss"] == list(range(1, 10))


def test_a_merged_adapter_whose_flips_nobody_counted_is_not_registered(tmp_path, base):
    adapter = train_job(tmp_path, base, recipe={"lora": {"rank": 4, "alpha": 8}})
    with pytest.raises(RunError, match="does not say how many verdicts merging the adapter changed"):
        TrainTracker(adapter, RunFolder(tmp_path))._check_flips()
    TrainTracker(train_job(tmp_path, base), RunFolder(tmp_path))._check_flips()


class Registry:
    """In place of MLflow's: versions by the training that made them, and where the alias is."""

    def __init__(self, *trainings: str) -> None:
        self.trainings = list(trainings)
        self.candidate: int | None = None

    def MlflowClient(self) -> Any:  # noqa: N802  # MLflow's name
        return self

    def search_model_versions(self, _: str) -> list[Any]:
        # As MLflow, whose versions are numbers in words in some stores.
        return [
            SimpleNamespace(version=str(place), tags={IDENTITY_TAG: one}) for place, one in enumerate(self.trainings, 1)
        ]

    def get_registered_model(self, _: str) -> Any:
        return SimpleNamespace(aliases={} if self.candidate is None else {"candidate": str(self.candidate)})

    def register_model(self, uri: str, name: str, tags: dict[str, str]) -> Any:
        self.trainings.append(tags[IDENTITY_TAG])
        return SimpleNamespace(version=str(len(self.trainings)))

    def set_registered_model_alias(self, name: str, alias: str, version: str) -> None:
        self.candidate = int(version)


@pytest.mark.parametrize(
    ("known", "before", "training", "registered", "after"),
    [
        pytest.param([], None, "new", 1, 1, id="the first version"),
        pytest.param(["old"], 1, "new", 2, 2, id="a new version"),
        pytest.param(["old", "new"], 2, "old", 1, 2, id="an old training again"),
        pytest.param(["old", "new"], 1, "new", 2, 2, id="what broke off before the alias"),
        pytest.param(["old"], None, "old", 1, 1, id="nothing has the alias"),
        pytest.param([*map(str, range(10))], 10, "1", 2, 10, id="numbers and not texts"),
    ],
)
def test_the_alias_of_the_newest_version_never_goes_back(
    tmp_path, base, monkeypatch, known, before, training, registered, after
):
    registry = Registry(*known)
    registry.candidate = before
    tracker = TrainTracker(train_job(tmp_path, base), RunFolder(tmp_path), registry)
    monkeypatch.setattr(TrainTracker, "_log_model", lambda self, prepared: SimpleNamespace(model_uri="runs:/1"))
    monkeypatch.setattr("judgelake.jobs.train.tracking.tags_of", lambda prepared: {IDENTITY_TAG: training})
    prepared = SimpleNamespace(run=SimpleNamespace(identity=training))
    assert tracker._registered("tiny", prepared) == f"models:/tiny/{registered}"
    assert registry.candidate == after
