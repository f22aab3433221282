"""What an evaluation prints at the end: the headline of every judge, and where to find the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from judgelake.jobs.evaluate.inputs import JudgeInfo
from judgelake.jobs.evaluate.job import Evaluated
from judgelake.jobs.evaluate.rows import label_rule_text, of_judge
from judgelake.jobs.evaluate.sections import headline_kind, is_by_rule
from judgelake.measures import PAIRS, Kind, Result, Scale, in_table_of, main_metrics, metric_named
from judgelake.report import bounds_text, found_words, headline_sentence

MISSING = "-"
SWAP_RULE = "swap rule"
# Spaces and signs of the report that a terminal's font or encoding may lack.
PLAIN = str.maketrans({"\u202f": " ", "\u2212": "-"})


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table of judges, and the notes below the table about it."""

    cells: Sequence[str]
    notes: Sequence[str]


def show_headline(console: Console, done: Evaluated) -> None:
    """Print each judge's main figures, bounds, reasons for missing numbers, and where report and cards are."""
    evaluation = done.evaluation
    labels = label_rule_text(evaluation.job, evaluation.inputs) or "no labels"
    by_kind: dict[Kind, list[tuple[JudgeInfo, list[Result]]]] = {}
    for judge in evaluation.inputs.judges:
        rows = [row for row in of_judge(evaluation.rows, judge) if row.is_whole and row.subject is None]
        by_kind.setdefault(headline_kind(rows), []).append((judge, rows))
    for kind, judges in sorted(by_kind.items(), key=lambda item: item[0] != PAIRS):
        table = _table(f"{kind.heading} ({labels})", _heads(kind))
        notes: list[str] = []
        for judge, rows in judges:
            for line in _lines(kind, rows):
                table.add_row(escape(judge.name), *line.cells)
                notes += [f"  {judge.name}, {note.translate(PLAIN)}" for note in line.notes]
        console.print(table)
        headline = [headline_sentence(evaluation.job.headline, evaluation.why_headline)] if kind == PAIRS else []
        for text in (kind.reading, *headline, *notes):
            console.print(text, markup=False, soft_wrap=True)
    console.print(f"evaluation {evaluation.run_id} in the table {evaluation.job.tables.metrics}", markup=False)
    if done.report is not None:
        console.print(f"report: {done.report}", markup=False, soft_wrap=True)
    if done.mlflow_run_id is not None:
        console.print(f"MLflow run: {done.mlflow_run_id}", markup=False)
    if done.problem is not None:
        console.print(f"MLflow did not accept the evaluation: {done.problem}", markup=False, soft_wrap=True)


def with_interval(row: Result) -> str:
    """A share in percent, or another figure, with its interval, or a dash."""
    if row.value is None or row.low is None or row.high is None:
        return figure(row)
    if row.scale is Scale.RATE:
        return f"{figure(row)} ({100 * row.low:.1f}-{100 * row.high:.1f})"
    # The ends may be below zero: a dash between them would read as a sign.
    return f"{figure(row)} ({row.low:.2f} to {row.high:.2f})"


def figure(row: Result | None) -> str:
    """A share, or a difference of shares, in percent, anything else with two decimals, or a dash."""
    if row is None or row.value is None:
        return MISSING
    return f"{100 * row.value:.1f}" if row.scale in (Scale.RATE, Scale.POINTS) else f"{row.value:.2f}"


def covered(row: Result) -> str:
    """The coverage in percent: 100 % means all and 0 % nothing, never a value rounded to it."""
    share = row.coverage
    if share is None:
        return MISSING
    if share in (0, 1):
        return f"{share:.0%}"
    return f">{0.999:.1%}" if share >= 0.9995 else f"<{0.001:.1%}" if share < 0.0005 else f"{share:.1%}"


def _heads(kind: Kind) -> Sequence[str]:
    first, *others = (metric.column or "" for metric in in_table_of(kind))
    return *((SWAP_RULE,) if kind == PAIRS else ()), first, "n", "covered", *others


def _table(title: str, heads: Sequence[str]) -> Table:
    table = Table(title=escape(title), title_justify="left", box=None, padding=(0, 1, 0, 0))
    # It must fit eighty columns, or the last column would silently be lost: a judge's name is folded before a number.
    table.add_column("judge", overflow="fold", min_width=10)
    for name in heads:
        table.add_column(name, justify="left" if name == SWAP_RULE else "right", no_wrap=True)
    return table


def _lines(kind: Kind, rows: list[Result]) -> Iterator[Line]:
    """One line with the first metric's interval, n and coverage; for pairs one per swap rule."""
    first, *others = in_table_of(kind)
    by_rule = [row for row in rows if row.metric in main_metrics(kind)]
    for row in by_rule:
        beside = {metric.name: _beside(rows, metric.name, row.swap_rule) for metric in others}
        numbers = (with_interval(row), f"{row.n:,}", covered(row), *map(figure, beside.values()))
        if kind == PAIRS:
            rule = row.swap_rule or ""
            # The finding on an effect is the same for all rules, so it is printed once.
            effects = _effects(beside.values()) if row is by_rule[-1] else []
            yield Line((rule, *numbers), _notes({rule: row}) + effects)
        else:
            named = {first.name: row} | beside
            yield Line(numbers, _notes({name.replace("_", " "): one for name, one in named.items()}))


def _effects(rows: Iterable[Result | None]) -> list[str]:
    """Whether each effect among the figures was found."""
    findings = []
    for row in rows:
        if row is not None and row.is_effect and row.value is not None:
            head = (metric_named(row.metric).column or "").partition(",")[0]
            findings.append(f"{head}: {found_words(row)}" + (f": {row.reason}" if row.reason else ""))
    return findings


def _notes(rows: Mapping[str, Result | None]) -> list[str]:
    """Why the first figure is missing, and the bounds of all figures with failed judgments; each with its name."""
    first, row = next(iter(rows.items()))
    reasons = [f"{first}: {row.reason}"] if row is not None and row.reason else []
    bounds = {name: bounds_text(one) for name, one in rows.items() if one is not None}
    return reasons + [f"{name}: {text}" for name, text in bounds.items() if text]


def _beside(rows: list[Result], metric: str, swap_rule: str | None) -> Result | None:
    """The figure of a metric that is shown with those of the swap rule."""
    return next((row for row in rows if row.metric == metric and is_by_rule(row, swap_rule)), None)
