"""What the cascade job prints."""

from __future__ import annotations

import math

from rich.console import Console
from rich.table import Table

from judgelake.jobs.cascade.choosing import Chosen
from judgelake.jobs.cascade.job import Choice, Ran
from judgelake.jobs.cascade.rows import Stored

SHOWN_POINTS = 12


def show_choice(console: Console, choice: Choice) -> None:
    """The stages, the sentence to quote, the curve, and where it is all kept."""
    chosen, evidence = choice.chosen, choice.chosen.evidence
    console.print(_stages(chosen))
    if evidence.incomplete:
        _say(console, f"{evidence.incomplete:,} labelled comparisons are left out: a stage has not judged them.")
    if chosen.promise is None:
        _say(console, "The thresholds keep to a budget; nothing is promised of the verdicts.")
    else:
        _say(console, chosen.promise)
    if len(evidence.judges) > 1:
        console.print(_curve(chosen))
        _say(console, chosen.saving)
    if choice.cascade_id is not None:
        where = f"; the curve as a plot: {choice.picture}" if choice.picture is not None else ""
        _say(console, f"Kept as cascade {choice.cascade_id}{where}.")


def show_run(console: Console, ran: Ran) -> None:
    """How many each stage decided, and the promise."""
    total = sum(ran.decided.values())
    counts = ", ".join(f"{name} {count:,}" for name, count in ran.decided.items()) or "none"
    _say(console, f"{total:,} comparisons: {counts}. Their verdicts are those of run_key {ran.run_key}.")
    if ran.stored.promise is not None:
        _say(console, ran.stored.promise)


def show_plan(console: Console, stored: Stored, comparisons: int) -> None:
    """What a run would ask."""
    for number, stage in enumerate(stored.stages, 1):
        if stage.threshold is None:
            _say(console, f"stage {number}, {stage.judge.judge}: decides nothing, so it is not asked")
            continue
        asked = round(stage.calls * comparisons)
        said = f"about {asked:,} of {comparisons:,} comparisons" if number > 1 else f"{comparisons:,} comparisons"
        _say(
            console, f"stage {number}, {stage.judge.judge}: {said}, decides from a reliability of {stage.threshold:.3f}"
        )


def _stages(chosen: Chosen) -> Table:
    table = Table("stage", "judge", "decides from", "decides", "is asked", "right", "on labels")
    point = chosen.point
    for place, judge in enumerate(chosen.evidence.judges):
        tested = None if chosen.tested is None else chosen.tested[place]
        basis = "" if tested is None else tested.reason or f"{tested.errors:,} wrong of {tested.decided:,}"
        threshold = point.thresholds[place]
        table.add_row(
            str(place + 1),
            judge.judge,
            "never" if threshold == math.inf else f"{max(threshold, 0.5):.3f}",
            _percent(point.coverage[place]),
            _percent(point.calls[place]),
            _percent(point.agreements[place]),
            basis,
        )
    return table


def _curve(chosen: Chosen) -> Table:
    unit, best = chosen.evidence.cost_unit, chosen.best
    names = [f"{judge.judge} asked" for judge in chosen.evidence.judges[1:]]
    table = Table("right", *names, f"cost ({unit})", title="the cost curve, the best thresholds for each cost")
    step = max(1, math.ceil(len(best) / SHOWN_POINTS))
    for point in [*best[:-1][::step], best[-1]]:
        table.add_row(_percent(point.right), *map(_percent, point.calls[1:]), f"{point.cost:,.4g}")
    return table


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"


def _say(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)
