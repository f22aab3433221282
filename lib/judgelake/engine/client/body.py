"""The JSON of a request and of its reply, in the OpenAI API with vLLM's additions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from judgelake.comparisons import Failure, Status
from judgelake.engine.call import Ask, Reply

COMPLETIONS = "completions"
CHAT = "chat/completions"
# The most alternatives per token that a server of the plain API returns.
MOST_TOP_CHAT = 20
MOST_TOP_COMPLETION = 5
# Finish reasons after which the text is not the model's whole answer.
BROKEN_FINISHES = ("error", "abort")
MOST_TOKENS = 2**63 - 1


def path_of(ask: Ask) -> str:
    """The endpoint below /v1 for this request."""
    return CHAT if ask.prompt.messages is not None else COMPLETIONS


def only_vllm_takes(ask: Ask) -> str | None:
    """The part of a request that the plain API cannot express; None if any server can take the request.

    Leaving it out would mean a different judge under the same fingerprint.
    """
    if ask.decoding.beam_width is not None:
        return "beam search"
    if ask.decoding.repetition_penalty is not None:
        return "a repetition penalty"
    return "an output that is one of its labels (constrained: true)" if ask.choices else None


def request_body(ask: Ask, model: str, label_ids: Mapping[str, int] | None = None) -> dict[str, Any]:
    """The request's JSON, for a server that accepts it (see `only_vllm_takes`).

    vLLM's beam search does not support stop, penalty, constraint or log-probabilities. If a judge samples with a
    seed, each repeat gets a seed of its own, or it would return the same sample again.

    Args:
        ask: the request.
        model: the server's name for the model.
        label_ids: token id of each label, if known: only vLLM returns and accepts them.
    """
    decoding = ask.decoding
    body: dict[str, Any] = {"model": model, "max_tokens": decoding.max_tokens, "temperature": decoding.temperature}
    if ask.prompt.messages is None:
        body["prompt"] = ask.prompt.text
    else:
        body["messages"] = [{"role": item.role, "content": item.content} for item in ask.prompt.messages]
    optional = {
        "top_p": decoding.top_p,
        "stop": list(decoding.stop) or None,
        "seed": _seed(ask),
        "repetition_penalty": decoding.repetition_penalty,
    }
    body |= {name: value for name, value in optional.items() if value is not None}
    if decoding.beam_width is not None:
        return body | {"use_beam_search": True, "n": decoding.beam_width}
    if ask.choices:
        body["structured_outputs"] = {"choice": list(ask.choices)}
    if ask.labels:
        body |= _logprobs_wanted(ask, label_ids)
    return body


def _seed(ask: Ask) -> int | None:
    seed = ask.decoding.seed
    return seed + ask.repeat if seed is not None and ask.decoding.temperature > 0 else seed


def _logprobs_wanted(ask: Ask, label_ids: Mapping[str, int] | None) -> dict[str, Any]:
    is_chat = ask.prompt.messages is not None
    if not label_ids:
        return {"logprobs": True, "top_logprobs": MOST_TOP_CHAT} if is_chat else {"logprobs": MOST_TOP_COMPLETION}
    exact: dict[str, Any] = {
        "logprob_token_ids": sorted(set(label_ids.values())),
        "return_tokens_as_token_ids": True,
    }
    return exact | ({"logprobs": True, "top_logprobs": 0} if is_chat else {"logprobs": 1})


def read_reply(data: Any, ask: Ask, latency_ms: float, label_ids: Mapping[str, int] | None = None) -> Reply | Failure:
    """The reply in a server's JSON; a `Failure` if it is not a reply, or was filtered."""
    try:
        choice = data["choices"][0]
        text = (choice["message"]["content"] or "") if "message" in choice else choice["text"]
        finish = _text_or_none(choice.get("finish_reason"))
        usage = data.get("usage") or {}
        details = usage.get("prompt_tokens_details") or {}
        if not isinstance(text, str):
            raise TypeError("the text is not a string")
        reply = Reply(
            text=_cut_at_stop(_valid(text), ask),
            finish_reason=finish,
            prompt_tokens=_count(usage.get("prompt_tokens")) or 0,
            cached_tokens=_count(details.get("cached_tokens")),
            output_tokens=_count(usage.get("completion_tokens")) or 0,
            label_logprobs=_label_logprobs(choice.get("logprobs"), ask.labels, label_ids) if ask.labels else None,
            latency_ms=latency_ms,
        )
    except (ValueError, OverflowError) as error:  # its message would quote the server, which may quote a key
        return Failure(Status.ENGINE_ERROR, f"the server's JSON is not a completion ({type(error).__name__})")
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        return Failure(Status.ENGINE_ERROR, f"the server's JSON is not a completion ({type(error).__name__}: {error})")
    if finish == "content_filter":
        return Failure(Status.REFUSED, "the server's content filter withheld the answer")
    return reply


def is_broken_off(data: dict[str, Any]) -> bool:
    """Whether the server aborted in mid-answer, as vLLM does with all requests in flight when it is asked to end."""
    choices = data.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    return isinstance(first, dict) and first.get("finish_reason") in BROKEN_FINISHES


def _text_or_none(value: Any) -> str | None:
    if not isinstance(value, str | None):
        raise TypeError("the finish reason is not a string")
    return None if value is None else _valid(value)


def _count(value: Any) -> int | None:
    """A token count; raises for anything else, which would fail the column and so the rows of all other requests."""
    if value is None:
        return None
    if not isinstance(value, int) or not 0 <= value <= MOST_TOKENS:
        raise TypeError("a count of tokens is not a whole number")
    return value


def _logprob(value: Any) -> float:
    if not isinstance(value, int | float):
        raise TypeError("a log-probability is not a number")
    return float(value)


def _valid(text: str) -> str:
    """The text with lone surrogates replaced: a single one would crash a Spark worker."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _cut_at_stop(text: str, ask: Ask) -> str:
    """The text up to the first stop: vLLM's beam search ignores `stop`, all other requests apply it."""
    if ask.decoding.beam_width is None:
        return text
    stops = [position for position in map(text.find, ask.decoding.stop) if position >= 0]
    return text[: min(stops)] if stops else text


def _label_logprobs(logprobs: Any, labels: tuple[str, ...], label_ids: Mapping[str, int] | None) -> dict[str, float]:
    """Log-probability of each label at the first output token; a label that was not returned is missing."""
    by_token = _first_token(logprobs)
    if label_ids:
        by_id = {label: by_token.get(f"token_id:{token}") for label, token in label_ids.items()}
        return {label: value for label, value in by_id.items() if value is not None}
    best: dict[str, float] = {}
    for token, value in by_token.items():
        label = token.strip()
        # " A" and "A" are different tokens of one label; the more likely one is what the model would write.
        if label in labels and value > best.get(label, float("-inf")):
            best[label] = value
    return best


def _first_token(logprobs: Any) -> dict[str, float]:
    if not logprobs:
        return {}
    if "content" in logprobs:
        content = logprobs["content"]
        if not content:
            return {}
        alternatives = [*content[0].get("top_logprobs", ()), content[0]]
        return {item["token"]: _logprob(item["logprob"]) for item in alternatives if item.get("logprob") is not None}
    top = logprobs.get("top_logprobs")
    return {token: _logprob(value) for token, value in top[0].items()} if top and top[0] else {}
