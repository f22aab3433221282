"""Swap rules chosen from the data, and those of log-odds: Spark says what the pure functions say; see by_hand.py."""

from __future__ import annotations

import numpy as np
import pytest
from by_hand import ODDS, ODDS_LABELS, saying_of

from judgelake.measures.margin import LogOdds
from judgelake.measures.rules import VERDICTS

CHOSEN = {
    "where": "source = 'odds'",
    "judgments_where": "judge LIKE 'leans %'",
    "labels": {"kind": "teacher"},
    "slices": {"by": ["judge_margin"], "least": 1},
}


def log_odds(judge: str) -> LogOdds:
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
def by_data(by_hand):
    done = by_hand.small.evaluate("by data", **CHOSEN)
    return done, by_hand.small.metrics(done)


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
    (_, rows), odds = by_data, log_odds(judge)
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
def by_mean(by_hand):
    rules = {"swap_rules": ["mean", "centred"], "tie_margin": 0.5}
    return by_hand.small.metrics(by_hand.small.evaluate("by mean", **CHOSEN | rules))


@pytest.mark.parametrize("judge", ODDS)
def test_centred_verdicts_are_those_of_the_pure_function_with_its_band_of_ties(by_mean, judge):
    row = by_mean[judge, "agreement", None, "all", "centred"]
    assert (row["value"], row["n"], row["asked"]) == agreement(log_odds(judge).centred_verdict(0.5))


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
    agreements = {judge: by_mean[judge, "agreement", None, "all", "mean"] for judge in ODDS}
    assert (agreements["leans first"]["n"], agreements["leans first"]["asked"]) == (9, 10)
    by_order = [by_mean["leans second", "average_accuracy", None, "all", None], agreements["leans second"]]
    assert by_order[0]["value"] == pytest.approx(by_order[1]["value"])
