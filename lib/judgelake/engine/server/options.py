"""Which vLLM options can change an answer. Those are part of the judge's fingerprint; the others only affect speed."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from judgelake.engine.config import Scalar
from judgelake.engine.keys import JUDGE, Keys
from judgelake.errors import UserError

# Every option not listed counts as changing: a new vLLM option causes a new fingerprint, never a wrong one.
# Parallel sizes, batch shapes and cache sizes change a logit by rounding at most; that does not count as a change.
# How weights are loaded counts: load-format "dummy" generates random ones, the loader's config can name other files.
NOT_CHANGING = frozenset(
    {
        "allowed-origins",
        "api-server-count",
        "async-scheduling",
        "block-size",
        "collect-detailed-traces",
        "cpu-offload-gb",
        "cudagraph-capture-sizes",
        "data-parallel-size",
        "disable-access-log-for-endpoints",
        "disable-custom-all-reduce",
        "disable-fastapi-docs",
        "disable-hybrid-kv-cache-manager",
        "disable-log-requests",
        "disable-log-stats",
        "disable-uvicorn-access-log",
        "distributed-executor-backend",
        "download-dir",
        "enable-chunked-prefill",
        "enable-expert-parallel",
        "enable-log-requests",
        "enable-prefix-caching",
        "enable-prompt-tokens-details",
        "enforce-eager",
        "gpu-memory-utilization",
        "kv-cache-memory-bytes",
        "log-level",
        "long-prefill-token-threshold",
        "max-cpu-loras",
        "max-cudagraph-capture-size",
        "max-log-len",
        "max-logprobs",
        "max-loras",
        "max-long-partial-prefills",
        "max-num-batched-tokens",
        "max-num-partial-prefills",
        "max-num-seqs",
        "max-parallel-loading-workers",
        "num-gpu-blocks-override",
        "numa-bind",
        "otlp-traces-endpoint",
        "pipeline-parallel-size",
        "prefix-caching-hash-algo",
        "safetensors-load-strategy",
        "scheduling-policy",
        "show-hidden-metrics-for-version",
        "stream-interval",
        "swap-space",
        "tensor-parallel-size",
        "use-tqdm-on-load",
        "uvicorn-log-level",
    }
)
_OWN_SOCKET = "leave it out: a server started by judgelake listens on its private socket"
_OWN_ADAPTER = "set {keys.adapter}: requests would still go to the base model"
REFUSED = {
    "model": "set {keys.model}",
    "served-model-name": "leave it out: a server started by judgelake uses the name in {keys.model}",
    "revision": "set {keys.revision}",
    "uds": _OWN_SOCKET,
    "host": _OWN_SOCKET,
    "port": _OWN_SOCKET,
    "api-key": "leave it out: the private socket needs no key (for the key of engine.url: engine.api_key_env)",
    "lora-modules": _OWN_ADAPTER,
    "default-mm-loras": _OWN_ADAPTER,
    "enable-lora": "set {keys.adapter}, which switches it on",
    "max-lora-rank": "leave it out: it is that of {keys.adapter}",
    "config": "write the options of that file into engine.options, so that they are part of the judge's fingerprint",
}
CHAT_TEMPLATE = "chat-template"
TEMPLATE_VALUES = "default-chat-template-kwargs"
REASONING_PARSER = "reasoning-parser"
DTYPE = "dtype"
HF_OVERRIDES = "hf-overrides"
HEAD_DTYPE = "head_dtype"
LOGPROBS_MODE = "logprobs-mode"
OF_PROBABILITIES = ("raw_logprobs", "processed_logprobs")
MAX_MODEL_LEN = "max-model-len"
SHORT_NAMES = {"tp": "tensor-parallel-size", "pp": "pipeline-parallel-size", "dp": "data-parallel-size"}
# vLLM's parser accepts a prefix of a name if it matches only one option. These are the shortest such prefixes, in vLLM
# 0.32, of the options read here; "chat-template" has none, because of "chat-template-content-format".
SHORTEST_BEGINNINGS = {MAX_MODEL_LEN: "max-m", DTYPE: "dt", LOGPROBS_MODE: "logp", HF_OVERRIDES: "hf-o"}
# As vLLM reads a length: k, m, g, t are powers of 1000, and K, M, G, T powers of 1024, which allow no fractions.
LENGTH = re.compile(r"(?P<decimal>\d+(?:\.\d+)?)(?P<by_1000>[kmgt])|(?P<whole>\d+)(?P<by_1024>[KMGT]?)")
CHOSEN_BY_VLLM = ("auto", "-1")


def option_name(name: str) -> str:
    """The long name, without leading dashes: "tp", "--tensor_parallel_size" -> "tensor-parallel-size".

    The part after a dot is a key within the option and stays as written.
    """
    head, dot, key = name.strip().lstrip("-").partition(".")
    plain = head.replace("_", "-")
    for option, shortest in SHORTEST_BEGINNINGS.items():
        if option.startswith(plain) and plain.startswith(shortest):
            plain = option
    return SHORT_NAMES.get(plain, plain) + dot + key


def by_option_name(options: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """The options by their long names; if an option is given in two spellings, the last counts, as in vLLM."""
    return {option_name(name): value for name, value in options.items()}


def max_model_len(options: Mapping[str, Scalar]) -> int | None:
    """The longest context that the options set, in tokens; None if they leave it to vLLM or do not set it.

    Raises:
        UserError: vLLM would not accept the value.
    """
    value = by_option_name(options).get(MAX_MODEL_LEN)
    written = "" if isinstance(value, bool) else str(value).strip()
    if value is None or written.lower() in CHOSEN_BY_VLLM:
        return None
    match = LENGTH.fullmatch(written)
    length = 0
    if match is not None and match["by_1000"]:
        length = int(float(match["decimal"]) * 1000 ** ("kmgt".index(match["by_1000"]) + 1))
    elif match is not None:
        length = int(match["whole"]) * 1024 ** (" KMGT".index(match["by_1024"] or " "))
    if length < 1:
        given = next(name for name in reversed([*options]) if option_name(name) == MAX_MODEL_LEN)
        raise UserError(
            f"engine.options: {given!r} must be a number of tokens such as 4096, 4k or 4K, or 'auto', not {value!r}."
        )
    return length


def check_options(options: Mapping[str, Scalar], keys: Keys = JUDGE) -> None:
    """Refuse options that would serve another model than the judge names, or make our own server unreachable.

    Options with the name of a secret are already refused by the config.

    Args:
        options: `engine.options`.
        keys: of the job's config.

    Raises:
        UserError: an option is refused; the message says what to set instead.
    """
    for given in options:
        name = option_name(given)
        # vLLM's parser also accepts a prefix of a name.
        refused = next((known for known in REFUSED if name and known.startswith(name)), None)
        if refused is not None:
            raise UserError(f"engine.options must not contain {given!r}; {REFUSED[refused].format(keys=keys)}.")
        if "=" in name:
            # As one word of the command line it could set any option, even a refused one.
            raise UserError(f"engine.options must not contain {given!r}: write it as {{name: value}}.")


def check_logprobs(options: Mapping[str, Scalar]) -> None:
    """Refuse options by which vLLM would return no log-probabilities to a judge that decides by them.

    vLLM's own choice, raw_logprobs, needs no option.

    Raises:
        UserError: the mode returns logits, of which no probability of a label can be had.
    """
    mode = by_option_name(options).get(LOGPROBS_MODE)
    if mode is not None and mode not in OF_PROBABILITIES:
        raise UserError(
            f"engine.options: {LOGPROBS_MODE} must be {' or '.join(OF_PROBABILITIES)} for a judge that decides by "
            f"probabilities, not {mode!r}; leave it out for {OF_PROBABILITIES[0]}."
        )


def answer_changing(options: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """The options that may change an answer, by their long names, sorted; a "no-" form counts as its option.

    A chat template in a file is listed by its content ("sha256:..."), not by the path of the file.
    """
    named = _named(options)
    if _is_file(named.get(CHAT_TEMPLATE)):
        content = Path(str(named[CHAT_TEMPLATE])).read_bytes()
        named[CHAT_TEMPLATE] = f"sha256:{hashlib.sha256(content).hexdigest()}"
    return {name: named[name] for name in sorted(named) if name.removeprefix("no-") not in NOT_CHANGING}


def chat_template(options: Mapping[str, Scalar]) -> str | None:
    """The chat template that the options name or contain, as text; None where the model's own is used."""
    given = _named(options).get(CHAT_TEMPLATE)
    if given is None:
        return None
    return Path(str(given)).read_text("utf-8", "replace") if _is_file(given) else str(given)


def template_values(options: Mapping[str, Scalar]) -> dict[str, Any]:
    """The values that the options give every chat template, such as {"enable_thinking": False}."""
    try:
        values = json.loads(str(_named(options).get(TEMPLATE_VALUES, "{}")))
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}


def has_reasoning_parser(options: Mapping[str, Scalar]) -> bool:
    """Whether the server takes thinking out of the answers to chats."""
    return bool(_named(options).get(REASONING_PARSER))


def _named(options: Mapping[str, Scalar]) -> dict[str, Scalar]:
    return {name: value for name, value in by_option_name(options).items() if value is not None}


def _is_file(value: Scalar) -> bool:
    # Not `Path.is_file`: it raises on a template that is too long for a name.
    return isinstance(value, str) and os.path.isfile(value) and os.access(value, os.R_OK)
