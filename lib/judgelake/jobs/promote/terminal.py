"""What a promotion prints: each threshold with both figures, and the decision in one sentence."""

from __future__ import annotations

from io import StringIO

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from judgelake.jobs.evaluate import PLAIN, label_rule_text
from judgelake.jobs.promote.decision import number, together
from judgelake.jobs.promote.evidence import questions_text
from judgelake.jobs.promote.promotion import Promotion
from judgelake.jobs.promote.undoing import Undone
from judgelake.measures import FailureRule, Scale
from judgelake.report import headline_sentence, size_text

WIDTH = 100
PASSED, NOT_PASSED = "yes", "no"


def show(console: Console, found: Promotion, *, dry_run: bool = False) -> None:
    """Print the thresholds as a table, what was counted, and the decision."""
    console.print(_table(found))
    for line in (*_notes(found), sentence(found, dry_run=dry_run)):
        console.print(line.translate(PLAIN), markup=False, soft_wrap=True)


def text_of(found: Promotion) -> str:
    """The same as text, for the record."""
    text = StringIO()
    show(Console(file=text, width=WIDTH, highlight=False), found)
    return text.getvalue()


def sentence(found: Promotion, *, dry_run: bool = False) -> str:
    """The decision, with the reasons of a refusal."""
    name, failures = found.candidate.version.name, found.decision.failures
    if found.champion is None:
        before = "it had no champion"
        stays = "it still has no champion"
    else:
        before = f"before it was version {found.champion.version.number}"
        stays = f"version {found.champion.version.number} stays"
    head = f"Version {found.candidate.version.number} of {name}"
    if failures:
        return f"{head} does not become champion, {stays}: {'; '.join(failures)}."
    if dry_run:
        return f"{head} would become champion; {before}. Nothing is changed."
    return f"{head} is champion now; {before}. Undo: python jobs/promote.py --set model={name} --undo"


def undone_sentence(model: str, found: Undone, *, dry_run: bool = False) -> str:
    """What an undo did, or would do."""
    now = f"version {found.previous} is" if found.previous is not None else "no version is"
    if dry_run:
        would = now.replace(" is", " would be")
        return f"{would[:1].upper()}{would[1:]} champion of {model} again, as before version {found.version}."
    return f"{now[:1].upper()}{now[1:]} champion of {model} again, as before version {found.version}."


def _table(found: Promotion) -> Table:
    candidate = f"candidate, version {found.candidate.version.number}"
    champion = f"champion, version {found.champion.version.number}" if found.champion is not None else None
    labels = label_rule_text(found.evaluation.job, found.evaluation.inputs)
    head = f"{found.candidate.version.name}: version {found.candidate.version.number}"
    against = "and no champion" if champion is None else f"against {champion}"
    title = escape(f"{head} {against} ({labels or 'no labels'})")
    table = Table(title=title, title_justify="left", box=None, padding=(0, 1, 0, 0))
    compared = () if champion is None else ((champion, 14), ("difference", 14))
    # All of them fit eighty columns: a number stands above its interval.
    for name, width in (("threshold", 11), ("demanded", 17 if compared else 40), (candidate, 14), *compared):
        table.add_column(name, min_width=min(width, len(name)), max_width=width)
    table.add_column("passed", no_wrap=True)
    for check in found.decision.checks:
        shown = (check.candidate, check.champion, check.difference)[: 1 + len(compared)]
        cells = (check.name, check.demanded, *(text.replace(" (", "\n(") for text in shown))
        passed = PASSED if check.failure is None else NOT_PASSED
        table.add_row(*(escape(cell.translate(PLAIN)) for cell in (*cells, passed)))
    return table


def _notes(found: Promotion) -> list[str]:
    evaluation, lowest = found.evaluation, found.decision.lowest_slice
    failed = "as wrong" if evaluation.job.failure_rule is FailureRule.WRONG else "not at all"
    rule = headline_sentence(evaluation.job.headline, evaluation.why_headline)
    notes = [
        f"{found.counts.text}.",
        f"{rule} A judgment without a verdict counts {failed}.",
        *found.notes,
    ]
    words = found.evidence.deciding[0]
    notes.append(f"{words[:1].upper()}{words[1:]} rests on {questions_text(found.evidence.questions)}.")
    difference = found.evidence.difference
    if difference is not None and difference.detectable is not None:
        notes.append(
            f"These labels show a difference of {size_text(difference.detectable, Scale.POINTS)} four times in five."
        )
    if lowest is not None:
        notes.append(f"Lowest slice, its interval corrected for all: {lowest.slice}, {number(together(lowest))}.")
    return notes
