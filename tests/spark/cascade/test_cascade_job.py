"""The cascade job on a lake of its own: thresholds from stored judgments, and a run that asks only for what is left."""

from __future__ import annotations

import math
import random
from collections import Counter
from typing import Any

import pytest
import yaml
from judge_lake import JudgeLake, of, pair
from small_lake import append, comparison, judgments_of, label, labels_of

from judgelake.config import validated
from judgelake.errors import UserError
from judgelake.jobs.cascade import CascadeJob, choose, run

KNOWN = 240
"""Labelled comparisons, each of a question of its own."""


def log_probabilities(first: float) -> dict[str, Any]:
    """What a judgment holds whose first answer has this probability."""
    return {"verdict_logprobs": {"A": math.log(first), "B": math.log(1 - first)}}


def judged(judge: str, odds: dict[str, float], order: str = "AB") -> list[dict[str, Any]]:
    """Judgments by the probability of the first answer."""
    rows = judgments_of(judge, {name: "A" if one > 0.5 else "B" for name, one in odds.items()}, order)
    return [row | log_probabilities(odds[row["comparison_id"]]) for row in rows]


@pytest.fixture(scope="module")
def lake(spark, empty_warehouse, tmp_path_factory) -> JudgeLake:
    """Two judges with log-probabilities, the cheap one right where it is sure, and one without."""
    lake = JudgeLake(spark, empty_warehouse, tmp_path_factory.mktemp("lake"), "of_cascades")
    names = [f"known {number}" for number in range(KNOWN)]
    lake.add(comparison(name) for name in names)
    drawn = random.Random(3)
    labels = {name: drawn.choice("AB") for name in names}
    append(spark, lake.tables.labels, *labels_of(labels, kind="human"), label("known 0", "A", "x", kind="teacher"))
    rows: list[dict[str, Any]] = []
    for judge, right_if_unsure in (("cheap", 0.6), ("dear", 0.9)):
        own, reversed_ = {}, {}
        for number, name in enumerate(names):
            sure = number % 2 == 0 if judge == "cheap" else number % 8 > 0
            right = drawn.random() < (0.99 if sure else right_if_unsure)
            probability = 0.97 if sure else 0.6
            first = probability if right == (labels[name] == "A") else 1 - probability
            # The place adds to one order what it takes from the other.
            own[name], reversed_[name] = shifted(first, 0.3), shifted(first, -0.3)
        rows += [*judged(judge, own), *judged(judge, reversed_, "BA")]
    rows += judgments_of("plain", labels)
    append(spark, lake.tables.judgments, *rows)
    return lake


def shifted(probability: float, by: float) -> float:
    return 1 / (1 + math.exp(-math.log(probability / (1 - probability)) - by))


def job_of(lake: JudgeLake, *judges: Any, **changes: Any) -> CascadeJob:
    stages = [one if isinstance(one, dict) else {"judge": one} for one in judges]
    content = {"stages": stages, "tables": lake.tables.model_dump(), "picture": None, "labels": {"kind": "human"}}
    return validated(CascadeJob, {**content, **changes}, "test")


def stored(lake: JudgeLake, cascade_id: str | None) -> list[Any]:
    return lake.spark.read.table(lake.tables.cascades).where(f"cascade_id = '{cascade_id}'").collect()


def test_the_thresholds_promise_the_curve_and_the_plot_come_from_stored_judgments(lake, tmp_path):
    job = job_of(lake, "cheap", "dear", picture=str(tmp_path / "plots" / "curve.png"), where=of("known"))
    done = choose(lake.spark, job)
    point = done.chosen.point
    assert done.chosen.promise is not None
    assert "at most 15 % of this cascade's verdicts disagree with people" in done.chosen.promise
    # By the mean of both orders, whose shifts cancel out.
    assert point.thresholds[0] == 0.97 - 0.005
    assert point.coverage[0] == 0.5
    assert point.agreement is not None
    assert point.agreement > 0.9
    assert done.picture is not None
    assert done.picture.stat().st_size > 10_000
    rows = stored(lake, done.cascade_id)
    (kept,) = [row for row in rows if row["is_chosen"]]
    assert kept["promise"] == done.chosen.promise
    assert kept["agreement"] == pytest.approx(point.agreement)
    assert [stage["judge"] for stage in kept["stages"]] == ["cheap", "dear"]
    assert kept["stages"][0]["labels_reached"] == kept["questions"] == KNOWN
    assert all(stage["bound"] <= 0.15 for stage in kept["stages"])
    assert len(rows) > 2
    again = choose(lake.spark, job)
    assert (again.cascade_id, len(stored(lake, again.cascade_id))) == (done.cascade_id, len(rows))


def test_a_dry_run_chooses_the_same_and_keeps_nothing(lake):
    job = job_of(lake, "cheap", "dear", name="dry", budget={"share": 0.5}, where=of("known"))
    done = choose(lake.spark, job, dry_run=True)
    assert done.cascade_id is None
    assert done.chosen.promise is None
    assert done.chosen.point.calls == (1.0, 0.5)
    assert lake.spark.read.table(lake.tables.cascades).where("name = 'dry'").isEmpty()


@pytest.mark.parametrize(
    ("judges", "changes", "expected"),
    [
        (["cheep"], {}, r"stages\[0\]\.judge: 'cheep' has no judgments .* Did you mean 'cheap'"),
        (["cheap", "plain"], {}, r"stages\[1\]\.judge: 'plain' gives no log-probabilities"),
        (["cheap"], {"labels": {}}, "labels of several kinds"),
        (["cheap"], {"where": "comparison_id > 'z'"}, "no labels"),
        (["cheap"], {"where": "comparison_id IN ('known 1', 'known 2')"}, "needs at least 15 labelled .* has 2: label"),
        (["cheap", "dear"], {"budget": {"cost": 0.5}}, "budget.cost: the first stage costs 1 a comparison, more than"),
    ],
)
def test_bad_input_is_a_sentence(lake, judges, changes, expected):
    with pytest.raises(UserError, match=expected):
        choose(lake.spark, job_of(lake, *judges, **changes))


@pytest.fixture(scope="module")
def asked(lake, shared_server, tmp_path_factory) -> dict[str, Any]:
    """A cascade of two judges at the test server, that have judged the labelled comparisons."""
    names = [f"served {number}" for number in range(60)]
    lake.add(pair(name, f"Question of {name}?") for name in names)
    judge = {"name": "chat", "mode": "pair-decide"}
    url = shared_server("decides:systemone+mass:0.8")
    files, fingerprints = [], []
    for stage, model in enumerate(("test-judge", "test-judge-2")):
        done = lake.judge(url, f"{of('served')} AND comparison_id < 'served 4'", judge=judge | {"model": model})
        path = tmp_path_factory.mktemp("stages") / f"{stage}.yaml"
        content = lake.job(url, judge=judge | {"model": model}).model_dump(mode="json", exclude={"tables"})
        path.write_text(yaml.safe_dump(content), "utf-8")
        files.append(path)
        fingerprints.append(done.judge.fingerprint)
    return {"files": files, "fingerprints": fingerprints, "names": names}


def running_job(lake: JudgeLake, asked: dict[str, Any], **changes: Any) -> CascadeJob:
    stages = [
        {"judge": fingerprint, "ask": str(path)}
        for fingerprint, path in zip(asked["fingerprints"], asked["files"], strict=True)
    ]
    return job_of(lake, *stages, name="served", where=of("served"), budget={"share": 0.4}, **changes)


def test_each_stage_is_asked_only_for_what_is_left_and_a_second_run_asks_and_doubles_nothing(lake, asked):
    job = running_job(lake, asked)
    labels = {name: "A" for name in asked["names"] if name < "served 4"}
    append(lake.spark, lake.tables.labels, *labels_of(labels, kind="human"))
    choice = choose(lake.spark, job)
    before = Counter(row["judge_fingerprint"] for row in lake.judgments(of("served")))
    ran = run(lake.spark, job)
    rows = lake.spark.read.table(lake.tables.cascade_verdicts).where(f"run_key = '{ran.run_key}'").collect()
    assert sorted(row["comparison_id"] for row in rows) == sorted(asked["names"])
    assert sum(ran.decided.values()) == len(rows)
    # The test server's probabilities of two options may be equal, which is no verdict.
    failing = {row["comparison_id"] for row in lake.judgments(of("served")) if row["status"] != "ok"}
    assert {row["reason"] for row in rows if row["stage"] is None} <= {"failed"}
    assert {row["comparison_id"] for row in rows if row["stage"] is None} <= failing
    decided = [row for row in rows if row["stage"] is not None]
    assert {row["stage"] for row in decided} == {1, 2}
    assert all(row["verdict"] in "AB" and row["reliability"] >= row["threshold"] for row in decided)
    assert {row["cascade_id"] for row in rows} == {choice.cascade_id}
    after = Counter(row["judge_fingerprint"] for row in lake.judgments(of("served")))
    first, second = asked["fingerprints"]
    assert after[first] == 2 * len(rows)
    # In both orders, what the first left of those that it had not judged before.
    left = [row["comparison_id"] for row in rows if row["stage"] != 1 and row["comparison_id"] >= "served 4"]
    assert after[second] - before[second] == 2 * len(left) < 2 * (len(rows) - len(labels))
    again = run(lake.spark, job)
    assert again == ran
    assert Counter(row["judge_fingerprint"] for row in lake.judgments(of("served"))) == after
    table = lake.spark.read.table(lake.tables.cascade_verdicts)
    assert table.where(f"run_key = '{ran.run_key}'").count() == len(rows)


def test_a_stage_that_asks_another_judge_than_the_thresholds_are_of_is_refused_before_any_call(lake, asked):
    swapped = {**asked, "files": asked["files"][::-1]}
    before = len(lake.judgments())
    with pytest.raises(UserError, match=r"stages\[0\]\.ask asks a judge with the fingerprint .* choose again"):
        run(lake.spark, running_job(lake, swapped))
    assert len(lake.judgments()) == before


def test_without_chosen_thresholds_or_with_other_stages_nothing_is_run(lake, asked):
    with pytest.raises(UserError, match=r"No thresholds were chosen for a cascade 'sarved'.* Did you mean 'served'"):
        run(lake.spark, running_job(lake, asked).model_copy(update={"name": "sarved"}))
    with pytest.raises(UserError, match="choose again without --run"):
        run(lake.spark, job_of(lake, "cheap", name="served"))
    with pytest.raises(UserError, match=r"stages\[0\]\.ask: name the YAML file"):
        run(lake.spark, job_of(lake, *asked["fingerprints"], name="served"))
