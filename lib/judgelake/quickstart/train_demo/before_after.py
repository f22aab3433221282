"""The base beside what was trained of it: both judges on the same pairs, which neither has learned."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from judgelake.jobs.evaluate import PLAIN
from judgelake.jobs.promote import Evidence, Figures, number
from judgelake.measures import Result, Scale
from judgelake.report import has_interval, reason_text, size_text, value_text

# An interval of a share is then some 10 points on either side.
FEW_QUESTIONS = 100


def show_before_after(console: Console, evidence: Evidence, base: str, trained: str) -> None:
    """Print the table of both judges and how to read it.

    Args:
        console: where it is printed.
        evidence: the trained judge is its candidate, the base its champion.
        base: the model that was trained.
        trained: what came of it.
    """
    before = evidence.champion
    assert before is not None, "both are judges of one evaluation"
    table = Table(box=None, padding=(0, 2, 0, 0))
    # All of them fit eighty columns: a number stands above its interval.
    table.add_column("", no_wrap=True)
    for name in (f"before: {base}", f"after: {trained}", "difference"):
        table.add_column(name, max_width=22)
    difference = number(evidence.difference)
    for name, old, new, change in (
        ("agreement", number(before.agreement), number(evidence.candidate.agreement), difference),
        ("consistency", number(before.consistency), number(evidence.candidate.consistency), ""),
        ("delta bias", number(before.delta_bias), number(evidence.candidate.delta_bias), ""),
        ("coverage", _coverage(before), _coverage(evidence.candidate), ""),
    ):
        table.add_row(name, *(cell.translate(PLAIN).replace(" (", "\n(") for cell in (old, new, change)))
    console.print(table)
    for line in reading(evidence):
        console.print(line.translate(PLAIN), markup=False, highlight=False, soft_wrap=True)


def reading(evidence: Evidence) -> list[str]:
    """What the table's numbers are, and how sure the difference is."""
    own, difference = evidence.candidate.agreement, evidence.difference
    meaning = (
        f"Agreement with the labels by the swap rule {own.swap_rule}; consistency: the same verdict in both orders; "
        "delta bias: how much more often one place is favoured; coverage: judgments with a verdict. In brackets: 95 % "
        "intervals."
    )
    lines = [meaning]
    if difference is not None:
        lines.append(_verdict(difference))
    questions = evidence.questions
    if questions < FEW_QUESTIONS:
        lines.append(
            f"{questions:,} questions are few: the intervals are wide, so this shows how a judge is compared, not what "
            "training is worth. For that, give some hundred labels (LABELS=...)."
        )
    return lines


def _verdict(difference: Result) -> str:
    if difference.value is None or not has_interval(difference):
        return f"How their agreement differs is not known: {reason_text(difference)}."
    low, high = difference.low or 0.0, difference.high or 0.0
    if low > 0:
        found = "The trained judge agrees more often than its base, for certain (95 %)."
    elif high < 0:
        found = "The trained judge agrees less often than its base, for certain (95 %)."
    else:
        found = "Whether the trained judge agrees more often than its base is not certain: the interval includes 0."
    shown = difference.detectable
    if shown is None:
        return found
    return f"{found} These labels show a difference of {size_text(shown, Scale.POINTS)} four times in five."


def _coverage(figures: Figures) -> str:
    return value_text(figures.coverage, Scale.RATE) or "not known"
