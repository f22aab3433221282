"""Labelers among themselves: Cohen's kappa against scikit-learn, alpha against `krippendorff` and the textbook."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from pathlib import Path

import krippendorff
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, cohen_kappa_score

from judgelake.measures.labelers import Level, alpha_figures, pair_figures, score_pair_figures
from judgelake.measures.table import SEPARATOR, Table

Labels = tuple[str, ...]


def table_of(rows: Iterable[Labels] | Mapping[Labels, Sequence[int] | int]) -> Table:
    counts = rows if isinstance(rows, Mapping) else Counter(rows)
    return Table({SEPARATOR.join(row): np.atleast_1d(np.array(n, dtype=np.float64)) for row, n in counts.items()})


def alpha(units: Iterable[Labels], level: Level) -> float | None:
    (figure,) = alpha_figures(table_of(tuple(sorted(unit)) for unit in units), level)
    return figure.estimate(questions=1).value


def theirs(units: Sequence[Labels], level: Level) -> float:
    """Alpha of the package, from counts of each value in each unit."""
    values = sorted({label for unit in units for label in unit}, key=float if level == "interval" else str)
    counts = np.array([[unit.count(value) for value in values] for unit in units])
    domain = [float(value) for value in values] if level == "interval" else np.arange(len(values))
    found = krippendorff.alpha(value_counts=counts, value_domain=domain, level_of_measurement=level)
    return float(found)


# Krippendorff 2011, "Computing Krippendorff's alpha-reliability", section C: four observers, twelve units.
TEXTBOOK = [
    "111", "2232", "3333", "3333", "2222", "1234", "4444", "1121", "2222", "555", "11", "3",
]  # fmt: skip


@pytest.mark.parametrize(
    ("level", "expected"),
    [pytest.param("nominal", 0.743, id="nominal"), pytest.param("interval", 0.849, id="interval")],
)
def test_alpha_of_the_textbook_example_is_the_textbooks(level: Level, expected: float) -> None:
    found = alpha([tuple(unit) for unit in TEXTBOOK], level)
    assert found is not None
    assert round(found, 3) == expected


UNITS = {
    "nominal": st.lists(st.lists(st.sampled_from(["A", "B", "tie"]), max_size=6, min_size=1).map(tuple), min_size=1),
    "interval": st.lists(st.lists(st.integers(1, 10).map(str), min_size=1, max_size=6).map(tuple), min_size=1),
}


@pytest.mark.parametrize("level", ["nominal", "interval"])
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_alpha_is_the_packages_on_any_labels(level: Level, data: st.DataObject) -> None:
    units = data.draw(UNITS[level])
    if len({label for unit in units if len(unit) > 1 for label in unit}) > 1:
        assert alpha(units, level) == pytest.approx(theirs(units, level), abs=1e-12)
    else:
        assert alpha(units, level) is None


@pytest.mark.parametrize(
    ("units", "n", "reason"),
    [
        pytest.param([], 0, "two verdicts", id="no labels"),
        pytest.param([("A",), ("B",)], 0, "two verdicts", id="one labeler each"),
        pytest.param([("A", "A"), ("A", "A"), ("B",)], 2, "all labels have the same value", id="one value"),
    ],
)
def test_without_a_spread_of_labels_alpha_has_a_reason(units: list[Labels], n: int, reason: str) -> None:
    (figure,) = alpha_figures(table_of(units), "nominal")
    estimate = figure.estimate(questions=1)
    assert (figure.n, figure.asked, estimate.value) == (n, None, None)
    assert reason in (estimate.reason or "")


PAIRS = st.lists(st.tuples(*[st.sampled_from(["A", "B", "tie"])] * 2), min_size=1, max_size=60)


@settings(deadline=None, max_examples=60)
@given(PAIRS)
def test_agreement_and_kappa_of_two_labelers_are_scikit_learns(pairs: list[Labels]) -> None:
    agreement, kappa = pair_figures(table_of(pairs), "one / two")
    one, two = zip(*pairs, strict=True)
    assert (agreement.subject, agreement.n) == ("one / two", len(pairs))
    assert agreement.estimate(1).value == pytest.approx(accuracy_score(one, two), abs=1e-12)
    if len({*one, *two}) > 1:
        assert kappa.estimate(1).value == pytest.approx(cohen_kappa_score(one, two), abs=1e-12)
    else:
        assert "one class" in (kappa.estimate(1).reason or "")


def test_two_labelers_without_a_common_comparison_have_a_reason() -> None:
    found = [figure.estimate(1).reason for figure in pair_figures(table_of([]), "one / two")]
    assert found == ["no comparison has a verdict of both"] * 2


SCORES = st.lists(st.tuples(*[st.integers(1, 5).map(str)] * 2), min_size=1, max_size=40)


@settings(deadline=None, max_examples=60)
@given(SCORES)
def test_quadratic_kappa_of_two_labelers_is_scikit_learns(pairs: list[Labels]) -> None:
    (kappa,) = score_pair_figures(table_of(pairs), "one / two")
    one, two = ([int(score) for score in scores] for scores in zip(*pairs, strict=True))
    assert kappa.n == len(pairs)
    if len({*one, *two}) > 1:
        scale = list(range(1, 6))
        theirs = cohen_kappa_score(one, two, weights="quadratic", labels=scale)
        assert kappa.estimate(1).value == pytest.approx(theirs, abs=1e-12)
    else:
        assert "both gave every answer the same score" in (kappa.estimate(1).reason or "")


def test_two_labelers_without_a_common_answer_have_a_reason() -> None:
    (kappa,) = score_pair_figures(table_of([]), "one / two")
    assert kappa.estimate(1).reason == "no answer has a score of both"


@settings(deadline=None, max_examples=30)
@given(
    st.dictionaries(
        st.lists(st.integers(1, 5).map(str), min_size=2, max_size=2).map(tuple),
        st.lists(st.integers(0, 9), min_size=3, max_size=3),
        min_size=1,
    )
)
def test_each_replicate_is_the_figure_of_its_own_counts(rows: dict[Labels, list[int]]) -> None:
    together = [*alpha_figures(table_of(rows), "interval"), *pair_figures(table_of(rows), "")]
    for place in range(3):
        alone = table_of({row: count[place] for row, count in rows.items()})
        for one, two in zip(together, [*alpha_figures(alone, "interval"), *pair_figures(alone, "")], strict=True):
            assert one.replicates is not None
            assert two.replicates is not None
            np.testing.assert_allclose(one.replicates[place], two.replicates[0], atol=1e-12)


def test_kappas_of_pandalms_annotators_are_the_published_ones(shared: Path) -> None:
    entries = json.loads((shared / "golden" / "published_metrics.json").read_text("utf-8"))["entries"]
    golden = next(entry for entry in entries if entry["judge"] == "human annotators")
    rows = json.loads((shared / "data" / "pandalm" / "testset-v1.json").read_text("utf-8"))
    for one, two in combinations((1, 2, 3), 2):
        pairs = [(str(row[f"annotator{one}"]), str(row[f"annotator{two}"])) for row in rows]
        _, kappa = pair_figures(table_of(pairs), f"{one} / {two}")
        found = kappa.estimate(1).value
        assert found == pytest.approx(golden["recomputed"][f"kappa_{one}_{two}"], abs=1e-12)
        assert round(found or 0, 2) == golden["published"][f"kappa_{one}_{two}"]
