"""The environment of a server started by judgelake: only names that say where and how it computes, never what."""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Mapping, Set
from pathlib import Path

import psutil

from judgelake.cores import allowed_cores
from judgelake.engine.model.folder import local_model
from judgelake.engine.server.adapters import RUN_TIME_LOADING
from judgelake.engine.server.command import Launch
from judgelake.engine.server.gpus import VISIBLE
from judgelake.engine.server.variables import is_kept
from judgelake.writability import is_writable

GIB = 1024**3
MOST_CPU_CACHE_GIB = 4
BOUND_CORES = "VLLM_CPU_OMP_THREADS_BIND"
# What Spark puts on the path of its Python workers (PythonUtils.sparkPythonPath, and YARN's client): a server needs
# none of it.
OF_SPARK = re.compile(r"(?:pyspark\.zip|py4j-[^/]*\.zip|spark-core_[^/]*\.jar)")


def server_environment(
    launch: Launch,
    cache: Path,
    *,
    is_cpu: bool,
    taken: Set[int] = frozenset(),
    inherited: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The clean environment of a server; `engine.env` and `engine.env_operational` override most of it.

    Not what we depend on: its GPUs, and that adapters can be loaded.

    Args:
        launch: the server; without GPUs CUDA_VISIBLE_DEVICES stays as it is; a local model sets offline mode.
        cache: where byte code goes when the folder of the installed packages is not writable.
        is_cpu: whether the server computes on the CPU.
        taken: cores that other engines of this host compute on.
        inherited: the caller's environment; the process's own by default.
    """
    given = os.environ if inherited is None else inherited
    env = {name: value for name, value in given.items() if is_kept(name)}
    env |= {"PYTHONUNBUFFERED": "1", "VLLM_NO_USAGE_STATS": "1"}
    if not _packages_are_writable():
        env["PYTHONPYCACHEPREFIX"] = str(cache)
    if path := python_path(given):
        env["PYTHONPATH"] = path
    if local_model(launch.model) is not None:
        env |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    if is_cpu:
        env.setdefault(BOUND_CORES, _cores_to_bind(launch.cores, taken))
        env.setdefault("VLLM_CPU_KVCACHE_SPACE", str(_cpu_cache_gib()))
        # --enforce-eager leaves small functions to torch.compile: the first log-probability then waits 20 s for a
        # C++ compiler, which the machine may not even have.
        env.setdefault("TORCH_COMPILE_DISABLE", "1")
    env |= launch.engine.env | launch.engine.env_operational
    if launch.adapter is not None:
        env |= RUN_TIME_LOADING
    if launch.gpus:
        # Addresses are in the order of nvidia-smi; CUDA's own order is by speed, so that on a host of different GPUs
        # two engines could get the same one.
        env |= {VISIBLE: ",".join(launch.gpus), "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    return env


def python_path(given: Mapping[str, str]) -> str:
    """PYTHONPATH without Spark's own entries, in absolute paths, since a server runs in another folder.

    vLLM itself may be there: cluster libraries, archives and zips come so.
    """
    home = os.path.join(given.get("SPARK_HOME", os.sep), "python")
    entries = [os.path.abspath(entry) for entry in given.get("PYTHONPATH", "").split(os.pathsep) if entry]
    kept = (path for path in entries if path != home and not OF_SPARK.fullmatch(os.path.basename(path)))
    return os.pathsep.join(dict.fromkeys(kept))


def _packages_are_writable() -> bool:
    spec = importlib.util.find_spec("vllm")
    return spec is None or spec.origin is None or is_writable(Path(spec.origin).parent)


def _cores_to_bind(cores: int, taken: Set[int]) -> str:
    """Some of the cores this process may use, as "0-3" or "0,2,5": free ones, if there are enough of them."""
    allowed = allowed_cores()
    free = [core for core in allowed if core not in taken]
    used = (free if len(free) >= cores else allowed)[: max(1, cores)]
    if used == list(range(used[0], used[0] + len(used))):
        return f"{used[0]}-{used[-1]}"
    return ",".join(map(str, used))


def bound_cores(setting: str) -> frozenset[int]:
    """The cores that a value of VLLM_CPU_OMP_THREADS_BIND names: "0-3", "0,2,5", "0-1|2-3"; none for "auto"."""
    found = re.findall(r"(?:^|[,|])\s*(\d+)(?:-(\d+))?\s*(?=$|[,|])", setting)
    return frozenset(core for first, last in found for core in range(int(first), int(last or first) + 1))


def _cpu_cache_gib() -> int:
    """A quarter of the free memory, between 1 and 4 GiB: the weights, Spark and the user's own work need the rest."""
    return int(max(1, min(MOST_CPU_CACHE_GIB, psutil.virtual_memory().available // GIB // 4)))
