"""Which vLLM options can change an answer. Those enter the judge's fingerprint; the others only change speed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from judgelake.config import Scalar
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
SHORT_NAMES = {"tp": "tensor-parallel-size", "pp": "pipeline-parallel-size", "dp": "data-parallel-size"}


def option_name(name: str) -> str:
    """The long name, without dashes in front: "tp", "--tensor_parallel_size" -> "tensor-parallel-size"."""
    plain = name.strip().lstrip("-").replace("_", "-")
    return SHORT_NAMES.get(plain, plain)


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
    return {option_name(name): value for name, value in options.items() if value is not None}


def _is_file(value: Scalar) -> bool:
    # Not `Path.is_file`: it raises on a template that is too long for a name.
    return isinstance(value, str) and os.path.isfile(value) and os.access(value, os.R_OK)
