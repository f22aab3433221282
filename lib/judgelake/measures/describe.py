"""The catalog of metrics as a page: `python -m judgelake.measures.describe > docs/metrics.md`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

from judgelake.markdown import bullets
from judgelake.measures.catalog import KINDS, METRICS, SECTIONS, headline_of
from judgelake.measures.catalog.metric import Effect, Failures, Metric, OrderRule, Scale

FIRST_LINE = "<!-- Generated from the catalog: python -m judgelake.measures.describe > docs/metrics.md -->"
INTRODUCTION = """\
Every number of an evaluation is a row of the table `metrics`: one metric of one judge, in one slice, by one swap rule,
with its 95 % interval, what it is based on (`n`, `clusters`, `asked`, `coverage`), and a `reason` where there is no
number or no interval. The difference of two judges also has p-values and a second interval: `p_corrected` and
`simultaneous_low` to `simultaneous_high` hold for all pairs of an evaluation at once. Formula and source of a metric
are in the docstring of the function that computes it, in `lib/judgelake/measures`."""
KINDS_READ = """\
A judge is compared with labels by the first kind below that it was asked for. The first metric of that kind is the
judge's main figure; the others are shown next to it."""
WRITTEN_AS = {
    Scale.RATE: "percent",
    Scale.POINTS: "percentage points",
    Scale.COEFFICIENT: "coefficient",
    Scale.NUMBER: "number",
}
HEADS = ("Metric", "Title", "Meaning", "Written as", "Swap rule", "Failed judgment")


def metrics_page() -> str:
    """The page, as Markdown."""
    blocks = [
        FIRST_LINE,
        "# Metrics",
        INTRODUCTION,
        "## The main figure of a judge",
        KINDS_READ,
        bullets(f"{kind.name}: {', '.join(f'`{name}`' for name in headline_of(kind))}" for kind in KINDS),
        *_meanings("## Swap rule", "The rule by which the verdicts of the two orders become one:", OrderRule),
        *_meanings("## Failed judgment", "What a judgment without a verdict counts as:", Failures),
    ]
    for section in SECTIONS:
        metrics = [metric for metric in METRICS if metric.section == section]
        blocks += [f"## {section.title}", _table(metrics), *_notes(metrics)]
    return "\n\n".join(blocks) + "\n"


def _meanings(title: str, sentence: str, rules: type[StrEnum]) -> Iterator[str]:
    yield title
    yield sentence
    yield bullets(f"{_words(rule)}: {rule.value}" for rule in rules if rule.value != "none")


def _table(metrics: Iterable[Metric]) -> str:
    rows = [
        (
            f"`{metric.name}`",
            metric.title,
            metric.meaning,
            WRITTEN_AS[metric.scale],
            _words(metric.swap_rule),
            _words(metric.failures),
        )
        for metric in metrics
    ]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (HEADS, ["---"] * len(HEADS), *rows))


def _notes(metrics: Iterable[Metric]) -> Iterator[str]:
    """Notes on single metrics of a section."""
    notes = []
    for metric in metrics:
        if metric.effect is not None:
            notes.append(_effect(metric.name, metric.effect))
        if metric.largest is not None:
            notes.append(
                f"`{metric.name}`: no interval beyond {100 * metric.largest:g} points: the data are then too few."
            )
        if metric.no_interval is not None:
            notes.append(f"`{metric.name}` has a value only: {metric.no_interval}.")
        if not metric.is_shown:
            notes.append(f"`{metric.name}` is only in the table `metrics`.")
    if notes:
        yield bullets(notes)


def _effect(name: str, effect: Effect) -> str:
    text = f"`{name}`: 0 means no effect. Above zero: {effect.above}; below: {effect.below}."
    if effect.bracket is not None:
        text += f" Found only if `{effect.bracket.partner}` excludes zero on the same side too."
    if effect.instead_of is not None:
        text += f" Where it has an interval, it is reported instead of `{effect.instead_of}`."
    return text


def _words(rule: StrEnum) -> str:
    return rule.name.lower().replace("_", " ")


if __name__ == "__main__":
    print(metrics_page(), end="")
