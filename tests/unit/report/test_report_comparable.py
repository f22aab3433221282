"""Judges that were asked different comparisons are not shown as a ranking, and those without labels take one line."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest
from report_example import bare_judge, empty_content

from judgelake.measures import Result
from judgelake.report import JudgePair, Missing, render_page, unlike_text
from judgelake.report.comparable import judges_with_labels, names_text


def agreement(n=90, asked=100, value=0.8, **parts):
    return Result("agreement", value, 0.7, 0.9, n=n, asked=asked, swap_rule="first", **parts)


UNLABELLED = Result(
    "agreement", reason="no comparison asked of this judge has a label", n=0, asked=0, swap_rule="first"
)


def judge(name, *rows):
    return replace(bare_judge(name), headline=rows or Missing("nothing"))


def pair(first, second, asked):
    return JudgePair(first, second, difference=Result("agreement_difference", 0.1, n=asked, asked=asked))


def text_of(content):
    return " ".join(html.unescape(re.sub("<[^>]*>", " ", render_page(content))).split())


@pytest.mark.parametrize(
    ("main", "shared", "words"),
    [
        pytest.param((agreement(), agreement()), 100, None, id="the same"),
        pytest.param((agreement(90, 419), agreement(54, 54)), 54, "(54 to 419 with a label)", id="more and fewer"),
        pytest.param((agreement(), agreement()), 60, "(100 with a label each)", id="as many, but others"),
        pytest.param((agreement(), agreement()), 0, "(100 with a label each)", id="none in common"),
        pytest.param((agreement(90), agreement(100)), 100, "(n from 90 to 100)", id="some failed"),
        pytest.param((agreement(), agreement()), None, None, id="a pair that was not compared"),
        pytest.param((agreement(), UNLABELLED), 0, None, id="no labels"),
        pytest.param((agreement(), Result("spearman", 0.5, n=9, asked=9)), 0, None, id="another kind"),
    ],
)
def test_judges_that_were_not_asked_the_same_are_no_ranking(main, shared, words):
    found = unlike_text(dict(zip("ab", main, strict=True)), {("a", "b"): shared})
    if words is None:
        assert found is None
    else:
        assert words in (found or "")
        assert (found or "").startswith("This is not a ranking")


def test_a_pair_of_judges_one_of_which_has_no_labels_says_nothing_of_the_other():
    assert unlike_text({"a": agreement(), "b": UNLABELLED}, {("a", "b"): 0}) is None


def test_at_a_glance_says_in_one_line_that_it_is_not_a_ranking():
    judges = (judge("one", agreement(90, 419)), judge("two", agreement(54, 54)))
    content = replace(empty_content(), judges=judges, judge_pairs=(pair("one", "two", 54),))
    assert text_of(content).count("This is not a ranking") == 1
    alike = replace(
        content, judges=(judges[0], judge("two", agreement(90, 419))), judge_pairs=(pair("one", "two", 419),)
    )
    assert "ranking" not in text_of(alike)


def test_judges_without_a_labelled_comparison_take_one_line_instead_of_rows():
    judges = (judge("one", UNLABELLED), judge("two", agreement()), judge("three", UNLABELLED))
    source = render_page(replace(empty_content(), judges=judges))
    glance = source[source.index('id="glance"') : source.index('id="judge-1"')]
    assert "No comparison with a label was asked of one and three." in glance
    assert glance.count("<tr>") == 2, "the head and the one judge"
    assert 'href="#judge-2"' in glance


def test_where_no_judge_has_a_labelled_comparison_all_have_their_rows():
    places, names = judges_with_labels((judge("one", UNLABELLED), judge("two", UNLABELLED)))
    assert (places, names) == ([0, 1], [])


@pytest.mark.parametrize(
    ("many", "text"),
    [
        (1, "j0"),
        (2, "j0 and j1"),
        (3, "j0, j1 and j2"),
        (1_000, "j0, j1, j2, j3, j4, j5, j6, j7, j8, j9 and 990 others"),
    ],
)
def test_a_thousand_names_are_a_sentence_still(many, text):
    assert names_text([f"j{number}" for number in range(many)]) == text
