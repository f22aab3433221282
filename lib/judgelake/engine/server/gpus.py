"""Which GPUs an engine may use, and how much memory they have: from Spark, or from the machine itself."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import psutil

from judgelake.engine.config import Engine
from judgelake.errors import UserError

VISIBLE = "CUDA_VISIBLE_DEVICES"
MIB = 1024**2
# What a desktop may use; less than any model takes.
NEARLY_FREE = 0.05
LOOK_EVERY_S = 0.5
# Without a persistent driver it first loads that, for each GPU.
LONGEST_LOOK_S = 60
# The driver frees the memory of a process within a second or two of its end.
MOST_WAIT_S = 30.0
# What stays this long without any change belongs to somebody else.
UNCHANGED_S = 5.0

Origin = Literal["task", "executor", "machine"]


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU of this machine. `address` counts in the order of the PCI bus; memory in bytes, None where not reported."""

    address: str
    uuid: str
    memory: int | None
    used: int | None
    name: str = ""
    driver: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """What nvidia-smi printed, errors too, and whether it ended well."""

    text: str
    is_ok: bool


@dataclass(frozen=True, slots=True)
class Assigned:
    """The GPUs of one engine; none on a CPU.

    `origin` says whose they are: Spark gave them to the task, or to the executor, or Spark knows of none and they are
    all that this machine shows.
    """

    gpus: tuple[str, ...]
    origin: Origin


Looks = Callable[[], tuple[Gpu, ...]]


def gpus_now() -> tuple[Gpu, ...]:
    """The GPUs that nvidia-smi shows; none without it."""
    shown = nvidia_smi()
    return read_gpus(shown.text) if shown is not None and shown.is_ok else ()


def nvidia_smi() -> Shown | None:
    """What nvidia-smi prints of this machine's GPUs, a line each, see `read_gpus`; None where it is not installed."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    query = ["--query-gpu=index,uuid,memory.total,memory.used,name,driver_version", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(
            [program, *query],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=LONGEST_LOOK_S,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return Shown(str(error), is_ok=False)
    return Shown(done.stdout, is_ok=done.returncode == 0)


# They do not change while a process runs, and without a persistent driver each look takes seconds.
gpus_of_machine = cache(gpus_now)


def read_gpus(shown: str) -> tuple[Gpu, ...]:
    """The GPUs in nvidia-smi's lines of index, UUID, total and used MiB, name and driver, separated by commas."""
    gpus = []
    for line in shown.splitlines():
        words = [word.strip() for word in line.split(",")]
        if len(words) == 6 and words[0].isdigit():
            gpus.append(Gpu(words[0], words[1], _bytes_of_mib(words[2]), _bytes_of_mib(words[3]), *words[4:]))
    return tuple(gpus)


def _bytes_of_mib(word: str) -> int | None:
    return int(word) * MIB if word.isdigit() else None


def assigned_gpus(
    engine: Engine,
    of_task: Sequence[str],
    owner_pid: int,
    *,
    is_cpu_build: Callable[[], bool],
    machine: Looks = gpus_of_machine,
    inherited: Mapping[str, str] | None = None,
) -> Assigned:
    """The GPUs of the engine that a task uses, by `engine.scope`.

    Args:
        engine: its scope, and the variables it adds to the environment.
        of_task: the addresses that Spark gave to the task; empty without a GPU amount for tasks.
        owner_pid: the Java process above this task.
        is_cpu_build: whether the installed vLLM computes on the CPU; only asked where Spark gave no GPU.
        machine: shows the machine's GPUs.
        inherited: the environment in which the task runs; the process's own by default.

    Raises:
        UserError: one engine a GPU set of a task is wanted, and Spark gave the task none; or the config chooses other
            GPUs than Spark.
    """
    configured = (engine.env | engine.env_operational).get(VISIBLE)
    of_executor = () if engine.scope == "gpu" else gpus_of_executor(owner_pid)
    by_spark = of_task or of_executor
    if by_spark and configured is not None:
        raise UserError(
            f"engine.env must not contain {VISIBLE}: Spark has assigned GPU {', '.join(by_spark)}. Leave it out, or "
            "run without Spark's GPU scheduling."
        )
    if of_task and engine.scope != "executor":
        return Assigned(in_order(of_task), "task")
    if of_executor:
        return Assigned(in_order(of_executor), "executor")
    if is_cpu_build():
        return Assigned((), "machine")
    given = os.environ if inherited is None else inherited
    shown = visible(machine(), given.get(VISIBLE) if configured is None else configured)
    if shown and engine.scope == "gpu":
        raise UserError(
            "engine.scope: gpu needs Spark's GPU scheduling, and Spark gave this task no GPU. Set "
            "spark.executor.resource.gpu.amount (with dynamic allocation spark.task.resource.gpu.amount too), or leave "
            "engine.scope out for one engine on all GPUs of an executor."
        )
    return Assigned(shown, "machine")


def visible(machine: Sequence[Gpu], setting: str | None) -> tuple[str, ...]:
    """The GPUs that a process may use, as CUDA reads CUDA_VISIBLE_DEVICES: indices, or beginnings of UUIDs.

    Args:
        machine: its GPUs; without them what the setting names is believed.
        setting: the variable's value; None: all GPUs. The first name of no GPU ends the list.
    """
    if setting is None:
        return tuple(gpu.address for gpu in machine)
    found: list[str] = []
    for word in (word.strip() for word in setting.split(",")):
        known = [gpu.address for gpu in machine if word and (word == gpu.address or gpu.uuid.startswith(word))]
        is_part = word.startswith("MIG-") or (not machine and word.isdigit())
        if not known and not is_part:
            break
        found += known[:1] or [word]
    return in_order(found)


def gpus_of_executor(owner_pid: int) -> tuple[str, ...]:
    """The GPUs that Spark gave to the executor above this task; none where a Python worker cannot learn them.

    A task is told only its own. A standalone worker writes those of the executor into a file that the executor's
    command line names (--resourcesFile). On YARN and Kubernetes an executor finds its own GPUs and tells nobody.
    """
    try:
        words = psutil.Process(owner_pid).cmdline()
        place = words[words.index("--resourcesFile") + 1]
        allocations = json.loads(Path(place).read_text("utf-8"))
        return in_order(str(address) for address in _gpu_addresses(allocations))
    except (psutil.Error, ValueError, IndexError, OSError, TypeError, KeyError, AttributeError):
        return ()


def _gpu_addresses(allocations: list[dict[str, object]]) -> Iterator[object]:
    for allocation in allocations:
        name, addresses = allocation["id"], allocation["addresses"]
        if isinstance(name, dict) and name.get("resourceName") == "gpu" and isinstance(addresses, list):
            yield from addresses


def smallest_memory(gpus: Sequence[str], machine: Looks = gpus_of_machine) -> int | None:
    """The bytes of the smallest of these GPUs; None if one does not report them."""
    by_address = {gpu.address: gpu.memory for gpu in machine()}
    sizes = [by_address.get(address) for address in gpus]
    return min((size for size in sizes if size is not None), default=None) if None not in sizes else None


def wait_until_free(gpus: Sequence[str], look: Looks = gpus_now, pause: Callable[[float], None] = time.sleep) -> None:
    """Wait until the driver has freed the memory of processes that ended on these GPUs.

    Returns at once where nvidia-smi shows nothing, after `UNCHANGED_S` where what is used does not change, because it
    is somebody else's, and in any case after `MOST_WAIT_S`: then vLLM itself says how much is missing.
    """
    waited = unchanged = 0.0
    before: tuple[int, ...] | None = None
    while waited < MOST_WAIT_S and unchanged < UNCHANGED_S:
        here = [gpu for gpu in look() if gpu.address in gpus]
        used = tuple(gpu.used for gpu in here if gpu.used is not None)
        if all(gpu.used is None or gpu.memory is None or gpu.used <= gpu.memory * NEARLY_FREE for gpu in here):
            return
        unchanged = unchanged + LOOK_EVERY_S if used == before else 0.0
        before = used
        pause(LOOK_EVERY_S)
        waited += LOOK_EVERY_S


def in_order(gpus: Iterable[str]) -> tuple[str, ...]:
    """The GPUs of a set, each once, numbers by their value: Spark lists them in no order."""
    return tuple(sorted(set(gpus), key=_by_number))


def _by_number(address: str) -> tuple[int, str]:
    return (int(address) if re.fullmatch(r"\d{1,9}", address) else 10**9, address)
