"""Beside every agreement stands what guessing and trivial judges reach, and where the agreement is among them."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace

import pytest
from report_example import bare_judge, empty_content, full_content, rate

from judgelake.measures import Result
from judgelake.report import beside, judge_card, render_page

# ChatGPT with chain of thought on LLMBar's adversarial sets, whose two classes are balanced.
CHATGPT = Result("agreement", 0.402, 0.358, 0.449, n=413, asked=419, clusters=413, swap_rule="first")


def of_rule(metric, value, swap_rule="first", **parts):
    return Result(metric, value, n=413, asked=419, swap_rule=swap_rule, **parts)


GUESSING = of_rule("baseline_chance", 0.5, reason="nothing to estimate")
LONGER, MAJORITY = of_rule("baseline_longer", 0.52, low=0.47, high=0.57), of_rule("baseline_majority", 0.508)
ALL = (GUESSING, MAJORITY, of_rule("baseline_first", 0.492), LONGER)


def content_with(row, baselines):
    judge = replace(bare_judge("ChatGPT"), headline=(row,), baselines=baselines)
    return replace(empty_content(), judges=(judge,))


def text_of(content):
    return " ".join(html.unescape(re.sub("<[^>]*>", " ", render_page(content))).replace("\u202f", " ").split())


@pytest.mark.parametrize(
    ("low", "high", "baselines", "standing"),
    [
        pytest.param(0.358, 0.449, ALL, "below chance", id="below chance"),
        pytest.param(0.358, 0.5, ALL, "below always the longer answer", id="as good as chance"),
        pytest.param(0.45, 0.55, ALL, "not above always the longer answer", id="as good as the longer answer"),
        pytest.param(0.45, 0.55, ALL[:3], "not above always the most frequent label", id="as the frequent label"),
        pytest.param(0.53, 0.6, ALL, None, id="above all"),
        pytest.param(0.45, 0.6, (GUESSING, of_rule("baseline_first", 0.4)), "not above guessing", id="as guessing"),
        pytest.param(None, None, ALL, None, id="no interval"),
    ],
)
def test_an_interval_is_placed_among_the_baselines(low, high, baselines, standing):
    found = beside(replace(CHATGPT, low=low, high=high), baselines)
    assert found is not None
    assert found.standing == standing


def test_the_baselines_are_those_of_the_same_rule_and_the_best_is_named():
    other = [replace(one, swap_rule="strict", value=0.9) for one in ALL]
    found = beside(CHATGPT, [*other, *ALL, of_rule("f1", 0.99)])
    assert found is not None
    assert found.words.replace("\u202f", " ") == "guessing 50.0 %, always the longer answer 52.0 %"


@pytest.mark.parametrize(
    "row", [replace(CHATGPT, swap_rule="tie"), replace(CHATGPT, metric="f1"), replace(CHATGPT, subject="A")]
)
def test_other_figures_have_no_baselines(row):
    assert beside(row, ALL) is None


def test_an_agreement_below_chance_is_said_wherever_it_is_shown():
    content = content_with(CHATGPT, ALL)
    sentence = "Agreement is below chance: 40.2 % (95 % interval 35.8 to 44.9), compared with guessing 50.0 %"
    card = judge_card(content.judges[0], content)
    finding = json.loads(card.to_json())["findings"][0]
    assert (finding["metric"], finding["found"]) == ("agreement", True)
    assert finding["sentence"].replace("\u202f", " ").startswith(sentence)
    assert sentence in card.to_markdown().replace("\u202f", " ")
    shown = text_of(content)
    assert sentence in shown
    # Next to the number among the judge's figures, and in two words at a glance.
    assert shown.count("below chance compared with guessing 50.0 %, always the longer answer 52.0 %") == 1
    assert "below chance Agreement, first" in shown
    assert shown.count("Dotted line: guessing. Solid line: the best judge that reads nothing.") == 2


def test_an_agreement_that_may_be_that_of_a_trivial_judge_is_not_found_to_be_better():
    content = content_with(replace(CHATGPT, value=0.5, low=0.45, high=0.55), ALL)
    finding = json.loads(judge_card(content.judges[0], content).to_json())["findings"][0]
    assert finding["found"] is False
    assert finding["sentence"].startswith("Agreement is not above always the longer answer: ")


def test_without_an_interval_it_is_not_known_whether_an_agreement_is_above_the_baselines():
    content = content_with(replace(CHATGPT, low=None, high=None, reason="one question only"), ALL)
    finding = json.loads(judge_card(content.judges[0], content).to_json())["findings"][0]
    assert finding["found"] is None
    assert finding["sentence"].endswith("one question only.")


def test_the_lines_of_the_baselines_are_in_the_picture_of_the_agreement_alone():
    source = render_page(content_with(CHATGPT, ALL))
    assert (
        re.findall(r'<line class="(dotted|solid)" x1="([\d.]+)%"', source)
        == [("dotted", "50.00"), ("solid", "52.00")] * 2
    )


def test_without_baselines_nothing_is_said_of_them():
    content = content_with(CHATGPT, ())
    assert "guessing" not in text_of(content)
    assert "Dotted" not in text_of(content)
    assert json.loads(judge_card(content.judges[0], content).to_json())["findings"] == []


def test_slices_have_no_lines_since_their_baselines_are_others():
    own = full_content().judges[0]
    sliced = replace(
        own, headline=own.headline[1:2], slices=(rate("agreement", 0.8, 0.1, 90, slice="source=a", swap_rule="first"),)
    )
    assert 'class="dotted"' not in render_page(replace(empty_content(), judges=(sliced,)))
