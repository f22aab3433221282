"""Output files of OpenAI's batch API, which others speak too: what a judge answered, one request a line."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from judgelake.api import (
    ServerError,
    error_in_answer,
    error_of,
    failure_of_ending,
    failure_of_thinking_alone,
    final_status_of,
    said_in,
)
from judgelake.comparisons import LETTERS, Failure, Status, kind_of, name, orders_of
from judgelake.errors import UserError
from judgelake.judges import JudgeSpec, load_judge
from judgelake.sources.judgments import judgment_from_record
from judgelake.sources.loaded import Files, Item, Loaded, Row
from judgelake.sources.rows import checked_rows

# c1, c1#BA or c1#BA#2: the comparison, the order shown and the repeat.
CUSTOM_ID = re.compile(r"(?P<comparison>.+)#(?P<order>[A-Z]+)(?:#(?P<repeat>[0-9]{1,9}))?", re.DOTALL)
OK = 200
FINISHED = "completed"
# That of an error without one.
BAD_REQUEST = 400
MOST_SHOWN = 500
TOOLS = ("function_call", "custom_tool_call", "mcp_call")

JudgeNamed = Callable[[str], JudgeSpec]


def load(files: Files) -> Iterator[Item]:
    """One judgment per line, read by the parser of `--judge` and `--mode`, about a comparison of the lake.

    `custom_id` is the comparison's id, alone or with the order and the repeat: c1, c1#BA, c1#BA#2. Without an order
    it is `--order`, or else the original one. A call that failed (another status than 200, `error`) is a judgment
    with the status engine_error, or with that of the row's own fault where the error names it; a refusal is refused.
    Bodies of chat completions, completions and responses are read; a mode that decides by log-probabilities cannot be.

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
    if error:
        return _failed("error", {"error": error})
    body = response.get("body") if isinstance(response, Mapping) else None
    status = response.get("status_code", OK) if isinstance(response, Mapping) else OK
    if status != OK:
        return _failed(f"status {status}", body, http_status=status)
    if not isinstance(body, Mapping):
        return f"response: {kind_of(response)}, expected an object with status_code and body"
    if "output" in body:
        return _failed("error", {"error": body["error"]}) if body.get("error") else _of_output(body)
    inside = error_in_answer(body)
    return _of_choices(body) if inside is None else _failed("error", inside)


def _failed(place: str, said: Any, *, http_status: int | None = None) -> Failure:
    """The failure that an error means: the row's own where it says so, and otherwise that of the call."""
    error = said if isinstance(said, ServerError) else error_of(said) or ServerError(str(said or "no message"))
    status = final_status_of(error, http_status or error.http_status or BAD_REQUEST) or Status.ENGINE_ERROR
    return Failure(status, f"{place}: {' '.join(error.message.split())[:MOST_SHOWN]}")


def _of_choices(body: Mapping[str, Any]) -> dict[str, Any] | Failure | str:
    """The text of a chat completion, or of a completion."""
    choices = body.get("choices")
    if choices is None:
        return "body: neither choices nor output"
    if not isinstance(choices, list) or len(choices) != 1 or not isinstance(choices[0], Mapping):
        return f"choices: {kind_of(choices)}, expected a list of one"
    return _output(choices[0], choices[0].get("finish_reason"))


def _of_output(body: Mapping[str, Any]) -> dict[str, Any] | Failure | str:
    """The text of a body of the responses API, whose reasoning stands beside the message as an item of its own."""
    output = body["output"]
    if not isinstance(output, list) or not all(isinstance(item, Mapping) for item in output):
        return f"output: {kind_of(output)}, expected a list of objects"
    if any(item.get("type") in TOOLS for item in output):
        return Failure(Status.ENGINE_ERROR, "the model called a tool instead of answering")
    items = [item for item in output if item.get("type", "message") == "message"]
    if not all(isinstance(item.get("content") or [], list) for item in items):
        return "output: content is not a list of parts"
    parts = [item for item in output if item.get("type") == "reasoning"]
    parts += [part for item in items for part in item.get("content") or ()]
    details = body.get("incomplete_details")
    reason = details.get("reason") if isinstance(details, Mapping) else None
    states = (one.get("status") for one in (body, *items))
    unfinished = next((state for state in states if state not in (None, FINISHED)), None)
    return _output({"message": {"content": parts}}, reason or unfinished)


def _output(choice: Mapping[str, Any], finish_reason: Any) -> dict[str, Any] | Failure | str:
    if not isinstance(finish_reason, str | None):
        return f"finish_reason: {kind_of(finish_reason)}, expected text"
    reason = finish_reason
    try:
        said = said_in(choice)
    except (KeyError, TypeError, AttributeError) as error:
        return f"content: expected text, or parts with text ({type(error).__name__}: {error})"
    if said.refusal:
        return Failure(Status.REFUSED, f"refusal: {' '.join(said.refusal.split())[:MOST_SHOWN]}")
    if (
        failure := failure_of_ending(reason) or failure_of_thinking_alone(said.text, said.thinking, reason)
    ) is not None:
        return failure
    return {"raw_output": said.text, "finish_reason": reason}


def _model(value: Mapping[str, Any]) -> str | None:
    response = value.get("response")
    body = response.get("body") if isinstance(response, Mapping) else None
    model = body.get("model") if isinstance(body, Mapping) else None
    return model if name(model) is None else None
