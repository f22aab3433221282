"""Which vLLM options can change an answer. Those enter the judge's fingerprint; the others only change speed."""

from __future__ import annotations

from collections.abc import Mapping

from judgelake.config import Scalar

# Everything not listed counts as changing: a new option of vLLM costs a new fingerprint, never a wrong one.
# Parallel sizes, batch shapes and cache sizes move a logit by rounding at most; that is not counted as a change.
NOT_CHANGING = frozenset(
    {
        "allowed-origins",
        "api-server-count",
        "async-scheduling",
        "block-size",
        "collect-detailed-traces",
        "compilation-config",
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
        "load-format",
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
        "model-loader-extra-config",
        "num-gpu-blocks-override",
        "numa-bind",
        "otlp-traces-endpoint",
        "pipeline-parallel-size",
        "prefix-caching-hash-algo",
        "safetensors-load-strategy",
        "scheduling-policy",
        "served-model-name",
        "show-hidden-metrics-for-version",
        "stream-interval",
        "swap-space",
        "tensor-parallel-size",
        "use-tqdm-on-load",
        "uvicorn-log-level",
    }
)
SHORT_NAMES = {"tp": "tensor-parallel-size", "pp": "pipeline-parallel-size", "dp": "data-parallel-size"}


def option_name(name: str) -> str:
    """The long name, without dashes in front: "tp", "--tensor_parallel_size" -> "tensor-parallel-size"."""
    plain = name.strip().lstrip("-").replace("_", "-")
    return SHORT_NAMES.get(plain, plain)


def answer_changing(options: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """The options that may change an answer, by their long names, sorted; "no-" forms count as their option."""
    named = {option_name(name): value for name, value in options.items() if value is not None}
    return {name: named[name] for name in sorted(named) if name.removeprefix("no-") not in NOT_CHANGING}
