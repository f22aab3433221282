"""A registered judge from its first champion to an undone promotion, over one lake and a registry of its own.

The tests are the steps of one story and run in their order: each begins where the one before has left the aliases.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from mlflow_store import mlflow_at
from small_lake import append, comparison, judgments_of, labels_of, lake_of_its_own

from judgelake.comparisons import Answer, Comparison, Message
from judgelake.config import Tables, validated
from judgelake.engine import model_identity
from judgelake.errors import RunError, UserError
from judgelake.jobs.evaluate.inputs import chosen_rows
from judgelake.jobs.promote import PromoteJob, Promotion, Undone, command, main, promote, undo
from judgelake.jobs.promote import job as promotion_job
from judgelake.lake import create_tables
from judgelake.runtime import JUDGE_TAG, MODE_TAG, TRAINING, table_dataset
from judgelake.training import Example, Judged, identified, record_of

# SQLAlchemy deprecates what MLflow asks of it.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")

QUESTIONS = 130
NAMES = [f"c{place}" for place in range(QUESTIONS)]
LABELS = {name: "AB"[place % 2] for place, name in enumerate(NAMES)}
OTHER = {"A": "B", "B": "A"}
FAILS, NOT_ASKED = (0, 1), (2, 3, 4)
"""The places of the comparisons that version 2 fails on, and that version 1 was not asked."""
TRAINED = {"question": (10, 11), "comparison": (12,), "words": (13, 14), "group": (15, 16, 17)}
"""The places of the comparisons that versions 2 and 3 were trained on, by what shows it."""
ACCEPTED = {"unknown_training": "accept"}
LEAKED = sum(map(len, TRAINED.values()))


def said(share: float, places: range | list[int], tilt: int) -> dict[str, str]:
    """Verdicts by comparison, of which about this share is the label; `tilt` differs where two are to differ."""
    right = [(place * 61 + tilt) % 100 < 100 * share for place in places]
    return {
        NAMES[place]: LABELS[NAMES[place]] if is_right else OTHER[LABELS[NAMES[place]]]
        for place, is_right in zip(places, right, strict=True)
    }


def verdicts_of(version: int) -> dict[str, str | None]:
    if version == 1:
        return said(0.7, [place for place in range(QUESTIONS) if place not in NOT_ASKED], 0)
    if version == 2:
        return {**said(0.92, range(QUESTIONS), 0), **{NAMES[place]: None for place in FAILS}}
    return said(0.6, range(QUESTIONS), 7)


def example(place: int, shown_by: str) -> Example:
    """An example of a comparison's question that only one thing betrays."""
    words = f"QUESTION   {NAMES[place]}?\n" if shown_by == "words" else f"something else {place}"
    ids = {
        "comparison_id": NAMES[place] if shown_by == "comparison" else f"other {place}",
        "question_id": f"q-{NAMES[place]}" if shown_by == "question" else f"other q {place}",
    }
    of = Comparison(**ids, messages=(Message("user", words),), answers=(Answer("x"), Answer("y")))
    group = f"q-{NAMES[place]}" if shown_by == "group" else f"group {place}"
    split = "validation" if place % 2 else "train"
    return identified(Example(example_id="", group=group, comparison=of, judged=Judged("A"), split=split))


@dataclass(frozen=True, slots=True)
class World:
    """The lake, the registry's client, and what was promoted on the way."""

    spark: Any
    tables: Tables
    mlflow: Any
    decided: dict[int, Promotion]

    @property
    def client(self) -> Any:
        return self.mlflow.MlflowClient()

    @property
    def aliases(self) -> dict[str, int]:
        return {alias: int(number) for alias, number in self.client.get_registered_model("judge").aliases.items()}

    def tags(self, version: int) -> dict[str, str]:
        return self.client.get_model_version("judge", str(version)).tags

    def proposed(self, version: int) -> None:
        self.client.set_registered_model_alias("judge", "candidate", str(version))

    def job(self, **changes: Any) -> PromoteJob:
        content = {"model": "judge", "tables": self.tables.model_dump(), "swap_rule": "mean"}
        return validated(PromoteJob, content | changes, "test")

    def promote(self, version: int, *, dry_run: bool = False, **changes: Any) -> Promotion:
        self.proposed(version)
        self.decided[version] = promote(self.spark, self.job(**changes), lambda line: None, dry_run=dry_run)
        return self.decided[version]


def registered(mlflow: Any, folder: Path, tables: Tables, version: int) -> str:
    """A version with files of its own, made by a run that names its examples; returns its identity."""
    model = folder / f"model {version}"
    model.mkdir()
    (model / "config.json").write_text(json.dumps({"version": version}), "utf-8")
    location = f"file:{tables.warehouse}/{tables.training_examples.replace('.', '.db/')}"
    with mlflow.start_run() as run:
        # What version 1 was trained on is not known.
        if version != 1:
            mlflow.log_input(table_dataset(tables, tables.training_examples, location, 1), context=TRAINING)
    tags = {JUDGE_TAG: "chat", MODE_TAG: "pair"}
    mlflow.MlflowClient().create_model_version("judge", str(model), run.info.run_id, tags)
    return model_identity(str(model), None)


@pytest.fixture(scope="module")
def world(spark, empty_warehouse, mlflow_store, tmp_path_factory):
    folder = tmp_path_factory.mktemp("promote")
    tables = lake_of_its_own(spark, empty_warehouse, folder, "of_test_promote_job")
    create_tables(spark, tables, {"training_examples"})
    examples = [record_of(example(place, by)) for by, places in TRAINED.items() for place in places]
    columns = spark.read.table(tables.training_examples).schema
    spark.createDataFrame(examples, columns).write.format("delta").mode("append").saveAsTable(tables.training_examples)
    append(spark, tables.comparisons, *(comparison(name, "odd" if int(name[1:]) % 2 else "even") for name in NAMES))
    append(spark, tables.labels, *labels_of(LABELS))
    with mlflow_at(folder, mlflow_store) as mlflow:
        mlflow.set_experiment("trainings")
        mlflow.MlflowClient().create_registered_model("judge")
        rows = []
        for version in (1, 2, 3, 4):
            identity = registered(mlflow, folder, tables, version)
            if version == 4:
                continue
            # All are asked by one judge; a mode that none was trained for is not looked at.
            for mode in ("pair", "single") if version == 3 else ("pair",):
                way = {"judge": "chat", "judge_fingerprint": f"{version} {mode}"}
                for order in ("AB", "BA"):
                    of_order = judgments_of(way["judge_fingerprint"], verdicts_of(version), order)
                    rows += [row | way | {"model_version": identity, "mode": mode} for row in of_order]
        append(spark, tables.judgments, *rows)
        yield World(spark, tables, mlflow, {})


def test_a_model_whose_training_is_not_known_is_refused_unless_that_is_accepted(world):
    world.proposed(1)
    with pytest.raises(
        UserError, match=r"What version 1, the candidate, was trained on is not known \(its run in MLflow"
    ):
        promote(world.spark, world.job(), lambda line: None)
    found = world.promote(1, dry_run=True, held_out=ACCEPTED)
    assert found.notes[0].endswith("(its run in MLflow names no table of examples): its questions are not left out.")
    assert (found.is_promoted, found.mlflow_run_id) == (True, None), found.decision.failures
    assert (world.aliases, set(world.tags(1))) == ({"candidate": 1}, {JUDGE_TAG, MODE_TAG})


def test_the_first_champion_is_compared_with_judges_that_read_nothing(world, monkeypatch):
    def computed_before(spark, job, say, narrowed):
        narrowed(chosen_rows(spark, job))
        return world.decided[1].evaluation

    monkeypatch.setattr(promotion_job, "compute", computed_before)
    found = world.promote(1, held_out=ACCEPTED)
    assert (found.champion, found.evidence.difference) == (None, None)
    assert next(iter(found.decision.checks)).demanded.startswith("above ")
    assert (found.counts.labelled, found.counts.not_judged, found.counts.questions) == (130, 3, 127)
    assert world.aliases == {"candidate": 1, "champion": 1}
    assert {tag: world.tags(1)[f"judgelake_{tag}"] for tag in ("promotion", "promotion_previous")} == {
        "promotion": "promoted",
        "promotion_previous": "none",
    }
    assert promote(world.spark, world.job()) is None


def test_a_candidate_is_refused_before_anything_is_decided_where_that_would_say_nothing(world):
    world.proposed(2)
    with pytest.raises(UserError, match=r"Too few labels to decide: 119 of 130 labelled comparisons .* 81 more"):
        promote(world.spark, world.job(held_out={"least_questions": 200}), lambda line: None)
    with pytest.raises(UserError, match="No comparison of two answers has a label of the kind human in"):
        promote(world.spark, world.job(labels={"kind": "human"}), lambda line: None)
    world.proposed(4)
    with pytest.raises(
        UserError, match=r"the candidate, has no judgments in .* --set judge.model=models:/judge@candidate"
    ):
        promote(world.spark, world.job(), lambda line: None)
    assert world.aliases == {"candidate": 4, "champion": 1}


def test_a_better_candidate_is_promoted_on_questions_that_it_was_not_trained_on(world):
    found = world.promote(2)
    assert found.is_promoted, found.decision.failures
    assert dict(found.counts.trained_on) == {"candidate": LEAKED}
    assert [note.partition(" was")[0] for note in found.notes] == ["What version 1, the champion,"]
    assert (found.counts.used, found.counts.not_judged) == (QUESTIONS - LEAKED - 3, 3)
    used = [name for place, name in enumerate(NAMES) if place not in (*NOT_ASKED, *sum(TRAINED.values(), ()))]
    right = {n: [verdicts_of(n)[name] == LABELS[name] for name in used] for n in (1, 2)}
    difference = found.evidence.difference
    # A failed judgment counts as wrong.
    assert difference.value == pytest.approx((sum(right[2]) - sum(right[1])) / len(used))
    assert difference.low > 0
    assert found.evidence.candidate.coverage == pytest.approx(1 - 2 / len(used))
    assert {row.slice for row in found.evidence.slices if row.simultaneous_low is not None} >= {
        "source=even",
        "source=odd",
    }
    assert world.aliases == {"candidate": 2, "champion": 2}


def test_the_decision_is_kept_with_the_version_and_in_a_run(world):
    found, tags = world.decided[2], world.tags(2)
    assert (tags["judgelake_promotion"], tags["judgelake_promotion_previous"]) == ("promoted", "1")
    assert tags["judgelake_model_version"] == found.candidate.identity
    questions = found.evidence.questions
    assert tags["judgelake_promotion_figures"].endswith(f"rests on {questions} questions")
    run = world.mlflow.get_run(found.mlflow_run_id)
    assert tags["judgelake_promotion_run"] == run.info.run_id
    assert run.data.metrics["difference"] == pytest.approx(found.evidence.difference.value)
    assert run.data.metrics["candidate.coverage"] == pytest.approx(found.evidence.candidate.coverage)
    assert (run.data.params["thresholds.most_fall"], run.data.params["champion"]) == ("0.02", "models:/judge/1")
    assert {one.dataset.name for one in run.inputs.dataset_inputs} == {
        world.tables.comparisons,
        world.tables.judgments,
        world.tables.labels,
    }
    text = world.mlflow.artifacts.load_text(f"{run.info.artifact_uri}/promotion.txt")
    assert "Version 2 of judge is champion now; before it was version 1." in text


def test_a_worse_candidate_is_refused_and_the_command_fails(world, monkeypatch, capsys):
    monkeypatch.setattr(command, "get_spark", lambda *args, **more: world.spark)
    monkeypatch.setattr(command, "stop_spark", lambda spark: None)
    world.proposed(3)
    tables = json.dumps(world.tables.model_dump())
    assert main(["--set", "model=judge", "--set", f"tables={tables}", "--set", "swap_rule=mean"]) == 1
    said = capsys.readouterr().out
    assert "Version 3 of judge does not become champion, version 2 stays: its agreement is not higher than" in said
    assert all(name in said for name in ("agreement", "consistency", "delta bias", "coverage", "slices"))
    assert world.aliases == {"candidate": 3, "champion": 2}
    tags = world.tags(3)
    assert tags["judgelake_promotion"] == "refused"
    assert "judgelake_promotion_previous" not in tags


def test_an_undone_promotion_puts_the_champion_back_and_is_not_repeated(world, capsys):
    assert main(["--set", "model=judge", "--undo"]) == 0
    assert "Version 1 is champion of judge again, as before version 2." in capsys.readouterr().out
    assert world.aliases == {"candidate": 3, "champion": 1}
    world.proposed(2)
    with pytest.raises(
        RunError, match="Version 2 of 'judge' was champion and has been undone, so it is not promoted again"
    ):
        promote(world.spark, world.job(), lambda line: None)
    assert undo("judge") == Undone("1", None)
    assert world.aliases == {"candidate": 2}
