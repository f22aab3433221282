"""What an evaluation prints in the end: the headline of every judge, and where the rest lies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from judgelake.evaluating.inputs import JudgeInfo
from judgelake.evaluating.job import Evaluated
from judgelake.evaluating.judge_content import PAIRS, headline_kind, is_by_rule, shown
from judgelake.evaluating.rows import MetricRow, label_rule_text, of_judge
from judgelake.report import bounds_text, found_words

READING = (
    "agreement with its 95 % interval, all judgments of a question as one; same: one verdict in both orders; "
    "bias: disagreements that favour the first place less those that favour the second"
)
BESIDE = ("cohen_kappa", "consistency", "position_bias")
# Of judges that are not held against labels by pairs: the heads of the columns, and the metrics below them.
TABLES = {
    "aspects": {"accuracy, %": "aspect_accuracy", "F1, %": "aspect_f1", "AUROC, %": "aspect_auroc"},
    "rankings": {"top-1, %": "top_1_agreement", "tau": "mean_kendall_tau", "pairs, %": "induced_pair_agreement"},
    "scores": {
        "spearman": "spearman",
        "pearson": "pearson",
        "error": "mean_absolute_error",
        "exact, %": "exact_agreement",
    },
}
MEANINGS = {
    "aspects": "yes and no with a 95 % interval, by a threshold that was chosen on other questions",
    "rankings": "top-1: the label's best answer; tau: Kendall's, averaged; pairs: agreement over a ranking's pairs",
    "scores": "correlations; error: mean distance from the label's score; exact: the label's score",
}
MISSING = "-"
# The report's own spaces and signs that a terminal's font or encoding may lack.
PLAIN = str.maketrans({"\u202f": " ", "\u2212": "-"})


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table of judges, and what stands below the table about it."""

    cells: Sequence[str]
    notes: Sequence[str]


def show_headline(console: Console, done: Evaluated) -> None:
    """Print what stands for each judge, bounds and reasons of what is missing, and where report and cards are."""
    evaluation = done.evaluation
    labels = label_rule_text(evaluation.job, evaluation.inputs) or "no labels"
    by_kind: dict[str, list[tuple[JudgeInfo, list[MetricRow]]]] = {}
    for judge in evaluation.inputs.judges:
        rows = [row for row in of_judge(evaluation.rows, judge) if row.slice == "all" and row.subject is None]
        by_kind.setdefault(headline_kind(rows), []).append((judge, rows))
    for kind, judges in sorted(by_kind.items(), key=lambda item: item[0] != PAIRS):
        what = "Judges against labels" if kind == PAIRS else f"{kind.capitalize()} against labels"
        table = _table(f"{what} ({labels})", _heads(kind))
        notes: list[str] = []
        for judge, rows in judges:
            for line in _of_pairs(rows) if kind == PAIRS else _of_kind(kind, rows):
                table.add_row(escape(judge.name), *line.cells)
                notes += [f"  {judge.name}, {note.translate(PLAIN)}" for note in line.notes]
        console.print(table)
        for text in (READING if kind == PAIRS else MEANINGS[kind], *notes):
            console.print(text, markup=False, soft_wrap=True)
    console.print(f"evaluation {evaluation.run_id} in the table {evaluation.job.tables.metrics}", markup=False)
    if done.report is not None:
        console.print(f"report: {done.report}", markup=False, soft_wrap=True)
    if done.mlflow_run_id is not None:
        console.print(f"MLflow run: {done.mlflow_run_id}", markup=False)
    if done.problem is not None:
        console.print(f"MLflow did not take the evaluation: {done.problem}", markup=False, soft_wrap=True)


def with_interval(row: MetricRow) -> str:
    """A rate in percent, or another figure, with its interval, or a dash."""
    if row.value is None or row.low is None or row.high is None:
        return figure(row)
    if row.is_rate:
        return f"{percent(row)} ({100 * row.low:.1f}-{100 * row.high:.1f})"
    # The ends may be below zero: a dash between them would read as a sign.
    return f"{figure(row)} ({row.low:.2f} to {row.high:.2f})"


def figure(row: MetricRow | None) -> str:
    """A rate in percent, anything else with two decimals, or a dash."""
    if row is None or row.value is None or row.is_rate:
        return percent(row)
    return f"{row.value:.2f}"


def percent(row: MetricRow | None) -> str:
    """A value in percent, or a dash."""
    return MISSING if row is None or row.value is None else f"{100 * row.value:.1f}"


def covered(row: MetricRow) -> str:
    """The coverage in percent: 100 % is all and 0 % nothing, and neither what only rounds to it."""
    share = row.coverage
    if share is None:
        return MISSING
    if share in (0, 1):
        return f"{share:.0%}"
    return f">{0.999:.1%}" if share >= 0.9995 else f"<{0.001:.1%}" if share < 0.0005 else f"{share:.1%}"


def _heads(kind: str) -> Sequence[str]:
    if kind == PAIRS:
        return "swap rule", "agreement, %", "n", "covered", "kappa", "same, %", "bias, %"
    first, *others = TABLES[kind]
    return first, "n", "covered", *others


def _table(title: str, heads: Sequence[str]) -> Table:
    table = Table(title=escape(title), title_justify="left", box=None, padding=(0, 1, 0, 0))
    # Eighty columns must do, or the last is lost without a word: a judge's name is folded before a number is.
    table.add_column("judge", overflow="fold", min_width=10)
    for name in heads:
        table.add_column(name, justify="left" if name == "swap rule" else "right", no_wrap=True)
    return table


def _of_pairs(rows: list[MetricRow]) -> Iterator[Line]:
    """A line for each swap rule."""
    by_rule = [row for row in rows if row.metric == "agreement"]
    for row in by_rule:
        kappa, consistency, bias = (_beside(rows, metric, row.swap_rule) for metric in BESIDE)
        numbers = (with_interval(row), f"{row.n:,}", covered(row), figure(kappa), percent(consistency), percent(bias))
        notes = _notes({row.swap_rule or "": row})
        # The same for all rules, so once.
        if row is by_rule[-1] and bias is not None and bias.value is not None:
            words = found_words(shown(bias))
            notes.append(f"bias: {words}: {bias.reason}" if bias.reason else f"bias: {words}")
        yield Line((row.swap_rule or "", *numbers), notes)


def _of_kind(kind: str, rows: list[MetricRow]) -> Iterator[Line]:
    """The same for what has one swap rule or none: one line, with the first metric's interval, n and coverage."""
    first, *others = TABLES[kind].values()
    for row in (row for row in rows if row.metric == first):
        beside = {metric: _beside(rows, metric, row.swap_rule) for metric in others}
        numbers = (with_interval(row), f"{row.n:,}", covered(row), *map(figure, beside.values()))
        yield Line(numbers, _notes({metric.replace("_", " "): one for metric, one in ({first: row} | beside).items()}))


def _notes(rows: Mapping[str, MetricRow | None]) -> list[str]:
    """Why the first of the figures is missing, and the bounds of all that failures leave open; each with its name."""
    first, row = next(iter(rows.items()))
    reasons = [f"{first}: {row.reason}"] if row is not None and row.reason else []
    bounds = {name: bounds_text(shown(one)) for name, one in rows.items() if one is not None}
    return reasons + [f"{name}: {text}" for name, text in bounds.items() if text]


def _beside(rows: list[MetricRow], metric: str, swap_rule: str | None) -> MetricRow | None:
    """The figure of a metric that stands beside those of the swap rule."""
    return next((row for row in rows if row.metric == metric and is_by_rule(row, swap_rule)), None)
