"""The report in headless Chromium: wide, on a phone, in dark mode and in print; no error or request, all readable."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import pytest
from report_example import empty_content, full_content
from report_hostile import HOSTILE_TEXTS, hostile_content

from judgelake.report import JudgePair, LabelerPair, Labelers, ReportContent, notebook_html, render_page

pytest.importorskip("PIL.Image", reason="needs Pillow, which comes with matplotlib, to look at screenshots")
from page_look import BLANK_COLOURS, Seen, View, address_of, colours_of, look

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# One minute on an idle machine, several on a shared one.
JOB_S = 600
# A4 with the default margins of browsers.
PAPER_PX = 718

VIEWS = {
    "wide": View(),
    "a phone": View(width=360, height=740),
    "the smallest phone": View(width=320, height=568, is_unfolded=True),
    "in the dark": View(is_dark=True),
    "a phone in the dark": View(width=360, height=740, is_dark=True, is_unfolded=True),
}


@pytest.fixture(scope="module")
def has_browser() -> None:
    """Skips the tests if there is no browser, before any report is made."""
    if not any(map(shutil.which, NAMES)):
        pytest.skip(f"no Chromium on the PATH (one of {', '.join(NAMES)}): the report cannot be viewed")


@pytest.fixture(scope="module")
def browser(has_browser, tmp_path_factory) -> Iterator[str]:
    """The address of a headless Chromium, started once for all views."""
    profile = tmp_path_factory.mktemp("profile")
    command = next(path for path in map(shutil.which, NAMES) if path)
    # The page is our own and loads nothing; without user namespaces (containers, root) Chromium's sandbox cannot start.
    flags = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run")
    with subprocess.Popen(
        [command, *flags, "--remote-debugging-port=0", f"--user-data-dir={profile}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "HOME": str(profile)},
    ) as process:
        try:
            yield address_of(process, profile)
        finally:
            process.kill()


@pytest.fixture
def looked_at(browser, tmp_path):
    """Shows a page in the browser."""

    def show(html: str, view: View) -> Seen:
        page = tmp_path / "report.html"
        page.write_text(html, encoding="utf-8")
        return asyncio.run(look(page, view, browser))

    return show


@pytest.fixture(scope="module")
def real_page(has_browser, shared, root, tmp_path_factory) -> str:
    """The report on LLMBar's three published evaluators, as a user gets it by ingesting and evaluating them."""
    folder = tmp_path_factory.mktemp("llmbar")
    data = shared / "data" / "llmbar"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("JUDGELAKE_", "MLFLOW_"))}
    environment |= {"JUDGELAKE_WAREHOUSE": str(folder / "warehouse")}
    inputs = ["--input", *map(str, sorted(data.glob("*.json"))), "--judgments", str(data / "published_winners.jsonl")]
    settings = ["mlflow.enabled=false", "slices.by=[attributes.subset, length, model_pair]"]
    settings += [f"report={folder / 'report.html'}", f"cards={folder / 'cards'}"]
    for job, arguments in (
        ("ingest", ["--format", "llmbar", *inputs]),
        ("evaluate", [part for setting in settings for part in ("--set", setting)]),
    ):
        command = [sys.executable, str(root / "jobs" / f"{job}.py"), *arguments]
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=JOB_S)
        assert done.returncode == 0, done.stdout + done.stderr
    return (folder / "report.html").read_text("utf-8")


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


def test_the_report_of_a_real_evaluation_reads_and_prints_well(looked_at, real_page):
    paper = View(width=PAPER_PX, height=1_000, is_dark=True, is_paper=True)
    for view in (VIEWS["wide"], VIEWS["a phone in the dark"], paper):
        seen = looked_at(real_page, view)
        assert not seen.complaints
        assert not seen.requests
        assert seen.page_width <= view.width
        assert not seen.poor_contrasts
    assert not seen.lost
    # GPT-4 leans to no place that so few comparisons could show, and ChatGPT's failures leave some figures open.
    assert "not found; the data allow" in real_page
    assert "if all failed judgments counted as wrong" in real_page
    assert real_page.count('<article class="disagreement"') == 20


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
