"""What an evaluation prints at the end: the headline of every judge, and where to find the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from judgelake.jobs.evaluate.corrected import corrected_lines
from judgelake.jobs.evaluate.evaluation import Evaluation
from judgelake.jobs.evaluate.job import Evaluated
from judgelake.jobs.evaluate.rows import by_judge, label_rule_text
from judgelake.jobs.evaluate.sections import headline_kind, is_by_rule
from judgelake.measures import LABEL_MASS, PAIRS, Kind, Result, Scale, in_table_of, main_metrics, metric_named, shown_in
from judgelake.report import (
    beside,
    bounds_text,
    found_words,
    gap_text,
    headline_sentence,
    is_unlabelled,
    unlabelled_text,
    unlike_text,
)

MISSING = "-"
SWAP_RULE = "swap rule"
# Spaces and signs of the report that a terminal's font or encoding may lack.
PLAIN = str.maketrans({"\u202f": " ", "\u2212": "-", "\u201c": '"', "\u201d": '"'})


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table of judges, and the notes below the table about it."""

    cells: Sequence[str]
    notes: Sequence[str]


@dataclass(frozen=True, slots=True)
class Shown:
    """A judge with its figures over everything that have no subject."""

    name: str
    kind: Kind
    rows: list[Result]

    @property
    def main(self) -> list[Result]:
        """Its main figure, by each swap rule."""
        return [row for row in self.rows if row.metric in main_metrics(self.kind)]


def show_headline(console: Console, done: Evaluated) -> None:
    """Print each judge's main figures, bounds, reasons for missing numbers, and where report and cards are."""
    evaluation = done.evaluation
    labels = label_rule_text(evaluation.job, evaluation.inputs) or "no labels"
    judges, unlabelled = _judges(evaluation)
    by_kind: dict[Kind, list[Shown]] = {}
    for one in judges:
        by_kind.setdefault(one.kind, []).append(one)
    for kind, members in sorted(by_kind.items(), key=lambda item: item[0] != PAIRS):
        table = _table(f"{kind.heading} ({labels})", _heads(kind))
        notes: list[str] = []
        for one in members:
            notes += [f"  {one.name}, {note.translate(PLAIN)}" for note in _below(one)]
            for line in _lines(kind, one.rows):
                table.add_row(escape(one.name), *line.cells)
                notes += [f"  {one.name}, {note.translate(PLAIN)}" for note in line.notes]
        console.print(table)
        unlike = unlike_text({one.name: one.main[0] for one in members if one.main}, _shared(evaluation))
        headline = [headline_sentence(evaluation.job.headline, evaluation.why_headline)] if kind == PAIRS else []
        for text in (kind.reading, *headline, *([unlike.translate(PLAIN)] if unlike else []), *notes):
            console.print(text, markup=False, soft_wrap=True)
    for text in corrected_lines(evaluation):
        console.print(text.translate(PLAIN), markup=False, soft_wrap=True)
    if unlabelled:
        console.print(unlabelled_text(unlabelled), markup=False, soft_wrap=True)
    console.print(f"evaluation {evaluation.run_id} in the table {evaluation.job.tables.metrics}", markup=False)
    if done.report is not None:
        console.print(f"report: {done.report}", markup=False, soft_wrap=True)
    if done.mlflow_run_id is not None:
        console.print(f"MLflow run: {done.mlflow_run_id}", markup=False)
    if done.problem is not None:
        console.print(f"MLflow did not accept the evaluation: {done.problem}", markup=False, soft_wrap=True)


def _judges(evaluation: Evaluation) -> tuple[list[Shown], list[str]]:
    """The judges in the tables, and the names of those without a labelled comparison, if any other has one."""
    judges, of_judges = [], by_judge(evaluation.rows)
    for judge in evaluation.inputs.judges:
        of_judge = of_judges.get(judge.fingerprint, [])
        rows = [row for row in of_judge if row.is_whole and row.subject is None]
        judges.append(Shown(judge.name, headline_kind(rows), rows))
    labelled = [one for one in judges if not is_unlabelled(one.main)]
    if not labelled:
        return judges, []
    return labelled, [one.name for one in judges if is_unlabelled(one.main)]


def _shared(evaluation: Evaluation) -> dict[tuple[str, str], int | None]:
    """Names of two judges to the number of labelled comparisons asked of both."""
    names = {judge.fingerprint: judge.name for judge in evaluation.inputs.judges}
    differences = (row for row in evaluation.rows if row.metric == "agreement_difference" and row.is_whole)
    return {(names[row.judge_fingerprint or ""], row.subject or ""): row.asked for row in differences}


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


def _below(judge: Shown) -> list[str]:
    """What stands below the table about a judge as a whole."""
    return [*_baselines(judge), *_beside_labelers(judge), *_masses(judge)]


def _masses(judge: Shown) -> list[str]:
    """How the judgments divide by the probability that all labels have together, where labels decide by it."""
    named = {row.metric: row for row in judge.rows if row.value is not None}
    rows = [named[metric] for metric in shown_in(LABEL_MASS) if metric in named]
    if not rows:
        return []
    shares = ", ".join(f"{metric_named(row.metric).title.lower()} ({row.value:.1%})" for row in rows)
    return [f"{rows[0].n:,} judgments by the probability of all labels: {shares}"]


def _baselines(judge: Shown) -> list[str]:
    """What judges that read nothing reach beside the judge's main figure, by the first swap rule."""
    first = next(iter(judge.main), None)
    found = None if first is None else beside(first, judge.rows)
    if first is None or found is None:
        return []
    standing = f": {found.standing}" if found.standing else ""
    return [f"{first.swap_rule}, compared with {found.words}{standing}"]


def _beside_labelers(judge: Shown) -> list[str]:
    """How the judge agrees with the labelers beside how they agree with each other, where there are several."""
    named = {row.metric: row for row in judge.rows}
    rows = [named.get(metric) for metric in ("agreement_with_labelers", "agreement_of_labelers", "labeler_gap")]
    known = [row for row in rows if row is not None]
    text = gap_text(*known) if len(known) == len(rows) else None
    return [text] if text else []


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
