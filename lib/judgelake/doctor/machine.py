"""Checks of the machine: Python, Java, memory, disk, GPU."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import psutil

from judgelake.doctor.finding import Finding, ok, problem, warning
from judgelake.engine import nvidia_smi, read_gpus
from judgelake.errors import UserError
from judgelake.runtime import check_java as java_version

GIB = 1024**3
# Measured on the quickstart: vLLM with a 135M model uses 3 GiB, the Spark driver 2, its Python workers and MLflow 1.
COMFORTABLE_MEMORY_GIB = 6
LEAST_MEMORY_GIB = 3
COMFORTABLE_DISK_GIB = 5
LEAST_DISK_GIB = 1
# Torch 2.13 comes with CUDA 13, which needs this driver branch.
DRIVER_MINIMUM = 580
# vLLM's processes pass tensors through it; a container's default of 64 MiB causes a bus error.
SHARED_MEMORY_MIB = 512


def check_python() -> Finding:
    """Check this Python's version."""
    found = f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro} ({sys.executable})"
    if (3, 11) <= sys.version_info[:2] < (3, 13):
        return ok("Python", found)
    return problem("Python", found, "Use Python 3.11 or 3.12.")


def check_java() -> Finding:
    """Check the Java that Spark will start."""
    try:
        return ok("Java", java_version())
    except UserError as error:
        found, _, remedy = str(error).partition(". ")
        return problem("Java", found, remedy)


def check_memory() -> Finding:
    """Check the memory available to Spark and vLLM."""
    free = psutil.virtual_memory().available / GIB
    found = f"{free:.1f} GiB free of {psutil.virtual_memory().total / GIB:.1f}"
    if free < LEAST_MEMORY_GIB:
        return problem("memory", found, f"Close other programs: Spark and vLLM need {LEAST_MEMORY_GIB} GiB at least.")
    if free < COMFORTABLE_MEMORY_GIB:
        return warning(
            "memory",
            found,
            f"{COMFORTABLE_MEMORY_GIB} GiB are recommended for the quickstart; larger models need more.",
        )
    return ok("memory", found)


def check_shared_memory(folder: Path = Path("/dev/shm")) -> Finding:
    """Check the size of the shared memory of vLLM's processes."""
    if not folder.is_dir():
        return warning("shared memory", f"no {folder}", "vLLM on more than one GPU may not start without it.")
    size = shutil.disk_usage(folder).total / 1024**2
    found = f"{size:,.0f} MiB in {folder}"
    if size >= SHARED_MEMORY_MIB:
        return ok("shared memory", found)
    return warning("shared memory", found, "Start the container with more, for example --shm-size=2g.")


def check_disk(folder: str | Path) -> Finding:
    """Check the disk space for tables, models and MLflow's store."""
    existing = Path(folder).resolve()
    while not existing.is_dir():
        existing = existing.parent
    free = shutil.disk_usage(existing).free / GIB
    found = f"{free:.1f} GiB free at {existing}"
    if free < LEAST_DISK_GIB:
        return problem("disk", found, "Free disk space, or set tables.warehouse to a folder on another disk.")
    if free < COMFORTABLE_DISK_GIB:
        return warning("disk", found, f"Tables and models soon need more than {COMFORTABLE_DISK_GIB} GiB.")
    return ok("disk", found)


def check_gpu(needs_gpu: bool) -> Finding:
    """Check NVIDIA GPUs and their driver; `needs_gpu` is true if the installed vLLM is the GPU build."""
    shown = nvidia_smi()
    if shown is None:
        if needs_gpu:
            remedy = "Install NVIDIA's driver, start the container with GPUs, or install the CPU build: judgelake[cpu]."
            return problem("GPU", "no nvidia-smi, but the installed vLLM is the GPU build", remedy)
        return ok("GPU", "none; the model runs on the CPU")
    gpus = read_gpus(shown.text)
    if not gpus:
        state = "nvidia-smi cannot reach a GPU: " + " ".join((shown.text or "no output").split())[:120]
        remedy = "Reboot after a driver update; in a container, pass the GPUs through."
        return problem("GPU", state, remedy) if needs_gpu else warning("GPU", state, remedy)
    first = gpus[0]
    memory = "" if first.memory is None else f"{first.memory / GIB:.1f} GiB, "
    found = f"{len(gpus)} x {first.name}, {memory}driver {first.driver}"
    if not needs_gpu:
        return warning("GPU", f"{found}, but the installed vLLM is not the GPU build", "Install judgelake[gpu].")
    if int(first.driver.split(".")[0]) < DRIVER_MINIMUM:
        return problem(
            "GPU", found, f"Update the driver to {DRIVER_MINIMUM} or newer: the installed torch needs CUDA 13."
        )
    return ok("GPU", found)
