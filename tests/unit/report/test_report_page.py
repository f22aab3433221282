"""The report says what is known, why the rest is not, and lets no text from a table be more than text."""

from __future__ import annotations

import html
import math
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_example import RULES, bare_judge, empty_content, full_content, rate
from report_hostile import HOSTILE_TEXTS, hostile_content

from judgelake.measures import Result, metric_named
from judgelake.report import (
    BothOrders,
    Confusion,
    Count,
    Disagreement,
    Family,
    JudgePair,
    LabelerPair,
    Labelers,
    MarginBin,
    Missing,
    Models,
    OrderVerdict,
    ShownAnswer,
    Turn,
    notebook_html,
    render_page,
)
from judgelake.report.disagreements import MOST_DISAGREEMENTS
from judgelake.report.inert import ACTING, LONGEST_NAME, LONGEST_TEXT, cleaned, name

VOID = {"meta", "br", "rect", "line", "circle", "link", "img", "input", "hr"}
# These stand within a line; all others begin one of their own.
INLINE = {"a", "bdi", "strong", "time"}
NOTHING_KNOWN = re.compile(r"\b(nan|NaN|None|inf|Undefined)\b")


class Page(HTMLParser):
    """What a page holds: its elements in order, the text in sight, and whether all that opens closes."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.pieces: list[str] = []
        self.cells: list[list[str]] = []
        self._open: list[str] = []
        self.feed(source)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in INLINE:
            self.handle_data(" ")
        if tag == "tr":
            self.cells.append([])
        if tag in ("td", "th"):
            self.cells[-1].append("")
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if "style" in self._open or "title" in self._open:
            return
        self.pieces.append(data)
        if "td" in self._open or "th" in self._open:
            self.cells[-1][-1] += data

    @property
    def text(self) -> str:
        return " ".join("".join(self.pieces).split())

    @property
    def kinds(self) -> set[tuple[str, str]]:
        """Every element with every attribute it has."""
        return {(tag, attribute) for tag, attributes in self.elements for attribute in ("", *attributes)}

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def row(self, head: str) -> list[str]:
        """The cells of the first row that begins so, white space made single."""
        rows = [[" ".join(cell.split()) for cell in cells] for cells in self.cells]
        return next(row for row in rows if row and row[0].startswith(head))


def text_of(content) -> str:
    return Page(render_page(content)).text


def with_judge(**parts):
    return replace(empty_content(), judges=(replace(bare_judge(), **parts),))


# Texts from tables


@pytest.mark.parametrize("text", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS)
def test_a_hostile_text_is_text(text):
    source = render_page(hostile_content(text))
    page, harmless = Page(source), Page(render_page(hostile_content("harmless")))
    longer = {("p", "class"), ("p", "")}  # the mark that a text is cut
    assert page.kinds <= harmless.kinds | longer
    assert len(page.all("h1")) == 1
    assert all((link["href"] or "").startswith("#") for link in page.all("a"))
    assert not ACTING.search(source)
    source.encode("utf-8")


@pytest.mark.parametrize("text", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS)
def test_a_hostile_text_is_shown_and_not_swallowed(text):
    shown = " ".join(cleaned(text[:60]).split()) or "(empty)"
    assert shown in text_of(hostile_content(text))


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=60))
def test_whatever_a_text_holds_the_page_keeps_its_elements(text):
    source = render_page(hostile_content(text))
    assert Page(source).kinds <= Page(render_page(hostile_content("harmless"))).kinds
    assert not ACTING.search(source)
    source.encode("utf-8")


@given(st.text(st.characters(exclude_categories=())))
def test_cleaning_a_cleaned_text_changes_nothing(text):
    assert cleaned(cleaned(text)) == cleaned(text)
    assert len(name(text).splitlines() or [""]) == 1


def test_megabytes_are_cut_with_a_mark_that_says_how_much_is_missing():
    turn = Turn("user", "x" * 5_000_000)
    one = Disagreement("judge", "c-1", (turn,), (ShownAnswer(("y" * (LONGEST_TEXT + 1),)),), "A", ())
    source = render_page(replace(full_content(), disagreements=(one,)))
    assert len(source) < 1_000_000
    assert "Cut here: 4,996,000 more characters" in source
    assert "Cut here: 1 more character is" in source
    assert name("m" * 500) == "m" * LONGEST_NAME + "…"


def test_texts_find_their_own_direction():
    page = Page(render_page(full_content()))
    assert all(one.get("dir") == "auto" for one in page.all("div") if one.get("class") == "passage")


# The page as a document


@pytest.fixture(scope="module", params=[full_content, empty_content, lambda: hostile_content("text")])
def page(request):
    return Page(render_page(request.param()))


def test_no_address_leaves_the_page(page):
    loading = {"script", "link", "img", "iframe", "form", "object", "embed", "base", "video", "audio"}
    assert not loading & {tag for tag, _ in page.elements}
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for tag, attributes in page.elements:
        assert not any(attribute == "src" or attribute.startswith("on") for attribute in attributes), tag
        assert "://" not in "".join(value or "" for value in attributes.values())
    assert {(link["href"] or "")[1:] for link in page.all("a")} <= set(ids)


def test_the_style_asks_for_nothing_from_outside():
    style = re.search(r"<style>(.*?)</style>", render_page(empty_content()), re.DOTALL)
    assert style is not None
    assert not re.search(r"url\(|@import|@font-face", style.group(1))


def test_the_browser_is_told_to_load_and_run_nothing(page):
    policy = next(meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy
    assert "script" not in policy


def test_the_page_can_be_heard(page):
    assert page.all("html") == [{"lang": "en"}]
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels)), "no level is skipped"
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(head.get("scope") in ("col", "row", "rowgroup") for head in page.all("th"))
    assert all(one.get("aria-label") or one.get("aria-hidden") for one in page.all("svg"))
    assert all(one.get("aria-label") for one in page.all("div") if one.get("role") == "region")


def test_a_full_page_has_all_that_must_be_heard():
    page = Page(render_page(full_content()))
    for tag in ("table", "caption", "th", "svg"):
        assert page.all(tag), tag
    assert [one for one in page.all("div") if one.get("role") == "region"]


def test_a_report_shows_in_a_notebook_without_links_that_leave_the_cell():
    cell = Page(notebook_html(full_content(), height_px=500))
    (frame,) = cell.all("iframe")
    assert frame["sandbox"] == ""
    assert "height:500px" in (frame["style"] or "")
    inside = Page(frame["srcdoc"] or "")
    assert not inside.all("a")
    assert not inside.all("nav")
    assert inside.text.startswith("judgelake")


# Figures and parts without any


@pytest.mark.parametrize(
    "content",
    [
        full_content(),
        empty_content(),
        with_judge(),
        with_judge(headline=(Result("agreement", math.nan, math.nan, math.inf, n=0),)),
        with_judge(headline=(Result("agreement", n=0, asked=0, clusters=0),)),
        with_judge(headline=(), slices=(), calibration=(), families=(Family("Length", ()),)),
        replace(empty_content(), judge_pairs=(), models=Models((), ()), disagreements=()),
    ],
    ids=["full", "empty", "bare judge", "not finite", "no reason", "empty parts", "empty comparisons"],
)
def test_a_page_never_shows_what_is_no_number(content):
    assert not NOTHING_KNOWN.search(text_of(content))


def test_a_headline_figure_stands_with_all_that_it_rests_on():
    bounds = {"if_failures_wrong": 0.675, "if_failures_right": 0.725}
    row = rate("agreement", 0.7107, 0.03, 950, 1_000, swap_rule="first", **bounds)
    name, value, _, n, questions, coverage = Page(render_page(with_judge(headline=(row,)))).row("Agreement")
    assert name == "Agreement"
    assert value == "71.1 % 68.1 to 74.1 67.5 % if all failed judgments counted as wrong, 72.5 % if as right"
    assert (n, questions, coverage) == ("950", "838", "95.0 % of 1,000")


def test_a_value_without_an_interval_says_why():
    row = Result("agreement", 0.5, reason="one question only, so there is no interval", n=2, clusters=1)
    assert "50.0 % one question only, so there is no interval" in text_of(with_judge(headline=(row,)))


@pytest.mark.parametrize("part", ["headline", "confusion", "both_orders", "slices", "calibration"])
def test_a_missing_part_of_a_judge_says_why(part):
    assert f"Not shown: no {part} at all." in text_of(with_judge(**{part: Missing(f"no {part} at all")}))


@pytest.mark.parametrize("part", ["judge_pairs", "models", "labelers", "disagreements"])
def test_a_missing_part_of_the_report_says_why(part):
    assert f"Not shown: no {part} at all." in text_of(replace(empty_content(), **{part: Missing(f"no {part} at all")}))


def test_an_evaluation_of_nothing_still_says_what_it_is():
    text = text_of(empty_content())
    assert "No judge was evaluated" in text
    assert "Nothing was listed. That does not mean that everything was tested." in text


def test_a_family_that_is_missing_is_named_with_its_reason():
    content = with_judge(families=(Family("Self-preference", Missing("no model is of its family")),))
    assert "Self-preference: no model is of its family." in text_of(content)


def pair_of(first, second, **difference):
    row = Result("agreement_difference", **difference, n=100)
    return JudgePair(first, second, difference=row)


def test_figures_of_one_swap_rule_name_it_once():
    rows = tuple(rate(metric, 0.5, 0.05, 100, swap_rule="both_right") for metric in ("longer_win_share", "length_bias"))
    page = Page(render_page(with_judge(families=(Family("Length", rows),))))
    assert page.text.count("both right") == 1
    assert "Length swap rule both right" in page.text
    apart = (rows[0], replace(rows[1], swap_rule="first"))
    assert page.row("Wins of the longer answer")[0] == "Wins of the longer answer"
    page = Page(render_page(with_judge(families=(Family("Length", apart),))))
    assert page.row("Wins of the longer answer")[0] == "Wins of the longer answer both right"


def test_judges_against_each_other_name_their_swap_rule():
    pair = pair_of("one", "other", **NOT_FOUND)
    pair = replace(pair, difference=replace(pair.difference, swap_rule="follow_first"))
    content = replace(empty_content(), judges=(bare_judge("one"),), judge_pairs=(pair,))
    assert "first judge minus second, swap rule follow first" in text_of(content)


NO_COMMON = {"value": None, "reason": "no comparison in common"}
NOT_FOUND = {"value": 0.01, "low": -0.02, "high": 0.04, "p_corrected": 0.5}
NONE_FOUND = "No difference between two judges was found; the data allow a difference of up to"
FOUND = {"value": 0.1, "low": 0.07, "high": 0.13, "p_corrected": 0.001}


@pytest.mark.parametrize(
    ("differences", "words", "never"),
    [
        pytest.param(
            [NO_COMMON, NO_COMMON], "No two judges could be compared.", "No difference between two judges", id="none"
        ),
        pytest.param([NOT_FOUND], f"{NONE_FOUND} 4.0 points.", "could not be compared", id="all"),
        pytest.param(
            [NOT_FOUND, NOT_FOUND | {"low": -0.06}],
            f"{NONE_FOUND} 4.0 to 6.0 points, depending on the pair.",
            "could not be compared",
            id="several",
        ),
        pytest.param(
            [NOT_FOUND, NO_COMMON],
            f"{NONE_FOUND} 4.0 points. 1 of 2 pairs could not be compared.",
            "No two judges",
            id="not found, and not comparable",
        ),
        pytest.param(
            [FOUND, NO_COMMON], "1 of 2 pairs could not be compared.", "No difference between two", id="found, and not"
        ),
        pytest.param(
            [FOUND, NOT_FOUND],
            "In 1 other pair no difference was found; the data allow a difference of up to 4.0 points.",
            "No difference between two",
            id="found, and not found",
        ),
    ],
)
def test_judges_that_cannot_be_compared_are_not_said_to_be_alike(differences, words, never):
    pairs = tuple(pair_of("one", f"other {place}", **one) for place, one in enumerate(differences))
    text = text_of(replace(empty_content(), judges=(bare_judge("one"),), judge_pairs=pairs))
    assert words in text
    assert never not in text


AT_ONCE = {"simultaneous_low": -0.031, "simultaneous_high": 0.051}


def test_several_pairs_have_a_second_interval_that_the_caption_explains():
    pairs = tuple(pair_of("one", f"other {place}", **NOT_FOUND, **AT_ONCE) for place in range(3))
    content = replace(empty_content(), judges=(bare_judge("one"),), judge_pairs=pairs)
    page = Page(render_page(content))
    assert "−2.0 to +4.0 all at once: −3.1 to +5.1" in page.text
    assert "those of all 3 pairs together contain the true differences" in page.text
    assert f"{NONE_FOUND} 5.1 points." in page.text


def test_a_single_pair_has_one_interval():
    same = {"simultaneous_low": -0.02, "simultaneous_high": 0.04}
    pairs = (pair_of("one", "other", **NOT_FOUND, **same),)
    text = text_of(replace(empty_content(), judges=(bare_judge("one"),), judge_pairs=pairs))
    assert "−2.0 to +4.0" in text
    assert "at once" not in text


def test_the_headlines_rule_and_its_reason_stand_at_a_glance():
    rules = replace(RULES, why_headline="j<i> was asked in one order only")
    page = render_page(replace(full_content(), rules=rules))
    sentence = "The headline&#39;s swap rule is first (the original order (AB) only): j&lt;i&gt; was asked in one order"
    assert sentence in page.partition('id="glance"')[2].partition("</section>")[0]


def test_a_position_bias_that_was_not_found_is_shown_at_a_glance_with_what_the_data_allow():
    share = rate("consistency", 0.9, 0.02, 100)
    bias = Result("position_bias", 0.01, -0.02, 0.04, 0.042, n=100)
    page = Page(render_page(with_judge(both_orders=BothOrders(share, share, share, bias))))
    assert page.row("judge")[4].endswith("not found; the data allow −2.0 to +4.0 points")


def test_labelers_of_verdicts_and_of_scores_have_a_matrix_each():
    def pair(metric, first, second):
        return LabelerPair(first, second, Result(metric, 0.5, 0.4, 0.6, n=9))

    alphas = tuple(
        Result(metric, value, value, value, n=9)
        for metric, value in (("krippendorff_alpha", 0.8), ("krippendorff_alpha_interval", 0.7))
    )
    pairs = (pair("labeler_kappa", "one", "two"), pair("labeler_quadratic_kappa", "three", "four"))
    page = Page(render_page(replace(empty_content(), labelers=Labelers(pairs, alphas))))
    assert "Cohen's kappa of two labelers, with its 95 % interval" in page.text
    assert "Quadratic-weighted kappa of two labelers, with its 95 % interval" in page.text
    assert page.row("three")[1:] == ["itself ·", "0.500 0.400 to 0.600"]
    assert page.row("Krippendorff's alpha of scores")[1].startswith("0.700")


# Slices, confusion


def test_slices_stand_by_value_and_small_ones_have_no_rate():
    rows = [
        rate("agreement", value, 0.05, 100, slice=f"source={source}")
        for source, value in (("middle", 0.6), ("best", 0.8), ("worst", 0.4))
    ]
    rows.insert(1, Result("agreement", reason="fewer than 30 comparisons", n=12, slice="source=small"))
    page = Page(render_page(with_judge(slices=tuple(rows))))
    names = [row[0].split() for row in page.cells if row]
    order = [words[0] for words in names if words and words[0] in ("middle", "best", "worst", "small")]
    assert order == ["worst", "middle", "best", "small"]
    assert page.row("small")[1] == "no number fewer than 30 comparisons"
    assert page.row("small")[3] == "12"


def of_slice(name, difference, shrunk, p_corrected):
    about = {"slice": f"source={name}", "n": 50}
    ends = (difference - 0.1, difference + 0.1)
    return (
        Result("slice_difference", difference, *ends, p_value=0.001, p_corrected=p_corrected, **about),
        Result("agreement_shrunk", shrunk, reason="for sorting", **about),
    )


def test_slices_stand_by_what_chance_does_not_explain_and_only_those_found_worse_are_named():
    rows = [
        rate("agreement", value, 0.05, 50, slice=f"source={source}") for source, value in (("few", 0.4), ("many", 0.5))
    ]
    compared = (
        *of_slice("few", -0.3, 0.65, 0.06),
        *of_slice("many", -0.2, 0.55, 0.012),
        *of_slice("best", 0.2, 0.8, 0.001),
    )
    page = render_page(with_judge(slices=tuple(rows), compared_slices=compared))
    names = [row[0].split()[0] for row in Page(page).cells if row and row[0].split()]
    assert [name for name in names if name in ("few", "many")] == ["many", "few"]
    text = text_of(with_judge(slices=tuple(rows), compared_slices=compared))
    found = "source=many: agreement is lower than outside of this slice: −20.0 points"
    assert found in text
    assert "p corrected over all slices 0.012." in text
    assert "source=few:" not in text
    assert "source=best:" not in text


def test_where_no_slice_is_found_worse_the_report_says_so_of_all_that_were_compared():
    compared = (*of_slice("a", -0.3, 0.65, 0.06), *of_slice("b", 0.2, 0.55, 0.2))
    text = text_of(with_judge(slices=(rate("agreement", 0.5, 0.05, 50, slice="source=a"),), compared_slices=compared))
    assert "Lower agreement in any of 2 slices than outside was not found" in text
    assert "the smallest p of those below, corrected over all slices of the judge, is 0.060" in text
    one = text_of(
        with_judge(slices=(rate("agreement", 0.5, 0.05, 50, slice="source=a"),), compared_slices=compared[:2])
    )
    assert "Lower agreement in the only slice than outside was not found" in one


def test_slices_of_several_dimensions_and_metrics_stand_apart():
    rows = tuple(
        rate(metric, 0.5, 0.05, 100, slice=f"{dimension}=one")
        for dimension in ("source", "turns")
        for metric in ("agreement", "consistency")
    )
    text = text_of(with_judge(slices=rows))
    for title in ("Agreement by source", "Consistency by source", "Agreement by turns", "Consistency by turns"):
        assert title in text


def test_many_slices_fold():
    rows = tuple(rate("agreement", 0.5, 0.05, 100, slice=f"source=s{place}") for place in range(37))
    assert "27 more" in text_of(with_judge(slices=rows))


def test_the_confusion_shows_counts_and_shares_of_the_row():
    confusion = Confusion(("A", "B", "tie"), ("A", "B", "tie"), ((30, 10, 0), (0, 20, 20), (0, 0, 0)))
    page = Page(render_page(with_judge(confusion=confusion)))
    assert page.row("A") == ["A", "30 75.0 %", "10 25.0 %", "0 0.0 %", "40"]
    assert page.row("tie") == ["tie", "0", "0", "0", "0"], "no label, so no share"
    assert page.row("All")[1:] == ["30", "30", "20", "80"]


# Disagreements, rules


def test_at_most_twenty_disagreements_are_shown_and_the_page_says_so():
    one = Disagreement("judge", "c", (Turn("user", "q"),), (ShownAnswer(("a",)),), "A", ())
    page = Page(render_page(replace(empty_content(), disagreements=(one,) * 31)))
    assert len(page.all("article")) == MOST_DISAGREEMENTS == 20
    assert "20 of 31 are shown" in page.text


def test_a_disagreement_shows_question_answers_label_verdicts_and_raw_output():
    verdicts = (
        OrderVerdict("AB", "B", "raw output of AB", scores=(3.0, 8.0), margin=1.25),
        OrderVerdict("BA", None, None, status="timeout"),
    )
    one = Disagreement(
        *("the judge", "c-17", (Turn("system", "be kind"), Turn("user", "why?"))),
        answers=(ShownAnswer(("because",), "small"), ShownAnswer(("first turn", "second turn"), "large")),
        label="A",
        verdicts=verdicts,
        input="given text",
        reference="the reference",
    )
    text = text_of(replace(empty_content(), disagreements=(one,)))
    assert "The label says answer A, the judge says answer B and no verdict (timeout)" in text
    for part in ("c-17", "system be kind", "user why?", "given text", "the reference", "Answer A · small"):
        assert part in text
    assert "✓ the label's choice because" in text
    assert "the judge's choice when shown AB first turn" in text
    assert "AB answer B A 3, B 8 1.25 nats" in text
    assert "raw output of AB" in text
    assert "No raw output is stored" in text


@pytest.mark.parametrize(
    ("label", "verdicts", "words"),
    [
        pytest.param(
            "4",
            (OrderVerdict("A", None, "2", scores=(2.0,)),),
            "The label says 4, the judge says 2",
            id="a score of one answer",
        ),
        pytest.param(
            "7, 3, 5",
            (
                OrderVerdict("ABC", "C", "5 8 1", scores=(1.0, 8.0, 5.5)),
                OrderVerdict("CBA", None, None, status="timeout"),
            ),
            "The label says 7, 3, 5, the judge says 1, 8, 5.5 and no verdict (timeout)",
            id="scores of three",
        ),
    ],
)
def test_scores_are_held_against_a_label_of_scores(label, verdicts, words):
    answers = (ShownAnswer(("because",)),) * len(verdicts[0].scores)
    one = Disagreement("the judge", "c-17", (Turn("user", "why?"),), answers, label, verdicts, is_scored=True)
    text = text_of(replace(empty_content(), disagreements=(one,)))
    assert words in text
    assert "no verdict (ok)" not in text


def test_the_rules_are_explained_and_what_was_left_out_is_counted():
    content = replace(empty_content(), rules=RULES, left_out=(Count("labels of score -1", 13, "invalid"),))
    text = text_of(content)
    assert "both right: right only where both orders give the label" in text
    assert "95 %, over questions, leaving out one at a time (in at most 500 buckets)" in text
    assert "labels of score -1 13 invalid" in text


@pytest.mark.parametrize(("margin", "told"), [(1.0, True), (0.25, True), (0.0, False)])
def test_a_margin_that_makes_ties_of_label_scores_is_told_where_there_is_one(margin, told):
    text = text_of(replace(empty_content(), rules=replace(RULES, tie_margin=margin)))
    assert (f"; label scores within {margin:g} of each other are a tie" in text) is told
    assert ("are a tie" in text) is told


def test_every_metric_that_is_shown_is_explained():
    told = {row.metric for row in (*full_content().judges[0].headline, *full_content().judges[0].slices)}
    told |= {"consistency", "bias_first", "bias_second", "position_bias", "longer_win_share", "length_slope"}
    told |= {"judge_agreement", "agreement_difference", "win_rate", "bradley_terry", "leaderboard_kendall_tau_b"}
    told |= {"labeler_kappa", "krippendorff_alpha"}
    words = text_of(full_content()).rpartition(" Words ")[2]
    for metric in told:
        meaning = metric_named(metric).meaning
        assert f"{metric_named(metric).title} {meaning[:1].upper()}{meaning[1:]}." in words


@pytest.mark.parametrize("part", ["calibration", "slices", "judge_pairs"])
def test_a_metric_that_stands_in_one_part_alone_is_explained(part):
    row = rate("positional_kappa", 0.5, 0.05, 100, slice="source=a")
    parts = {"calibration": (MarginBin("0 to 1", row),), "slices": (row,)}
    content = with_judge(**{part: parts[part]}) if part in parts else with_judge()
    if part == "judge_pairs":
        content = replace(content, judge_pairs=(JudgePair("judge", "other", agreement=row),))
    assert "Positional kappa Agreement of the two orders beyond chance." in text_of(content)


def test_a_page_is_the_same_each_time():
    assert render_page(full_content()) == render_page(full_content())
    assert html.unescape(notebook_html(full_content())) == html.unescape(notebook_html(full_content()))


def test_a_model_has_its_rank_with_the_ranks_that_the_data_allow_and_none_without_a_number():
    content = full_content()
    board = content.models.leaderboards[0]
    unranked = replace(board.models[-1], model="unranked", rank=Result("rank", reason="nothing was judged", n=0))
    models = replace(content.models, leaderboards=(replace(board, models=(*board.models, unranked)),))
    text = text_of(replace(content, models=models))
    assert "1 1 llama-7b" in text
    assert "2 2 to 4 bloom-7b" in text
    assert "none unranked" in text
