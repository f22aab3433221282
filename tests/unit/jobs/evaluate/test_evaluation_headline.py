"""Which swap rules an evaluation reports where the config leaves it to the data, and which is the headline's."""

from __future__ import annotations

from dataclasses import replace

import pytest
from evaluation_example import judge_info

from judgelake.config import validated
from judgelake.jobs.evaluate import EvaluateJob
from judgelake.jobs.evaluate.headline import Asked, chosen_rules, is_survey_needed
from judgelake.jobs.evaluate.row_rules import graded_rule

BOTH, HARDLY, ONE = Asked(100, 100), Asked(100, 20), Asked(100, 0)
SURE = Asked(100, 100, odds_in_both=90, odds=95, gaps=90)
MIXED, BARELY_MIXED = (Asked(100, 35, gaps, 98, gaps) for gaps in (34, 29))


def job(**changes):
    return validated(EvaluateJob, changes, "test")


def chosen(*asked, **changes):
    judges = [judge_info(number=number, name=f"j{number}") for number in range(len(asked))]
    found = chosen_rules(job(**changes), judges, dict(enumerate(asked)))
    return [rule.value for rule in found.rules], found.why


@pytest.mark.parametrize(
    ("asked", "rules", "why"),
    [
        pytest.param(
            [SURE, SURE],
            ["margin", "mean", "first", "strict", "both_right"],
            "every judge has log-odds in both orders of most comparisons",
            id="log-odds",
        ),
        pytest.param(
            [SURE, BOTH],
            ["mean", "margin", "first", "strict", "both_right"],
            "every judge was asked most comparisons in both orders, but j1 has no log-odds in most",
            id="not all have log-odds",
        ),
        pytest.param(
            [MIXED, SURE],
            ["centred", "margin", "mean", "first", "strict", "both_right"],
            "most comparisons of j0 were asked in one order only, and every judge has log-odds and an offset",
            id="one order each, with log-odds",
        ),
        pytest.param(
            [BARELY_MIXED],
            ["first", "margin", "mean", "strict", "both_right"],
            "most comparisons of j0 were asked in one order only",
            id="too few in both for an offset",
        ),
        pytest.param(
            [BOTH, ONE],
            ["first", "mean", "strict", "both_right"],
            "most comparisons of j1 were asked in one order only",
            id="all judges by one rule",
        ),
        pytest.param(
            [HARDLY],
            ["first", "mean", "strict", "both_right"],
            "most comparisons of j0 were asked in one order only",
            id="a rule that leaves most out is not the headline's",
        ),
        pytest.param(
            [SURE, replace(HARDLY, has_labels=False)],
            ["margin", "mean", "first", "strict", "both_right"],
            "every judge has log-odds in both orders of most comparisons",
            id="a judge without labels has no say",
        ),
        pytest.param([ONE], ["first"], "no comparison of two answers was asked in both orders", id="one order"),
        pytest.param([], ["first"], "no comparison of two answers was asked in both orders", id="no pairs"),
    ],
)
def test_the_headline_is_by_the_best_rule_that_all_judges_support(asked, rules, why):
    assert chosen(*asked) == (rules, why)


def test_rules_that_are_listed_stay_and_cost_no_look_at_the_data():
    judge = judge_info(pair_orders=(9, 9))
    assert is_survey_needed(job(), [judge])
    assert not is_survey_needed(job(swap_rules=["first"]), [judge])
    assert not is_survey_needed(job(), [judge_info(pair_orders=(9, 0), log_odds="scores")])
    assert is_survey_needed(job(swap_rules=["first"]), [judge_info(pair_orders=(9, 9), log_odds="scores")])
    assert chosen(BOTH, swap_rules=["strict", "first"]) == (["strict", "first"], "it is the first of swap_rules")


def test_a_judge_that_was_only_asked_in_the_reversed_order_is_reported_by_it():
    found = chosen_rules(job(), [judge_info(orders=(0, 9), pair_orders=(0, 9))], {})
    assert [rule.value for rule in found.rules] == ["second"]


@pytest.mark.parametrize(
    ("rule", "orders", "scores", "expected"),
    [
        pytest.param("first", (9, 9), True, "first", id="the headline's one order"),
        pytest.param("mean", (9, 9), True, "average", id="scores of both orders"),
        pytest.param("mean", (9, 9), False, "strict", id="verdicts of both orders"),
        pytest.param("mean", (9, 0), True, "first", id="asked in the original order alone"),
        pytest.param("mean", (0, 9), False, "second", id="asked in the reversed order alone"),
        pytest.param("strict", (9, 0), False, "strict", id="a rule that needs both"),
    ],
)
def test_scores_and_rankings_are_compared_by_what_was_asked(rule, orders, scores, expected):
    judge = judge_info(orders=orders, gives_scores=scores)
    assert graded_rule(judge, job(swap_rules=[rule])).value == expected
