"""Consistency and position bias: by hand, by their laws, and against JudgeLM's and LLMBar's own scripts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pairwise_rows import lines, table_of
from sklearn.metrics import cohen_kappa_score

from judgelake.measures import metric_named, repeats
from judgelake.measures.both_orders import figures
from judgelake.measures.conventions import FailureRule
from judgelake.measures.figure import Figure
from judgelake.measures.rules import CLASSES, VERDICTS
from judgelake.measures.table import Table

Row = tuple[str, str]
"""Verdict in order AB and in order BA, both mapped to the original order."""
RATES = ("consistency", "bias_first", "bias_second")


def found_in(table: Table, failures: FailureRule = FailureRule.LEFT_OUT) -> dict[str, Figure]:
    return {figure.metric: figure for figure in figures(table, failures)}


def values(found: Mapping[str, Figure], *metrics: str) -> list[float | None]:
    return [found[metric].estimate(questions=1).value for metric in metrics]


@pytest.mark.parametrize(
    ("own", "reversed_", "favoured"),
    [
        pytest.param("A", "A", "consistency", id="the first answer twice"),
        pytest.param("tie", "tie", "consistency", id="a tie twice"),
        pytest.param("A", "B", "bias_first", id="the first place twice"),
        pytest.param("B", "A", "bias_second", id="the second place twice"),
        pytest.param("A", "tie", "bias_first", id="the first answer wins only when shown first"),
        pytest.param("tie", "B", "bias_first", id="the second answer wins only when shown first"),
        pytest.param("B", "tie", "bias_second", id="the second answer wins only when shown second"),
        pytest.param("tie", "A", "bias_second", id="the first answer wins only when shown second"),
    ],
)
def test_a_disagreement_favours_the_place_where_an_answer_does_better(own: str, reversed_: str, favoured: str) -> None:
    assert values(found_in(table_of([(own, reversed_)])), *RATES) == [float(rate == favoured) for rate in RATES]


def test_position_bias_keeps_the_sign_that_delta_bias_drops() -> None:
    found = found_in(table_of({("A", "A"): 5, ("A", "B"): 1, ("B", "A"): 4}))
    assert values(found, "consistency", "bias_first", "bias_second", "position_bias") == [0.5, 0.1, 0.4, -0.4 + 0.1]
    assert values(found, "delta_bias") == [0.4 - 0.1]
    assert [metric for metric in found if metric_named(metric).is_effect] == ["position_bias"]


def test_of_a_judge_that_always_names_the_first_place_both_biases_are_known() -> None:
    found = found_in(table_of({("A", "B"): 9}))
    delta, position = (found[name].estimate(questions=9) for name in ("delta_bias", "position_bias"))
    assert (delta.value, position.value) == (1.0, 1.0)
    assert (delta.low, delta.reason) == (None, metric_named("delta_bias").no_interval)


def test_a_failed_judgment_favours_no_place_and_lowers_the_coverage() -> None:
    rows = {("A", "A"): 2, ("A", "failed"): 1, ("failed", "failed"): 1, ("A", "not_asked"): 6}
    left_out, wrong, tie = (
        found_in(table_of(rows), failures) for failures in (FailureRule.LEFT_OUT, FailureRule.WRONG, FailureRule.TIE)
    )
    for found in (left_out, wrong):
        assert values(found, *RATES) == [1.0, 0.0, 0.0]
        assert (found["consistency"].n, found["consistency"].asked) == (2, 4)
    assert values(tie, *RATES) == [0.75, 0.25, 0.0]
    assert values(wrong, "positional_agreement") == [0.75]
    assert wrong["positional_agreement"].coverage == 1.0


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        pytest.param([], "asked in both orders", id="nothing"),
        pytest.param([("A", "not_asked"), ("not_asked", "B")], "asked in both orders", id="one order each"),
        pytest.param([("A", "failed")], "a verdict in both orders", id="one failed"),
    ],
)
def test_where_there_is_no_number_there_is_a_reason(rows: list[Row], reason: str) -> None:
    found = found_in(table_of(rows))
    assert found.keys() >= {*RATES, "delta_bias", "positional_agreement", "positional_kappa"}
    for figure in found.values():
        estimate = figure.estimate(questions=1)
        assert estimate.value is None
        assert reason in (estimate.reason or "")


def test_one_verdict_throughout_is_consistent_and_has_no_kappa() -> None:
    found = found_in(table_of([("A", "A")] * 4))
    assert values(found, "consistency", "positional_kappa") == [1.0, None]
    assert "one class" in (found["positional_kappa"].estimate(1).reason or "")


ROWS = list(product(VERDICTS, VERDICTS))
COUNTS = st.dictionaries(st.sampled_from(ROWS), st.integers(1, 50), min_size=1)
JUDGED = st.dictionaries(st.sampled_from(list(product(CLASSES, CLASSES))), st.integers(1, 50), min_size=1)


@settings(deadline=None, max_examples=50)
@given(COUNTS, st.sampled_from(FailureRule))
def test_consistency_and_the_biases_sum_to_one(rows: dict[Row, int], failures: FailureRule) -> None:
    shares = values(found_in(table_of(rows), failures), *RATES)
    if any(own in CLASSES and reversed_ in CLASSES for own, reversed_ in rows):
        assert sum(share for share in shares if share is not None) == pytest.approx(1, abs=1e-12)
    else:
        known = [share for share in shares if share is not None]
        assert known == [] or sum(known) == pytest.approx(1, abs=1e-12)


@settings(deadline=None, max_examples=50)
@given(COUNTS, st.sampled_from(FailureRule))
def test_swapping_the_orders_mirrors_the_biases(rows: dict[Row, int], failures: FailureRule) -> None:
    found = found_in(table_of(rows), failures)
    mirrored = found_in(table_of({(reversed_, own): n for (own, reversed_), n in rows.items()}), failures)
    assert values(found, *RATES) == values(mirrored, "consistency", "bias_second", "bias_first")
    assert values(found, "delta_bias", "positional_agreement") == values(mirrored, "delta_bias", "positional_agreement")


@settings(deadline=None, max_examples=50)
@given(JUDGED)
def test_the_kappa_of_the_orders_is_scikit_learns(rows: dict[Row, int]) -> None:
    own, reversed_ = zip(*[row for row, n in rows.items() for _ in range(n)], strict=True)
    theirs = None
    if len({*own, *reversed_}) > 1:
        theirs = pytest.approx(cohen_kappa_score(own, reversed_), abs=1e-12)
    assert values(found_in(table_of(rows)), "positional_kappa") == [theirs]


@settings(deadline=None, max_examples=30)
@given(
    st.dictionaries(st.sampled_from(ROWS), st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=1),
    st.sampled_from(FailureRule),
)
def test_each_replicate_is_the_figure_of_its_own_counts(rows: dict[Row, list[int]], failures: FailureRule) -> None:
    together = found_in(table_of(rows), failures)
    for place in range(3):
        alone = found_in(table_of({row: count[place] for row, count in rows.items()}), failures)
        for metric, figure in together.items():
            of_alone = alone[metric].replicates
            assert figure.replicates is not None
            assert of_alone is not None
            np.testing.assert_array_equal(figure.replicates[place], of_alone[0])
        assert together.keys() >= {*RATES}


JUDGELM_NAMES = {
    "consistency": "consistency",
    "perfer_before_rate": "bias_first",
    "perfer_after_rate": "bias_second",
    "delta_bias": "delta_bias",
}


@pytest.mark.parametrize("name", ["llmbar_GPT-4_Vanilla", "autoj_pairwise"])
def test_consistency_and_biases_are_those_of_judgelms_own_script(shared: Path, name: str) -> None:
    entries = json.loads((shared / "golden" / "published_metrics.json").read_text("utf-8"))["entries"]
    golden = next(entry["recomputed"] for entry in entries if entry["judge"] == name)
    folder = shared / "golden" / "judgelm_eval"
    shown = {"10 1": "A", "1 10": "B", "5 5": "tie", "": "failed"}
    back = {**shown, "10 1": "B", "1 10": "A"}
    own, reversed_ = lines(folder / f"{name}.pred.jsonl"), lines(folder / f"{name}.rev.jsonl")
    rows = [(shown[one["pred_text"]], back[two["pred_text"]]) for one, two in zip(own, reversed_, strict=True)]
    found = found_in(table_of(rows), FailureRule.TIE)
    assert found["consistency"].n == golden["total_num"]
    for theirs, ours in JUDGELM_NAMES.items():
        assert values(found, ours) == [pytest.approx(golden[theirs], abs=1e-12)], theirs


def test_positional_agreement_and_kappa_are_llmbars_for_all_sets_and_evaluators(shared: Path) -> None:
    names = {"1": "A", "2": "B", None: "failed"}
    winners = lines(shared / "data" / "llmbar" / "published_winners.jsonl")
    for golden in json.loads((shared / "golden" / "llmbar_metrics.json").read_text("utf-8")):
        rows = [
            (names[row["winner_first"]], names[row["winner_swapped"]])
            for row in winners
            if (row["set"], row["evaluator"]) == (golden["dataset"], golden["evaluator"])
        ]
        assert len(rows) == golden["n"]
        assert values(found_in(table_of(rows), FailureRule.WRONG), "positional_agreement", "positional_kappa") == [
            pytest.approx(golden["positional_agreement"], abs=1e-12),
            pytest.approx(golden["true_kappa_agreement"], abs=1e-12),
        ]


def repeats_of(rows: Mapping[tuple[int, int], Sequence[int] | int]) -> dict[str, Figure]:
    """Figures of requests by (differing pairs, pairs)."""
    found = repeats.figures(table_of({(str(differing), str(pairs)): n for (differing, pairs), n in rows.items()}))
    return {figure.metric: figure for figure in found}


def test_each_repeated_request_weighs_the_same_however_often_it_was_asked() -> None:
    # Six requests asked twice and alike, one asked twice and not, one asked four times with one other answer.
    found = repeats_of({(0, 1): 6, (1, 1): 1, (3, 6): 1})
    assert values(found, "unanimity", "flip_rate") == [6 / 8, (1 + 1 / 2) / 8]


def test_a_repeat_that_failed_leaves_no_pair_and_lowers_the_coverage() -> None:
    found = repeats_of({(0, 1): 3, (0, 0): 1})
    assert values(found, "unanimity", "flip_rate") == [1.0, 0.0]
    assert [figure.coverage for figure in found.values()] == [0.75, 0.75]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        pytest.param({}, "asked more than once", id="no repeats"),
        pytest.param({(0, 0): 2}, "two verdicts", id="all repeats failed"),
    ],
)
def test_without_repeats_there_is_a_reason(rows: dict[tuple[int, int], int], reason: str) -> None:
    found = repeats_of(rows)
    assert found.keys() >= {"unanimity", "flip_rate"}
    for figure in found.values():
        estimate = figure.estimate(questions=1)
        assert estimate.value is None
        assert reason in (estimate.reason or "")


@settings(deadline=None, max_examples=50)
@given(st.lists(st.lists(st.sampled_from(CLASSES), min_size=2, max_size=6), min_size=1, max_size=20))
def test_the_flip_rate_is_the_mean_chance_that_two_answers_differ(requests: list[list[str]]) -> None:
    pairs = [[(one, two) for i, one in enumerate(said) for two in said[:i]] for said in requests]
    shares = [sum(one != two for one, two in of_request) / len(of_request) for of_request in pairs]
    counts = Counter((sum(one != two for one, two in of_request), len(of_request)) for of_request in pairs)
    assert values(repeats_of(counts), "unanimity", "flip_rate") == [
        pytest.approx(np.mean([len(set(said)) == 1 for said in requests])),
        pytest.approx(np.mean(shares)),
    ]
