"""What the driver logs of a training while it runs, and what it registers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from tiny_model import made_row, save_tiny_model, tiny_run
from tiny_training import train_job
from unity_catalog import check_tags

from judgelake.errors import RunError
from judgelake.jobs.train.judgments import OwnJudgments
from judgelake.jobs.train.tracking import IDENTITY_TAG, TrainTracker, version_tags
from judgelake.runtime import JUDGE_TAG, MODE_TAG
from judgelake.trainer import Dpo, RunFolder
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


def prepared_of(training: str) -> Any:
    """What is trained, with more licences and teachers than a tag of a version can hold."""
    many = {f"a-licence-with-a-long-name-{place}": place for place in range(50)}
    return SimpleNamespace(
        run=SimpleNamespace(identity=training, head="generation", recipe=SimpleNamespace(lora=None, dpo=Dpo())),
        spec=SimpleNamespace(name="chat"),
        mode="pair",
        base=SimpleNamespace(model="/a/folder" * 50, identity="0f", licence=None),
        selected=SimpleNamespace(table="examples", version=3, licences=many, teachers=many, train=(), validation=()),
        own=OwnJudgments("judgments", 7, "f1", "m1", {}, {}),
    )


def test_the_tags_of_a_version_say_for_which_judge_and_mode_it_was_trained():
    tags = version_tags(prepared_of("0a"))
    assert (tags[IDENTITY_TAG], tags[JUDGE_TAG], tags[MODE_TAG]) == ("0a", "chat", "pair")
    assert tags["judgelake_data"] == "examples version 3"
    own = {name: tags[f"judgelake_{name}"] for name in ("objective", "judgments", "judgments_by", "judgments_model")}
    assert list(own.values()) == ["dpo", "judgments version 7", "f1", "m1"]


class Registry:
    """In place of MLflow's: versions by the training that made them, and where the alias is."""

    def __init__(self, *trainings: str) -> None:
        self.trainings = list(trainings)
        self.candidate: int | None = None

    def MlflowClient(self) -> Any:  # noqa: N802  # MLflow's name
        return self

    def search_model_versions(self, _: str) -> list[Any]:
        # As MLflow: versions are numbers in words in some stores, and what Unity Catalog finds has a method `tags`.
        return [SimpleNamespace(version=str(place), tags=lambda: None) for place in range(1, len(self.trainings) + 1)]

    def get_model_version(self, name: str, version: str) -> Any:
        return SimpleNamespace(version=version, tags={IDENTITY_TAG: self.trainings[int(version) - 1]})

    def get_registered_model(self, _: str) -> Any:
        return SimpleNamespace(aliases={} if self.candidate is None else {"candidate": str(self.candidate)})

    def register_model(self, uri: str, name: str, tags: dict[str, str]) -> Any:
        check_tags(tags)
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
    prepared = prepared_of(training)
    assert tracker._registered("tiny", prepared) == f"models:/tiny/{registered}"
    assert registry.candidate == after
