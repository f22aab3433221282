"""What is learned of a teacher's judgments in two orders: only what both say, unless the config says otherwise."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgelake.generation import Said, learned, terms_of
from judgelake.generation.teaching import Learned, mean_probabilities, reasons_in


def said(order, verdict=None, status="ok", **changes):
    return Said(order, status if verdict or "scores" in changes else "timeout", verdict, **changes)


AB, BA = said("AB", "A"), said("BA", "A")


@pytest.mark.parametrize(
    ("judgments", "expected"),
    [
        pytest.param([AB, BA], "A", id="both orders agree"),
        pytest.param([AB, said("BA", "B")], "orders contradict", id="they contradict"),
        pytest.param([AB, said("BA", "tie")], "orders contradict", id="a tie in one"),
        pytest.param([AB], "judged in one order only", id="one order"),
        pytest.param([], "not judged", id="none"),
        pytest.param([said("BA"), AB], "teacher failed: timeout", id="a failure is no verdict"),
        pytest.param([said("BA", status="unparseable"), said("AB")], "teacher failed: timeout", id="both failed"),
    ],
)
def test_only_what_both_orders_say_is_learned(judgments, expected):
    what = learned(judgments, 2)
    assert (what.judged.verdict if isinstance(what, Learned) else what) == expected


def test_scores_and_reasons_are_those_of_the_original_order_in_which_they_name_the_answers():
    first = said("AB", "A", scores=[8, 7], raw_output="8 7\nAssistant 1 is clearer.\nMuch.")
    second = said("BA", "A", scores=[9, 5], raw_output="5 9\nAssistant 2 is clearer.")
    what = learned([second, first], 2, reasons="after_first_line")
    assert (what.judged.scores, what.judged.reasons) == ((8, 7), "Assistant 1 is clearer.\nMuch.")
    assert learned([second, first], 2).judged.reasons is None


def test_where_the_original_order_alone_counts_the_other_may_be_missing_or_contradict():
    for others in ([], [said("BA", "B")], [said("BA")]):
        assert learned([AB, *others], 2, "first").judged.verdict == "A"
    assert learned([said("BA", "B")], 2, "first") == "judged in one order only"


def test_a_single_answer_has_one_order_and_its_score():
    assert learned([said("A", scores=[4.0])], 1).judged.scores == (4.0,)


def test_the_mean_of_both_orders_cancels_what_a_teacher_adds_to_the_first_place():
    first = said("AB", "A", logprobs={"A": math.log(0.8), "B": math.log(0.2)})
    second = said("BA", "B", logprobs={"A": math.log(0.3), "B": math.log(0.7)})
    what = learned([first, second], 2, "mean")
    odds = math.sqrt(0.8 / 0.2 * 0.3 / 0.7)
    assert what.judged.verdict == "A"
    assert what.probabilities == pytest.approx({"A": odds / (1 + odds), "B": 1 / (1 + odds)})
    assert learned([first, second], 2) == "orders contradict"


@pytest.mark.parametrize("changes", [{"logprobs": None}, {"bounded": ["B"]}, {"logprobs": {"A": -0.1}}])
def test_without_the_probability_of_every_label_in_both_orders_there_is_no_mean(changes):
    known = {"logprobs": {"A": -0.1, "B": -2.0}}
    other = said("BA", "A", **{**known, **changes})
    assert mean_probabilities(said("AB", "A", **known), other) is None
    assert learned([said("AB", "A", **known), other], 2, "mean").startswith("no log-probabilities")


def by_logprobs(order, verdict, first, second, **more):
    return said(order, verdict, logprobs={"A": first, "B": second}, **more)


def test_reasons_that_argue_for_another_label_than_the_mean_are_not_learned():
    own = by_logprobs("AB", "A", -0.5, -0.9, raw_output="8 7\nAssistant 1 is clearer.")
    against = by_logprobs("BA", "B", -3.0, -0.1)
    what = learned([own, against], 2, "mean", "after_first_line")
    assert (what.judged.verdict, what.judged.reasons) == ("B", None)
    alike = learned([own, by_logprobs("BA", "A", -0.1, -3.0)], 2, "mean", "after_first_line")
    assert (alike.judged.verdict, alike.judged.reasons) == ("A", "Assistant 1 is clearer.")


def test_labels_of_the_same_highest_mean_give_no_label():
    both = [by_logprobs("AB", "A", math.log(0.8), math.log(0.2)), by_logprobs("BA", "B", math.log(0.2), math.log(0.8))]
    assert learned(both, 2, "mean") == "no label has the highest mean probability: A, B"


def test_labels_that_are_all_impossible_in_an_order_have_no_mean():
    crosswise = [by_logprobs("AB", "A", 0.0, -math.inf), by_logprobs("BA", "B", -math.inf, 0.0)]
    assert mean_probabilities(*crosswise) is None
    assert learned(crosswise, 2, "mean").startswith("no log-probabilities")
    assert mean_probabilities(crosswise[0], crosswise[0]) == {"A": 1.0, "B": 0.0}


@given(st.lists(st.floats(-30, 0), min_size=6, max_size=6))
@settings(deadline=None)
def test_mean_probabilities_sum_to_one(values):
    first, second = (dict(zip(("A", "B", "tie"), part, strict=True)) for part in (values[:3], values[3:]))
    found = mean_probabilities(said("AB", "A", logprobs=first), said("BA", "A", logprobs=second))
    assert math.fsum(found.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("output", "where", "expected"),
    [
        ("8 7\nBecause.", "after_first_line", "Because."),
        ("Because.\nSo.\nVerdict: A\n", "before_last_line", "Because.\nSo."),
        ("8 7", "after_first_line", None),
        ("A", "before_last_line", None),
    ],
)
def test_reasons_are_the_output_without_the_line_of_the_verdict(output, where, expected):
    assert reasons_in(output, where) == expected


def test_the_terms_of_an_example_are_those_of_all_it_is_made_of():
    assert terms_of("mit", "cc-by-nc-4.0", "mit") == "cc-by-nc-4.0 AND mit"
    assert terms_of("mit") == "mit"
    assert terms_of(None, None) == ""


def test_terms_of_which_one_may_be_chosen_stay_together():
    assert terms_of("MIT OR Apache-2.0", "CC-BY-NC-4.0") == "CC-BY-NC-4.0 AND (MIT OR Apache-2.0)"
    assert terms_of("(MIT OR Apache-2.0)", "X or Y") == "(MIT OR Apache-2.0) AND (X or Y)"
    assert terms_of("MIT OR Apache-2.0", "MIT OR Apache-2.0") == "MIT OR Apache-2.0"


@pytest.mark.parametrize("unknown", [None, ""])
def test_terms_that_are_partly_unknown_say_so(unknown):
    assert terms_of(unknown, "MIT") == terms_of("MIT", unknown, unknown) == "LicenseRef-unknown AND MIT"
