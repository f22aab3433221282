"""Cores and GPUs by Spark's settings: what executors have, and what a task takes that asks. Read here only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from judgelake.engine import Engine
from judgelake.errors import UserError
from judgelake.runtime import setting

if TYPE_CHECKING:
    from pyspark.resource import ResourceProfile
    from pyspark.sql import SparkSession

GPUS_A_TASK = "spark.task.resource.gpu.amount"
GPUS_AN_EXECUTOR = "spark.executor.resource.gpu.amount"
CORES_A_TASK = "spark.task.cpus"
CORES_AN_EXECUTOR = "spark.executor.cores"
MASTER = "spark.master"
DYNAMIC = "spark.dynamicAllocation.enabled"
# Spark refuses a profile of tasks with any other master (ResourceProfileManager.isSupported, Spark 3.5 to 4.2).
MASTERS_WITH_PROFILES = ("spark://", "yarn", "k8s://", "local-cluster")
# While one task reads its requests or waits for its last answers, the others keep the engine's batch full.
TASKS_A_GPU = 4


@dataclass(frozen=True, slots=True)
class Amounts:
    """Of an executor and of a task that asks.

    Attributes:
        gpus_a_task: GPUs that a task takes; 0: none.
        cores_a_task: of its executor's cores.
        gpus_an_executor: 0 where the settings name none.
        cores_an_executor: None where the settings do not say it.
        has_profile: the GPUs of a task are those of a profile of the asking stage; all other stages take none.
        is_local: the session is one process, whose tasks share all it has.
    """

    gpus_a_task: float = 0.0
    cores_a_task: int = 1
    gpus_an_executor: int = 0
    cores_an_executor: int | None = None
    has_profile: bool = False
    is_local: bool = False

    @property
    def tasks_a_gpu_set(self) -> int:
        """Tasks that are given the same GPUs at the same time; a part of a GPU is always part of one GPU."""
        return int(1 / self.gpus_a_task) if 0 < self.gpus_a_task < 1 else 1

    def tasks_at_once(self, cores: int, gpus: int) -> int:
        """Tasks that an executor of so many cores and GPUs runs at the same time; at least one."""
        by_cores = cores // self.cores_a_task
        if self.gpus_a_task == 0:
            return max(1, by_cores)
        sets = gpus if self.gpus_a_task < 1 else gpus // int(self.gpus_a_task)
        return max(1, min(by_cores, sets * self.tasks_a_gpu_set))


def amounts_of(spark: SparkSession, engine: Engine | None) -> Amounts:
    """The amounts of this session, and of its stages that ask `engine`.

    Where executors have GPUs and the session's tasks take none, the asking stage has a profile of its own, so that
    planning and counting run on all cores. With dynamic allocation it has none: Spark would start other executors for
    it, beside those that it has.

    Args:
        spark: the session.
        engine: what executors start; None or one with a URL: tasks need no GPU, and only Spark's settings count.

    Raises:
        UserError: `engine.gpus_a_task` contradicts Spark's settings, or cannot be had.
    """
    gpus_a_task = float(setting(spark, GPUS_A_TASK) or 0)
    gpus, cores = int(setting(spark, GPUS_AN_EXECUTOR) or 0), setting(spark, CORES_AN_EXECUTOR)
    own = 0.0 if engine is None or engine.url is not None else _of_a_profile(spark, engine, gpus_a_task, gpus)
    master = setting(spark, MASTER) or ""
    return Amounts(
        gpus_a_task=own or gpus_a_task,
        cores_a_task=int(setting(spark, CORES_A_TASK) or 1),
        gpus_an_executor=gpus,
        cores_an_executor=None if cores is None else int(cores),
        has_profile=own > 0,
        is_local=master.startswith("local") and not master.startswith("local-cluster"),
    )


def _of_a_profile(spark: SparkSession, engine: Engine, gpus_a_task: float, gpus: int) -> float:
    """The GPUs of a task by a profile of its stage; 0: no profile."""
    wanted = engine.gpus_a_task
    if gpus_a_task > 0:
        if wanted not in (None, gpus_a_task):
            raise UserError(
                f"engine.gpus_a_task is {wanted:g}, but {GPUS_A_TASK} is {gpus_a_task:g}, which all tasks take. Leave "
                "one of them out."
            )
        return 0.0
    if gpus == 0 or engine.scope == "executor" or not (setting(spark, MASTER) or "").startswith(MASTERS_WITH_PROFILES):
        return 0.0
    if wanted is not None and wanted > gpus:
        raise UserError(
            f"engine.gpus_a_task is {wanted:g}, but an executor has only {gpus}: lower it, or raise {GPUS_AN_EXECUTOR}."
        )
    if (setting(spark, DYNAMIC) or "").lower() != "true":
        return 1 / TASKS_A_GPU if wanted is None else wanted
    if wanted is None:
        return 0.0
    raise UserError(
        f"engine.gpus_a_task cannot be had with {DYNAMIC}: Spark would start other executors for it. Set {GPUS_A_TASK} "
        f"to {wanted:g} in its place."
    )


def profile_of(amounts: Amounts) -> ResourceProfile | None:
    """What Spark's `mapInArrow` takes as the profile of the asking stage; None if it has none of its own.

    Called in the thread of the session.
    """
    if not amounts.has_profile:
        return None
    from pyspark.resource import ResourceProfileBuilder, TaskResourceRequests

    requests = TaskResourceRequests().cpus(amounts.cores_a_task).resource("gpu", amounts.gpus_a_task)
    profile = ResourceProfileBuilder().require(requests).build
    # Over Spark Connect this registers it with the server, which only a thread with an active session can; the chunks
    # are written by threads without one.
    _ = profile.id
    return profile
