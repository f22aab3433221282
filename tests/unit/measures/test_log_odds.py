"""The verdict by margin: a preference for a place cancels out, and nothing is said of what is not known."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgelake.comparisons import Reading, to_own_order
from judgelake.measures import log_odds, mean_log_odds, verdict_of_log_odds

nats = st.floats(-50, 50)


@given(quality=nats, place=nats, tie=nats)
def test_what_a_judge_adds_for_a_place_cancels_out_over_both_orders(quality, place, tie):
    # What is shown first gets `place` more, whichever answer it is.
    shown_ab = Reading(logprobs={"A": quality + place, "B": 0.0, "tie": tie})
    shown_ba = Reading(logprobs={"A": place, "B": quality, "tie": tie})
    own, reversed_ = (
        log_odds(to_own_order(shown, order).logprobs) for shown, order in ((shown_ab, "AB"), (shown_ba, "BA"))
    )
    assert own == pytest.approx(quality + place)
    assert mean_log_odds(own, reversed_) == pytest.approx(quality, abs=1e-9)


@given(odds=nats, tie_margin=st.floats(0, 10))
def test_exchanging_the_answers_exchanges_the_verdict(odds, tie_margin):
    other = {"A": "B", "B": "A", "tie": "tie"}
    assert verdict_of_log_odds(-odds, tie_margin) == other[verdict_of_log_odds(odds, tie_margin)]


@pytest.mark.parametrize(
    ("odds", "tie_margin", "verdict"),
    [
        pytest.param(0.1, 0.0, "A", id="A"),
        pytest.param(-0.1, 0.0, "B", id="B"),
        pytest.param(0.0, 0.0, "tie", id="no preference at all"),
        pytest.param(0.5, 0.5, "tie", id="at the end of the band"),
        pytest.param(-0.51, 0.5, "B", id="outside of it"),
        pytest.param(None, 0.5, None, id="not known"),
    ],
)
def test_the_sign_decides_outside_of_the_tie_band(odds, tie_margin, verdict):
    assert verdict_of_log_odds(odds, tie_margin) == verdict


@pytest.mark.parametrize(
    "logprobs",
    [
        pytest.param(None, id="no log-probabilities"),
        pytest.param({"A": -1.0, "tie": -2.0}, id="one letter is missing"),
        pytest.param({"A": -1.0, "B": -math.inf}, id="an impossible letter"),
        pytest.param({"A": -math.inf, "B": -math.inf}, id="two of them"),
        pytest.param({"7": -0.1}, id="scores"),
    ],
)
def test_unknown_log_odds_stay_unknown_and_make_the_mean_unknown(logprobs):
    odds = log_odds(logprobs)
    assert odds is None
    assert mean_log_odds(odds, 1.0) is mean_log_odds(1.0, odds) is None
