"""What an evaluation prints: the headline of every judge in eighty columns, and below it what a number cannot say."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from evaluation_example import (
    NO_LABEL,
    OF_ASPECTS,
    OF_PAIRS,
    OF_RANKINGS,
    OF_SCORES,
    evaluation,
    judge_info,
    row,
)
from rich.console import Console

from judgelake.jobs.evaluate.corrected import corrected_lines
from judgelake.jobs.evaluate.features import OTHERS, SliceNames
from judgelake.jobs.evaluate.job import Evaluated
from judgelake.jobs.evaluate.terminal import covered, show_headline


def printed(rows, **more):
    console = Console(file=StringIO(), width=80)
    show_headline(console, Evaluated(evaluation(rows, **more), None, {}, None, None))
    return console.file.getvalue()


@pytest.mark.parametrize(
    ("rows", "title", "numbers"),
    [
        pytest.param(OF_PAIRS, "Judges against labels", "first 80.0 (70.0-90.0) 90 90.0% - 75.0 -", id="pairs"),
        pytest.param(OF_SCORES, "Scores against labels", "0.50 (-0.10 to 0.70) 249 99.6% 0.61 1.25 40.0", id="scores"),
        pytest.param(OF_RANKINGS, "Rankings against labels", "70.0 (60.0-80.0) 90 90.0% 0.33 -", id="rankings"),
        pytest.param(OF_ASPECTS, "Aspects against labels", "90.0 (80.0-95.0) 90 90.0% - 97.0", id="yes and no"),
    ],
)
def test_the_terminal_shows_what_the_judge_was_asked_for_in_eighty_columns(rows, title, numbers):
    lines = printed(rows).splitlines()
    assert lines[0].startswith(f"{title} (human: gold)")
    assert " ".join(lines[2].split()) == f"judge {numbers}"
    assert NO_LABEL not in "\n".join(lines)


@pytest.mark.parametrize("rule", ["average", "strict"])
def test_what_is_no_verdict_on_two_answers_is_shown_whatever_the_headlines_rule_is(rule):
    rows = [replace(one, swap_rule=rule) for one in OF_SCORES[1:]]
    numbers = "judge 0.50 (-0.10 to 0.70) 249 99.6% 0.61 1.25 40.0"
    assert " ".join(printed(rows, swap_rules=["both_right"]).splitlines()[2].split()) == numbers


@pytest.mark.parametrize("rows", [OF_PAIRS, OF_SCORES, OF_RANKINGS, OF_ASPECTS])
def test_millions_of_judgments_and_a_long_name_lose_no_column(rows):
    # The longest swap rule there is, and numbers as wide as they come.
    wide = [replace(one, n=1_234_567, swap_rule=one.swap_rule and "follow_first") for one in rows]
    beside = [row("position_bias", -0.123), row("cohen_kappa", -0.55, swap_rule="follow_first")]
    text = printed([*wide, *beside], judges=(judge_info(name="a-rather-long-judge (pair, 1234)"),))
    head, line, *_ = text.splitlines()[1:]
    assert head.rstrip().endswith(("bias, %", "exact, %", "pairs, %", "AUROC, %"))
    assert "1,234,567" in line


def test_judges_of_pairs_and_of_scores_have_a_table_each():
    judges = (judge_info(), judge_info(number=1, name="scorer", judge="scorer", fingerprint="1f"))
    scores = [row(one.metric, one.value, judge_fingerprint="1f") for one in OF_SCORES[1:]]
    text = printed([*scores, *OF_PAIRS], judges=judges)
    assert text.index("Judges against labels") < text.index("Scores against labels") < text.index("scorer ")


BOUNDS = {"if_failures_wrong": 0.697, "if_failures_right": 0.721}


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        pytest.param([replace(OF_PAIRS[0], **BOUNDS), *OF_PAIRS[1:]], "judge, first: ", id="pairs"),
        pytest.param([*OF_SCORES[:-1], replace(OF_SCORES[-1], **BOUNDS)], "judge, exact agreement: ", id="scores"),
        pytest.param([replace(OF_RANKINGS[0], **BOUNDS)], "judge, top 1 agreement: ", id="rankings"),
        pytest.param([replace(OF_ASPECTS[0], **BOUNDS)], "judge, aspect accuracy: ", id="yes and no"),
    ],
)
def test_the_terminal_says_what_failures_leave_open_below_the_table(rows, line):
    lines = printed(rows).splitlines()
    (place,) = [place for place, text in enumerate(lines) if "if all failed judgments" in text]
    assert lines[place] == f"  {line}69.7 % if all failed judgments counted as wrong, 72.1 % if as right"
    assert place > 2


def test_the_terminal_says_which_rule_is_the_headlines_and_why():
    text = printed(OF_PAIRS, swap_rules=["first"])
    sentence = "The headline's swap rule is first (the original order (AB) only): it is the first of swap_rules."
    assert sentence in text.splitlines()
    assert "headline" not in printed(OF_SCORES)


def test_agreement_where_both_orders_agree_stands_in_a_line_of_its_own():
    consistent = row("agreement_when_consistent", 0.9, 0.85, 0.95, n=70, swap_rule="strict")
    lines = [" ".join(line.split()) for line in printed([*OF_PAIRS, consistent]).splitlines()]
    assert "judge strict 90.0 (85.0-95.0) 70 70.0% - 75.0 -" in lines


def test_a_judge_that_abstains_and_never_fails_has_no_bounds():
    strict = row("agreement_when_consistent", 0.8, 0.7, 0.9, swap_rule="strict")
    told = replace(strict, if_failures_wrong=0.8, if_failures_right=0.8)
    assert (told.n, told.asked) == (90, 100), "the rest abstains"
    assert "failures" not in printed([told])


@pytest.mark.parametrize(
    ("bias", "words"),
    [
        pytest.param((0.01, -0.02, 0.04, 0.042), "not found; the data allow -2.0 to +4.0 points", id="not"),
        pytest.param((-0.08, -0.109, -0.051, 0.04), "found", id="found"),
        pytest.param((0.5, None, None, None, "one question only"), "not known: one question only", id="unknown"),
    ],
)
def test_the_terminal_says_once_whether_a_bias_was_found(bias, words):
    numbers = dict(zip(("value", "low", "high", "detectable", "reason"), (*bias, None), strict=False))
    both = [*OF_PAIRS, replace(OF_PAIRS[0], swap_rule="strict")]
    text = printed([*both, row("position_bias", **numbers)])
    assert [line for line in text.splitlines() if "judge, bias" in line] == [f"  judge, bias: {words}"]


@pytest.mark.parametrize("labeler", ["[/b]", "[link=http://evil.example]x[/link]", "[red]"])
def test_a_labelers_name_is_text(labeler):
    assert labeler in printed(OF_PAIRS, labelers=(labeler,)).replace("\n", "")


@pytest.mark.parametrize(
    ("coverage", "text"),
    [(1.0, "100%"), (0.996, "99.6%"), (0.99999, ">99.9%"), (0.5, "50.0%"), (0.0001, "<0.1%"), (0.0, "0%"), (None, "-")],
)
def test_a_coverage_is_all_only_where_nothing_is_missing(coverage, text):
    n, asked = (0, None) if coverage is None else (round(coverage * 10**6), 10**6)
    assert covered(row("agreement", n=n, asked=asked)) == text


def test_the_terminal_says_what_trivial_judges_reach_beside_the_first_rule():
    guessing, longer = (("baseline_chance", 0.5), ("baseline_longer", 0.67))
    rows = [row(metric, value, swap_rule="first") for metric, value in (guessing, longer)]
    both = [replace(OF_PAIRS[0], value=0.4, low=0.36, high=0.45), replace(OF_PAIRS[0], swap_rule="strict")]
    lines = [line for line in printed([*both, *rows]).splitlines() if "compared with" in line]
    assert lines == ["  judge, first, compared with guessing 50.0 %, always the longer answer 67.0 %: below chance"]


def two_judges(second, shared):
    """What is printed of two judges, the second with this agreement, that share so many labelled comparisons."""
    judges = (judge_info(), judge_info(number=1, name="other", judge="other", fingerprint="1f"))
    difference = row("agreement_difference", 0.1, subject="other", asked=shared)
    return printed([OF_PAIRS[0], replace(second, judge_fingerprint="1f"), difference], judges=judges)


def test_judges_that_were_asked_others_are_printed_with_one_line_that_says_so():
    fewer = replace(OF_PAIRS[0], n=54, asked=54)
    lines = [line for line in two_judges(fewer, 54).splitlines() if "ranking" in line]
    assert len(lines) == 1
    assert "(54 to 100 with a label)" in lines[0]
    assert "“" not in lines[0]
    assert "ranking" not in two_judges(OF_PAIRS[0], 100)
    assert "(100 with a label each)" in two_judges(OF_PAIRS[0], 40)


def test_a_judge_without_labels_is_one_line_beside_judges_that_have_some():
    text = two_judges(replace(OF_PAIRS[0], value=None, low=None, high=None, n=0, asked=0, reason=NO_LABEL), 0)
    assert "No comparison with a label was asked of other." in text
    assert not any(line.startswith("other") for line in text.splitlines())
    assert NO_LABEL not in text


def test_the_terminal_puts_the_judge_beside_its_labelers_where_there_are_several():
    gap = row("labeler_gap", 0.06, 0.02, 0.1)
    beside = [row("agreement_with_labelers", 0.74), row("agreement_of_labelers", 0.68), gap]
    expected = (
        "  judge, agrees with a labeler in 74.0 %, two labelers with each other in 68.0 %: "
        "+6.0 points (95 % interval +2.0 to +10.0)"
    )
    assert expected in printed([*OF_PAIRS, *beside]).splitlines()
    assert "labeler" not in printed([*OF_PAIRS, *(replace(one, value=None, n=0) for one in beside)])


OF_MODELS = [
    row("win_rate", 0.64, 0.6, 0.68, n=2000, subject="a"),
    row("corrected_win_rate", 0.5512, 0.501, 0.602, n=150, asked=2010, subject="a"),
    row("labels_needed", 431.0, reason="a count", n=150, subject="a"),
]


@pytest.mark.parametrize("values", [("a", "b"), ("a", OTHERS)])
def test_the_terminal_says_that_strata_are_pooled(values):
    changes = {"corrected": {"strata": "source"}, "slices": {"by": ["source"], "most": 1}}
    slices = SliceNames(tuple(("source", value) for value in values), ("source",))
    lines = corrected_lines(replace(evaluation(OF_MODELS, **changes), slices=slices))
    assert any("beyond the 1 largest are one stratum, (others)" in line for line in lines) == (OTHERS in values)


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        pytest.param(
            OF_MODELS,
            "  judge, a: 55.1 % (50.1-60.2) with 150 labels of 2,000 comparisons, by the judge alone 64.0 %; 3 points "
            "to each side need 431",
            id="corrected",
        ),
        pytest.param(
            [OF_MODELS[0], row("corrected_win_rate", None, reason="no label", n=0, subject="a"), OF_MODELS[2]],
            "  judge: none: no label",
            id="no labels",
        ),
        pytest.param([replace(OF_MODELS[0], n=150), *OF_MODELS[1:]], None, id="everything has a label"),
    ],
)
def test_the_terminal_says_what_win_rates_are_by_the_labels_there_are(rows, line):
    lines = printed([*OF_PAIRS, *rows]).splitlines()
    assert [text for text in lines if text.startswith("  judge") and "swap" not in text][-1:] == (
        [line] if line else []
    )
