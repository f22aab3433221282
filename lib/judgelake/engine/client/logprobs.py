"""The log-probabilities of labels in a server's answer, at the first output token."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class LabelLogprobs:
    """Log-probability of each label; that of a `bounded` label is an upper bound."""

    values: dict[str, float]
    bounded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _FirstToken:
    """Log-probabilities by token, and the lowest in the list of the most likely ones, if there is such a list."""

    by_token: dict[str, float]
    last_listed: float | None = None


def label_logprobs(logprobs: Any, labels: tuple[str, ...], label_ids: Mapping[str, int] | None) -> LabelLogprobs:
    """Log-probability of each label; a label of which nothing is known is missing.

    vLLM returns those of the tokens asked for. Other servers list the most likely tokens (20 of a chat): a label that
    is not among them is at most as likely as the last one listed, which is then its bound, if another label is more
    likely than that and no listed token may be the label's own beginning ("1" of "10").

    Raises:
        TypeError, ValueError: a value is not a log-probability.
    """
    first = _first_token(logprobs)
    if label_ids:
        by_id = {label: first.by_token.get(f"token_id:{token}") for label, token in label_ids.items()}
        return LabelLogprobs({label: value for label, value in by_id.items() if value is not None})
    best: dict[str, float] = {}
    for token, value in first.by_token.items():
        label = token.strip()
        # " A" and "A" are different tokens of one label; the more likely one is what the model would write.
        if label in labels and value > best.get(label, -math.inf):
            best[label] = value
    bounded = _not_listed(first, labels, best)
    assert not bounded or first.last_listed is not None
    return LabelLogprobs(best | dict.fromkeys(bounded, first.last_listed or 0.0), bounded)


def _not_listed(first: _FirstToken, labels: tuple[str, ...], known: Mapping[str, float]) -> tuple[str, ...]:
    last = first.last_listed
    # The token that was written may be less likely than all that are listed; then the bound says nothing of the best.
    if last is None or not math.isfinite(last) or max(known.values(), default=-math.inf) <= last:
        return ()
    tokens = [token.strip() for token in first.by_token if token.strip()]
    absent = (label for label in labels if label not in known)
    return tuple(label for label in absent if not any(label.startswith(token) for token in tokens))


def _first_token(logprobs: Any) -> _FirstToken:
    if not logprobs:
        return _FirstToken({})
    if "content" in logprobs:
        content = logprobs["content"]
        return _of_chat(content[0]) if content else _FirstToken({})
    top = logprobs.get("top_logprobs")
    if top and top[0]:
        listed = {token: _logprob(value) for token, value in top[0].items()}
        return _FirstToken(listed, min(listed.values()))
    tokens, values = logprobs.get("tokens"), logprobs.get("token_logprobs")
    return _FirstToken({tokens[0]: _logprob(values[0])} if tokens and values and values[0] is not None else {})


def _of_chat(first: Mapping[str, Any]) -> _FirstToken:
    """The token that was written comes with the list, and may be less likely than all of it."""
    listed = [item for item in first.get("top_logprobs") or () if item.get("logprob") is not None]
    items = [*listed, first] if first.get("logprob") is not None else listed
    lowest = min((_logprob(item["logprob"]) for item in listed), default=None)
    return _FirstToken({item["token"]: _logprob(item["logprob"]) for item in items}, lowest)


def _logprob(value: Any) -> float:
    if not isinstance(value, int | float):
        raise TypeError("a log-probability is not a number")
    return float(value)
