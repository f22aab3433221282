"""A job in a notebook: its run in MLflow is below that of the notebook, which then has its own experiment again."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from evaluation_example import OF_PAIRS, evaluation, section
from mlflow_store import mlflow_at
from promotion_example import against, promotion

from judgelake.jobs.ablate import AblateJob
from judgelake.jobs.ablate.folder import AblationFolder
from judgelake.jobs.ablate.tracking import AblationTracker
from judgelake.jobs.evaluate.mlflow_run import track
from judgelake.jobs.promote import PromoteJob, record
from judgelake.jobs.train import TrainJob
from judgelake.jobs.train.tracking import TrainTracker
from judgelake.report import ReportContent, Rules, judge_card
from judgelake.trainer import RunFolder

# SQLAlchemy deprecates what MLflow asks of it.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


@pytest.fixture(scope="module")
def mlflow(mlflow_store, tmp_path_factory):
    with mlflow_at(tmp_path_factory.mktemp("store"), mlflow_store) as mlflow, pytest.MonkeyPatch.context() as patch:
        # What each logs of itself has tests of its own.
        patch.setattr(TrainTracker, "_describe", lambda *arguments, **named: None)
        patch.setattr(record, "_log", lambda *arguments: None)
        yield mlflow


@pytest.fixture
def trained(tmp_path):
    """Opens the run of a training; gives its id."""

    def of(identity="0123456789"):
        job = TrainJob.model_validate({"judge": {"name": "chat", "base": "b"}})
        tracker = TrainTracker(job, RunFolder(tmp_path))
        with tracker.started(SimpleNamespace(run=SimpleNamespace(identity=identity))):
            return tracker.run_id

    return of


@pytest.fixture
def ablated(tmp_path):
    """Opens the run of an ablation, and in it those of what it calls; gives the ids."""

    def of(*trainings, run_id=None):
        tracker = AblationTracker(AblateJob(train={}, cells={"a": {}}, baseline="a").mlflow, AblationFolder(tmp_path))
        with tracker.started(AblateJob(train={}, cells={"a": {}}, baseline="a"), run_id):
            return tracker.run_id, *(training() for training in trainings)

    return of


def evaluated():
    made = evaluation(OF_PAIRS)
    told = ReportContent("run", made.computed_at, Rules((), "left_out", "majority"), judges=(section(OF_PAIRS),))
    return track(made, {"0f": judge_card(told.judges[0], told)}, None)


def promoted():
    return record.logged(PromoteJob(model="judge"), promotion(against()))


@pytest.mark.parametrize("job", ["train", "ablate", "evaluate", "promote"])
def test_a_notebook_has_its_own_experiment_and_run_again_after_a_job(mlflow, trained, ablated, job):
    run_of = {"train": trained, "ablate": lambda: ablated()[0], "evaluate": evaluated, "promote": promoted}[job]
    mlflow.set_experiment("of the notebook")
    with mlflow.start_run() as own:
        logged = mlflow.get_run(run_of())
        assert mlflow.active_run().info.run_id == own.info.run_id
        with mlflow.start_run(nested=True) as following:
            assert following.info.experiment_id == own.info.experiment_id != logged.info.experiment_id
    assert (logged.info.status, logged.data.tags["mlflow.parentRunId"]) == ("FINISHED", own.info.run_id)


def test_the_trainings_of_an_ablation_are_below_its_run_which_goes_on_in_another_try(mlflow, trained, ablated):
    first, *of_first = ablated(lambda: trained("0a"), lambda: trained("0b"))
    again, *of_again = ablated(lambda: trained("0c"), run_id=first)
    assert again == first
    above = {mlflow.get_run(one).data.tags["mlflow.parentRunId"] for one in (*of_first, *of_again)}
    assert above == {first}
    assert "mlflow.parentRunId" not in mlflow.get_run(first).data.tags
