"""One lake of judges whose figures can be counted by hand, evaluated once for the tests of several modules."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from small_lake import SmallLake, comparison, judgments_of, labels_of, rows_by_table

from judgelake.jobs.evaluate import Evaluated

Rows = Iterator[tuple[str, Iterable[Mapping[str, Any]]]]

# Verdicts on eight comparisons. The original order is right on five of seven, with one that has no verdict.
NAMES = [f"c{number}" for number in range(8)]
LABELS = dict(zip(NAMES, ["A", "A", "A", "A", "B", "B", "B", "tie"], strict=True))
OWN = dict(zip(NAMES, ["A", "A", "A", "B", "B", "B", "A", None], strict=True))
REVERSED = dict(zip(NAMES, ["A", "A", "B", "B", "B", "B", "B", "tie"], strict=True))
RULES: dict[str, Any] = {
    "where": "source = 'verdicts'",
    "judgments_where": "judge IN ('j1', 'j2', 'j3')",
    "labels": {"kind": "gold"},
    "swap_rules": ["first", "strict", "both_right"],
    "slices": {"by": ["attributes.category"], "least": 4},
}
"""Of the evaluation of the verdicts on those eight."""
# Names that only differ in what MLflow's names may not hold: their games must not end up under one key there.
MODELS = ("m > n", "m = n")


@dataclass(frozen=True, slots=True)
class ByHand:
    """The lake, its evaluation by `RULES`, and the rows that this wrote into the metrics table."""

    small: SmallLake
    done: Evaluated
    rows: dict[tuple[str | None, ...], Any]


def evaluated_by_hand(small: SmallLake) -> ByHand:
    """Fill an empty lake and evaluate the verdicts."""
    small.fill(
        rows_by_table(
            verdicts(), right_in_one_order(), labels_as_scores(), texts_and_orders(), rounding(), scores_or_none()
        )
    )
    done = small.evaluate(**RULES)
    return ByHand(small, done, small.metrics(done))


def compared(names: Iterable[str], source: str, answers: str = "ab") -> Iterator[dict[str, Any]]:
    """Comparisons that are by turns of an even and an odd category."""
    for number, name in enumerate(names):
        yield comparison(name, source, tuple(answers), category="odd" if number % 2 else "even")


def names_of(source: str) -> list[str]:
    """The comparisons of a source other than the verdicts."""
    return [f"{source} {number}" for number in range(8)]


def verdicts() -> Rows:
    """Three judges; what the third was asked is not there."""
    for row in compared(NAMES, "verdicts"):
        texts = [f"answer {letter} of {row['comparison_id']}" for letter in "ab"]
        answers = [(model, text, None) for model, text in zip(MODELS, texts, strict=True)]
        yield "comparisons", [row | {"answers": answers}]
    yield "labels", labels_of(LABELS)
    # Of another kind, which no evaluation mixes with the first.
    yield "labels", labels_of(LABELS, "somebody", "human")
    about = {"model_version": "acme/judge@main"}
    for judge, said, order in (
        ("j1", OWN, "AB"),
        ("j1", REVERSED, "BA"),
        ("j2", {name: LABELS[name] for name in NAMES[:6]}, "AB"),
        ("j3", {"c99": "A"}, "AB"),
    ):
        judged = judgments_of(judge, said, order, **about)
        yield "judgments", [row | {"raw_output": f"<script>alert('{row['comparison_id']}')</script>"} for row in judged]


def right_in_one_order() -> Rows:
    """Of two judges, both right in the original order, the second is wrong in the reversed one on half of all."""
    names = names_of("orders")
    yield "comparisons", compared(names, "orders")
    yield "labels", labels_of(dict.fromkeys(names, "A"), kind="teacher")
    for judge, reversed_ in (("always right", "A"), ("half right", "B")):
        yield "judgments", judgments_of(judge, dict.fromkeys(names, "A"))
        of_reversed = {name: "A" if place < 4 else reversed_ for place, name in enumerate(names)}
        yield "judgments", judgments_of(judge, of_reversed, "BA")


def labels_as_scores() -> Rows:
    """Scores of two answers by three labelers, of whom the third has given none that counts."""
    names = names_of("scored")
    yield "comparisons", compared(names, "scored")
    yield "labels", labels_of({name: [8.0, 7.0] for name in names}, "one", "teacher")
    of_two = {name: [8.0, 7.0 + 2 * (place > 5)] for place, name in enumerate(names)}
    yield "labels", labels_of(of_two, "two", "teacher")
    yield "labels", labels_of({names[0]: [-1.0, -1.0], names[1]: [None, 3.0]}, "three", "teacher")
    yield "judgments", judgments_of("of scored", dict(zip(names, LABELS.values(), strict=True)))


def texts_and_orders() -> Rows:
    """Three answers, half of them asked in both orders, the first of which are of different texts."""
    names = names_of("threes")
    yield "comparisons", compared(names, "threes", "abc")
    yield "labels", labels_of({name: [3.0, 2.0, 1.0] for name in names}, kind="teacher")
    right = {name: [3.0, 2.0, 1.0] for name in names}
    later = {"content_sha256": "new", "judged_at": datetime.datetime(2026, 11, 2)}
    yield "judgments", judgments_of("ranker", {names[0]: right[names[0]]}, "ABC", **later)
    yield "judgments", judgments_of("ranker", {name: right[name] for name in names[1:]}, "ABC")
    yield "judgments", judgments_of("ranker", {names[0]: right[names[0]]}, "CBA", content_sha256="old")
    yield "judgments", judgments_of("ranker", {name: right[name] for name in names[1:4]}, "CBA")
    yield "judgments", judgments_of("ranker", {names[0]: [1.0, 2.0, 3.0]}, "BAC", content_sha256="old")


def rounding() -> Rows:
    """Scores that differ by 0.1, as far as binary fractions can tell."""
    names = names_of("rounded")
    yield "comparisons", compared(names, "rounded")
    yield "labels", labels_of({name: [8.3, 8.2] for name in names}, kind="teacher")
    yield "judgments", judgments_of("rounder", {name: [8.3, 8.1] for name in names})
    yield "judgments", judgments_of("rounder", {name: [7.9, 8.1] for name in names}, "BA")


def scores_or_none() -> Rows:
    """A judge that gives no scores, and one that does; both fail on the first in the reversed order."""
    names = names_of("average")
    said = dict(zip(names, LABELS.values(), strict=True))
    yield "comparisons", compared(names, "average")
    yield "labels", labels_of(said, kind="teacher")
    yield "judgments", judgments_of("namer", said)
    yield "judgments", judgments_of("namer", said | {names[0]: None}, "BA")
    scores = {name: [8.0, 7.0] for name in names}
    yield "judgments", judgments_of("scorer", scores)
    yield "judgments", judgments_of("scorer", scores | {names[0]: None}, "BA")
