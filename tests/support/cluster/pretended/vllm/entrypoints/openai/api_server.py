"""The test server behind vLLM's command line: one at a time on a GPU, few requests at a time, all written down.

A file `pretended.json` beside this package holds its `Settings`; the test server itself lies in the folder `server`
of this package. Each engine appends what happens to a file of its own in the folder `journal`, as JSON lines:

    {"what": "start", "pid": 7, "devices": ["0"], "at": 1.5, "model": "/models/judge", "options": [...]}
    {"what": "refused", ...}          another engine has one of its GPUs
    {"what": "begin" | "finish", "at": 2.5, "request": 3, "in_flight": 4}
    {"what": "killed", "at": 3.5}     by a prompt
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "server"))
from aiohttp import web
from rules import Rules
from serve import Server

SITE = Path(__file__).resolve().parents[3]
# vLLM's own words, as judgelake meets them where a GPU is taken.
TAKEN = (
    "ValueError: Free memory on device cuda:0 (0.42/79.11 GiB) on startup is less than desired GPU memory utilization "
    "(0.9, 71.2 GiB). Decrease GPU memory utilization or reduce GPU memory used by other processes."
)
BROKEN = "RuntimeError: CUDA error: uncorrectable ECC error encountered"


@dataclass(frozen=True)
class Settings:
    """How the engines behave that start from now on."""

    journal: str
    locks: str
    seconds: float = 0.1
    """What a request takes once it has a sequence."""
    sequences: int = 8
    """Requests that are computed at the same time; further ones wait."""
    start_seconds: float = 0.2
    broken: tuple[str, ...] = ()
    """Addresses of GPUs on which no engine starts."""
    deadly: str | None = None
    """A text that kills the engine when it stands in a prompt."""


class Journal:
    """What one engine has done; every line is on the disk when the call returns, for the engine may be killed."""

    def __init__(self, folder: str) -> None:
        self._file = os.open(Path(folder) / f"{os.getpid()}.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(self, what: str, **more: Any) -> None:
        """Add one line."""
        os.write(self._file, json.dumps({"what": what, "at": time.time(), **more}).encode() + b"\n")


class Engine(Server):
    """The test server, of which every request takes a sequence for some time."""

    def __init__(self, settings: Settings, journal: Journal, model: str) -> None:
        super().__init__(Rules.parse("instant"), model)
        self.settings, self.journal = settings, journal
        self.sequences = asyncio.Semaphore(settings.sequences)
        self.begun = self.computing = 0

    async def complete(self, request: web.BaseRequest, body: dict[str, Any], is_chat: bool) -> web.StreamResponse:
        async with self.sequences:
            self.begun += 1
            self.computing += 1
            number = self.begun
            self.journal.write("begin", request=number, in_flight=self.computing)
            if self.settings.deadly and self.settings.deadly in json.dumps(body):
                self.journal.write("killed")
                os._exit(1)
            await asyncio.sleep(self.settings.seconds)
            self.computing -= 1
            self.journal.write("finish", request=number, in_flight=self.computing)
        return await super().complete(request, body, is_chat)


def devices_used(arguments: argparse.Namespace) -> list[str]:
    """The addresses of the GPUs that vLLM would compute on: the first of the visible ones, as many as it is told."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")
    return visible[: arguments.tensor_parallel_size * arguments.data_parallel_size]


def locked(folder: str, devices: Sequence[str]) -> list[TextIO] | None:
    """The open lock files of all devices, held until this process ends; None if one of them is taken."""
    files = [(Path(folder) / f"gpu-{device}").open("w") for device in devices]
    try:
        for file in files:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return None
    return files


async def serve(engine: Engine, socket: str) -> None:
    """Answer until the process is ended."""
    await asyncio.sleep(engine.settings.start_seconds)
    runner = web.ServerRunner(web.Server(engine.handle, access_log=None))
    await runner.setup()
    await web.UnixSite(runner, socket).start()
    await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--uds", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--served-model-name", default="")
    parser.add_argument("--tensor-parallel-size", type=int, default=1)
    parser.add_argument("--data-parallel-size", type=int, default=1)
    arguments, options = parser.parse_known_args()
    settings = Settings(**json.loads((SITE / "pretended.json").read_text("utf-8")))
    journal, devices = Journal(settings.journal), devices_used(arguments)
    about = {"pid": os.getpid(), "devices": devices, "model": arguments.model, "options": options}
    locks = locked(settings.locks, devices)
    is_broken = bool(set(devices) & set(settings.broken))
    if locks is None or is_broken:
        journal.write("broken" if is_broken else "refused", **about)
        sys.exit(BROKEN if is_broken else TAKEN)
    journal.write("start", **about)
    asyncio.run(serve(Engine(settings, journal, arguments.served_model_name or arguments.model), arguments.uds))


if __name__ == "__main__":
    main()
