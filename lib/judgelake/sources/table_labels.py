"""The label that a row of any table holds: a verdict in a column, one-hot or for all rows, and scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from judgelake.comparisons import name
from judgelake.sources.columns import LabelColumns
from judgelake.sources.values import SHOWN_CHARACTERS, canonical, is_missing, key_meant, number_meant, one_hot


def label_of(value: Mapping[str, Any], given: LabelColumns) -> dict[str, Any] | str | None:
    """The label of a row, why it cannot be read, or None if the row has none.

    Args:
        value: the row, by column; a column that is absent is null.
        given: where the label is, and what its values mean.
    """
    labeler, problem_of_name = _labeler(value, given)
    verdict, problem_of_verdict = _verdict(value, given)
    scores, problem_of_scores = _scores(value, given)
    problem = problem_of_verdict or problem_of_scores
    if problem is None and verdict is None and scores is None:
        return None
    if problem is not None or problem_of_name is not None:
        return f"label by {labeler or 'unknown'}: {problem_of_name or problem}"
    label: dict[str, Any] = {"labeler": labeler, "kind": given.kind}
    label |= {} if verdict is None else {"verdict": verdict}
    return label | ({} if scores is None else {"scores": scores})


def _labeler(value: Mapping[str, Any], given: LabelColumns) -> tuple[str | None, str | None]:
    """The labeler's name, and what is wrong with it."""
    if given.labeler_column is None:
        return given.labeler, None
    written = value.get(given.labeler_column)
    called = None if is_missing(written) else canonical(written) if not isinstance(written, str) else written
    problem = name(called)
    return called, None if problem is None else f"{given.labeler_column}: {problem}"


def _verdict(value: Mapping[str, Any], given: LabelColumns) -> tuple[str | None, str | None]:
    """The verdict, or what is wrong with it; neither if there is none."""
    if given.one_hot:
        return one_hot(value, given.one_hot)
    written = None if given.verdict is None else value.get(given.verdict)
    if given.verdict is None or is_missing(written):
        return given.constant, None
    if not given.verdicts and isinstance(written, str):
        return written, None
    key = key_meant(written, given.verdicts)
    if key is not None:
        return given.verdicts[key], None
    expected = ", ".join(given.verdicts) or "A, B or tie; say under `verdicts` what it means"
    return None, f"{given.verdict}: {canonical(written)[:SHOWN_CHARACTERS]!r}, expected one of {expected}"


def _scores(value: Mapping[str, Any], given: LabelColumns) -> tuple[list[float] | None, str | None]:
    """The scores, or what is wrong with the first bad one; neither if all of them are missing."""
    if all(is_missing(value.get(column)) for column in given.scores):
        return None, None
    scores = []
    for column in given.scores:
        score = number_meant(value.get(column))
        if isinstance(score, str):
            return None, f"{column}: {score}"
        scores.append(score)
    return scores, None
