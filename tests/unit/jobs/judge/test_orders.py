"""Which orders a comparison is asked in."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgelake.jobs.judge import Order
from judgelake.jobs.judge.orders import most_orders, shown_orders


@pytest.mark.parametrize(
    ("answers", "order", "expected"),
    [
        pytest.param(1, Order(), ("A",), id="one answer has one order"),
        pytest.param(2, Order(), ("AB", "BA"), id="both orders by default"),
        pytest.param(2, Order(orders="AB"), ("AB",), id="as given"),
        pytest.param(2, Order(orders="BA"), ("BA",), id="reversed"),
        pytest.param(2, Order(permutations=5), ("AB", "BA"), id="two answers have no further orders"),
        pytest.param(4, Order(orders="BA"), ("DCBA",), id="four answers reversed"),
    ],
)
def test_a_comparison_is_shown_in_the_orders_asked_for(answers, order, expected):
    assert shown_orders(answers, order, "c1") == expected


@given(st.integers(3, 6), st.integers(0, 10), st.integers(), st.text())
def test_random_orders_are_distinct_whole_and_the_same_every_time(answers, permutations, seed, comparison_id):
    order = Order(permutations=permutations, seed=seed)
    shown = shown_orders(answers, order, comparison_id)
    assert len(set(shown)) == len(shown) == min(2 + permutations, math.factorial(answers)) <= most_orders(order)
    assert all(sorted(one) == sorted(shown[0]) for one in shown)
    assert shown == shown_orders(answers, order, comparison_id)
