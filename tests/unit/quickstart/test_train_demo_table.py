"""The table before and after training: both judges, their difference, and how sure it is."""

import io

import pytest
from promotion_example import against
from rich.console import Console

from judgelake.jobs.promote import Evidence
from judgelake.quickstart.train_demo.before_after import reading, show_before_after

CERTAIN, WORSE, OPEN = (0.04, 0.01, 0.07), (-0.04, -0.07, -0.01), (0.04, -0.03, 0.11)


def shown(evidence: Evidence, width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    show_before_after(console, evidence, "models/smollm2-135m", "demo-judge@candidate")
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize("width", [80, 100])
def test_each_figure_of_both_has_its_interval_below_it_in_eighty_columns(width):
    lines = [line.rstrip() for line in shown(against(CERTAIN), width)]
    start = next(place for place, line in enumerate(lines) if line.startswith("agreement"))
    assert lines[start].split() == ["agreement", "74.0", "%", "78.0", "%", "+4.0", "points"]
    assert lines[start + 1].split() == ["(70.0", "to", "78.0)", "(74.0", "to", "82.0)", "(+1.0", "to", "+7.0)"]
    rows = {line.split("  ")[0]: line.split()[-4:] for line in lines[start + 2 : start + 5]}
    assert rows["consistency"] == ["80.0", "%", "80.0", "%"]
    assert rows.keys() == {"consistency", "delta bias", "coverage"}
    assert max(map(len, lines[: start + 5])) <= width


@pytest.mark.parametrize(
    ("gain", "expected"),
    [
        (CERTAIN, "more often than its base, for certain"),
        (WORSE, "less often than its base, for certain"),
        (OPEN, "is not certain: the interval includes 0"),
        ((None, None, None), "How their agreement differs is not known"),
    ],
)
def test_the_difference_is_called_certain_only_outside_its_interval(gain, expected):
    (found,) = [line for line in reading(against(gain)) if expected in line]
    assert "four times in five" not in found


def test_few_questions_are_called_few():
    assert not any("are few" in line for line in reading(against(CERTAIN)))
    assert "22 questions are few" in reading(against(OPEN, questions=22))[-1]


def test_what_the_labels_can_show_is_said_where_it_is_known():
    from dataclasses import replace

    evidence = against(OPEN)
    evidence = replace(evidence, difference=replace(evidence.difference, detectable=0.12))
    assert any(
        "show a difference of 12.0 points four times in five" in line.replace(" ", " ") for line in reading(evidence)
    )
