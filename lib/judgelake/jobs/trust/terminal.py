"""What a trust run prints: each judge's indicators beside the labels, and the sentence to quote."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from judgelake.jobs.evaluate import PLAIN, label_rule_text
from judgelake.jobs.trust.judge_trust import JudgeTrust, subject_of
from judgelake.jobs.trust.trusted import Trusted
from judgelake.measures import Result
from judgelake.report import headline_sentence
from judgelake.trust import BEFORE

HEADS = ("judge", "indicator", "verdicts", "AUROC", "AURC", "more reliable half", "other half", "ECE before", "after")
NONE = "-"
Rows = dict[tuple[str, str | None], Result]


def show(console: Console, found: Trusted, *, dry_run: bool = False) -> None:
    """Print the table and the sentences below it."""
    console.print(_table(found))
    for line in _sentences(found, dry_run=dry_run):
        console.print(line.translate(PLAIN), markup=False, soft_wrap=True)


def rows_of(found: Trusted, one: JudgeTrust) -> Rows:
    """The judge's rows by metric and subject."""
    own = (row for row in found.rows if row.judge_fingerprint == one.judge.fingerprint)
    return {(row.metric, row.subject): row for row in own}


def _table(found: Trusted) -> Table:
    labels = label_rule_text(found.evaluation, found.inputs) or "no labels"
    title = escape(f"How well indicators tell right verdicts from wrong ones ({labels})")
    table = Table(title=title, title_justify="left", box=None, padding=(0, 1, 0, 0))
    for head in HEADS:
        table.add_column(head)
    for one in found.judges:
        rows, name = rows_of(found, one), one.judge.name
        for indicator, labelled in one.labelled.items():
            if not len(labelled.right):
                continue
            figures = ("reliability_auroc", "reliability_aurc", "kept_half_agreement", "other_half_agreement")
            cells = [_cell(rows.get((metric, indicator))) for metric in figures]
            cells += list(_errors(one, rows)) if indicator == one.indicator else ["", ""]
            count = f"{len(labelled.right):,} of {labelled.asked:,}"
            table.add_row(*(escape(cell.translate(PLAIN)) for cell in (name, indicator, count, *cells)))
            name = ""
    return table


def _cell(row: Result | None) -> str:
    """A share as a number with its interval below."""
    if row is None or row.value is None:
        return NONE
    ends = "" if row.low is None or row.high is None else f"\n({row.low:.3f} to {row.high:.3f})"
    return f"{row.value:.3f}{ends}"


def _errors(one: JudgeTrust, rows: Rows) -> Iterator[str]:
    after = one.fitted[0].method.value if one.fitted else ""
    for method in (BEFORE, after):
        row = rows.get(("ece", subject_of(one.indicator, method)))
        chance = rows.get(("ece_by_chance", subject_of(one.indicator, method)))
        if row is None or row.value is None or chance is None or chance.value is None:
            yield NONE
        else:
            yield f"{row.value:.3f}\n(chance {chance.value:.3f})"


def _sentences(found: Trusted, *, dry_run: bool) -> Iterator[str]:
    yield headline_sentence(found.evaluation.headline, found.why_rule)
    for one in found.judges:
        yield from _of_judge(found, one)
    yield (
        "AUROC 0.5 and equal halves: the indicator tells nothing. AURC: lower is better; a random order has the "
        "share of wrong verdicts. ECE: in parentheses what it would be by chance alone."
    )
    if dry_run:
        yield "Nothing is written."
        return
    tables = found.job.tables
    yield f"Verdicts: table {tables.reliability}; figures: table {tables.metrics}; both with run_id {found.run_id}."
    for path in found.pictures:
        yield f"Picture: {path}"


def _of_judge(found: Trusted, one: JudgeTrust) -> Iterator[str]:
    rows, name = rows_of(found, one), one.judge.name
    kept, other, difference = (
        rows.get((metric, one.indicator))
        for metric in ("kept_half_agreement", "other_half_agreement", "halves_difference")
    )
    if kept is not None and other is not None and kept.value is not None and other.value is not None:
        yield (
            f"{name}: by {one.indicator}, the more reliable half of {kept.n:,} verdicts agrees with the labels in "
            f"{_percent(kept)}, the other half in {_percent(other)}{_difference(difference)}."
        )
    if one.reason is not None:
        yield f"{name}: no probabilities: {one.reason}."
    elif one.fitted:
        subject = subject_of(one.indicator, one.fitted[0].method.value)
        skill = rows[("brier_skill", subject)]
        yield f"{name}: probabilities from {subject}; their Brier skill is {_cell(skill).replace(chr(10), ' ')}."


def _percent(row: Result) -> str:
    ends = "" if row.low is None or row.high is None else f" ({100 * row.low:.0f} to {100 * row.high:.0f})"
    return f"{100 * (row.value or 0):.0f} %{ends}"


def _difference(row: Result | None) -> str:
    if row is None or row.value is None or row.low is None or row.high is None:
        return ""
    ends = f"{100 * row.low:+.0f} to {100 * row.high:+.0f}"
    found = "" if row.low > 0 or row.high < 0 else ": these labels do not show that it tells anything"
    return f", a difference of {100 * row.value:+.0f} points ({ends}){found}"
