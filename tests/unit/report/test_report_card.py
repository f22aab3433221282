"""The judge card: the same keys always, no number that was not measured, and no text that acts on its reader."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from report_example import RULES, bare_judge, empty_content, full_content
from report_hostile import HOSTILE_TEXTS, hostile_content

from judgelake.measures import Result, metric_named
from judgelake.report import Missing, judge_card
from judgelake.report.card_markdown import ADDRESS, code
from judgelake.report.inert import ACTING

KEYS = {
    *("schema", "schema_version", "judge", "evaluation", "headline", "both_orders", "confusion", "further"),
    *("baselines", "findings", "failures", "left_out", "not_tested"),
}
ROW_KEYS = {
    *("metric", "subject", "swap_rule", "unit", "value", "low", "high", "detectable", "reason", "n", "asked"),
    *("questions", "coverage", "if_wrong", "if_right"),
}


def card_of(content, place=0):
    return judge_card(content.judges[place], content)


def read(content, place=0):
    return json.loads(card_of(content, place).to_json())


def bare_card(**parts):
    judge = replace(bare_judge(), **parts)
    return judge_card(judge, replace(empty_content(), judges=(judge,)))


def tokens_of(markdown):
    """The blocks, and what stands within their lines, by CommonMark with GitHub's tables."""
    blocks = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(markdown)
    return blocks, [child for block in blocks for child in block.children or ()]


@pytest.mark.parametrize("content", [full_content(), hostile_content("text")], ids=["full", "hostile"])
def test_the_json_has_the_same_keys_always(content):
    card = read(content)
    assert set(card) == set(json.loads(bare_card().to_json())) == KEYS
    assert (card["schema"], card["schema_version"]) == ("judgelake/judge-card", 1)
    for row in card["headline"]["rows"] + card["both_orders"]["rows"]:
        assert set(row) == ROW_KEYS


def test_the_json_says_what_the_judge_is_and_what_it_was_held_against():
    card = read(full_content())
    assert card["judge"] == {
        "name": "JudgeLM-7B",
        "judge": "judgelm",
        "fingerprint": "9c1f0b72d4e8a6355b2c",
        "model": "/models/judgelm-7b",
        "model_version": "3",
        "mode": "pair",
        "log_odds": None,
        "is_imported": False,
    }
    evaluation = card["evaluation"]
    assert [(one["role"], one["version"]) for one in evaluation["tables"]] == [
        ("comparisons", 12),
        ("labels", 3),
        ("judgments", 41),
    ]
    assert evaluation["rules"]["label_rule"] == "majority"
    assert evaluation["rules"]["labelers"] == ["annotator1", "annotator2", "annotator3"]


def test_numbers_are_kept_as_they_were_computed():
    bounds = {"if_failures_wrong": 0.25, "if_failures_right": 0.5}
    row = Result("agreement", 1 / 3, 0.25, 0.4, n=30, asked=40, clusters=20, **bounds)
    (kept,) = json.loads(bare_card(headline=(row,)).to_json())["headline"]["rows"]
    assert (kept["value"], kept["low"], kept["high"]) == (1 / 3, 0.25, 0.4)
    assert (kept["n"], kept["asked"], kept["questions"], kept["coverage"]) == (30, 40, 20, 0.75)
    assert (kept["if_wrong"], kept["if_right"], kept["unit"]) == (0.25, 0.5, "rate")


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_what_is_no_number_is_null_and_never_zero(value):
    card = bare_card(headline=(Result("agreement", value, value, value, value, "no label", n=0, asked=0),))
    (row,) = json.loads(card.to_json())["headline"]["rows"]
    assert (row["value"], row["low"], row["high"], row["coverage"]) == (None, None, None, None)
    assert row["reason"] == "no label"
    assert "not known" in card.to_markdown()
    assert "nan" not in card.to_markdown().lower()


def test_a_missing_part_is_its_reason():
    card = bare_card(headline=Missing("no label at all"), both_orders=Missing("one order only"))
    found = json.loads(card.to_json())
    assert found["headline"] == {"rows": [], "reason": "no label at all"}
    assert found["both_orders"] == {"rows": [], "reason": "one order only"}
    assert "Not known: no label at all." in card.to_markdown()
    assert "Not known: one order only." in card.to_markdown()


def test_a_bias_that_is_not_found_is_never_called_none():
    slope = Result("length_slope", 0.01, -0.02, 0.04, 0.042, n=900)
    card = bare_card(headline=(slope, Result("length_bias", 0.02, -0.03, 0.07, n=900)))
    sentence = (
        "No association with length was found; the data allow −2.0 to +4.0 points for a doubling of the length at "
        "equal labels, and −3.0 to +7.0 points over all labels."
    )
    (finding,) = json.loads(card.to_json())["findings"]
    assert (finding["found"], finding["sentence"]) == (False, sentence)
    assert f"- {sentence}" in card.to_markdown()


def test_where_labelers_can_be_compared_the_finding_is_about_the_judge_beyond_them():
    slope, bias = Result("length_slope", 0.05, 0.02, 0.08, n=900), Result("length_bias", 0.05, 0.02, 0.08, n=900)
    beyond = Result("length_slope_difference", 0.04, 0.01, 0.07, n=300)
    unknown = Result("length_slope_difference", reason="no comparison with a verdict has labels from two labelers", n=0)

    def findings(*rows: Result) -> list[tuple[str, bool, str]]:
        found = json.loads(bare_card(headline=rows).to_json())["findings"]
        return [(one["metric"], one["found"], one["sentence"].partition(":")[0]) for one in found]

    alone = ("length_slope", True, "Winning goes with longer answers")
    with_labelers = ("length_slope_difference", True, "Association with length beyond that of labelers was found")
    assert findings(bias, slope) == [alone]
    assert findings(bias, slope, beyond) == [with_labelers]
    assert findings(bias, slope, unknown) == [alone]
    assert findings(unknown) == [
        (
            "length_slope_difference",
            None,
            "Whether there is association with length beyond that of labelers is not known",
        )
    ]


def test_nothing_measured_is_nothing_said():
    assert "No bias was measured, so this card says nothing about biases." in bare_card().to_markdown()
    assert "That does not mean that everything was tested." in bare_card().to_markdown()


def test_the_markdown_reads_as_a_card():
    markdown = card_of(full_content()).to_markdown().replace("\u202f", " ")
    assert markdown.startswith("# Judge card: `JudgeLM-7B`\n")
    assert "- labels: `main.judging.labels`, version 3\n" in markdown
    agreement = "| Agreement | `first` | 81.1 % | 78.4 to 83.8 | 973 | 861 | 96.1 % of 1,012; "
    assert f"{agreement}78.0 % if all failed judgments counted as wrong, 81.8 % if as right |" in markdown
    assert "| Tie rate | `first` | 6.2 % | 4.7 to 7.7 | 973 | 861 | 96.1 % of 1,012 |" in markdown, (
        "no bounds are known"
    )
    assert "- Position bias was found: the answer shown first is favoured" in markdown
    assert "- `unparseable`: 27" in markdown
    assert "- Languages other than English: 98.7 % of the questions are in English." in markdown
    assert "Imported" in card_of(full_content(), 2).to_markdown()


@pytest.mark.parametrize("text", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS)
def test_a_hostile_text_is_no_markup_in_the_markdown(text):
    assert_inert(card_of(hostile_content(text)).to_markdown())


@settings(max_examples=60, deadline=None)
@given(
    st.text(st.characters(exclude_categories=()), max_size=40)
    | st.text(st.sampled_from("`|\\*_[]()<>#-+=~&!:@. \n1a"), max_size=40)
)
def test_whatever_a_text_holds_the_card_keeps_its_shape(text):
    assert_inert(card_of(hostile_content(text)).to_markdown())
    json.loads(card_of(hostile_content(text)).to_json().encode("utf-8"))


def assert_inert(markdown):
    blocks, inline = tokens_of(markdown)
    harmless, harmless_inline = tokens_of(card_of(hostile_content("harmless")).to_markdown())
    top = [token.type for token in blocks if token.level == 0]
    assert top == [token.type for token in harmless if token.level == 0]
    cells = [token.type for token in blocks].count("td_open")
    assert cells == [token.type for token in harmless].count("td_open")
    assert {token.type for token in blocks} <= {token.type for token in harmless}
    assert {token.type for token in inline} <= {token.type for token in harmless_inline} | {"text_special"}
    assert not [token.content for token in inline if token.type.startswith("text") and ADDRESS.search(token.content)]
    assert not ACTING.search(markdown)
    markdown.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "`plain`"),
        ("a ` b", "``a ` b``"),
        ("`a", "`` `a ``"),
        ("a|b\nc", "`a¦b c`"),
        ("", "`(empty)`"),
        ("\u202e", "`[U+202E]`"),
    ],
)
def test_a_name_stands_as_code(text, expected):
    assert code(text) == expected


def test_a_margin_that_makes_ties_of_label_scores_stands_in_both_cards():
    content = full_content()
    content = replace(content, rules=replace(content.rules, tie_margin=1.0))
    assert read(content)["evaluation"]["rules"]["tie_margin"] == 1.0
    assert "labelers say; label scores within 1 of each other are a tie. Labelers:" in card_of(content).to_markdown()
    assert "are a tie" not in card_of(full_content()).to_markdown()


def test_both_cards_say_which_rule_is_the_headlines_and_why_and_what_its_log_odds_are():
    rules = replace(RULES, swap_rules=("margin", "mean"), why_headline="all have log-odds", odds_tie_margin=0.5)
    content = replace(full_content(), rules=rules)
    content = replace(content, judges=(replace(content.judges[0], log_odds="log-probabilities"),))
    told = read(content)
    assert told["evaluation"]["rules"]["headline_because"] == "all have log-odds"
    assert (told["evaluation"]["rules"]["odds_tie_margin"], told["judge"]["log_odds"]) == (0.5, "log-probabilities")
    markdown = card_of(content).to_markdown()
    meaning = "both orders; the mean of their log-odds decides, a tie only within the band of ties"
    assert f"- The headline's swap rule is margin ({meaning}): all have log-odds." in markdown
    assert f"- Swap rule `margin`: {meaning}; log-odds of at most 0.5 are a tie\n" in markdown
    assert "Its log-odds are made of log-probabilities." in markdown


def test_a_number_that_has_no_interval_by_its_nature_is_not_called_unknown():
    delta = Result("delta_bias", 1.0, reason=metric_named("delta_bias").no_interval, n=9)
    markdown = bare_card(headline=(delta,)).to_markdown().replace("\u202f", " ")
    (line,) = [line for line in markdown.splitlines() if line.startswith("| Delta bias")]
    assert "100.0 % | none: an absolute value" in line
    assert "not known" not in line.partition("none:")[0]


def test_the_json_keeps_texts_whole():
    text = "long " * 1_000
    card = bare_card(model=text)
    assert json.loads(card.to_json())["judge"]["model"] == text
