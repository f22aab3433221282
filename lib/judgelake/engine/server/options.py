"""Which vLLM options can change an answer. Those enter the judge's fingerprint; the others only change speed."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path

from judgelake.engine.config import Scalar
from judgelake.errors import UserError

# Everything not listed counts as changing: a new option of vLLM costs a new fingerprint, never a wrong one.
# Parallel sizes, batch shapes and cache sizes move a logit by rounding at most; that is not counted as a change.
# How weights are loaded counts: load-format "dummy" makes random ones, the loader's config can name other files.
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
        "max-cudagraph-capture-size",
        "max-log-len",
        "max-logprobs",
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
_OWN_SOCKET = "leave it out: an own server listens on its private socket"
REFUSED = {
    "model": "set judge.model",
    "served-model-name": "leave it out: an own server is asked by the name in judge.model",
    "revision": "set judge.revision",
    "uds": _OWN_SOCKET,
    "host": _OWN_SOCKET,
    "port": _OWN_SOCKET,
    "api-key": "leave it out: an own server's private socket needs no key (that of engine.url: engine.api_key_env)",
    "config": "write the options of that file into engine.options, where the judge's fingerprint sees them",
}
CHAT_TEMPLATE = "chat-template"
DTYPE = "dtype"
MAX_MODEL_LEN = "max-model-len"
SHORT_NAMES = {"tp": "tensor-parallel-size", "pp": "pipeline-parallel-size", "dp": "data-parallel-size"}
# vLLM's parser takes the beginning of a name where it fits one option only. The shortest ones that do, in vLLM 0.32, of
# the options that are read here; no beginning of "chat-template" does, for "chat-template-content-format".
SHORTEST_BEGINNINGS = {MAX_MODEL_LEN: "max-m", DTYPE: "dt"}
# As vLLM reads a length: k, m, g, t for thousands and so on, K, M, G, T for 1024 and so on, which take no fractions.
LENGTH = re.compile(r"(?P<decimal>\d+(?:\.\d+)?)(?P<by_1000>[kmgt])|(?P<whole>\d+)(?P<by_1024>[KMGT]?)")
CHOSEN_BY_VLLM = ("auto", "-1")


def option_name(name: str) -> str:
    """The long name, without dashes in front: "tp", "--tensor_parallel_size" -> "tensor-parallel-size".

    What follows a dot is a key of the option's own and stays as it is written.
    """
    head, dot, key = name.strip().lstrip("-").partition(".")
    plain = head.replace("_", "-")
    for option, shortest in SHORTEST_BEGINNINGS.items():
        if option.startswith(plain) and plain.startswith(shortest):
            plain = option
    return SHORT_NAMES.get(plain, plain) + dot + key


def by_option_name(options: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """The options by their long names; of two spellings of one option the last counts, as for vLLM."""
    return {option_name(name): value for name, value in options.items()}


def max_model_len(options: Mapping[str, Scalar]) -> int | None:
    """The longest context that the options give a server, in tokens; None where they leave it to vLLM or say nothing.

    Raises:
        UserError: vLLM would not take the value.
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


def check_options(options: Mapping[str, Scalar]) -> None:
    """Refuse what would answer with another model than the judge names, or make our own server unreachable.

    Names that hold a secret the config refuses already.

    Args:
        options: `engine.options`.

    Raises:
        UserError: it says what to set instead.
    """
    for given in options:
        name = option_name(given)
        # vLLM's parser also takes the beginning of a name.
        refused = next((known for known in REFUSED if name and known.startswith(name)), None)
        if refused is not None:
            raise UserError(f"engine.options may not hold {given!r}; {REFUSED[refused]}.")
        if "=" in name:
            # As one word of the command line it would set any option, also a refused one.
            raise UserError(f"engine.options may not hold {given!r}: write the value behind the name, {{name: value}}.")


def answer_changing(options: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """The options that may change an answer, by their long names, sorted; "no-" forms count as their option.

    A chat template in a file stands there by its content ("sha256:..."), not by where the file lies.
    """
    named = _named(options)
    if _is_file(named.get(CHAT_TEMPLATE)):
        content = Path(str(named[CHAT_TEMPLATE])).read_bytes()
        named[CHAT_TEMPLATE] = f"sha256:{hashlib.sha256(content).hexdigest()}"
    return {name: named[name] for name in sorted(named) if name.removeprefix("no-") not in NOT_CHANGING}


def chat_template(options: Mapping[str, Scalar]) -> str | None:
    """The chat template that the options name or hold, as text; None where the model's own is used."""
    given = _named(options).get(CHAT_TEMPLATE)
    if given is None:
        return None
    return Path(str(given)).read_text("utf-8", "replace") if _is_file(given) else str(given)


def _named(options: Mapping[str, Scalar]) -> dict[str, Scalar]:
    return {name: value for name, value in by_option_name(options).items() if value is not None}


def _is_file(value: Scalar) -> bool:
    # Not `Path.is_file`: it raises on a template that is too long for a name.
    return isinstance(value, str) and os.path.isfile(value) and os.access(value, os.R_OK)
