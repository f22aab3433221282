"""Which judges may be read side by side: those with a labelled comparison, and only if all were asked the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from judgelake.measures import PAIRS, Result, main_metrics
from judgelake.report.content import JudgePair, JudgeSection, Missing
from judgelake.report.numbers import count_text

MOST_NAMED = 10
"""Names in a sentence; more are only counted."""
MOST_LABELERS_NAMED = 20
"""The same for labelers, of whom there may be as many as a crowd has people."""


def names_text(names: Sequence[str], most: int = MOST_NAMED) -> str:
    """Names in a sentence: "a, b and c", or the first ones "and 90 others"."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {count_text(len(names) - most)} others"
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def is_unlabelled(figures: Sequence[Result]) -> bool:
    """Whether no labelled comparison was asked of a judge.

    Args:
        figures: its main figure, by each swap rule.
    """
    return bool(figures) and all(row.value is None and not row.asked for row in figures)


def unlabelled_text(names: Sequence[str]) -> str:
    """The line that stands for judges without a labelled comparison."""
    return f"No comparison with a label was asked of {names_text(names)}."


def judges_with_labels(sections: Sequence[JudgeSection]) -> tuple[list[int], list[str]]:
    """The places of judges to be shown side by side, and the names of those without a labelled comparison.

    All are shown if none has a labelled comparison: then all that is known of them does not depend on labels.
    """
    without = [place for place, section in enumerate(sections) if is_unlabelled(_main_figures(section))]
    if len(without) == len(sections):
        without = []
    places = [place for place in range(len(sections)) if place not in without]
    return places, [sections[place].name for place in without]


def unlike_sections(sections: Iterable[JudgeSection], pairs: Sequence[JudgePair] | Missing) -> str | None:
    """`unlike_text` of the judges of a report."""
    main = {section.name: figures[0] for section in sections if (figures := _main_figures(section))}
    known = () if isinstance(pairs, Missing) else pairs
    shared = {(pair.first, pair.second): pair.difference.asked for pair in known if isinstance(pair.difference, Result)}
    return unlike_text(main, shared)


def unlike_text(main: Mapping[str, Result], shared: Mapping[tuple[str, str], int | None]) -> str | None:
    """Why a list of judges is not a ranking; None if all judges with the same main figure were asked the same.

    Args:
        main: name of a judge to its main figure.
        shared: names of two judges to the number of labelled comparisons asked of both, by the headline's rule.
    """
    for metric in dict.fromkeys(row.metric for row in main.values()):
        figures = {name: row for name, row in main.items() if row.metric == metric and row.asked}
        asked = sorted({row.asked or 0 for row in figures.values()})
        counted = sorted({row.n for row in figures.values()})
        if len(asked) > 1:
            return _unlike(f"were not asked the same comparisons ({_range(asked)} with a label)")
        if metric in main_metrics(PAIRS) and any(_is_partial(pair, number, figures) for pair, number in shared.items()):
            return _unlike(f"were not asked the same comparisons ({_range(asked)} with a label each)")
        if len(counted) > 1:
            return _unlike(f"do not have a verdict that counts on the same comparisons (n from {_range(counted)})")
    return None


def _is_partial(pair: tuple[str, str], shared: int | None, figures: Mapping[str, Result]) -> bool:
    """Whether one of two judges was asked comparisons that the other was not."""
    is_known = shared is not None and all(name in figures for name in pair)
    return is_known and any(shared != figures[name].asked for name in pair)


def _unlike(why: str) -> str:
    return f"This is not a ranking: these judges {why}. “Judge against judge” compares any two on what both judged."


def _range(numbers: Sequence[int]) -> str:
    ends = dict.fromkeys((numbers[0], numbers[-1]))
    return " to ".join(map(count_text, ends))


def _main_figures(section: JudgeSection) -> list[Result]:
    """The judge's main figure by each swap rule, that of the headline first."""
    if isinstance(section.headline, Missing) or not section.headline:
        return []
    return [row for row in section.headline if row.metric == section.headline[0].metric and row.subject is None]
