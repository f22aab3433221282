"""Verdicts against labels, counted a second time: by scikit-learn, by sums, and without some of the questions."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pairwise_rows import (
    COUNTS,
    ROWS,
    WITH_VERDICTS,
    Row,
    agreement_of,
    found_by,
    made_by,
    resolved,
    table_of,
    value,
)
from sklearn.metrics import accuracy_score, cohen_kappa_score, precision_recall_fscore_support

from judgelake.measures.conventions import FailureRule, SwapRule
from judgelake.measures.figure import Figure
from judgelake.measures.rules import CLASSES, PairCounts, combined


@settings(deadline=None, max_examples=40)
@given(COUNTS, st.sampled_from(WITH_VERDICTS), st.sampled_from(FailureRule))
def test_every_figure_is_what_scikit_learn_makes_of_the_same_rows(
    rows: dict[Row, int], rule: SwapRule, failures: FailureRule
) -> None:
    labels, verdicts = resolved(rows, rule, failures)
    found = found_by(table_of(rows), rule, failures)
    assert found[agreement_of(rule), None].n == len(labels) // (2 if rule is SwapRule.MEAN else 1)
    if not labels:
        return
    classes = [name for name in CLASSES if name in labels or name in verdicts]
    assert value(found, agreement_of(rule)) == pytest.approx(accuracy_score(labels, verdicts), abs=1e-12)
    for average in ("macro", "weighted", None):
        # A class that only verdicts name is not averaged.
        of = [name for name in classes if name in labels] if average == "macro" else classes
        scores = precision_recall_fscore_support(labels, verdicts, labels=of, average=average, zero_division=0)
        for metric, of_metric in zip(("precision", "recall", "f1"), scores[:3], strict=True):
            # Of one class 0 / 0 is no number here, where scikit-learn says 0 as it does for the means over classes.
            ours = [value(found, metric, name) or 0.0 for name in classes] if average is None else None
            ours = value(found, f"{average}_{metric}") if ours is None else ours
            assert ours == pytest.approx(of_metric if average else list(of_metric), abs=1e-12)
    if len({*labels, *verdicts}) > 1:
        assert value(found, "cohen_kappa") == pytest.approx(cohen_kappa_score(labels, verdicts), abs=1e-12)


@settings(deadline=None, max_examples=50)
@given(COUNTS, st.sampled_from(SwapRule), st.sampled_from(FailureRule))
def test_all_that_was_asked_is_judged_or_failed_or_abstained(
    rows: dict[Row, int], rule: SwapRule, failures: FailureRule
) -> None:
    counts = PairCounts.of(table_of(rows))
    found = combined(counts, rule, failures)
    assert found.judged + found.failed + found.abstained == found.asked
    left_out = combined(counts, rule, FailureRule.LEFT_OUT)
    assert found.asked == left_out.asked


REPLICATES = st.dictionaries(
    st.sampled_from(ROWS), st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=1, max_size=25
)


# With questions left out, they are about the classes that occur, or the label that is most frequent, in all the data.
CLASSES_OF_THE_DATA = {"baseline_chance", "baseline_majority"}


def classes_of(made: Iterable[Figure]) -> set[str | None]:
    """The classes of the labels."""
    return {one.subject for one in made if one.metric == "recall" and one.base[0]}


@settings(deadline=None, max_examples=25)
@given(REPLICATES, st.sampled_from(SwapRule), st.sampled_from(FailureRule))
def test_each_replicate_is_the_figure_of_its_own_counts(
    rows: dict[Row, list[int]], rule: SwapRule, failures: FailureRule
) -> None:
    together = list(made_by(table_of(rows), rule, failures))
    for place in range(3):
        alone = table_of({row: count[place] for row, count in rows.items()})
        of_alone = {(f.metric, f.subject, f.swap_rule): f for f in made_by(alone, rule, failures)}
        for figure in together:
            own = of_alone.get((figure.metric, figure.subject, figure.swap_rule))
            # A mean over classes is over those of the data, in every replicate.
            if figure.metric.startswith("macro") and classes_of(together) != classes_of(of_alone.values()):
                continue
            # A class that does not occur has no figures of its own.
            if figure.metric in CLASSES_OF_THE_DATA:
                continue
            if own is not None and figure.replicates is not None and own.replicates is not None:
                np.testing.assert_array_equal(figure.replicates[place], own.replicates[0])
