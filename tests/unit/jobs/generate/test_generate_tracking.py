"""What MLflow is told of a generation: counts under names that it takes, and nothing of it fails a step."""

import sys
from types import SimpleNamespace

import pytest

from judgelake.asking import Written
from judgelake.config import validated
from judgelake.jobs.generate import Generated, GenerateJob
from judgelake.jobs.generate.compared import Compared
from judgelake.jobs.generate.examples import Taught
from judgelake.jobs.generate.model_runs import Answered
from judgelake.jobs.generate.seeds import Seeded
from judgelake.jobs.generate.tracking import GenerateTracker, figures_of

DONE = Generated(
    Seeded(added=9, left_out=2, held=3, rejected=1),
    (Answered("r1", SimpleNamespace(name="org/a:1"), 7, 2, Written({"ok": 6, "timeout": 1}, output_tokens=90)),),
    Compared(5, 1, {"identical answers": 2, "answer: refusal": 1}),
    (Taught("t", 3, 1, 2, 4, {"train": 3}, {"orders contradict": 2}, 0),),
)


def test_every_count_of_a_step_is_a_metric_with_a_name_that_mlflow_takes():
    figures = figures_of(DONE)
    assert {name: figures[name] for name in figures if name.startswith("answers")} == {
        "answers/org_a_1/skipped": 2,
        "answers/org_a_1/output_tokens": 90,
        "answers/org_a_1/ok": 6,
        "answers/org_a_1/timeout": 1,
    }
    assert (figures["seeds/added"], figures["comparisons/left_out"]) == (9, 3)
    assert (figures["examples/t/train"], figures["examples/t/withdrawn"]) == (3, 4)
    assert figures_of(Generated()) == {}


class Store:
    """MLflow as far as a generation uses it; it may refuse what comes after the start."""

    def __init__(self, refuses=False):
        self.refuses, self.logged = refuses, {}

    def start_run(self, run_name, nested):
        return SimpleNamespace(info=SimpleNamespace(run_id="of mlflow"), __exit__=lambda *error: None)

    def set_tags(self, tags):
        self.logged["tags"] = tags

    def log_params(self, params):
        self.logged["params"] = params

    def log_text(self, text, name):
        self.logged[name] = text

    def log_metrics(self, figures):
        if self.refuses:
            raise OSError("no route to the store")
        self.logged["metrics"] = figures

    def log_dict(self, content, name):
        self.logged[name] = content


def tracked(monkeypatch, store, enabled=True):
    """What is said of a generation that is logged there."""
    said = []
    monkeypatch.setitem(sys.modules, "mlflow", store)
    monkeypatch.setattr("judgelake.jobs.generate.tracking.warm_up", lambda settings: lambda: None)
    monkeypatch.setattr("judgelake.jobs.generate.tracking.tracking_errors", lambda: (OSError,))
    monkeypatch.setattr("judgelake.runtime.opened_run.open_experiment", lambda settings: store)
    models = [{"name": "a", "model": "x"}]
    job = validated(GenerateJob, {"models": models, "mlflow": {"enabled": enabled}}, None)
    tracker = GenerateTracker(job, job.mlflow, said.append)
    with tracker.started("generate-1", ("answers", "comparisons")):
        tracker.log(DONE)
    return tracker.run_id, said


def test_a_run_has_its_config_its_figures_and_the_reasons_of_what_was_left_out(monkeypatch):
    run_id, said = tracked(monkeypatch, store := Store())
    assert (run_id, said) == ("of mlflow", [])
    params = store.logged["params"]
    assert (params["models"], params["steps"], params["comparisons.how"]) == ("a", "answers, comparisons", "random")
    assert not [name for name in params if name.startswith(("tables", "mlflow", "sample"))]
    assert '"max_failed_share"' in store.logged["config.json"]
    assert store.logged["metrics"] == figures_of(DONE)
    assert store.logged["left_out/comparisons.json"] == {"identical answers": 2, "answer: refusal": 1}
    assert store.logged["left_out/examples.json"] == {"t": {"orders contradict": 2}}


@pytest.mark.parametrize(
    ("enabled", "expected"), [pytest.param(True, 1, id="refused"), pytest.param(False, 0, id="switched off")]
)
def test_what_mlflow_does_not_accept_is_said_and_fails_no_step(enabled, expected, monkeypatch):
    _, said = tracked(monkeypatch, Store(refuses=True), enabled)
    assert [line.endswith("OSError: no route to the store") for line in said] == [True] * expected
