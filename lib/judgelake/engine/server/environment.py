"""The environment of a server started by judgelake: only names that say where and how it computes, never what."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from pathlib import Path

import psutil

from judgelake.engine.model.folder import local_model
from judgelake.engine.server.command import Launch
from judgelake.writability import is_writable

GIB = 1024**3
MOST_CPU_CACHE_GIB = 4

# What a server may see of the caller's environment. Nothing else is passed on: Spark sets OMP_NUM_THREADS to the
# task's cores, which makes an engine 1.6x slower, and PYTHONDONTWRITEBYTECODE doubles its start.
KEPT_NAMES = (
    "CC CUDA_HOME CUDA_PATH CUDA_VISIBLE_DEVICES CURL_CA_BUNDLE CXX HOME HTTPS_PROXY HTTP_PROXY LANG LD_LIBRARY_PATH "
    "LOGNAME NO_PROXY PATH REQUESTS_CA_BUNDLE SSL_CERT_DIR SSL_CERT_FILE TMPDIR TZ USER VIRTUAL_ENV http_proxy "
    "https_proxy no_proxy"
)
# The environment must not change a verdict unnoticed. Of the hundreds of names that vLLM, torch, Triton and the driver
# read, some swap the model (VLLM_MODEL_REDIRECT_PATH), its weights (VLLM_TEST_FORCE_LOAD_FORMAT) or its arithmetic
# (NVIDIA_TF32_OVERRIDE), and VLLM_API_KEY locks us out of our own server. So names are allowed one by one, from vLLM
# 0.32's envs.py; any other goes through engine.env, where it is recorded and can count (`env_changing`).
KEPT_OF_ENGINES = (
    "NVIDIA_DRIVER_CAPABILITIES NVIDIA_VISIBLE_DEVICES TORCHINDUCTOR_CACHE_DIR TORCH_CUDA_ARCH_LIST "
    "TORCH_EXTENSIONS_DIR TORCH_HOME TRITON_CACHE_DIR TRITON_HOME TRITON_LIBCUDA_PATH TRITON_PTXAS_PATH "
    "VLLM_ASSETS_CACHE VLLM_CACHE_ROOT VLLM_CONFIGURE_LOGGING VLLM_CONFIG_ROOT VLLM_CPU_KVCACHE_SPACE "
    "VLLM_CPU_NUM_OF_RESERVED_CPU VLLM_CPU_OMP_THREADS_BIND VLLM_CUDART_SO_PATH VLLM_CUDA_COMPATIBILITY_PATH "
    "VLLM_DISABLE_LOG_LOGO VLLM_DO_NOT_TRACK VLLM_ENABLE_CUDA_COMPATIBILITY VLLM_ENGINE_READY_TIMEOUT_S "
    "VLLM_EXECUTE_MODEL_TIMEOUT_SECONDS VLLM_FLASHINFER_AUTOTUNE_CACHE_DIR VLLM_HOST_IP VLLM_LOGGING_COLOR "
    "VLLM_LOGGING_CONFIG_PATH VLLM_LOGGING_LEVEL VLLM_LOGGING_PREFIX VLLM_LOGGING_STREAM VLLM_LOG_STATS_INTERVAL "
    "VLLM_LOOPBACK_IP VLLM_NCCL_INCLUDE_PATH VLLM_NCCL_SO_PATH VLLM_NO_USAGE_STATS VLLM_RPC_BASE_PATH "
    "VLLM_SKIP_P2P_CHECK VLLM_USAGE_SOURCE VLLM_USAGE_STATS_SERVER VLLM_WORKER_MULTIPROC_METHOD"
)
# Keys of the stores that weights are read from. A config must not contain secrets, so this is the only way for them.
KEPT_OF_STORES = (
    "AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AZURE_CLIENT_ID AZURE_CLIENT_SECRET "
    "AZURE_STORAGE_ACCOUNT_KEY AZURE_STORAGE_ACCOUNT_NAME AZURE_TENANT_ID GOOGLE_APPLICATION_CREDENTIALS"
)
KEPT_PREFIXES = ("HF_", "HUGGING_FACE_", "LC_", "NCCL_", "XDG_")
# Not passed on, because Spark sets them for itself; in engine.env they only affect speed.
ONLY_SPEED = frozenset({"MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"})


_KEPT = frozenset([*KEPT_NAMES.split(), *KEPT_OF_ENGINES.split(), *KEPT_OF_STORES.split()])


def is_kept(name: str) -> bool:
    """Whether a server gets this variable of the caller's environment."""
    return name in _KEPT or name.startswith(KEPT_PREFIXES)


def env_changing(env: Mapping[str, str]) -> dict[str, str]:
    """The entries of `engine.env` that may change an answer, sorted: all but those known to set only where and how."""
    return {name: env[name] for name in sorted(env) if not (is_kept(name) or name in ONLY_SPEED)}


def server_environment(
    launch: Launch, cache: Path, *, is_cpu: bool, inherited: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The clean environment of a server; `engine.env` overrides everything else.

    Args:
        launch: the server; without GPUs CUDA_VISIBLE_DEVICES stays as it is; a local model sets offline mode.
        cache: where byte code goes when the folder of the installed packages is not writable.
        is_cpu: whether the server computes on the CPU.
        inherited: the caller's environment; the process's own by default.
    """
    given = os.environ if inherited is None else inherited
    env = {name: value for name, value in given.items() if is_kept(name)}
    env |= {"PYTHONUNBUFFERED": "1", "VLLM_NO_USAGE_STATS": "1"}
    if not _packages_are_writable():
        env["PYTHONPYCACHEPREFIX"] = str(cache)
    if launch.gpus:
        env["CUDA_VISIBLE_DEVICES"] = ",".join(launch.gpus)
    if local_model(launch.model) is not None:
        env |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    if is_cpu:
        env.setdefault("VLLM_CPU_OMP_THREADS_BIND", _cores_to_bind(launch.cores))
        env.setdefault("VLLM_CPU_KVCACHE_SPACE", str(_cpu_cache_gib()))
        # --enforce-eager leaves small functions to torch.compile: the first log-probability then waits 20 s for a
        # C++ compiler, which the machine may not even have.
        env.setdefault("TORCH_COMPILE_DISABLE", "1")
    return env | launch.engine.env


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
    """A quarter of the free memory, between 1 and 4 GiB: the weights, Spark and the user's own work need the rest."""
    return int(max(1, min(MOST_CPU_CACHE_GIB, psutil.virtual_memory().available // GIB // 4)))
