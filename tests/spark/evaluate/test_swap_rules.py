"""Swap rules chosen from the data, and those of log-odds: Spark says what the pure functions say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_lake import SmallLake, comparison, judgments_of, labels_of, lake_of_its_own, rows_by_table

from judgelake.measures.margin import LogOdds
from judgelake.measures.rules import VERDICTS

ODDS = {
    "leans first": (
        [3.5, 0.5, -0.25, 1.0, 2.5, 0.25, 1.5, None, 0.75, -2.0, 0.5, "not asked"],
        [0.5, -2.5, -3.0, -1.5, 0.0, -2.75, "no odds", 1.0, -2.0, -4.5, "not asked", -1.25],
    ),
    "leans second": (
        [0.0, 2.0, -1.5, -0.5, 1.0, -1.0, 2.0, -0.5, 1.5, -1.0, 0.5, -2.0],
        [1.0, 2.5, 0.0, 0.5, 1.0, -0.5, 3.0, -1.0, 2.0, 0.5, 1.0, -1.5],
    ),
}
"""Log-odds of twelve comparisons by judge, in the original and in the reversed order; None: the judgment failed."""
ODDS_LABELS = "ABABABABABAB"


def log_odds() -> Iterator[tuple[str, Iterable[Mapping[str, Any]]]]:
    """A judge with log-probabilities, not all of them, and one whose scores differ by its log-odds."""
    names = [f"odds {number}" for number in range(len(ODDS_LABELS))]
    yield "comparisons", map(comparison, names)
    yield "labels", labels_of(dict(zip(names, ODDS_LABELS, strict=True)))
    for judge, orders in ODDS.items():
        for order, odds in zip(("AB", "BA"), orders, strict=True):
            said = {name: one for name, one in zip(names, odds, strict=True) if one != "not asked"}
            rows = judgments_of(judge, {name: saying_of(one) for name, one in said.items()}, order)
            yield "judgments", [row | giving(judge, said[row["comparison_id"]]) for row in rows]


def saying_of(odds: Any) -> str | None:
    """The verdict of log-odds; A where the judge gave none."""
    if odds == "not asked":
        return odds
    return None if odds is None else "A" if odds == "no odds" else "tie" if odds == 0 else "A" if odds > 0 else "B"


def giving(judge: str, odds: Any) -> dict[str, Any]:
    """What else a judgment of these log-odds holds."""
    if not isinstance(odds, float):
        return {}
    if judge == "leans second":
        return {"scores": [5.0 + odds, 5.0]}
    # The log-probability of a third label makes no difference.
    return {"verdict_logprobs": {"A": -1.0, "B": -1.0 - odds, "tie": -0.5}, "margin": abs(odds)}


SLICES = {"slices": {"by": ["judge_margin"], "least": 1}}


@pytest.fixture(scope="module")
def small(spark: Any, empty_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> SmallLake:
    folder = tmp_path_factory.mktemp("swap_rules")
    small = SmallLake(spark, lake_of_its_own(spark, empty_warehouse, folder, "swap_rules"), folder)
    small.fill(rows_by_table(log_odds()))
    return small


def odds_of(judge: str) -> LogOdds:
    orders = [np.array([one if isinstance(one, float) else np.nan for one in odds]) for odds in ODDS[judge]]
    asked = [np.array([one != "not asked" for one in odds]) for odds in ODDS[judge]]
    return LogOdds(*orders, *asked)


def agreement(said: np.ndarray) -> tuple[float, int, int]:
    """Share of labels met, how many count, and how many were asked."""
    verdicts = [VERDICTS[one] for one in said]
    given = [(label, one) for label, one in zip(ODDS_LABELS, verdicts, strict=True) if one in ("A", "B", "tie")]
    asked = len(verdicts) - verdicts.count("not_asked")
    return sum(label == one for label, one in given) / len(given), len(given), asked


@pytest.fixture(scope="module")
def by_data(small):
    done = small.evaluate("by data", **SLICES)
    return done, small.metrics(done)


def test_the_headline_is_by_margin_where_every_judge_has_log_odds_in_both_orders(by_data):
    done, rows = by_data
    rules = [rule.value for rule in done.evaluation.job.rules]
    assert rules == ["margin", "mean", "first", "strict", "both_right"]
    assert rows["leans first", "agreement", None, "all", "margin"]["is_headline"]
    assert "every judge has log-odds in both orders" in done.report.read_text("utf-8")
    sources = {judge.name: judge.log_odds for judge in done.evaluation.inputs.judges}
    assert sources == {"leans first": "log-probabilities", "leans second": "scores"}
    # The slices by margin are of the log-odds that decide: 3.5 and 0.5 are 2 on the mean.
    assert rows["leans first", "agreement", None, "judge_margin=2 to below 4 nats", "margin"]["n"] == 2


@pytest.mark.parametrize("judge", ODDS)
def test_margin_and_offset_are_those_of_the_pure_functions(by_data, judge):
    (_, rows), odds = by_data, odds_of(judge)
    row = rows[judge, "agreement", None, "all", "margin"]
    assert (row["value"], row["n"], row["asked"]) == agreement(odds.margin())
    offset = rows[judge, "position_offset", None, "all", None]
    assert offset["value"] == pytest.approx(odds.position_offset, abs=1e-5)
    assert offset["low"] < offset["value"] < offset["high"]
    own, reversed_ = odds.centred()
    both = np.isfinite(odds.own + odds.reversed_)
    consistency = rows[judge, "centred_consistency", None, "all", None]
    assert consistency["value"] == pytest.approx(np.mean(own[both] == reversed_[both]))
    assert (consistency["n"], consistency["asked"]) == (both.sum(), (odds.own_asked & odds.reversed_asked).sum())


@pytest.fixture(scope="module")
def done_by_mean(small):
    slices = {"slices": {"by": ["judge_margin", "source"], "least": 1}, "corrected": {"strata": "source"}}
    return small.evaluate("by mean", **slices, swap_rules=["mean", "centred"], tie_margin=0.5)


@pytest.fixture(scope="module")
def by_mean(small, done_by_mean):
    return small.metrics(done_by_mean)


@pytest.mark.parametrize("judge", ODDS)
def test_centred_verdicts_are_those_of_the_pure_function_with_its_band_of_ties(by_mean, judge):
    row = by_mean[judge, "agreement", None, "all", "centred"]
    assert (row["value"], row["n"], row["asked"]) == agreement(odds_of(judge).centred_verdict(0.5))


def said_in_both() -> dict[str, list[tuple[str, str]]]:
    """The verdicts of both orders on the comparisons on which both judges have both."""
    has_both = [
        all(one not in (None, "not asked") for judge in ODDS for one in (ODDS[judge][0][place], ODDS[judge][1][place]))
        for place in range(len(ODDS_LABELS))
    ]
    return {
        judge: [
            tuple(map(saying_of, said))
            for said, has in zip(zip(*ODDS[judge], strict=True), has_both, strict=True)
            if has
        ]
        for judge in ODDS
    }


def test_under_the_mean_every_order_counts_one_half_of_a_comparison(by_mean):
    said = said_in_both()
    first, second = said.values()
    row = by_mean["leans first", "judge_agreement", "leans second", "all", "mean"]
    same = [one == other for pair in zip(first, second, strict=True) for one, other in zip(*pair, strict=True)]
    assert (row["value"], row["n"]) == (pytest.approx(np.mean(same)), len(first))
    wins = {"A": 1.0, "tie": 0.5, "B": 0.0}
    row = by_mean["leans first", "win_rate", "model-a", "all", "mean"]
    assert (row["value"], row["n"]) == (pytest.approx(np.mean([wins[one] for pair in first for one in pair])), 9)
    # Everything has a label, so that the corrected rate is that of the labels on the same comparisons.
    row = by_mean["leans first", "corrected_win_rate", "model-a", "all", "mean"]
    labels = [
        wins[label]
        for label, pair in zip(ODDS_LABELS, zip(*ODDS["leans first"], strict=True), strict=True)
        if not {None, "not asked"} & {*pair}
    ]
    assert (row["value"], row["n"]) == (pytest.approx(np.mean(labels)), 9)
    agreements = {judge: by_mean[judge, "agreement", None, "all", "mean"] for judge in ODDS}
    assert (agreements["leans first"]["n"], agreements["leans first"]["asked"]) == (9, 10)
    by_order = [by_mean["leans second", "average_accuracy", None, "all", None], agreements["leans second"]]
    assert by_order[0]["value"] == pytest.approx(by_order[1]["value"])


def test_under_the_mean_a_comparison_that_is_wrong_in_the_reversed_order_alone_is_a_disagreement(done_by_mean):
    said = {judge: [[saying_of(one) for one in order] for order in ODDS[judge]] for judge in ODDS}
    wrong = {
        (judge, f"odds {number}")
        for judge, orders in said.items()
        for number, label in enumerate(ODDS_LABELS)
        if "not asked" not in (both := {order[number] for order in orders}) and None not in both and both != {label}
    }
    shown = {(one.judge, one.comparison_id) for one in done_by_mean.content.disagreements}
    assert shown <= wrong
    assert len(shown) == min(20, len(wrong))
    assert any(said[judge][0][int(name[5:])] == ODDS_LABELS[int(name[5:])] for judge, name in shown)


def test_of_reversed_orders_alone_there_are_slices_by_the_judges_margin(small):
    done = small.evaluate("reversed", **SLICES, judgments_where="shown_order = 'BA'")
    assert done.evaluation.job.rules == ("second",)
    row = small.metrics(done)["leans first", "agreement", None, "judge_margin=2 to below 4 nats", "second"]
    # -2.5, -3, -2.75 and -2.
    assert row["n"] == 4
