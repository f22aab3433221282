"""Labelers in report and card: judges beside them, whom intervals speak of, and crowds that stay a line."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace

import pytest
from report_example import RULES, full_content

from judgelake.measures import Result
from judgelake.report import judge_card, render_page
from judgelake.report.beside_labelers import annotator_test_text

CROWD = tuple(f"person {number:06d}" for number in range(100_000))


def with_rules(**parts):
    return replace(full_content(), rules=replace(RULES, **parts))


def text_of(content):
    return " ".join(html.unescape(re.sub("<[^>]*>", " ", render_page(content))).replace("\u202f", " ").split())


def test_a_crowd_of_labelers_makes_neither_report_nor_card_large():
    crowd = with_rules(labelers=CROWD)
    page, few = render_page(crowd), render_page(full_content())
    assert len(page) < len(few) + 5_000
    card = judge_card(crowd.judges[0], crowd)
    assert len(card.to_markdown()) < 20_000
    assert len(card.to_json()) < 50_000
    for text in (text_of(crowd), card.to_markdown()):
        assert "person 000019" in text
        assert "person 000020" not in text
        assert "and 99,980 others" in text
    rules = json.loads(card.to_json())["evaluation"]["rules"]
    assert (len(rules["labelers"]), rules["labelers_in_all"]) == (20, 100_000)


def test_few_labelers_are_all_named():
    card = judge_card(full_content().judges[0], full_content())
    for text in (text_of(full_content()), card.to_markdown()):
        assert "annotator3" in text
        assert "others" not in text[text.index("annotator1") : text.index("annotator3")]
    assert json.loads(card.to_json())["evaluation"]["rules"]["labelers_in_all"] == 3


def test_where_every_vote_counts_it_is_said_that_the_interval_speaks_of_these_labelers():
    content = with_rules(label_rule="each")
    for text in (text_of(content), judge_card(content.judges[0], content).to_markdown()):
        assert "intervals speak of these labelers, not of other people" in text


def test_a_judge_is_shown_beside_its_labelers_as_a_difference_with_its_interval():
    section = text_of(full_content())
    section = section[section.index("Judges beside the labelers") :]
    assert "+6.0 points +4.0 to +8.0" in section
    assert "passes: 3 of 3 labelers" in section
    assert "fails: 0 of 3 labelers" in section
    assert "if it may fall behind a labeler in 10 comparisons of 100" in section


@pytest.mark.parametrize(
    ("value", "n", "text"),
    [
        (0.5, 4, "passes: 2 of 4 labelers"),
        (1 / 3, 3, "fails: 1 of 3 labelers"),
        (None, 0, "no test: too few labelers"),
    ],
)
def test_the_annotator_test_is_passed_with_half_of_the_labelers(value, n, text):
    assert annotator_test_text(Result("winning_rate", value, n=n, reason="too few labelers")) == text


def test_nothing_says_that_labelers_bound_a_judge():
    assert not re.search(r"no judge can|cannot be expected|upper bound", text_of(full_content()), re.IGNORECASE)
