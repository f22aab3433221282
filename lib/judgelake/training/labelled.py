"""Labels of comparisons, by people or by others, as training examples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from judgelake.comparisons import Comparison, Failure, Label, Status
from judgelake.training.example import Example, Judged, Split, example_problem, identified, label_of

MAJORITY = "majority"
"""The teacher of an example that several labelers agree on."""


@dataclass(frozen=True, slots=True)
class LabelRule:
    """Whose labels are learned.

    `labeler`: None takes the verdict of the most labelers. `referenced_labeler`: who judged with sight of the
    reference, which teaches the prompt that shows it. `holds_with_reference`: whether the first label is true however
    the judge is asked, as that of a person who knows; it then teaches both prompts. `invalid_score`: what a source
    writes where its labeler gave no score; a label with such a score says nothing, whatever its verdict.
    """

    labeler: str | None = None
    referenced_labeler: str | None = None
    holds_with_reference: bool = False
    invalid_score: float | None = -1.0


def from_labels(
    comparison: Comparison,
    labels: Sequence[Label],
    rule: LabelRule,
    *,
    group: str,
    split: Split,
    licence: str = "",
) -> Example | Failure:
    """The example that a comparison's labels make.

    Args:
        comparison: what was labelled.
        labels: all of its labels; those of the one with sight of the reference count only there.
        rule: whose labels are learned.
        group: shared by near-duplicate questions.
        split: where the example goes.
        licence: the terms of the labels.

    Returns:
        `Failure` with the status invalid_input: nobody asked for has labelled it, the labelers have no majority, or a
        label does not fit the comparison.
    """
    judged = _said(labels, rule)
    if isinstance(judged, Failure):
        return judged
    example = Example(
        example_id="",
        group=group,
        comparison=comparison,
        judged=judged,
        referenced=_referenced(comparison, labels, rule, judged),
        teacher=rule.labeler or _teacher(_counting(labels, rule)),
        split=split,
        source=comparison.source or "",
        licence=licence,
    )
    problem = example_problem(example)
    return identified(example) if problem is None else Failure(Status.INVALID_INPUT, problem)


def _counting(labels: Sequence[Label], rule: LabelRule) -> list[Label]:
    """The labels that count, one for each labeler: a table filled by other tools may hold several."""
    wanted = [
        label
        for label in labels
        if (label.labeler == rule.labeler if rule.labeler is not None else label.labeler != rule.referenced_labeler)
    ]
    return list({label.labeler: label for label in sorted(wanted, key=_key, reverse=True)}.values())


def _key(label: Label) -> tuple[str, str, tuple[float, ...]]:
    return label.labeler, label.verdict or "", label.scores or ()


def _said(labels: Sequence[Label], rule: LabelRule) -> Judged | Failure:
    counting = _counting(labels, rule)
    said = [judged for label in counting if (judged := _judged(label, rule.invalid_score)) is not None]
    if not said:
        who = "nobody has given it a" if rule.labeler is None else f"{rule.labeler!r} has given it no"
        return Failure(Status.INVALID_INPUT, f"{who} verdict or scores")
    if len(said) == 1:
        return said[0]
    answers = max(len(judged.scores or "AB") for judged in said)
    votes = Counter(label_of(judged, answers) for judged in said)
    (best, most), *others = votes.most_common()
    if best is None:
        return Failure(Status.INVALID_INPUT, f"{len(said)} labelers gave scores of one answer: name one of them")
    if others and others[0][1] == most:
        counted = ", ".join(f"{count} for {verdict}" for verdict, count in sorted(votes.items(), key=str))
        return Failure(Status.INVALID_INPUT, f"the labelers have no majority: {counted}")
    return Judged(best)


def _judged(label: Label, invalid_score: float | None) -> Judged | None:
    scores = label.scores
    if scores is not None and invalid_score is not None and invalid_score in scores:
        return None
    return None if label.verdict is None and scores is None else Judged(label.verdict, scores)


def _referenced(comparison: Comparison, labels: Sequence[Label], rule: LabelRule, judged: Judged) -> Judged | None:
    if comparison.reference is None:
        return None
    given = [label for label in labels if label.labeler == rule.referenced_labeler]
    if rule.referenced_labeler is not None and given:
        return _judged(max(given, key=_key), rule.invalid_score)
    return judged if rule.holds_with_reference else None


def _teacher(counting: Sequence[Label]) -> str:
    return counting[0].labeler if len(counting) == 1 else MAJORITY
