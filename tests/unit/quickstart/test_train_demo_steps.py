"""The training demo: each command as its job reads it, their order, what ends it, and what a second run finds."""

import io
import json
from types import SimpleNamespace
from unittest.mock import MagicMock, create_autospec

import pytest
from promotion_example import against, promotion
from rich.console import Console

from judgelake.config import load_config
from judgelake.errors import RunError, UserError
from judgelake.jobs.evaluate import EvaluateJob
from judgelake.jobs.generate import main as generate
from judgelake.jobs.ingest import main as ingest
from judgelake.jobs.judge import JudgeJob
from judgelake.jobs.promote import PromoteJob
from judgelake.jobs.train import main as train
from judgelake.quickstart.train_demo import Parts, __main__, parted, read_labelled, steps
from judgelake.quickstart.train_demo.__main__ import demo_parser, train_demo
from judgelake.quickstart.train_demo.demo import PAIRS, Command, Demo

SESSION = "the job has reached its session"


@pytest.fixture
def in_checkout(root, monkeypatch):
    monkeypatch.chdir(root)


@pytest.fixture
def parts(root):
    pairs = read_labelled("judgelake", [root / "samples" / "comparisons.jsonl"]).pairs
    return parted(pairs, most_learned=200, most_tested=120)


@pytest.fixture
def demo(tmp_path, parts):
    made = Demo(tmp_path / "demo", len(parts.learned))
    made.keep(parts)
    return made


@pytest.mark.parametrize(
    ("job", "main", "command_of"),
    [
        ("ingest", ingest, lambda demo: demo.ingesting(demo.learned_file, "learn")),
        ("generate", generate, Demo.examples),
        ("train", train, Demo.training),
        ("train", train, lambda demo: demo.training(dry_run=True)),
    ],
)
def test_a_command_gets_as_far_as_the_session_of_its_job(in_checkout, demo, monkeypatch, capsys, job, main, command_of):
    def session(*_: object, **__: object) -> None:
        raise RunError(SESSION)

    monkeypatch.setattr(f"judgelake.jobs.{job}.command.get_spark", session)
    command = command_of(demo)
    assert str(command).startswith(f"python jobs/{job}.py --")
    assert main(command.arguments) == 1
    assert SESSION in capsys.readouterr().err


def test_base_and_candidate_are_asked_alike_and_evaluated_alone(in_checkout, demo):
    base, candidate = (
        load_config(JudgeJob, steps.JUDGE, demo.judging(model, "test").settings)
        for model in ("models/x", "models:/y@z")
    )
    assert base.order.orders == "both"
    assert base.model_copy(update={"judge": candidate.judge}) == candidate
    assert base.judge.model_copy(update={"model": "models:/y@z"}) == candidate.judge
    evaluation = load_config(EvaluateJob, steps.EVALUATE, demo.evaluation(("aa", "bb")).settings)
    assert evaluation.judgments_where == "judge_fingerprint IN ('aa', 'bb')"
    assert evaluation.tables == base.tables
    of_file = load_config(JudgeJob, steps.JUDGE, demo.judging("m", "file", f"input.where={PAIRS}").settings)
    assert of_file.input.where == PAIRS


def test_the_thresholds_are_those_that_everybody_has(in_checkout, demo):
    own = load_config(PromoteJob, steps.PROMOTE, demo.promotion().settings)
    usual = load_config(PromoteJob, steps.PROMOTE)
    assert (own.thresholds, own.held_out) == (usual.thresholds, usual.held_out)


@pytest.mark.parametrize(("learned", "epochs"), [(20, 8), (40, 4), (200, 1), (5000, 1)])
def test_few_examples_are_seen_more_often(tmp_path, learned, epochs):
    settings = Demo(tmp_path, learned, ("recipe.epochs=3",)).training().settings
    assert [one for one in settings if one.startswith("recipe.epochs")] == [
        f"recipe.epochs={epochs}",
        "recipe.epochs=3",
    ]


def test_a_folder_is_of_one_demo(demo, parts):
    demo.keep(parts)
    with pytest.raises(UserError, match="has a demo with other labels: give another --folder"):
        demo.keep(Parts(parts.learned[1:], parts.tested))


def made(console, demo, monkeypatch, promoted, failing=None):
    """A demo whose jobs are stand-ins; returns it with what was asked of them."""
    asked = []

    def job(name):
        def main(arguments):
            asked.append((name, Command(name, tuple(arguments)).settings))
            return 7 if name == failing else 0

        return main

    def judged(spark, job, console):
        asked.append(("judge", job.judge.model))
        return SimpleNamespace(judge=SimpleNamespace(fingerprint=f"of {job.judge.model}"))

    def outcome(spark, job, say):
        if isinstance(promoted, Exception):
            raise promoted
        return promoted

    for name in ("ingest", "generate", "train"):
        monkeypatch.setattr(steps, name, job(name))
    monkeypatch.setattr(steps, "judge", judged)
    monkeypatch.setattr(steps, "promote", outcome)
    for name in ("evaluate_and_report", "show_headline", "report", "register", "judged_pairs"):
        monkeypatch.setattr(steps, name, create_autospec(getattr(steps, name)))
    steps.judged_pairs.return_value = []
    monkeypatch.setattr(steps, "_evidence", lambda *_: against((0.04, -0.03, 0.11), questions=22))
    return steps.Running(console, MagicMock(), demo), asked


@pytest.mark.parametrize(
    ("promoted", "alias", "said"),
    [
        pytest.param(promotion(against(slices=())), "champion", "Version 3 of judge is champion now", id="promoted"),
        pytest.param(None, "champion", "is its champion already", id="promoted before"),
        pytest.param(promotion(against(consistency=0.1)), "candidate", "does not become champion", id="refused"),
        pytest.param(UserError("Too few labels."), "candidate", "champion: Too few labels.", id="undecided"),
    ],
)
def test_the_file_is_judged_by_who_is_champion_then_and_the_table_ends_it(
    in_checkout, demo, monkeypatch, promoted, alias, said
):
    console = Console(file=io.StringIO(), width=100)
    running, asked = made(console, demo, monkeypatch, promoted)
    running.carry_out(demo.folder / "file.jsonl")
    assert [name for name, _ in asked] == [
        "ingest",
        "ingest",
        "generate",
        "train",
        "train",
        "judge",
        "judge",
        "ingest",
        "judge",
    ]
    models = [model for name, model in asked if name == "judge"]
    assert models == ["models/smollm2-135m", "models:/demo-judge@candidate", f"models:/demo-judge@{alias}"]
    shown = console.file.getvalue()
    assert said in shown
    assert f"8/8 the {alias} judges a file" in shown
    assert shown.index("before and after") < shown.index("22 questions are few")
    assert shown.count("$ python jobs/") == 11


def test_a_job_that_fails_ends_the_demo_with_its_code(in_checkout, demo, monkeypatch):
    running, asked = made(Console(file=io.StringIO()), demo, monkeypatch, None, failing="train")
    with pytest.raises(steps.JobError) as failed:
        running.carry_out(demo.folder / "file.jsonl")
    assert failed.value.code == 7
    assert [name for name, _ in asked] == ["ingest", "ingest", "generate", "train"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--most-learned", "0"], "'0' is not a whole number above 0"),
        (["--file", "nowhere.jsonl"], "There is no file 'nowhere.jsonl' to judge"),
        (["--most-tested", "5"], "Too few labelled pairs: 5 to test with"),
        (["--labels", "nowhere.jsonl"], "Cannot read 'nowhere.jsonl'"),
    ],
)
def test_a_mistake_is_one_sentence_before_anything_starts(in_checkout, tmp_path, capsys, arguments, expected):
    assert __main__.main([*arguments, "--folder", str(tmp_path / "demo")]) == 2
    assert expected in capsys.readouterr().err
    assert not (tmp_path / "demo").exists()


def test_elsewhere_the_checkout_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="run the demo in the root of a checkout"):
        train_demo(Console(), demo_parser().parse_args([]))


def test_the_file_that_is_judged_at_the_end_has_pairs_without_labels(root):
    rows = [json.loads(line) for line in (root / __main__.UNLABELLED).read_text("utf-8").splitlines()]
    assert len(rows) >= 5
    assert all(len(row["answers"]) == 2 and "labels" not in row for row in rows)
