"""Made-up reports in headless Chromium: wide, on a phone, dark and in print; no error or request, all readable."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest
from report_example import empty_content, full_content
from report_hostile import HOSTILE_TEXTS, hostile_content

from judgelake.report import JudgePair, LabelerPair, Labelers, ReportContent, notebook_html, render_page

pytest.importorskip("PIL.Image", reason="needs Pillow, which comes with matplotlib, to look at screenshots")
from page_look import BLANK_COLOURS, PAPER_PX, VIEWS, View, colours_of


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_the_report_reads_well(looked_at, view):
    seen = looked_at(render_page(full_content()), view)
    assert not seen.complaints
    assert not seen.requests
    assert seen.page_width <= view.width, "the page itself must not scroll sideways"
    assert not seen.poor_contrasts
    assert colours_of(seen.screenshot) > BLANK_COLOURS


def with_many(names) -> ReportContent:
    """The full report with every two of these as judges, and of the first twelve as labelers."""
    agreement, kappa = full_content().judge_pairs[0].agreement, full_content().labelers.pairs[0].kappa
    pairs = tuple(JudgePair(*two, agreement=agreement) for two in combinations(names, 2))
    labelers = tuple(LabelerPair(*two, kappa) for two in combinations(names[:12], 2))
    return replace(full_content(), judge_pairs=pairs, labelers=Labelers(labelers))


PRINTED = {
    "full": full_content(),
    "short texts": hostile_content("text"),
    "many judges": with_many([f"judge-with-a-name-{number}" for number in range(14)]),
    "too many judges for a sheet": with_many([f"judge {number}" for number in range(30)]),
}


@pytest.mark.parametrize("is_dark", [False, True], ids=["in the light", "in the dark"])
@pytest.mark.parametrize("content", PRINTED.values(), ids=PRINTED)
def test_the_report_prints_whole_and_dark_on_white(looked_at, content, is_dark):
    seen = looked_at(render_page(content), View(width=PAPER_PX, height=1_000, is_dark=is_dark, is_paper=True))
    assert not seen.lost
    assert not seen.poor_contrasts
    assert seen.lightness == (0, 1)
    assert seen.page_width <= PAPER_PX


def test_a_report_without_data_reads_well(looked_at):
    seen = looked_at(render_page(empty_content()), VIEWS["a phone"])
    assert not seen.complaints
    assert seen.page_width <= 360


def test_hostile_texts_do_nothing_in_the_browser(looked_at):
    everything = "".join(text[:2_000] for text in HOSTILE_TEXTS.values())
    seen = looked_at(render_page(hostile_content(everything)), VIEWS["the smallest phone"])
    assert not seen.requests
    assert not seen.complaints
    assert seen.title != "taken"
    assert seen.page_width <= 320


def test_the_report_shows_within_a_notebook_cell(looked_at):
    seen = looked_at(f"<!DOCTYPE html><title>cell</title>{notebook_html(full_content())}", VIEWS["wide"])
    assert not seen.complaints
    assert not seen.requests
    assert colours_of(seen.screenshot) > BLANK_COLOURS
