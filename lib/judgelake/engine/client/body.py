"""The JSON of a request and of its reply, in the OpenAI API with vLLM's additions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from judgelake.api import Ending, ending_of, failure_of_ending, said_in
from judgelake.comparisons import Failure, Status
from judgelake.engine.call import Ask, Reply
from judgelake.engine.client.logprobs import LabelLogprobs, label_logprobs
from judgelake.engine.config import MAX_TOKENS

COMPLETIONS = "completions"
CHAT = "chat/completions"
# The most alternatives per token that a server of the plain API returns.
MOST_TOP_CHAT = 20
MOST_TOP_COMPLETION = 5
# Extra fields that a chat template is given: on them depend the tokens of a chat, and those of the labels after it.
OF_THE_TEMPLATE = ("chat_template", "chat_template_kwargs")
# vLLM's fields for a chat whose last message is the beginning of the answer.
CONTINUED = {"add_generation_prompt": False, "continue_final_message": True}
MOST_TOKENS = 2**63 - 1
MOST_SHOWN = 200


def path_of(ask: Ask) -> str:
    """The endpoint below /v1 for this request: token ids of a chat too go to completions."""
    return CHAT if _is_chat(ask) else COMPLETIONS


def _is_chat(ask: Ask) -> bool:
    return ask.prompt.messages is not None and ask.ids is None


def only_vllm_takes(ask: Ask) -> str | None:
    """The part of a request that the plain API cannot express; None if any server can take the request.

    Leaving it out would mean a different judge under the same fingerprint.
    """
    if ask.decoding.beam_width is not None:
        return "beam search"
    if ask.decoding.repetition_penalty is not None:
        return "a repetition penalty"
    if ask.prompt.is_continued:
        return "an answer that continues the judge's own beginning (a last message of the role assistant)"
    return "an output that is one of its labels (constrained: true)" if ask.choices else None


def not_offered(needed: str, base_url: str) -> str:
    """What is said of a judge that needs what a server does not offer."""
    return (
        f"This judge needs {needed}, which {base_url} does not offer (its list of models "
        "does not name vLLM). Use a vLLM server, leave engine.url out to start one, or choose a mode that "
        "does not need it (of the judge chat those that end in -explain or -logprobs)."
    )


def request_body(
    ask: Ask,
    model: str,
    label_ids: Mapping[str, int] | None = None,
    *,
    max_tokens_field: str = MAX_TOKENS,
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The request's JSON, for a server that accepts it (see `only_vllm_takes`).

    vLLM's beam search does not support stop, penalty, constraint or log-probabilities. If a judge samples with a
    seed, each repeat gets a seed of its own, or it would return the same sample again. Of token ids the chat template
    is already applied, and only vLLM takes them, which knows `max_tokens` in both of its APIs.

    Args:
        ask: the request.
        model: the server's name for the model.
        label_ids: token id of each label, if known: only vLLM returns and accepts them.
        max_tokens_field: the server's name for the most output tokens.
        extra: further fields; `Engine` refuses those that are set here (`OWN_FIELDS`).
    """
    decoding = ask.decoding
    body: dict[str, Any] = {**(extra or {}), "model": model}
    body |= _prompt(ask) | {(max_tokens_field if ask.ids is None else MAX_TOKENS): decoding.max_tokens}
    for name in OF_THE_TEMPLATE if ask.ids is not None else ():
        body.pop(name, None)
    optional = {
        "temperature": decoding.temperature,
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


def _prompt(ask: Ask) -> dict[str, Any]:
    if ask.ids is not None:
        return {"prompt": list(ask.ids)}
    if ask.prompt.messages is None:
        return {"prompt": ask.prompt.text}
    messages = [{"role": item.role, "content": item.content} for item in ask.prompt.messages]
    return {"messages": messages} | (CONTINUED if ask.prompt.is_continued else {})


def _seed(ask: Ask) -> int | None:
    seed, temperature = ask.decoding.seed, ask.decoding.temperature
    # Without a temperature the server samples by its own.
    return seed + ask.repeat if seed is not None and (temperature is None or temperature > 0) else seed


def _logprobs_wanted(ask: Ask, label_ids: Mapping[str, int] | None) -> dict[str, Any]:
    is_chat = _is_chat(ask)
    if not label_ids:
        return {"logprobs": True, "top_logprobs": MOST_TOP_CHAT} if is_chat else {"logprobs": MOST_TOP_COMPLETION}
    exact: dict[str, Any] = {
        "logprob_token_ids": sorted(set(label_ids.values())),
        "return_tokens_as_token_ids": True,
    }
    return exact | ({"logprobs": True, "top_logprobs": 0} if is_chat else {"logprobs": 1})


def read_reply(data: Any, ask: Ask, latency_ms: float, label_ids: Mapping[str, int] | None = None) -> Reply | Failure:
    """The reply in a server's JSON; a `Failure` if it is not a reply, was refused, or ended before an answer.

    A server that gives no finish reason has cut the text if it used all tokens that it was allowed.
    """
    try:
        choice = data["choices"][0]
        finish = _text_or_none(choice.get("finish_reason"))
        if (failure := failure_of_ending(finish)) is not None:
            return failure
        said = said_in(choice)
        if said.refusal:
            return Failure(Status.REFUSED, f"the model refuses to answer: {valid_text(said.refusal)[:MOST_SHOWN]!r}")
        usage = data.get("usage") or {}
        details = usage.get("prompt_tokens_details") or {}
        output_tokens = token_count(usage.get("completion_tokens"))
        if ending_of(finish) is None:
            finish = "length" if (output_tokens or 0) >= ask.decoding.max_tokens else None
        labels = label_logprobs(choice.get("logprobs"), ask.labels, label_ids) if ask.labels else LabelLogprobs({})
        return Reply(
            text=_cut_at_stop(valid_text(said.text), ask),
            finish_reason=finish,
            prompt_tokens=token_count(usage.get("prompt_tokens")),
            cached_tokens=token_count(details.get("cached_tokens")),
            output_tokens=output_tokens,
            label_logprobs=labels.values if ask.labels else None,
            latency_ms=latency_ms,
            thinking=valid_text(said.thinking),
            bounded_labels=labels.bounded,
            sent_ids=ask.ids is not None,
        )
    except (ValueError, OverflowError) as error:  # its message would quote the server, which may quote a key
        return Failure(Status.ENGINE_ERROR, f"the server's JSON is not a completion ({type(error).__name__})")
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        return Failure(Status.ENGINE_ERROR, f"the server's JSON is not a completion ({type(error).__name__}: {error})")


def is_broken_off(data: dict[str, Any]) -> bool:
    """Whether the server aborted in mid-answer, as vLLM does with all requests in flight when it is asked to end."""
    choices = data.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    reason = first.get("finish_reason") if isinstance(first, dict) else None
    return isinstance(reason, str) and ending_of(reason) is Ending.BROKEN


def _text_or_none(value: Any) -> str | None:
    if not isinstance(value, str | None):
        raise TypeError("the finish reason is not a string")
    return None if value is None else valid_text(value)


def token_count(value: Any) -> int | None:
    """A token count; raises for anything else, which would fail the column and so the rows of all other requests."""
    if value is None:
        return None
    # Some servers count in JSON's other kind of number: 9.0
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    if not isinstance(whole, int) or isinstance(whole, bool) or not 0 <= whole <= MOST_TOKENS:
        raise TypeError("a count of tokens is not a whole number")
    return whole


def valid_text(text: str) -> str:
    """The text with lone surrogates replaced: a single one would crash a Spark worker."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _cut_at_stop(text: str, ask: Ask) -> str:
    """The text up to the first stop: vLLM's beam search ignores `stop`, all other requests apply it."""
    if ask.decoding.beam_width is None:
        return text
    stops = [position for position in map(text.find, ask.decoding.stop) if position >= 0]
    return text[: min(stops)] if stops else text
