"""Judgments of a judge that ran elsewhere, in the keys of judgelake's JSONL: its verdict, or raw output to parse."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from judgelake.comparisons import (
    IMPORTED,
    LETTERS,
    TIE,
    Check,
    Failure,
    Judgment,
    Reading,
    Status,
    integer_from,
    kind_of,
    label_logprobs,
    letter_or_tie,
    list_of,
    name,
    number,
    record_problem,
    said_problem,
    text,
    to_own_order,
    verdict_of_scores,
)
from judgelake.judges import JudgeSpec, load_judge, parse

# The column is an INT.
LARGEST_REPEAT = 2**31 - 1
# The names of the built-in judges' modes, by the number of answers they show.
MODES = {1: "single", 2: "pair"}
MODE_OF_MORE = "multi"
# What published code (JudgeLM, FastChat) writes instead of every score when it found none.
NO_SCORE = -1

JudgeNamed = Callable[[str], JudgeSpec]


def judgment_from_record(record: Mapping[str, Any], judge_named: JudgeNamed = load_judge) -> Judgment | str:
    """The judgment a record describes, or what is wrong with it, naming the key.

    A record has comparison_id, judge, shown_order and one of these:

    - `error`: a failed judgment, with the reason in words; or `verdict` null, and nothing else.
    - `verdict` ("A", "B", ..., "tie"), `scores` (one per answer) or both, in the comparison's ORIGINAL order. With
      scores alone, the best score gives the verdict. A letter next to scores must be that of the best one; a tie is
      allowed with any scores, because the judge decides what counts as a tie. Scores that are all -1 are not scores
      but a failed judgment.
    - `raw_output` alone, with `mode`: read by the parser of the judge file that `judge` names, in the order SHOWN.

    It may also have `raw_output` next to a verdict or an error, which is then kept and not parsed; `finish_reason`
    with a raw output; `model_version`, `mode` (default: single, pair or multi, by the number of answers shown),
    `repeat` (from 0) and `verdict_logprobs`: label to log-probability, in the same order as the verdict or raw
    output it comes with. A mode that decides by log-probabilities needs them, under its own labels.

    Raises:
        UserError: there is a raw output to parse, and no such judge or mode.
    """
    problem = record_problem(record, NEEDED, MAY_HAVE)
    if problem is not None:
        return problem
    value: dict[str, Any] = {key: record.get(key) for key in (*NEEDED, *MAY_HAVE)}
    said = _said(value, "verdict" in record, judge_named)
    if isinstance(said, str):
        return said
    if value["finish_reason"] is not None and value["raw_output"] is None:
        return "finish_reason: given without raw_output"
    order = value["shown_order"]
    return Judgment(
        comparison_id=value["comparison_id"],
        judge=value["judge"],
        model_version=value["model_version"] or IMPORTED,
        mode=value["mode"] or MODES.get(len(order), MODE_OF_MORE),
        shown_order=order,
        repeat=value["repeat"] or 0,
        raw_output=value["raw_output"],
        finish_reason=value["finish_reason"],
        said=said,
    )


def _said(value: Mapping[str, Any], has_verdict_key: bool, judge_named: JudgeNamed) -> Reading | Failure | str:
    has_said = value["verdict"] is not None or value["scores"] is not None
    if value["error"] is not None and has_said:
        return "error: given together with a verdict or scores"
    if has_said:
        return _own(value)
    if value["error"] is None and value["raw_output"] is not None:
        return _read(value, judge_named)
    if value["error"] is None and not has_verdict_key:
        return "verdict: missing; give a verdict, scores or raw_output, or verdict null if the judge gave none"
    if value["verdict_logprobs"] is not None:
        return "verdict_logprobs: given for a failed judgment"
    return Failure(Status.UNPARSEABLE, value["error"] or "the imported judgment has no verdict")


def _own(value: Mapping[str, Any]) -> Reading | Failure | str:
    """What the record says directly, already in original order."""
    answers, verdict, logprobs = len(value["shown_order"]), value["verdict"], value["verdict_logprobs"]
    scores = None if value["scores"] is None else tuple(map(float, value["scores"]))
    problem = said_problem(verdict, scores, answers)
    if problem is not None:
        return problem
    # The labels of a single answer are its scores, which may be on any scale.
    labels = (*LETTERS[:answers], TIE)
    strange = [label for label in logprobs or () if answers > 1 and label not in labels]
    if strange:
        return f"verdict_logprobs: {strange[0]!r}, expected {', '.join(labels)}"
    if scores is None:
        return Reading(verdict=verdict, logprobs=logprobs)
    if verdict not in (None, TIE) and scores[LETTERS.index(verdict)] < max(scores):
        return f"verdict: {verdict!r}, but the best of the scores {_spelled(scores)} belongs to another answer"
    if set(scores) == {NO_SCORE}:
        return _without_scores(scores, verdict, logprobs)
    return Reading(scores=scores, verdict=verdict or verdict_of_scores(scores), logprobs=logprobs)


def _without_scores(scores: Sequence[float], verdict: str | None, logprobs: Any) -> Failure | str:
    """JudgeLM's code turns its own -1 scores into a tie, so a tie next to them is not a verdict either."""
    if verdict not in (None, TIE):
        return f"verdict: {verdict!r}, but the scores {_spelled(scores)} mean that there is none"
    if logprobs is not None:
        return "verdict_logprobs: given for a failed judgment"
    return Failure(Status.OUT_OF_RANGE, f"scores {_spelled(scores)} mean that the judge gave none")


def _spelled(scores: Sequence[float]) -> str:
    return ", ".join(f"{score:g}" for score in scores)


def _read(value: Mapping[str, Any], judge_named: JudgeNamed) -> Reading | Failure | str:
    """What the judge's parser reads from the raw output, mapped to original order."""
    order, logprobs = value["shown_order"], value["verdict_logprobs"]
    spec = judge_named(value["judge"])
    if value["mode"] is None:
        return f"mode: missing, raw_output cannot be parsed without it; {spec.name} has {', '.join(spec.modes)}"
    mode = spec.mode(value["mode"])
    fewest, most = mode.answers
    if not fewest <= len(order) <= most:
        return f"shown_order: {len(order)} answers, but mode {value['mode']!r} shows {fewest} to {most}"
    if (logprobs is None) == (mode.labels_decide):
        decides = "decides by log-probabilities" if logprobs is None else "only reads the text"
        return f"verdict_logprobs: {'missing' if logprobs is None else 'given'}, but mode {value['mode']!r} {decides}"
    reading = parse(
        spec,
        value["mode"],
        value["raw_output"],
        answers=len(order),
        finish_reason=value["finish_reason"],
        label_logprobs=logprobs,
    )
    return reading if isinstance(reading, Failure) else to_own_order(reading, order)


def _order(value: Any) -> str | None:
    problem = name(value)
    if problem is None and "".join(sorted(value)) != LETTERS[: len(value)]:
        return f"{kind_of(value)}, expected the letters of all answers, such as AB or BA"
    return problem


NEEDED: dict[str, Check] = {"comparison_id": name, "judge": name, "shown_order": _order}
MAY_HAVE: dict[str, Check] = {
    "raw_output": text,
    "finish_reason": text,
    "verdict": letter_or_tie,
    "scores": list_of(number),
    "error": name,
    "model_version": name,
    "mode": name,
    "repeat": integer_from(0, LARGEST_REPEAT),
    "verdict_logprobs": label_logprobs,
}
