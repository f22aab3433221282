"""The trainer's processes: started apart from Spark, watched, and ended with the job."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from judgelake.errors import RunError
from judgelake.trainer import RunFolder

MODULE = "judgelake.trainer"
LOG = "trainer.log"
STOP_SECONDS = 30


def command_of(folder: RunFolder, processes: int) -> list[str]:
    """The command that trains in a folder: plain Python, or torchrun for several processes of this machine.

    It needs no job, session or MLflow: what a job has prepared may be trained wherever its files are.
    """
    several = ["torch.distributed.run", "--standalone", "--nproc-per-node", str(processes), "-m"]
    return [sys.executable, "-m", *(several if processes > 1 else []), MODULE, str(folder.path)]


def train_in_processes(
    folder: RunFolder, processes: int, say: Callable[[str], None], watch: Callable[[], None] = lambda: None
) -> None:
    """Train what the folder's record describes and wait for the end.

    Args:
        folder: of the training.
        processes: on this machine.
        say: gets the trainer's lines.
        watch: is called after each line, and once at the end.

    Raises:
        UserError, RunError: what stopped the trainer.
    """
    folder.forget_failures()
    log = folder.path / LOG
    with log.open("w", encoding="utf-8") as errors, _started(command_of(folder, processes), errors) as process:
        assert process.stdout is not None
        for line in process.stdout:
            say(line.rstrip("\n"))
            watch()
    watch()
    if process.returncode == 0:
        return
    for failure in folder.failures():
        raise failure
    if process.returncode < 0:
        name = signal.Signals(-process.returncode).name
        raise RunError(
            f"The trainer was ended by {name}, usually because the machine had no memory left: lower "
            "recipe.rows_at_once, or set recipe.gradient_checkpointing: true; then run the same command again."
        )
    with log.open(encoding="utf-8", errors="replace") as text:
        last = next((line.strip() for line in reversed(text.readlines()) if line.strip()), "it said nothing")
    raise RunError(f"The trainer failed: {last} (all of it: {log}).")


@contextmanager
def _started(command: list[str], errors: object) -> Iterator[subprocess.Popen[str]]:
    """The trainer in a session of its own, which has ended with everything in it when the context is left."""
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        start_new_session=True,
        env=_environment(),  # type: ignore[call-overload]
    )
    try:
        yield process
        process.wait()
    finally:
        if process.poll() is None:
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
            return


def _environment() -> dict[str, str]:
    """This process's environment, in which the trainer finds the same code."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
