"""What the quickstart asks for, and what it shows: verdicts of both orders and by margin, compared with the labels."""

import io

import pytest
from rich.console import Console

from judgelake.judges import load_judge
from judgelake.quickstart.__main__ import quickstart_job
from judgelake.quickstart.pairs import JudgedPair, Said, agreement_text
from judgelake.quickstart.show import show_verdicts

# A judge that favours the first place by 1 nat: A in the order A, B and B in the order B, A, whatever is better.
FAVOURS_FIRST = [
    JudgedPair("Who wrote Faust?", "A", Said("A", "ok", 1.42), Said("B", "ok", -0.58)),
    JudgedPair("How many legs\nhas a spider?", "B", Said("A", "ok", 0.75), Said("B", "ok", -1.25)),
    JudgedPair("2 + 2?", "tie", Said("A", "ok", 0.9), Said("B", "ok", -1.1)),
]
WITHOUT_ODDS = [
    JudgedPair("No label?", None, Said("A", "ok", 1.0), Said("A", "ok", 3.0)),
    JudgedPair("Not read?", "A", Said(None, "unparseable"), Said("A", "ok", 2.0)),
    JudgedPair("Not asked?", "B", Said("B", "ok", -2.0), Said()),
]


def shown(pairs, width):
    console = Console(file=io.StringIO(), width=width)
    show_verdicts(console, pairs)
    return console.file.getvalue().splitlines()


def cells(line):
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_the_margin_follows_quality_where_both_orders_follow_the_place():
    assert [pair.own.verdict + pair.reversed.verdict for pair in FAVOURS_FIRST] == ["AB"] * 3
    assert [pair.log_odds for pair in FAVOURS_FIRST] == pytest.approx([0.42, -0.25, -0.1])
    assert [pair.by_margin for pair in FAVOURS_FIRST] == ["A", "B", "B"]
    assert agreement_text(FAVOURS_FIRST) == (
        "Verdicts that agree with the label: 1 of 3 shown A, B; 1 of 3 shown B, A; 2 of 3 by margin."
    )


@pytest.mark.parametrize("width", [80, 100])
def test_every_pair_has_a_line_with_its_three_verdicts_and_label(width):
    lines = shown([*FAVOURS_FIRST, *WITHOUT_ODDS], width)
    assert lines[0].strip() == "6 of 6 comparisons"
    table = [line for line in lines if "│" in line]
    assert max(map(len, table)) <= width
    assert [cells(line) for line in table] == [
        ["Who wrote Faust?", "A", "B", "A +0.420", "A"],
        ["How many legs has a spider?", "A", "B", "B -0.250", "B"],
        ["2 + 2?", "A", "B", "B -0.100", "tie"],
        ["No label?", "A", "A", "A +2.000", ""],
        ["Not read?", "unparseable", "A", "-", "A"],
        ["Not asked?", "B", "not asked", "-", "B"],
    ]
    agreement = "Verdicts that agree with the label: 2 of 4 shown A, B; 2 of 4 shown B, A; 2 of 3 by margin."
    assert agreement in lines


def test_long_questions_are_cut_and_the_number_of_lines_is_bounded():
    lines = shown([JudgedPair("long question " * 9, "tie", Said("A", "ok", 1.0), Said("A", "ok", 1.0))] * 40, 80)
    assert lines[0].strip() == "15 of 40 comparisons"
    table = [line for line in lines if "│" in line]
    assert len(table) == 15
    assert max(map(len, table)) <= 80
    assert {cells(line)[0].endswith("…") for line in table} == {True}
    assert cells(table[0])[1:] == ["A", "A", "A +1.000", "tie"], "only the question is cut"
    assert "Verdicts that agree with the label: 0 of 40 shown A, B; 0 of 40 shown B, A; 0 of 40 by margin." in lines


def test_nothing_is_said_of_a_margin_that_no_pair_has():
    pair = JudgedPair("Q?", "A", Said("A", "ok"), Said("B", "ok"))
    assert agreement_text([pair]) == "Verdicts that agree with the label: 1 of 1 shown A, B; 0 of 1 shown B, A."
    assert agreement_text([]) == "Verdicts that agree with the label: none."


def test_the_quickstart_asks_for_log_probabilities_in_both_orders_unless_told_otherwise(root, monkeypatch):
    monkeypatch.chdir(root)
    job = quickstart_job()
    mode = load_judge(job.judge.name).mode(job.judge.mode)
    assert (mode.verdict_from, job.order.orders) == ("logprobs", "both")
    assert mode.choices.verdict_of(2) == {"A": "A", "B": "B", "T": "tie"}
    assert job.engine.options == {"dtype": "float32"}
    assert job.judge.least_label_mass == 0.1, "a model so small puts less than half of the probability on its labels"
    told = quickstart_job(["judge.mode=pair", "engine.options.dtype=bfloat16"])
    assert (told.judge.mode, told.engine.options) == ("pair", {"dtype": "bfloat16"})
