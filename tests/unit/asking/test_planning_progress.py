"""Planning is never silent for long: a line as it begins, then its step and its time."""

import io
import threading
import time

import pytest
from rich.console import Console

from judgelake.asking import planning_progress
from judgelake.asking.planning_progress import PlanningProgress


@pytest.fixture(params=[True, False], ids=["terminal", "log"])
def console(request):
    return Console(file=io.StringIO(), force_terminal=request.param, no_color=True, width=20)


def lines_of(console):
    return console.file.getvalue().splitlines()


def wait_for(is_there):
    until = time.monotonic() + 10
    while not is_there() and time.monotonic() < until:
        time.sleep(0.01)
    assert is_there()


def test_short_planning_is_one_line(console):
    with PlanningProgress(console, "reading what is judged") as planning:
        planning.goes_on_with("writing the plan")
    assert lines_of(console) == ["Planning ..."]


def test_long_planning_says_its_step_and_its_time(console, monkeypatch):
    monkeypatch.setattr(planning_progress, "FIRST_SECONDS", 0.05)
    monkeypatch.setattr(planning_progress, "LINE_SECONDS", 0.05)
    with PlanningProgress(console, "reading what is judged") as planning:
        wait_for(lambda: len(lines_of(console)) == 2)
        planning.goes_on_with("writing the [b]plan")
        wait_for(lambda: any("plan" in line for line in lines_of(console)[2:]))
    first, reading, *_, writing = lines_of(console)
    assert first == "Planning ..."
    assert reading == "planning: reading what is judged, 0 s so far"
    assert writing == "planning: writing the [b]plan, 0 s so far"


def test_failed_planning_says_no_more(console, monkeypatch):
    monkeypatch.setattr(planning_progress, "FIRST_SECONDS", 60)
    with pytest.raises(KeyboardInterrupt), PlanningProgress(console, "reading what is judged"):
        raise KeyboardInterrupt
    assert "judgelake-planning" not in [thread.name for thread in threading.enumerate()]
