"""The number format of a server on a CPU that has no bfloat16 arithmetic."""

from __future__ import annotations

from pathlib import Path

from judgelake.config import Engine
from judgelake.engine.command import is_cpu_build
from judgelake.engine.options import DTYPE, by_option_name
from judgelake.errors import UserError

# Without one of these a CPU emulates bfloat16, the format of nearly all judges. Measured on a Zen 3 with two cores:
# 0.9 prompts a second in float32, 0.2 in float16, and in bfloat16 single engine steps of a minute and more.
BFLOAT16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
SLOW_WITHOUT = {DTYPE: "float32"}


def with_dtype_for_this_cpu(engine: Engine, cpu_flags: frozenset[str] | None = None) -> Engine:
    """The same engine, with dtype float32 written into its options where this machine's CPU needs it to be usable.

    Called once, on the driver: what it adds is an option like any other, so it is seen in the run's config and in the
    judge's fingerprint, and every executor computes in the same format. Nothing is added where a URL or a dtype is
    given, where vLLM is built for GPUs or not installed here, or where the CPU has bfloat16.

    Args:
        engine: as the user set it.
        cpu_flags: what the CPU can do, by the names of Linux; None asks this machine.
    """
    if engine.url is not None or DTYPE in by_option_name(engine.options) or not _computes_on_cpu():
        return engine
    flags = _flags_of_this_cpu() if cpu_flags is None else cpu_flags
    if not flags or flags & BFLOAT16_FLAGS:
        return engine
    return engine.model_copy(update={"options": {**engine.options, **SLOW_WITHOUT}})


def _computes_on_cpu() -> bool:
    try:
        return is_cpu_build()
    except UserError:  # no vLLM on the driver: the executors' is not known
        return False


def _flags_of_this_cpu() -> frozenset[str]:
    """Empty where the machine does not tell."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return frozenset()
    told = (line.partition(":")[2] for line in lines if line.startswith(("flags", "Features")))
    return frozenset(next(told, "").split())
