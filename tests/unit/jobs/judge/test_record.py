"""What is kept of a run: the commit of our code, and of no other project's; and how its MLflow run begins and ends."""

import os
import subprocess
import sys
from contextlib import suppress
from types import SimpleNamespace

import pytest

from judgelake.asking import Clock, git_commit
from judgelake.asking.progress import Tally
from judgelake.config import validated
from judgelake.errors import RunError, UserError
from judgelake.jobs.judge import JudgeJob
from judgelake.jobs.judge.record import Tracker, row_of_run
from judgelake.jobs.judge.summary import Counts
from judgelake.lake.schemas import RUN


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout with our file in it, not yet known to git; the function that runs git there."""
    file = tmp_path / ".venv" / "lib" / "record.py"
    file.parent.mkdir(parents=True)
    file.touch()
    monkeypatch.setattr("judgelake.asking.run_record.__file__", str(file))
    author = ["-c", "user.name=me", "-c", "user.email=me@example.org"]

    def git(*arguments):
        answer = subprocess.run(["git", *author, *arguments], cwd=tmp_path, capture_output=True, text=True, check=True)
        return answer.stdout.strip()

    git("init", "--quiet")
    (tmp_path / "of_the_other_project.txt").touch()
    git("add", "of_the_other_project.txt")
    git("commit", "--quiet", "--message", "of the other project")
    return git


def test_a_package_installed_inside_another_projects_checkout_has_no_commit(checkout):
    assert git_commit() is None


def test_a_checkout_of_our_code_has_its_commit_and_says_whether_files_differ(checkout, tmp_path):
    checkout("add", ".venv/lib/record.py")
    checkout("commit", "--quiet", "--message", "ours")
    assert git_commit() == checkout("rev-parse", "HEAD")
    (tmp_path / "new.txt").touch()
    assert git_commit() == checkout("rev-parse", "HEAD") + "+changes"


def test_outside_a_checkout_there_is_no_commit(tmp_path, monkeypatch):
    monkeypatch.setattr("judgelake.asking.run_record.__file__", str(tmp_path / "record.py"))
    assert git_commit() is None


def test_a_run_fills_every_column_of_the_runs_table_and_no_other(monkeypatch):
    job = validated(JudgeJob, {"judge": {"name": "chat", "model": "m"}}, None)
    names = ("fingerprint", "mode", "full_name", "revision", "model_version")
    judge = SimpleNamespace(spec=SimpleNamespace(name="chat"), **dict.fromkeys(names, "x"))
    plan = SimpleNamespace(source=SimpleNamespace(version=7), requests=3, skipped=2, to_ask=1)
    counts = Counts({"ok": 1}, output_tokens=9, orders={"reversed": 1}, engines=("a", "b"))
    record = Clock().record("run", "finished", Tally(), None)
    row = row_of_run(job, judge, plan, counts, record)
    assert set(row) == set(RUN.names)
    assert (row["run_id"], row["input_version"], row["requests"], row["asked"]) == ("run", 7, 5, 1)
    assert (row["engine"], row["output_tokens"], row["coverage"]) == ("a; b", 9, 1)
    assert (row["answered_by_status"], row["answered_by_order"]) == ({"ok": 1}, {"reversed": 1})
    monkeypatch.setattr("judgelake.asking.run_rows.RUN", RUN.append(RUN.field("mode").with_name("colour")))
    with pytest.raises(ValueError, match=r"missing are \['colour'\]"):
        row_of_run(job, judge, plan, counts, record)


class Run:
    """MLflow's active run: it has its facts at once, and ends where it is left."""

    def __init__(self, active):
        self.info, self._active = SimpleNamespace(run_id="of ours"), active

    def __exit__(self, kind, error, trace):
        self._active.pop()


class Mlflow:
    """MLflow as far as these tests need it, with the experiment and the runs of a notebook."""

    def __init__(self, fails_at=None):
        self.fails_at, self.active = fails_at, ["the notebook's run"]

    def start_run(self, run_name, nested):
        self._may_fail("start_run")
        self.active.append(run_name)
        return Run(self.active)

    def log_params(self, values):
        self._may_fail("log_params")

    def set_tags(self, values):
        pass

    def log_text(self, text, name):
        pass

    def _may_fail(self, place):
        if place == self.fails_at:
            raise ModuleNotFoundError("No module named 'psycopg2'\n")


@pytest.fixture
def started(monkeypatch):
    """Opens a run in an MLflow that fails at a place of choice: started("log_params") gives both."""
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", "7")
    monkeypatch.setitem(sys.modules, "mlflow.tracking.fluent", fluent := SimpleNamespace(_active_experiment_id="7"))
    monkeypatch.setattr("judgelake.jobs.judge.record.facts_of", lambda job, judge: {})
    job = validated(JudgeJob, {"judge": {"name": "chat"}}, None)
    judge = SimpleNamespace(spec=SimpleNamespace(name="chat"), mode="pair")

    def start(fails_at):
        mlflow = Mlflow(fails_at)

        def opened(settings):
            fluent._active_experiment_id = os.environ["MLFLOW_EXPERIMENT_ID"] = "8"
            return mlflow

        monkeypatch.setattr("judgelake.jobs.judge.record.warm_up", lambda settings: lambda: None)
        monkeypatch.setattr("judgelake.runtime.opened_run.open_experiment", opened)
        return mlflow, Tracker(job.mlflow).started(job, judge, "0123456789")

    yield start
    assert (os.environ["MLFLOW_EXPERIMENT_ID"], fluent._active_experiment_id) == ("7", "7")


@pytest.mark.parametrize("place", ["start_run", "log_params"])
def test_whatever_mlflow_raises_at_the_start_is_the_users_error_and_leaves_no_run_open(started, place):
    mlflow, run = started(place)
    with pytest.raises(UserError, match=r"MLflow does not accept the run.*psycopg2.*mlflow\.enabled: false"), run:
        pass
    assert mlflow.active == ["the notebook's run"]


def test_our_run_ends_with_the_job_and_the_notebook_has_its_experiment_again(started):
    mlflow, run = started(None)
    with suppress(RunError), run:
        assert len(mlflow.active) == 2
        raise RunError("of the job")
    assert mlflow.active == ["the notebook's run"]
