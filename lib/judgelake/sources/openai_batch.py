"""Output files of OpenAI's batch API, which others speak too: what a judge answered, one request a line."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from judgelake.comparisons import LETTERS, Failure, Status, kind_of, name, orders_of
from judgelake.errors import UserError
from judgelake.judges import Ending, JudgeSpec, ending_of, failure_of_ending, load_judge
from judgelake.sources.judgments import judgment_from_record
from judgelake.sources.loaded import Files, Item, Loaded, Row
from judgelake.sources.rows import checked_rows

# c1, c1#BA or c1#BA#2: the comparison, the order shown and the repeat.
CUSTOM_ID = re.compile(r"(?P<comparison>.+)#(?P<order>[A-Z]+)(?:#(?P<repeat>[0-9]{1,9}))?", re.DOTALL)
OK = 200
FINISHED = "completed"
# Thinking has parts of its own, which are not the answer.
TEXT_PARTS = ("text", "output_text")

JudgeNamed = Callable[[str], JudgeSpec]


def load(files: Files) -> Iterator[Item]:
    """One judgment per line, read by the parser of `--judge` and `--mode`, about a comparison of the lake.

    `custom_id` is the comparison's id, alone or with the order and the repeat: c1, c1#BA, c1#BA#2. Without an order
    it is `--order`, or else the original one. A call that failed (another status than 200, `error`) is a judgment
    with the status engine_error, a refusal one with refused. Bodies of chat completions, completions and responses
    are read; a mode that decides by log-probabilities cannot be.

    Source: OpenAI's API reference, "The request output object" of the batch API.

    Raises:
        UserError: a file cannot be read, or there is no such judge or mode.
    """
    if files.judge is None or files.mode is None:
        raise UserError("--format openai_batch needs --judge and --mode: who reads the outputs.")
    judge_named = functools.cache(functools.partial(load_judge, folder=files.judges))
    fewest, most = judge_named(files.judge).mode(files.mode).answers
    order = files.order or (orders_of(fewest)[0] if fewest == most else None)
    asked = _Asked(files.judge, files.mode, order, range(fewest, most + 1), judge_named)
    for row in checked_rows(files.judgments, {"custom_id": name}):
        yield _judged(row, asked) if isinstance(row, Row) else row


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who was asked; the order in which answers were shown unless the custom_id says it, None if it must."""

    judge: str
    mode: str
    order: str | None
    answers: range
    """How many answers the mode is shown."""
    judge_named: JudgeNamed


def _judged(row: Row, asked: _Asked) -> Item:
    comparison_id, order, repeat = _parts(row.value["custom_id"], asked.answers)
    order = order or asked.order
    if order is None:
        return row.rejected(f"custom_id: no order of the answers; write it behind the id: {comparison_id}#BA")
    said = _said(row.value)
    if isinstance(said, str):
        return row.rejected(said)
    record = {
        "comparison_id": comparison_id,
        "judge": asked.judge,
        "mode": asked.mode,
        "shown_order": order,
        "repeat": repeat,
        "model_version": _model(row.value),
    }
    answer = {"error": said.reason} if isinstance(said, Failure) else said
    judgment = judgment_from_record({**record, **answer}, asked.judge_named)
    if isinstance(judgment, str):
        return row.rejected(judgment)
    if isinstance(said, Failure):
        judgment = replace(judgment, said=said)
    return Loaded(row.file, row.line, None, judgments=(judgment,))


def _parts(custom_id: str, answers: range) -> tuple[str, str | None, int]:
    """The comparison's id, the order shown if it follows, and the repeat.

    An order is as long as the mode is shown answers. That of one answer says nothing, so "q1#A" is an id.
    """
    match = CUSTOM_ID.fullmatch(custom_id)
    shown = "" if match is None else match["order"]
    is_order = len(shown) in answers and "".join(sorted(shown)) == LETTERS[: len(shown)]
    if match is None or not is_order or (len(shown) == 1 and match["repeat"] is None):
        return custom_id, None, 0
    return match["comparison"], match["order"], int(match["repeat"] or 0)


def _said(value: Mapping[str, Any]) -> dict[str, Any] | Failure | str:
    """The output of the call, why the call has none, or what is wrong with the line."""
    response, error = value.get("response"), value.get("error")
    if error is not None:
        return Failure(Status.ENGINE_ERROR, f"error: {_words(error)}")
    body = response.get("body") if isinstance(response, Mapping) else None
    if not isinstance(response, Mapping) or not isinstance(body, Mapping):
        return f"response: {kind_of(response)}, expected an object with status_code and body"
    if response.get("status_code", OK) != OK:
        return Failure(Status.ENGINE_ERROR, f"status {response['status_code']}: {_words(body.get('error', body))}")
    if body.get("error"):
        return Failure(Status.ENGINE_ERROR, f"error: {_words(body['error'])}")
    return _of_choices(body) if "choices" in body else _of_output(body)


def _of_choices(body: Mapping[str, Any]) -> dict[str, Any] | Failure | str:
    """The text of a chat completion, or of a completion."""
    choices = body["choices"]
    if not isinstance(choices, list) or len(choices) != 1 or not isinstance(choices[0], Mapping):
        return f"choices: {kind_of(choices)}, expected a list of one"
    choice = choices[0]
    message = choice.get("message")
    written = message.get("content") if isinstance(message, Mapping) else choice.get("text")
    refusal = message.get("refusal") if isinstance(message, Mapping) else None
    return _output(written, refusal, choice.get("finish_reason"))


def _of_output(body: Mapping[str, Any]) -> dict[str, Any] | Failure | str:
    """The text of a body of the responses API."""
    output = body.get("output")
    if not isinstance(output, list):
        return "body: neither choices nor output"
    items = [item for item in output if isinstance(item, Mapping) and item.get("type", "message") == "message"]
    parts = [part for item in items for part in item.get("content") or () if isinstance(part, Mapping)]
    refusal = next((part["refusal"] for part in parts if part.get("refusal")), None)
    details = body.get("incomplete_details")
    reason = details.get("reason") if isinstance(details, Mapping) else None
    states = (one.get("status") for one in (body, *items))
    unfinished = next((state for state in states if state not in (None, FINISHED)), None)
    return _output(parts or None, refusal, reason or unfinished)


def _output(written: Any, refusal: Any, finish_reason: Any) -> dict[str, Any] | Failure | str:
    if refusal:
        return Failure(Status.REFUSED, f"refusal: {_words(refusal)}")
    reason = finish_reason if isinstance(finish_reason, str) else None
    if (failure := failure_of_ending(reason)) is not None:
        return failure
    if isinstance(written, list):
        texts = [part for part in written if isinstance(part, Mapping) and part.get("type", "text") in TEXT_PARTS]
        written = "".join(str(part.get("text") or "") for part in texts) if texts else None
    if not isinstance(written, str):
        status = Status.TRUNCATED if ending_of(reason) is Ending.CUT else Status.UNPARSEABLE
        return Failure(status, f"content: {kind_of(written)}")
    return {"raw_output": written, "finish_reason": reason}


def _model(value: Mapping[str, Any]) -> str | None:
    response = value.get("response")
    body = response.get("body") if isinstance(response, Mapping) else None
    model = body.get("model") if isinstance(body, Mapping) else None
    return model if name(model) is None else None


def _words(value: Any) -> str:
    """An error or refusal in words."""
    told = value.get("message") if isinstance(value, Mapping) else value
    return " ".join(str(value if told is None else told).split())[:500]
