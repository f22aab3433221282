"""What a promotion prints: a table in eighty columns, and the decision in a sentence."""

from __future__ import annotations

from io import StringIO

import pytest
from promotion_example import against, figures, in_slice, promotion
from rich.console import Console

from judgelake.jobs.promote import Undone
from judgelake.jobs.promote.evidence import Evidence
from judgelake.jobs.promote.terminal import show, undone_sentence

WORSE = against((-0.06, -0.09, -0.03), consistency=0.2, slices=[in_slice("x", -0.2, -0.3, -0.1)])


def told(evidence, **how):
    text = StringIO()
    show(Console(file=text, width=80, highlight=False), promotion(evidence), **how)
    return text.getvalue()


@pytest.mark.parametrize(
    ("evidence", "dry_run", "decision"),
    [
        pytest.param(
            against(),
            False,
            "Version 3 of judge is champion now; before it was version 2. Undo: python jobs/promote.py --set "
            "model=judge --undo",
            id="promoted",
        ),
        pytest.param(
            against(),
            True,
            "Version 3 of judge would become champion; before it was version 2. Nothing is changed.",
            id="dry run",
        ),
        pytest.param(
            WORSE,
            False,
            "Version 3 of judge does not become champion, version 2 stays: its agreement is not higher than "
            "the champion's (-6.0 points (-9.0 to -3.0)); its consistency is 20.0 %, below 60 %; its agreement is "
            "certainly lower in source=x: -20.0 points (-30.0 to -10.0).",
            id="refused",
        ),
        pytest.param(
            Evidence(figures((0.7, 0.66, 0.74))),
            False,
            "Version 3 of judge does not become champion, it still has no champion: its agreement is not above "
            "always the longer answer (70.0 % (66.0 to 74.0), compared with guessing 50.0 %, always the longer "
            "answer 67.0 %).",
            id="no first champion",
        ),
    ],
)
def test_the_decision_is_the_last_line(evidence, dry_run, decision):
    lines = told(evidence, dry_run=dry_run).splitlines()
    assert lines[-1] == decision
    is_passed = "does not" not in decision
    cells = [line for line in lines if line.rstrip().endswith((" yes", " no"))]
    assert all(line.rstrip().endswith(" yes") for line in cells) == is_passed
    assert max(map(len, cells)) <= 80


def test_each_threshold_has_its_line_and_what_is_left_out_is_counted():
    text = told(WORSE)
    words = [line.split()[0] for line in text.splitlines() if line.rstrip().endswith((" yes", " no"))]
    assert words == ["agreement", "consistency", "delta", "coverage", "slices"]
    assert (
        "858 of 900 labelled comparisons are used, of 400 questions; 30 are not judged by both, 12 are of questions "
        "that the candidate was trained on, so they are left out."
    ) in text
    assert "The difference of the agreements rests on 400 questions." in text
    assert "Its agreement rests on 400 questions." in told(Evidence(figures()))
    assert "Lowest slice, its interval corrected for all: source=x, -20.0 points (-30.0 to -10.0)." in text
    assert "difference" not in told(Evidence(figures()))


def test_an_undo_says_who_is_champion_again():
    assert undone_sentence("judge", Undone("3", "2")) == "Version 2 is champion of judge again, as before version 3."
    none = undone_sentence("judge", Undone("3", None), dry_run=True)
    assert none == "No version would be champion of judge again, as before version 3."
