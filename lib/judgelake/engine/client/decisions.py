"""Decision endpoints: a probability for each allowed answer, and no text.

/v1/systemone: vLLM 0.32, vllm/entrypoints/generate/structured_decisions (the layout of TypeSafe's System One API).
/v1/decisions: OpenAI's Decisions API, openai-python src/openai/types/decision_create_params.py and decision.py;
vLLM 0.33 serves it in vllm/entrypoints/openai/decisions. Everything in which the two differ is in this file.
"""

from __future__ import annotations

import json
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from judgelake.comparisons import Failure, Status
from judgelake.engine.call import Ask, Endpoint, Reply
from judgelake.engine.client.body import token_count, valid_text
from judgelake.engine.client.outcome import shown
from judgelake.engine.config import DECISION_ENDPOINTS, SYSTEM_ONE, Engine
from judgelake.engine.errors import EngineRefused

QUESTION = "verdict"
# There is no such path, or it is not for this model (501, vLLM).
ABSENT_STATUSES = (404, 405, 501)
# Servers round each probability, to four digits at the coarsest seen.
ROUNDING = 0.01


@dataclass(frozen=True, slots=True)
class Absent:
    """A server that has no such endpoint for this model, in its own words."""

    endpoint: str
    reason: str


@dataclass(frozen=True, slots=True)
class Decided:
    """The JSON of an answer, how long it took, and whether vLLM gave it."""

    data: dict[str, Any]
    latency_ms: float
    is_vllm: bool


Send = Callable[[str, bytes], Awaitable[Decided | Failure | Absent]]
"""Sends a body to a path below /v1, as often as the config allows."""


class Decisions:
    """The decision endpoint of one server: `engine.decision_endpoint`, or the first that answers."""

    def __init__(self, endpoint: Endpoint, engine: Engine) -> None:
        """Of vLLM's two endpoints the first tried is the one that returns the mass of the labels."""
        self._endpoint = endpoint
        self._extra = engine.body
        wanted = engine.decision_endpoint
        self._paths: tuple[str, ...] = DECISION_ENDPOINTS if wanted is None else (wanted,)
        self._found: str | None = None

    def has_answered(self, path: str) -> bool:
        """Whether there was a decision from this path: then it is there, whatever one call says."""
        return self._found == path

    async def of(self, ask: Ask, send: Send) -> Reply | Failure:
        """The server's decision, or why there is none.

        Raises:
            EngineRefused: the server has no such endpoint for this model.
        """
        absent: list[Absent] = []
        for path in self._paths if self._found is None else (self._found,):
            data = json.dumps(decision_body(path, ask, self._endpoint.model, self._extra)).encode()
            result = await send(path, data)
            if isinstance(result, Decided):
                self._found = path
                return read_decision(result, ask)
            if isinstance(result, Failure):
                return result
            absent.append(result)
        raise EngineRefused(_no_decisions(self._endpoint, absent))


def decision_body(endpoint: str, ask: Ask, model: str, extra: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The JSON of a request with one question.

    Args:
        endpoint: one of `DECISION_ENDPOINTS`.
        ask: its two messages are what is judged and the question; its labels are the allowed answers.
        model: the server's name for the model.
        extra: further fields.
    """
    state, question = (message.content for message in ask.prompt.messages or ())
    labels = ask.labels or ()
    asked: dict[str, Any] = {"type": "choice", "instructions": question}
    body = {**(extra or {}), "model": model}
    if endpoint == SYSTEM_ONE:
        return body | {"state": state, "questions": {QUESTION: asked | {"criteria": dict.fromkeys(labels)}}}
    return body | {
        "input": state,
        "questions": [asked | {"name": QUESTION, "choices": [{"value": label} for label in labels]}],
    }


def read_decision(decided: Decided, ask: Ask) -> Reply | Failure:
    """The reply in a server's JSON: its choice as text, and the log-probability of each label.

    Servers give the probabilities among the labels. They become those among all tokens where the server says how much
    the labels have together: `label_mass` in the diagnostics of /v1/systemone, and at vLLM's /v1/decisions the
    confidence, which is there the chosen label's probability among all tokens. Of other servers the probabilities
    count as they stand; if they add up to 1, as they do where only labels are looked at, the mass is not known.
    """
    data = decided.data
    try:
        answer = _answer(data)
        if answer.get("type") == "refusal":
            return Failure(Status.REFUSED, "the model refuses to decide")
        shares = _shares_of_labels(_probabilities(answer), ask.labels or (), answer["choice"])
        mass = _mass(data, answer, shares.of_choice, is_vllm=decided.is_vllm)
        usage = data.get("usage") or {}
        details = usage.get("input_tokens_details") or {}
        return Reply(
            text=valid_text(answer["choice"]),
            finish_reason=None,
            prompt_tokens=token_count(usage.get("input_tokens")),
            cached_tokens=token_count(details.get("cached_tokens")),
            output_tokens=token_count(usage.get("output_tokens")),
            label_logprobs=_logprobs(shares, mass),
            latency_ms=decided.latency_ms,
            is_mass_known=mass is not None or shares.total < 1 - ROUNDING,
        )
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError, StopIteration) as error:
        # A message of our own is shown; those of other errors would quote the server, which may quote a key.
        said = f": {error}" if isinstance(error, ProbabilityError) else ""
        return Failure(Status.ENGINE_ERROR, f"the server's JSON is not a decision ({type(error).__name__}{said})")


class ProbabilityError(ValueError):
    """A number that is no probability, or is not of what was asked."""


def _answer(data: Any) -> Mapping[str, Any]:
    answers = data["answers"]
    if isinstance(answers, Mapping):
        named: Mapping[str, Any] = answers[QUESTION]
        return named
    return next(answer for answer in answers if answer.get("name", QUESTION) == QUESTION)


@dataclass(frozen=True, slots=True)
class _Shares:
    """The probabilities of the labels as the server gives them, their sum, and that of the chosen label."""

    of_label: dict[str, float]
    total: float
    of_choice: float


def _shares_of_labels(found: Mapping[str, float], labels: tuple[str, ...], choice: Any) -> _Shares:
    """The probabilities of the labels, if they are what was asked, and the choice is the likeliest of them."""
    if missing := [label for label in labels if label not in found]:
        raise ProbabilityError(f"no probability of {missing[0]!r}")
    if math.fsum(value for name, value in found.items() if name not in labels) > ROUNDING:
        raise ProbabilityError("an answer that was not asked has a probability")
    if choice not in labels or found[choice] < max(found[label] for label in labels) - ROUNDING:
        raise ProbabilityError("the choice is not the likeliest of the labels")
    of_label = {label: found[label] for label in labels}
    total = math.fsum(of_label.values())
    if total > 1 + ROUNDING:
        raise ProbabilityError(f"the probabilities add up to {total:.3g}")
    return _Shares(of_label, total, found[choice])


def _probabilities(answer: Mapping[str, Any]) -> dict[str, float]:
    given = answer["probabilities"]
    listed = given.items() if isinstance(given, Mapping) else ((item["value"], item["probability"]) for item in given)
    found: dict[str, float] = {}
    for name, value in listed:
        if name in found:
            raise ProbabilityError("an answer has two probabilities")
        found[name] = _share(value)
    return found


def _share(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1 + ROUNDING:
        raise ProbabilityError("a value is not from 0 to 1")
    return min(float(value), 1.0)


def _mass(data: Mapping[str, Any], answer: Mapping[str, Any], of_choice: float, *, is_vllm: bool) -> float | None:
    """What all labels have together of the probability of all tokens; None if the server does not say."""
    diagnostics = (data.get("diagnostics") or {}).get(QUESTION) or {}
    if diagnostics.get("label_mass") is not None:
        return _share(diagnostics["label_mass"])
    confidence = answer.get("confidence")
    if not is_vllm or confidence is None or of_choice == 0:
        return None
    return min(1.0, _share(confidence) / of_choice)


def _logprobs(shares: _Shares, mass: float | None) -> dict[str, float]:
    scale = 1.0 if mass is None or shares.total == 0 else mass / shares.total
    return {label: _log(share * scale) for label, share in shares.of_label.items()}


def _log(probability: float) -> float:
    return math.log(probability) if probability > 0 else -math.inf


def _no_decisions(endpoint: Endpoint, absent: list[Absent]) -> str:
    said = "; ".join(f"/{one.endpoint}: {one.reason}" for one in absent)
    return (
        f"{endpoint.base_url} does not decide with the model {endpoint.model!r} ({shown(said, endpoint, 600)}). A mode "
        "with verdict_from: decision needs /systemone (vLLM 0.32, for some architectures) or /decisions: set "
        f"{endpoint.keys.model} to a model that the server takes there, or choose a mode that ends in -logprobs."
    )
