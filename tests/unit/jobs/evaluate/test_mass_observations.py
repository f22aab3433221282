"""What report, card and terminal show of how judgments divide by the probability of all labels."""

from __future__ import annotations

from io import StringIO

from evaluation_example import OF_PAIRS, evaluation, row, section
from report_example import COMPUTED_AT, RULES
from rich.console import Console

from judgelake.jobs.evaluate.job import Evaluated
from judgelake.jobs.evaluate.terminal import show_headline
from judgelake.report import ReportContent, judge_card, render_page

TITLE = "Probability of all labels together"
SHARES = {
    "label_mass_below_50": 0.1,
    "label_mass_from_50": 0.05,
    "label_mass_from_90": 0.15,
    "label_mass_from_99": 0.625,
    "label_mass_unknown": 0.075,
    "dropped_for_label_mass": 0.1,
}
MASSES = [row(metric, value, value / 2, value * 1.5, n=1200, asked=1200) for metric, value in SHARES.items()]


def content_of(*rows):
    judge = section(rows)
    return judge, ReportContent(run_id="run", computed_at=COMPUTED_AT, rules=RULES, judges=(judge,))


def test_the_page_shows_every_band_and_what_was_dropped_under_one_heading():
    _, content = content_of(*OF_PAIRS, *MASSES)
    page = render_page(content)
    words = ("Labels below 0.5", "Labels from 0.99", "Labels of unknown probability", "Dropped for low probability")
    assert [text for text in (TITLE, *words) if text not in page] == []
    _, without = content_of(*OF_PAIRS)
    assert TITLE not in render_page(without)


def test_the_card_holds_the_same_rows_as_data_and_as_text():
    judge, content = content_of(*OF_PAIRS, *MASSES)
    card = judge_card(judge, content)
    further = {part["title"]: part["rows"] for part in card.to_dict()["further"]}
    assert {one["metric"]: one["value"] for one in further[TITLE]} == SHARES
    assert {one["n"] for one in further[TITLE]} == {1200}
    assert f"## {TITLE}" in card.to_markdown().splitlines()


def printed(rows):
    console = Console(file=StringIO(), width=80)
    show_headline(console, Evaluated(evaluation(rows), None, {}, None, None))
    return console.file.getvalue()


def test_the_terminal_has_one_line_of_it_for_each_such_judge():
    expected = (
        "  judge, 1,200 judgments by the probability of all labels: labels below 0.5 (10.0%), "
        "labels from 0.5 to 0.9 (5.0%), labels from 0.9 to 0.99 (15.0%), labels from 0.99 (62.5%), "
        "labels of unknown probability (7.5%), dropped for low probability (10.0%)"
    )
    assert expected in printed([*OF_PAIRS, *MASSES]).splitlines()
    assert "probability of all labels" not in printed(OF_PAIRS)
