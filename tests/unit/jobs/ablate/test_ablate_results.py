"""The figures of an ablation: by hand, as the measures have them, and as differences on the same questions."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgelake.comparisons import Failure, Reading, Status
from judgelake.jobs.ablate.answers import MEASURES, by_question
from judgelake.jobs.ablate.results import results_of
from judgelake.trainer import LabelledPrompt
from judgelake.trainer.agreement import figures

VERDICTS = ("A", "B", "tie", None)


def lines(answers):
    """Each example's label, and its verdicts as shown in both orders."""
    return [
        {"example_id": str(number), "order": order, "label": label, "shown_verdict": verdict}
        for number, (label, *both) in enumerate(answers)
        for order, verdict in zip(("AB", "BA"), both, strict=True)
    ]


@pytest.mark.parametrize(
    ("label", "shown", "expected"),
    [
        ("A", ("A", "B"), (1.0, 1.0, 0.0, 1.0)),
        ("A", ("A", "A"), (0.5, 0.0, 1.0, 1.0)),
        ("A", ("B", "B"), (0.5, 0.0, -1.0, 1.0)),
        ("A", ("tie", "A"), (0.0, 0.0, 1.0, 1.0)),
        ("A", ("tie", "tie"), (0.0, 1.0, 0.0, 1.0)),
        ("B", (None, "A"), (0.0, 0.0, 0.0, 0.5)),
        ("B", (None, None), (0.0, 0.0, 0.0, 0.0)),
    ],
)
def test_a_comparison_counts_as_by_hand(label, shown, expected):
    found = by_question(lines([(label, *shown)]), {"0": "q"})
    assert tuple(found[measure]["q"] for measure in MEASURES) == expected


def test_comparisons_of_a_group_count_as_one_question():
    found = by_question(lines([("A", "A", "B"), ("A", "B", "A"), ("A", "A", "B")]), {"0": "q", "1": "q", "2": "r"})
    assert found["agreement"] == {"q": 0.5, "r": 1.0}


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("AB"), *[st.sampled_from(VERDICTS[:3])] * 2), min_size=1, max_size=8))
def test_the_means_are_those_of_a_validation(answers):
    asked = lines(answers)
    found = by_question(asked, {str(number): str(number) for number in range(len(answers))})
    prompts = [LabelledPrompt(one["example_id"], one["order"], one["label"], ()) for one in asked]
    expected = figures(prompts, [Reading(verdict=one["shown_verdict"]) for one in asked])
    means = {measure: sum(of.values()) / len(of) for measure, of in found.items()}
    assert means["agreement"] == pytest.approx(expected["agreement"])
    assert means["consistency"] == pytest.approx(expected["consistency"])
    assert abs(means["position_bias"]) == pytest.approx(expected["delta_bias"])


def test_a_failed_verdict_counts_against_a_cell_as_it_does_in_choosing_weights():
    asked = lines([("A", None, "B"), ("A", "A", "B")])
    found = by_question(asked, {"0": "0", "1": "1"})
    prompts = [LabelledPrompt(one["example_id"], one["order"], one["label"], ()) for one in asked]
    readings = [
        Failure(Status.UNPARSEABLE, "") if one["shown_verdict"] is None else Reading(verdict=one["shown_verdict"])
        for one in asked
    ]
    assert sum(found["agreement"].values()) / 2 == figures(prompts, readings)["agreement_failed_is_wrong"] == 0.5


def trained(values):
    """Of each (cell, seed) the agreement in questions 0, 1, 2, ...; the other measures are 0."""
    return {
        (cell, seed, "ignore"): {
            measure: {str(place): value if measure == "agreement" else 0.0 for place, value in enumerate(of)}
            for measure in MEASURES
        }
        for (cell, seed), of in values.items()
    }


def test_a_difference_is_taken_question_by_question_and_seed_by_seed():
    base = {("base", seed): (0.0, 1.0, 0.0, 1.0) for seed in range(3)}
    better = {("better", seed): (0.25, 1.0, 0.25, 1.0) for seed in range(3)}
    found = results_of(trained(base | better), ["base", "better"], ["ignore"], "base")
    own, other = (one for one in found if one.measure == "agreement")
    assert (own.difference.value, own.difference.reason) == (None, "the baseline itself")
    assert (other.value.value, other.difference.value) == (0.625, 0.125)
    # The cells agree where it is hard, so their difference is known better than either.
    assert other.difference.high - other.difference.low < other.value.high - other.value.low


def test_a_seed_that_did_not_finish_and_a_cell_without_any_leave_what_is_known():
    values = {("base", 0): (0.0, 1.0), ("other", 0): (1.0, 1.0), ("other", 1): (1.0, 0.0)}
    found = results_of(trained(values), ["base", "other", "never"], ["ignore"], "base")
    by_cell = {one.cell: one for one in found if one.measure == "agreement"}
    assert by_cell["other"].seeds == (0, 1)
    assert by_cell["other"].seeds_of_difference == (0,)
    assert by_cell["other"].difference.value == 0.5
    assert by_cell["never"].value.reason == "no seed of this cell and the baseline has finished"
    assert by_cell["never"].difference.value is None


def test_only_questions_that_all_trainings_were_asked_count():
    values = {("base", 0): (0.0, 1.0, 1.0), ("other", 0): (1.0, 1.0)}
    found = results_of(trained(values), ["base", "other"], ["ignore"], "base")
    assert {one.questions for one in found} == {2}


def test_every_number_is_there_or_its_reason():
    values = {("base", seed): (0.0, 1.0) for seed in range(3)}
    records = [one.record() for one in results_of(trained(values), ["base", "never"], ["ignore"], "base")]
    for record, name in itertools.product(records, ("value", "difference")):
        assert (record[name] is not None and record[f"{name}_low"] is not None) or record[f"{name}_reason"]
