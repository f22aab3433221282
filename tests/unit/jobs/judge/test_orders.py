"""Which orders a comparison is asked in."""

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgelake.jobs.judge import Order
from judgelake.jobs.judge.orders import orders_a_comparison, share_of, shown_orders


@pytest.mark.parametrize(
    ("answers", "order", "expected"),
    [
        pytest.param(1, Order(), ("A",), id="one answer has one order"),
        pytest.param(2, Order(), ("AB", "BA"), id="both orders by default"),
        pytest.param(2, Order(orders="AB"), ("AB",), id="as given"),
        pytest.param(2, Order(orders="BA"), ("BA",), id="reversed"),
        pytest.param(2, Order(permutations=5), ("AB", "BA"), id="two answers have no further orders"),
        pytest.param(4, Order(orders="BA"), ("DCBA",), id="four answers reversed"),
        pytest.param(1, Order(orders="mixed"), ("A",), id="mixed has no effect on one answer"),
    ],
)
def test_a_comparison_is_shown_in_the_orders_asked_for(answers, order, expected):
    assert shown_orders(answers, order, "c1") == expected


@given(st.integers(3, 6), st.integers(0, 10), st.integers(), st.text())
def test_random_orders_are_distinct_whole_and_the_same_every_time(answers, permutations, seed, comparison_id):
    order = Order(permutations=permutations, seed=seed)
    shown = shown_orders(answers, order, comparison_id)
    assert len(set(shown)) == len(shown) == min(2 + permutations, math.factorial(answers))
    assert len(shown) <= orders_a_comparison(order) == 2 + permutations
    assert all(sorted(one) == sorted(shown[0]) for one in shown)
    assert shown == shown_orders(answers, order, comparison_id)


@pytest.mark.parametrize(
    ("comparison_id", "share", "expected"),
    [
        # By sha256sum: order:c1 begins with 6a, in the lower half, order:c2 with d0; both:c1 with 25fb83: 0.14837.
        pytest.param("c1", 0, "ABC", id="the original order"),
        pytest.param("c2", 0, "CBA", id="the reversed order"),
        pytest.param("c1", 0.1484, "ABC CBA", id="in the share asked in both"),
        pytest.param("c1", 0.1483, "ABC", id="just outside of it"),
    ],
)
@pytest.mark.parametrize("answers", [2, 3])
def test_the_hash_of_its_id_alone_decides_how_a_comparison_is_asked(comparison_id, share, expected, answers):
    order = Order(orders="mixed", both_share=share, seed=7, repeats=3)
    expected = expected if answers == 3 else expected.replace("C", "")
    assert shown_orders(answers, order, comparison_id) == tuple(expected.split())


shares = st.floats(0, 1)
a_comparison = {"answers": st.integers(1, 5), "permutations": st.integers(0, 4), "comparison_id": st.text()}


@given(**a_comparison, share=shares, more=shares)
def test_a_larger_share_and_both_orders_only_add_requests(answers, permutations, comparison_id, share, more):
    def asked(**changes):
        return set(shown_orders(answers, Order(permutations=permutations, **changes), comparison_id))

    smaller, larger = (asked(orders="mixed", both_share=one) for one in sorted((share, more)))
    assert smaller <= larger <= asked(orders="mixed", both_share=1.0) == asked(orders="both")
    own = asked(orders="AB") | asked(orders="BA")
    assert asked(orders="mixed", both_share=0.0) & own
    if permutations == 0 and answers > 1:
        assert len(asked(orders="mixed", both_share=0.0)) == 1


def test_half_of_the_comparisons_is_asked_in_each_order_and_the_share_in_both_whichever_it_is():
    ids = [f"comparison {n}" for n in range(20_000)]
    order = Order(orders="mixed", both_share=0.2)
    shown = Counter(shown_orders(2, order, name) for name in ids)
    # Within four standard errors; the two hashes know nothing of each other.
    for orders, share in ((("AB", "BA"), 0.2), (("AB",), 0.4), (("BA",), 0.4)):
        assert shown[orders] / len(ids) == pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / len(ids)))
    requests = sum(len(orders) * count for orders, count in shown.items())
    assert requests / len(ids) == pytest.approx(orders_a_comparison(order), abs=0.012)
    in_both = [name for name in ids if share_of("both", name) < 0.2]
    in_original_order = sum(share_of("order", name) < 0.5 for name in in_both) / len(in_both)
    assert in_original_order == pytest.approx(0.5, abs=4 * math.sqrt(0.25 / len(in_both)))


def test_a_tenth_is_asked_in_both_unless_a_share_is_given():
    assert Order(orders="mixed").share_in_both == 0.1
    assert (Order().share_in_both, Order(orders="AB").share_in_both) == (1, 0)
