"""Yes/no aspects: against scikit-learn, and that no row is reported by a threshold it helped to choose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score

from judgelake.measures.figure import Figure
from judgelake.measures.scores import CONSTANT_JUDGE, NOTHING_JUDGED
from judgelake.measures.table import FAILED, SEPARATOR, Table
from judgelake.measures.yes_no import NO_THRESHOLD, ONE_CLASS, auroc, best_threshold, figures

Row = tuple[int, float | str, int]
"""Label, the judge's score, half of the questions."""

ROW = st.tuples(st.integers(0, 1), st.integers(1, 6).map(float), st.integers(0, 1))


def table_of(rows: Sequence[Row], *replicates: Sequence[Row]) -> Table:
    counted = [Counter(rows), *map(Counter, replicates)]
    counts = {row: np.array([float(one[row]) for one in counted]) for row in sorted(set(rows), key=str)}
    return Table(
        {SEPARATOR.join((repr(float(row[0])), str(row[1]), str(row[2]))): count for row, count in counts.items()}
    )


def found_by(table: Table) -> dict[str, Figure]:
    return {figure.metric: figure for figure in figures(table)}


def value(figure: Figure) -> float | None:
    return figure.estimate(questions=1).value


def same(expected: float) -> object:
    return pytest.approx(expected, rel=0, abs=1e-12, nan_ok=True)


def predicted_by_search(own: Sequence[Row], other: Sequence[Row]) -> list[int]:
    """Classes of `own` by the best of all thresholds on `other`, tried one by one: lowest first, higher = 1 first."""
    labels, scores = (np.array(column) for column in list(zip(*other, strict=True))[:2])
    best, chosen = -1.0, (0.0, True)
    for cut in sorted(set(scores)):
        for is_higher in (True, False):
            is_right = ((scores > cut) == is_higher) == labels
            balanced = (is_right[labels == 0].mean() + is_right[labels == 1].mean()) / 2
            if balanced > best + 1e-9:
                best, chosen = balanced, (cut, is_higher)
    return [int((score > chosen[0]) == chosen[1]) for _, score, _ in own]


def is_enough(rows: Sequence[Row]) -> bool:
    return all(
        len({label for label, _, place in rows if place == half}) == 2
        and len({score for _, score, place in rows if place == half}) > 1
        for half in (0, 1)
    )


@settings(deadline=None, max_examples=25)
@given(st.lists(ROW, min_size=6, max_size=30))
def test_accuracy_and_f1_equal_a_search_of_the_other_half_with_scikit_learn(rows: list[Row]) -> None:
    assume(is_enough(rows))
    halves = [[row for row in rows if row[2] == half] for half in (0, 1)]
    labels = [label for half in halves for label, _, _ in half]
    classes = predicted_by_search(halves[0], halves[1]) + predicted_by_search(halves[1], halves[0])
    found = found_by(table_of(rows))
    assert found["aspect_accuracy"].replicates[0] == same(accuracy_score(labels, classes))
    assert found["aspect_f1"].replicates[0] == same(f1_score(labels, classes))


@settings(deadline=None, max_examples=60)
@given(st.lists(ROW, min_size=2, max_size=40))
def test_auroc_equals_scikit_learn_with_ties(rows: list[Row]) -> None:
    labels = [label for label, _, _ in rows]
    assume(len(set(labels)) == 2)
    expected = roc_auc_score(labels, [score for _, score, _ in rows])
    assert found_by(table_of(rows))["aspect_auroc"].replicates[0] == same(expected)


@settings(deadline=None, max_examples=40)
@given(st.lists(ROW, min_size=6, max_size=30), st.randoms(use_true_random=False))
def test_each_replicate_is_what_its_own_rows_alone_would_give(rows: list[Row], random) -> None:
    drawn = [random.choice(rows) for _ in rows]
    together, alone = found_by(table_of(rows, drawn)), found_by(table_of(drawn))
    assert together.keys() == alone.keys() >= {"aspect_f1", "aspect_auroc"}
    for metric, figure in together.items():
        assert figure.replicates[1] == same(alone[metric].replicates[0])


def test_halves_that_contradict_each_other_are_all_wrong_by_thresholds_that_never_saw_them() -> None:
    # Within each half some threshold is always right, and in the other half the same one is always wrong.
    rows: list[Row] = [(0, 1.0, 0), (1, 2.0, 0), (1, 1.0, 1), (0, 2.0, 1)] * 5
    found = found_by(table_of(rows))
    assert value(found["aspect_accuracy"]) == 0.0
    assert value(found["aspect_f1"]) == 0.0


def noise_accuracy(seed: int) -> tuple[float, float]:
    """Accuracy of noise on balanced labels: cross-fitted, and with a threshold chosen on the same rows."""
    random = np.random.default_rng(seed)
    rows = [(place % 2, float(random.normal()), place // 2 % 2) for place in range(80)]
    scores = np.array([score for _, score, _ in rows])
    labels = np.array([label for label, _, _ in rows])
    in_sample = max(np.mean((scores > cut) == (labels == side)) for cut in scores for side in (0, 1))
    found = value(found_by(table_of(rows))["aspect_accuracy"])
    assert found is not None
    return found, float(in_sample)


def test_scores_of_pure_noise_are_right_half_the_time_where_an_own_threshold_would_flatter() -> None:
    cross_fitted, in_sample = np.array([noise_accuracy(seed) for seed in range(100)]).T
    error = np.std(cross_fitted, ddof=1) / np.sqrt(len(cross_fitted))
    assert np.mean(cross_fitted) == pytest.approx(0.5, abs=3 * error)
    assert error < 0.01
    assert np.mean(in_sample) > 0.55


def test_a_judge_that_separates_is_right_whichever_way_its_scale_runs() -> None:
    rows = [(label, score, half) for label, score in ((1, 2.0), (0, 9.0)) for half in (0, 1)] * 5
    found = found_by(table_of(rows))
    assert value(found["aspect_accuracy"]) == 1.0
    assert value(found["aspect_f1"]) == 1.0
    # A higher score means 1 by convention, and here it never is.
    assert value(found["aspect_auroc"]) == 0.0


@pytest.mark.parametrize(
    ("zeros", "ones", "cut", "is_higher"),
    [
        pytest.param([5, 5, 0], [0, 0, 9], 1, True, id="the cut that separates"),
        pytest.param([0, 5, 5], [9, 0, 0], 0, False, id="the lower scores are 1"),
        pytest.param([5, 0, 5], [0, 4, 0], 0, True, id="of two equally good cuts the lower"),
        pytest.param([2, 2, 2], [3, 3, 3], 0, True, id="no cut is better than chance"),
        pytest.param([90, 9, 1], [0, 2, 8], 0, True, id="rare ones count, where accuracy would cut higher"),
        pytest.param([0, 5, 0, 1], [0, 0, 0, 5], 1, True, id="a score of other rows only is no cut"),
    ],
)
def test_the_threshold_with_the_best_balanced_accuracy(zeros, ones, cut, is_higher) -> None:
    found = best_threshold(*(np.array(counts, dtype=float)[:, None] for counts in (zeros, ones)))
    assert (found.cut[0], found.is_higher[0], found.is_defined[0]) == (cut, is_higher, True)


def test_auroc_of_a_small_table_by_hand() -> None:
    # 1s at 2 and 3, 0s at 1 and 2: of four pairs three in order, one level.
    zeros, ones = np.array([[1.0], [1.0], [0.0]]), np.array([[0.0], [1.0], [1.0]])
    assert auroc(zeros, ones)[0] == 3.5 / 4


@pytest.mark.parametrize(
    ("rows", "metric", "reason"),
    [
        pytest.param([(1, FAILED, 0)], "aspect_auroc", NOTHING_JUDGED, id="every judgment failed"),
        pytest.param([(1, 2.0, 0), (1, 3.0, 1)], "aspect_auroc", ONE_CLASS, id="one class"),
        pytest.param([(1, 2.0, 0), (0, 2.0, 0), (1, 2.0, 1), (0, 2.0, 1)], "aspect_f1", CONSTANT_JUDGE, id="one score"),
        pytest.param(
            [(1, 2.0, 0), (0, 1.0, 0), (1, 2.0, 1)], "aspect_accuracy", NO_THRESHOLD, id="a half of one class"
        ),
    ],
)
def test_what_cannot_be_said_has_its_reason(rows, metric, reason) -> None:
    found = found_by(table_of(rows))[metric].estimate(questions=1)
    assert (found.value, found.reason) == (None, reason)


def test_a_constant_judge_has_an_auroc_of_one_half() -> None:
    rows: list[Row] = [(label, 2.0, half) for label in (0, 1) for half in (0, 1)]
    assert value(found_by(table_of(rows))["aspect_auroc"]) == 0.5


def test_labels_on_a_longer_scale_are_no_yes_and_no() -> None:
    assert not list(figures(table_of([(0, 2.0, 0), (1, 3.0, 1), (7, 3.0, 1)])))
    assert not list(figures(Table()))


GOOD: list[Row] = [(label, float(label), half) for label in (0, 1) for half in (0, 1)]


def test_failed_judgments_are_left_out_counted_and_bound_the_accuracy() -> None:
    accuracy = found_by(table_of([*GOOD, (1, FAILED, 0), (0, FAILED, 1)]))["aspect_accuracy"]
    assert (accuracy.n, accuracy.asked, value(accuracy)) == (4, 6, 1.0)
    assert (accuracy.if_wrong, accuracy.if_right) == (4 / 6, 1.0)


@pytest.mark.parametrize(
    ("failed", "of_f1", "of_auroc"),
    [
        # Two 1s and two 0s are told apart: F1 is 2 * 2 / (2 * 2 + false ones), of 4 pairs all are in order.
        pytest.param([], (1.0, 1.0), (1.0, 1.0), id="none"),
        pytest.param([1, 1], (4 / 6, 1.0), (4 / 8, 1.0), id="1s: false negatives, lowest of all"),
        pytest.param([0], (4 / 5, 1.0), (4 / 6, 1.0), id="a 0: a false positive, highest of all"),
        pytest.param([0, 1], (4 / 6, 1.0), (4 / 9, 1.0), id="one of each"),
    ],
)
def test_failed_judgments_bound_f1_and_auroc(failed: list[int], of_f1, of_auroc) -> None:
    found = found_by(table_of([*GOOD, *[(label, FAILED, place % 2) for place, label in enumerate(failed)]]))
    for metric, expected in (("aspect_f1", of_f1), ("aspect_auroc", of_auroc)):
        assert (found[metric].if_wrong, found[metric].if_right) == expected


def test_failed_judgments_that_are_right_mend_f1_and_auroc() -> None:
    # 1s at 1 and 2, 0s at 1 and 2, in both halves: of 16 pairs 8 are in order, half of the level ones counted.
    rows: list[Row] = [(label, score, half) for label in (0, 1) for score in (1.0, 2.0) for half in (0, 1)]
    found = found_by(table_of([*rows, (1, FAILED, 0), (0, FAILED, 1)]))
    assert found["aspect_auroc"].if_right == (8 + 5 + 4) / 25
    assert found["aspect_auroc"].if_wrong == 8 / 25
    # Scores above the lower one are 1: two 1s are met, two missed, two 0s are taken for one.
    assert found["aspect_f1"].if_right == 2 * 3 / (2 * 3 + 2 + 2)
    assert found["aspect_f1"].if_wrong == 2 * 2 / (2 * 2 + 3 + 3)


@settings(deadline=None, max_examples=60)
@given(st.lists(ROW, min_size=6, max_size=30), st.lists(ROW, min_size=1, max_size=8))
def test_whatever_the_failed_judgments_had_said_auroc_lies_within_its_bounds(judged, failed) -> None:
    assume(len({label for label, _, _ in judged}) == 2)
    auroc_of_judged = found_by(table_of([*judged, *[(label, FAILED, half) for label, _, half in failed]]))[
        "aspect_auroc"
    ]
    had_they_not_failed = value(found_by(table_of([*judged, *failed]))["aspect_auroc"])
    assert auroc_of_judged.if_wrong - 1e-12 <= had_they_not_failed <= auroc_of_judged.if_right + 1e-12


def test_what_is_undefined_has_no_bounds() -> None:
    found = found_by(table_of([(1, 2.0, 0), (1, 3.0, 1), (0, FAILED, 0)]))
    assert found.keys() >= {"aspect_f1", "aspect_auroc"}
    for figure in found.values():
        assert (value(figure), figure.if_wrong, figure.if_right) == (None, None, None)


def test_scores_that_only_rounding_tells_apart_are_level() -> None:
    # In binary the mean of 1.1 and 2.2 is 1.6500000000000001.
    rows: list[Row] = [(0, 1.65, half) for half in (0, 1)] + [(1, (1.1 + 2.2) / 2, half) for half in (0, 1)]
    found = found_by(table_of(rows))
    assert value(found["aspect_auroc"]) == 0.5
    assert found["aspect_accuracy"].estimate(questions=1).reason == CONSTANT_JUDGE
