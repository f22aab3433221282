"""The trust job on a small lake: indicators by hand, probabilities as the pure maps give them, and reasons."""

from __future__ import annotations

import math
import random

import pytest
from small_lake import SmallLake, append, comparison, judgment, labels_of, lake_of_its_own

from judgelake.config import validated
from judgelake.jobs.trust import TrustJob, trust

LABELLED, UNLABELLED = [f"c{place}" for place in range(110)], ["free", "failed", "one-order"]


def odds(value, mass=0.9):
    """Log-probabilities whose log-odds of A over B are `value`."""
    share = 1 / (1 + math.exp(-value))
    return {"A": math.log(share * mass), "B": math.log((1 - share) * mass)}


def in_order(name, order, value, **changes):
    known = {"verdict_logprobs": odds(value), "label_mass": 0.9, "judge": "sure", "judge_fingerprint": "sure"}
    return judgment(name, "A" if value > 0 else "B", order=order) | known | changes


def rows_of_judgments():
    generator = random.Random(4)
    leans = {name: generator.gauss(0.5, 2) for name in LABELLED} | {"free": 3.0}
    for name, lean in leans.items():
        # Being shown first adds one nat.
        yield in_order(name, "AB", lean + 1, label_mass=0.8)
        yield in_order(name, "BA", lean - 1)
    failed = {"verdict_logprobs": None, "label_mass": None, "status": "timeout", "error": "no answer in time"}
    yield in_order("failed", "AB", 1.0)
    yield in_order("failed", "BA", 1.0, verdict=None, **failed)
    yield in_order("one-order", "AB", -2.0)
    for repeat, verdict in enumerate("AAB"):
        yield judgment("c0", verdict, judge="text", judge_fingerprint="text", repeat=repeat, judgment_id=f"r{repeat}")
    yield judgment("free", "A", judge="text", judge_fingerprint="text")


@pytest.fixture(scope="module")
def lake(spark, empty_warehouse, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trust")
    small = SmallLake(spark, lake_of_its_own(spark, empty_warehouse, folder, "trust"), folder)
    small.add("comparisons", *map(comparison, [*LABELLED, *UNLABELLED]))
    generator = random.Random(5)
    small.add("labels", *labels_of({name: generator.choice("AAB") for name in LABELLED}))
    append(spark, small.tables.judgments, *rows_of_judgments())
    return small


def run(lake, **changes):
    content = {"tables": lake.tables.model_dump(), "mlflow": {"enabled": False}, "pictures": str(lake.folder / "png")}
    return trust(lake.spark, validated(TrustJob, content | changes, "test"))


def table(lake, found):
    rows = lake.spark.read.table(lake.tables.reliability).where(f"run_id = '{found.run_id}'").collect()
    return {(row["judge"], row["comparison_id"]): row for row in rows}


@pytest.fixture(scope="module")
def first(lake):
    # Twice: the rows of the same run are replaced.
    found = [run(lake, swap_rule="margin"), run(lake, swap_rule="margin")]
    assert found[0].run_id == found[1].run_id
    return found[1], table(lake, found[1])


def test_each_verdict_has_its_indicators_or_why_they_are_not_known(first):
    _, rows = first
    free, one = rows["sure", "free"], rows.get(("sure", "one-order"))
    assert len(rows) == len(LABELLED) + 2, "once each; what was asked in one order has no verdict by margin"
    assert one is None
    assert free["indicators"] == pytest.approx({"margin": 3, "centred": 3, "label_mass": 0.8, "orders_agree": 1})
    assert free["unknown"] == {"repeats_agree": "asked once"}
    assert (free["verdict"], free["label"], free["is_right"]) == ("A", None, None)
    failed = rows["sure", "failed"]
    assert (failed["verdict"], failed["probability"]) == (None, None)
    assert failed["reason"] == "the judgment failed, so there is no verdict"
    assert failed["unknown"]["margin"] == "an order has no log-odds"
    assert failed["unknown"]["orders_agree"] == "an order has no verdict"


@pytest.mark.parametrize("method", ["temperature", "isotonic"])
def test_the_probabilities_in_the_table_are_those_that_were_compared_with_the_labels(lake, first, method):
    if method == "temperature":
        found, rows = first
    else:
        found = run(lake, swap_rule="margin", calibration={"method": method})
        rows = table(lake, found)
    sure = next(one for one in found.judges if one.judge.judge == "sure")
    stored = [row["probability"] for row in rows.values() if row["is_right"] is not None]
    assert sorted(stored) == pytest.approx(sorted(sure.fitted[0].probabilities))
    assert rows["sure", "free"]["probability"] is not None
    assert rows["sure", "free"]["probability_from"] == f"margin, {method}"


def test_the_figures_are_rows_of_the_metrics_table(lake, first):
    found, _ = first
    rows = lake.spark.read.table(lake.tables.metrics).where(f"run_id = '{found.run_id}'").collect()
    known = {(row["judge"], row["metric"], row["subject"]): row for row in rows}
    assert known["sure", "reliability_auroc", "margin"]["n"] == len(LABELLED)
    assert known["sure", "reliability_auroc", "repeats_agree"]["reason"] == "no labelled verdict has a value of it"
    assert known["sure", "ece", "margin, temperature"]["value"] is not None
    assert len(known) == len(rows) == len(found.rows)
    assert [path.suffix for path in found.pictures] == [".png"]


def test_a_judge_of_texts_in_one_order_has_what_its_repeats_say_and_a_reason(lake):
    found = run(lake, swap_rule="first", calibration={"least_questions": 50})
    row = table(lake, found)["text", "c0"]
    assert row["indicators"] == pytest.approx({"repeats_agree": 1 / 3})
    assert row["unknown"]["margin"] == "the judge gives neither log-probabilities of labels nor scores"
    assert row["unknown"]["orders_agree"] == "asked in one order only"
    assert row["probability"] is None
    assert "needs at least 50 questions with a labelled verdict, and there are 1" in row["reason"]
