"""The name of an engine: its owner, its GPUs, and what its server sees."""

from __future__ import annotations

from typing import Any

from judgelake.config import fingerprint
from judgelake.engine.server.command import Launch
from judgelake.engine.server.options import answer_changing, by_option_name
from judgelake.engine.server.processes import ProcessId, pid_space

KEY_CHARACTERS = 16


def engine_key(launch: Launch, owner: ProcessId) -> str:
    """The name of an engine's files; equal keys share a server.

    What only its callers see does not count: times, retries, rates, fields of a request. So the supervisor of a running
    server keeps the idle_stop_s and stall_stop_s of the job that started it.
    """
    content: dict[str, Any] = {
        "owner": [owner.pid, owner.started, pid_space()],
        "gpus": sorted(set(launch.gpus)),
        "model": launch.model,
        "revision": launch.revision,
        "context_length": launch.context_length,
        # A folder whose files have changed since the running server was started.
        "identity": launch.identity,
        # Not which adapter: one server holds several. Without any, a server computes with other kernels.
        "max_lora_rank": None if launch.adapter is None else launch.adapter.max_rank,
        "options": {name: value for name, value in by_option_name(launch.engine.options).items() if value is not None},
        # A file named by an option may have changed since the running server was started.
        "answer_changing": answer_changing(launch.engine.options),
        "env": launch.engine.env | launch.engine.env_operational,
        "cores": None if launch.gpus else launch.cores,
    }
    return fingerprint(content)[:KEY_CHARACTERS]
