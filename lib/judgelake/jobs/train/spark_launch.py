"""The trainer's processes as tasks of Spark: a barrier stage of executors, or the driver's own GPUs."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from judgelake.errors import RunError, UserError, first_line
from judgelake.trainer import RunFolder

SECONDS_BETWEEN_LOOKS = 5.0
OF_TASKS, OF_THE_DRIVER = "spark.task.resource.gpu.amount", "spark.driver.resource.gpu.amount"
# The number of Spark's own sentence, which says the same in more words.
TOO_FEW_SLOTS = ("SPARK-24819", "requires more slots")


def train_on_spark(folder: RunFolder, processes: int, watch: Callable[[], None], *, on_driver: bool) -> None:
    """Train what the folder's record describes in the active session, and wait for the end.

    pyspark prints the trainer's lines on the driver (of tasks as errors); all else that process N writes is in
    `trainer-N.log` in the folder.
    Every process reads the rows from the folder and needs no session.

    Args:
        folder: of the training, at the same path on all machines.
        processes: one for each GPU, or on CPUs one for each task.
        watch: is called every few seconds, from another thread, and once at the end.
        on_driver: start all processes on the driver; else one task of a barrier stage for each process, or, where a
            task has several GPUs, for as many processes.

    Raises:
        UserError, RunError: what stopped the trainer.
    """
    # Only here: pyspark's machine learning takes a second to import.
    from pyspark.ml.torch.distributor import TorchDistributor

    folder.forget_failures()
    has_gpus = _has_gpus(on_driver=on_driver)
    try:
        distributor = TorchDistributor(processes, local_mode=on_driver, use_gpu=has_gpus)
        with _watched(watch):
            code = distributor.run(_of_a_task(), str(folder.path), [path for path in sys.path if path])
    except Exception as error:  # pyspark raises many kinds, and what a task raised
        for failure in folder.failures():
            raise failure from error
        raise _failed(folder, processes, error) from error
    finally:
        watch()
    if code != 0:
        raise next(folder.failures(), RunError(f"The trainer ended with exit code {code}."))


def _of_a_task() -> Callable[[str, Sequence[str]], int]:
    """What a process runs; a function within another travels with its code, so it can look for the library first."""

    def run(folder: str, paths: Sequence[str]) -> int:
        import glob
        import os
        import sys
        from pathlib import Path

        # A process that a task starts does not see what spark-submit has shipped, which lies in the executor's folder.
        # It comes before what is installed, as in the task; the driver's own paths are the last resort.
        sys.path[1:1] = map(os.path.abspath, glob.glob("*.zip"))
        sys.path += filter(os.path.exists, paths)
        log = Path(folder) / f"trainer-{os.environ['RANK']}.log"
        os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), 2)
        from judgelake.errors import UserError
        from judgelake.trainer import RunFolder, run_process

        code = run_process(RunFolder(Path(folder)))
        # Spark tries a failed stage again, and the trainer goes on from its checkpoint; another try does not help where
        # the user has to change something.
        if code not in (0, UserError.exit_code):
            sys.exit(code)
        return code

    return run


def _has_gpus(*, on_driver: bool) -> bool:
    from pyspark.sql import SparkSession

    key = OF_THE_DRIVER if on_driver else OF_TASKS
    amount = SparkSession.active().conf.get(key, "0") or "0"
    if not float(amount).is_integer():
        raise UserError(f"{key} is {amount}, and a process of a training needs whole GPUs: set it to 1.")
    return float(amount) > 0


def _failed(folder: RunFolder, processes: int, error: Exception) -> UserError | RunError:
    text = str(error)
    if any(words in text for words in TOO_FEW_SLOTS):
        return UserError(
            f"The cluster cannot run the {processes} processes of the training at the same time: lower processes, or "
            "give it more cores or GPUs."
        )
    logs = folder.path / "trainer-*.log"
    return RunError(
        f"The training stopped: {first_line(error)} (what its processes wrote: {logs}). The checkpoints so far are "
        "kept; run the same command again to continue."
    )


@contextmanager
def _watched(watch: Callable[[], None]) -> Iterator[None]:
    """Context in which another thread looks at the training."""
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(SECONDS_BETWEEN_LOOKS):
            watch()

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        yield
    finally:
        ended.set()
        looking.join()
