"""What servers say and what becomes of it, as Markdown: `python -m judgelake.engine.describe > docs/servers.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from judgelake.api import COMPLAINTS, FLAGGED_INPUT, REASONS, Complaint, Ending, failure_of_ending
from judgelake.comparisons import Status
from judgelake.engine.client.outcome import AGAIN_STATUSES

INTRODUCTION = """\
<!-- Generated from the tables in lib/judgelake/api/complaints.py and lib/judgelake/api/finish_reasons.py;
     do not edit. After a change there run: python -m judgelake.engine.describe > docs/servers.md -->

# Servers

What a server says, which status its row gets, and whether the row is asked again. A status is final only if it is about
this one prompt. Everything else is a failed call: the next run asks it again, up to `asking.max_attempts`, and if all
requests of a run fail alike, the run stops with the server's words and stores none of them.

## Errors

A code or type of the error decides before its words; `...` is a gap in the words. The shapes in which servers put their
errors are listed in lib/judgelake/api/server_error.py.
"""

STATUSES = f"""
## HTTP statuses

The statuses of errors that the table above does not know. An error with HTTP status 200 is treated by its own code.

| Status | What happens |
| --- | --- |
| 401 | the run ends with exit code 2: the key is wrong |
| 403 | before any answer, the run ends with exit code 2: the key may not use the model; after one, `engine_error`. \
Before any answer a refusal of the prompt is believed by its code alone; by its words it is `engine_error` |
| 404 | before any answer, the run ends with exit code 2, the server's words and its models; after one, `engine_error` |
| 408, and no answer in `engine.timeout_s` | `timeout`: asked again by the next run |
| 413 | `context_overflow`: final |
| {", ".join(map(str, AGAIN_STATUSES))} | the same call is repeated, up to `engine.max_retries`, then `engine_error` |
| another from 400 on, for example 400, 402, 409 and 422 | `engine_error`: asked again by the next run |
"""

ENDINGS = """
## Finish reasons

Compared without case, `_`, `-` and blanks: `MAX_TOKENS`, `maxTokens` and `FINISH_REASON_MAX_TOKENS` are one.
"""

ANSWERS = """
## Answers

- Content may be text or a list of parts. Thinking, as a part or beside the content (`reasoning_content`, `reasoning`),
  is never read as the answer. Thinking without an answer is `truncated` if it was cut, else `engine_error`: then the
  server's reasoning parser took the whole output for thinking.
- A refusal (`message.refusal`, or a part of the content) is `refused`.
- A content part that is neither text, thinking nor refusal is `engine_error`.
- Counts of tokens may be written as 9.0. A server that reports none leaves the columns NULL. One that reports no finish
  reason has cut the output if it used all tokens that it was allowed.
- Log-probabilities of a server other than vLLM are those of the most likely tokens (20 of a chat). A label that is not
  among them is at most as likely as the last one listed: this bound is stored as its log-probability, so the margin is
  at least the one stored. If no label is more likely than that, or a listed token may be the label's beginning,
  nothing is known of it.

- Where token ids are sent ([running.md](running.md)), a chat too goes to `/v1/completions`; its answer is read alike.
- A judge whose last message has the role assistant gives the beginning of the answer: vLLM continues it
  (`continue_final_message`), no other server is asked. If the beginning opens the thinking and the output does not end
  it, the row is `truncated`.

## Decisions

A mode with `verdict_from: decision` asks `/v1/systemone` (vLLM 0.32) or `/v1/decisions` (OpenAI's layout, vLLM 0.33).
If a server answers the first with 404, 405 or 501 before any answer, the other is asked; if it has neither for this
model, the run ends with exit code 2 and the server's words: vLLM decides for some architectures only. One request has
one question. Its errors mean what the tables above say.

- The probabilities are those among the labels. `verdict_logprobs` and `label_mass` are of all tokens: the mass is
  `diagnostics.label_mass` of `/v1/systemone`; at vLLM's `/v1/decisions` it is the confidence divided by the chosen
  label's probability, since that confidence is the label's probability among all tokens. Other servers do not say, so
  the probabilities count as they stand. If they add up to 1, the mass is not known: `label_mass` is NULL and
  `least_label_mass` is not asked; if to less, their sum is the mass.
- An answer of the type refusal is `refused`. Values outside 0 to 1, or that add up to more than 1.01, are
  `engine_error`; so is an answer that lacks a label, names another, or chooses one that is not the likeliest.
- `raw_output` is the option that the server chose. No decoding applies: the request has no temperature and no seed, so
  a repeat may return the same numbers.

## Requests

| Key of the config | What it is for |
| --- | --- |
| `engine.max_tokens_field` | the field for the most output tokens, such as `max_completion_tokens` |
| `engine.body` | further fields: `{reasoning_effort: low}`; not those that the judge decides |
| `engine.decision_endpoint` | `systemone` or `decisions`, for modes with `verdict_from: decision` |
| `judge.omit_temperature` | no temperature, for models that refuse it; in a judge's YAML `decoding.temperature: null` |
| `engine.max_in_flight` | most requests in flight at `engine.url`, for the whole run |
| `engine.requests_per_second` | most requests each second, for the whole run |

The first four are part of the judge's fingerprint. The last two are divided among the tasks that can run at once:
chunks in flight times tasks of a chunk times requests of a task never exceed `max_in_flight`, however many slots the
cluster has. They hold for one driver, without `spark.speculation`; a second driver on the same work has the same bound
again.
"""


def servers_page() -> str:
    """The whole page."""
    return "\n".join([INTRODUCTION, *_errors(), STATUSES, ENDINGS.lstrip("\n"), *_endings(), ANSWERS])


def _errors() -> Iterator[str]:
    yield "| About | Codes and types | Words | Status | |\n| --- | --- | --- | --- | --- |"
    for complaint in COMPLAINTS:
        codes = (*complaint.codes, *(f"param: {param}" for param in complaint.params))
        cells = (complaint.about, _listed(codes), _listed(complaint.words), f"`{complaint.status}`", _then(complaint))
        yield f"| {' | '.join(cells)} |"
    yield f"| anything else | | | `{Status.ENGINE_ERROR}` | asked again |"
    yield ""
    yield f"`{FLAGGED_INPUT}` stands for OpenRouter's field of that name and Gemini's `blockReason`."


def _then(complaint: Complaint) -> str:
    return "final" if complaint.is_final else "asked again"


def _endings() -> Iterator[str]:
    yield "| Ending | Reasons | Status |\n| --- | --- | --- |"
    for ending, reasons in REASONS.items():
        yield f"| {ending} | {_listed(reasons)} | {_status(ending, reasons[0])} |"
    yield f"| {Ending.UNKNOWN} | any other | {_status(Ending.UNKNOWN, 'a reason of nobody')} |"


def _status(ending: Ending, reason: str) -> str:
    failure = failure_of_ending(reason)
    if failure is not None:
        return f"`{failure.status}`, {'asked again' if failure.status.is_worth_another_attempt else 'final'}"
    return "the text is read" + ("" if ending is Ending.WHOLE else "; `truncated` if its verdict may lack its end")


def _listed(items: Iterable[str]) -> str:
    return ", ".join(f"`{item}`" for item in items)


if __name__ == "__main__":
    sys.stdout.write(servers_page())
