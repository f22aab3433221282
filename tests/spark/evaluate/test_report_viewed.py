"""The report on LLMBar's three published evaluators, as an evaluation writes it, in headless Chromium."""

from __future__ import annotations

import pytest
from small_lake import evaluate_job, lake_of_its_own

from judgelake.jobs.evaluate import evaluate_and_report
from judgelake.jobs.ingest import IngestJob, ingest
from judgelake.sources import Files


@pytest.fixture(scope="module")
def page(has_browser, spark, shared, empty_warehouse, tmp_path_factory):
    folder = tmp_path_factory.mktemp("llmbar")
    tables = lake_of_its_own(spark, empty_warehouse, folder, "llmbar")
    data = shared / "data" / "llmbar"
    files = Files(inputs=tuple(sorted(data.glob("*.json"))), judgments=(data / "published_winners.jsonl",))
    ingest(spark, IngestJob(tables=tables), "llmbar", files)
    slices = {"by": ["attributes.subset", "length", "model_pair"]}
    written = {"report": str(folder / "report.html"), "cards": str(folder / "cards")}
    evaluate_and_report(spark, evaluate_job(tables, slices=slices, **written))
    return (folder / "report.html").read_text("utf-8")


def test_the_report_of_a_real_evaluation_reads_and_prints_well(looked_at, page):
    from page_look import PAPER_PX, VIEWS, View

    paper = View(width=PAPER_PX, height=1_000, is_dark=True, is_paper=True)
    for view in (VIEWS["wide"], VIEWS["a phone in the dark"], paper):
        seen = looked_at(page, view)
        assert not seen.complaints
        assert not seen.requests
        assert seen.page_width <= view.width
        assert not seen.poor_contrasts
    assert not seen.lost
    # GPT-4 leans to no place that so few comparisons could show, and ChatGPT's failures leave some figures open.
    assert "not found; the data allow" in page
    assert "if all failed judgments counted as wrong" in page
    assert page.count('<article class="disagreement"') == 20
