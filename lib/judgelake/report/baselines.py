"""What an agreement with the labels is compared with: guessing, and the best judge that reads nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from judgelake.measures import BASELINES, PAIRS, Result, main_metrics, metric_named, shown_in
from judgelake.report.content import JudgeSection, Missing
from judgelake.report.findings import Finding
from judgelake.report.numbers import has_interval, reason_text, sentence_number, value_text

CHANCE = "baseline_chance"
BELOW_CHANCE = "below chance"
LEGEND = "Dotted line: guessing. Solid line: the best judge that reads nothing."
# How the lines that mark the two in a picture look.
DOTTED, SOLID = "dotted", "solid"


@dataclass(frozen=True, slots=True)
class Baseline:
    """One figure that an agreement is compared with: its name in a sentence, its value, and its line in a picture."""

    name: str
    value: float
    text: str
    line: str


@dataclass(frozen=True, slots=True)
class Beside:
    """The baselines of one agreement; either may be missing, and then nothing is said of it."""

    chance: Baseline | None
    best: Baseline | None
    """The highest of the judges that read nothing; the first of equal ones."""
    standing: str | None
    """Where the interval is: "below chance", "not above always the longer answer"; None: above both, or not known."""

    @property
    def all(self) -> tuple[Baseline, ...]:
        """Those that are known."""
        return tuple(one for one in (self.chance, self.best) if one is not None)

    @property
    def words(self) -> str:
        """Both in words: "guessing 50.0 %, always the longer answer 67.1 %"."""
        return ", ".join(f"{one.name} {one.text}" for one in self.all)


def beside(row: Result, baselines: Sequence[Result]) -> Beside | None:
    """The baselines of a figure; None if it has none, like any figure but the agreement.

    Args:
        row: the judge's figure.
        baselines: rows of its judge, over everything, for all swap rules, possibly among others.
    """
    if row.metric not in main_metrics(PAIRS) or row.subject is not None:
        return None
    of_rule = [one for one in baselines if one.swap_rule == row.swap_rule and one.metric in shown_in(BASELINES)]
    of_rule = [one for one in of_rule if value_text(one.value, one.scale) is not None]
    chance = [_baseline(one, DOTTED) for one in of_rule if one.metric == CHANCE]
    trivial = [_baseline(one, SOLID) for one in of_rule if one.metric != CHANCE]
    if not chance and not trivial:
        return None
    first, best = next(iter(chance), None), max(trivial, key=lambda one: one.value, default=None)
    return Beside(first, best, _standing(row, first, best))


def baseline_findings(section: JudgeSection) -> list[Finding]:
    """Whether the judge's main figure, if it is its agreement, is above guessing and every judge that reads nothing."""
    if isinstance(section.headline, Missing) or not section.headline:
        return []
    row = section.headline[0]
    found = beside(row, section.baselines)
    if found is None or value_text(row.value, row.scale) is None:
        return []
    number, others = sentence_number(row), found.words
    if not has_interval(row):
        sentence = f"Whether agreement is above {others} is not known from {number}: {reason_text(row)}."
        return [Finding(row.metric, None, sentence, swap_rule=row.swap_rule)]
    if found.standing is None:
        sentence = f"Agreement is above what needs no reading: {number}, compared with {others}."
    else:
        sentence = f"Agreement is {found.standing}: {number}, compared with {others}."
    is_found = found.standing is None or found.standing.startswith("below")
    return [Finding(row.metric, is_found, sentence, swap_rule=row.swap_rule)]


def _baseline(row: Result, line: str) -> Baseline:
    title = metric_named(row.metric).title
    assert row.value is not None
    return Baseline(title[:1].lower() + title[1:], row.value, value_text(row.value, row.scale) or "", line)


def _standing(row: Result, chance: Baseline | None, best: Baseline | None) -> str | None:
    if row.low is None or row.high is None or not has_interval(row):
        return None
    if chance is not None and row.high < chance.value:
        return BELOW_CHANCE
    highest = max((one for one in (best, chance) if one is not None), key=lambda one: one.value)
    if row.high < highest.value:
        return f"below {highest.name}"
    return f"not above {highest.name}" if row.low <= highest.value else None
