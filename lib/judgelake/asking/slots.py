"""Where tasks can run at the same time: found by a small stage, since only running tasks know their host and GPUs."""

from __future__ import annotations

import json
import socket
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyspark.sql import functions as F

from judgelake.asking.amounts import Amounts, profile_of
from judgelake.asking.executor import gpu_addresses
from judgelake.engine import Engine, assigned_gpus, is_cpu_build, owner_of_this_worker
from judgelake.errors import UserError
from judgelake.runtime import setting

if TYPE_CHECKING:
    from pyspark.resource import ResourceProfile
    from pyspark.sql import SparkSession

# With any of them, a range is split into that many parts, however many cores there are.
FIXED_PARALLELISM = ("spark.default.parallelism", "spark.sql.leafNodeDefaultParallelism")
# Long enough that the tasks of one wave overlap although their Python workers do not start at the same moment.
HOLD_S = 1.0
SEEN_DDL = "host string, executor bigint, gpus string, began double, ended double, facts string"
SEEN = pa.schema(
    [
        ("host", pa.string()),
        ("executor", pa.int64()),
        ("gpus", pa.string()),
        ("began", pa.float64()),
        ("ended", pa.float64()),
        ("facts", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where engines of one kind would run: a host's executor (its process id), and the GPUs of one engine there.

    `facts` are what was looked up there, by name.
    """

    host: str
    executor: int
    gpus: tuple[str, ...]
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Slots:
    """How many tasks run at the same time, and the distinct places of their engines."""

    at_once: int
    places: tuple[Place, ...]


def slots_of(spark: SparkSession, amounts: Amounts) -> int:
    """Asking tasks that the cluster runs at the same time.

    Without GPUs as many as Spark splits a range of numbers into, one a core. If they take GPUs, Spark still counts
    cores there, so a stage finds out.
    """
    return find_slots(spark, profile=profile_of(amounts)).at_once if amounts.gpus_a_task > 0 else _cores(spark)


def counted_again(spark: SparkSession, amounts: Amounts) -> Callable[[], int] | None:
    """Counts the asking tasks that run at the same time once more, by the cores that Spark has by then.

    Executors come and go, and the stage of `find_slots` would see only the slots that others leave free.

    Returns:
        None if they stay as they are, in a session of one process, if Spark does not tell its cores, or if tasks take
        GPUs and the settings do not say how many an executor runs.
    """
    if amounts.is_local or any(setting(spark, name) is not None for name in FIXED_PARALLELISM):
        return None
    if amounts.gpus_a_task == 0:
        return partial(_cores, spark)
    cores, gpus = amounts.cores_an_executor, amounts.gpus_an_executor
    if cores is None or gpus == 0:
        return None
    of_an_executor = amounts.tasks_at_once(cores, gpus)
    return lambda: max(1, _cores(spark) // cores * of_an_executor)


def find_slots(
    spark: SparkSession,
    look: Callable[[], dict[str, Any]] = dict,
    engine: Engine | None = None,
    hold_s: float = HOLD_S,
    profile: ResourceProfile | None = None,
) -> Slots:
    """Run as many tasks as the cluster has cores, each for a moment, and see where they run and how many at once.

    Args:
        spark: the session.
        look: called in each task; returns facts about the place that JSON can hold.
        engine: whose GPUs are wanted, by its scope; None: those that Spark gives to a task.
        hold_s: seconds for which a task keeps its slot.
        profile: of the asking stage, if it has its own.
    """
    tasks = _cores(spark)
    numbers = spark.range(0, tasks, 1, tasks)
    seen = numbers.mapInArrow(_Look(look, engine, hold_s), SEEN_DDL, profile=profile).collect()
    intervals = defaultdict(list)
    for row in seen:
        intervals[row["host"]].append((row["began"], row["ended"]))
    places = {
        (row["host"], row["executor"], row["gpus"]): Place(
            row["host"], row["executor"], tuple(json.loads(row["gpus"])), json.loads(row["facts"])
        )
        for row in seen
    }
    at_once = sum(most_at_once(times) for times in intervals.values())
    return Slots(at_once, tuple(places[key] for key in sorted(places)))


def most_at_once(intervals: Iterable[tuple[float, float]]) -> int:
    """The largest number of intervals (begin, end) that overlap at one time; touching ones do not."""
    changes = sorted(change for begin, end in intervals for change in ((begin, 1), (end, -1)))
    most = now = 0
    for _, change in changes:
        now += change
        most = max(most, now)
    return most


def _cores(spark: SparkSession) -> int:
    last: Any = spark.range(1_000_000).select(F.spark_partition_id().alias("slot")).agg(F.max("slot")).first()
    return int(last[0]) + 1


@dataclass(frozen=True, slots=True)
class _Look:
    look: Callable[[], dict[str, Any]]
    engine: Engine | None
    hold_s: float

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        began = time.time()
        for _ in batches:
            pass
        facts = self.look()
        time.sleep(self.hold_s)
        owner = owner_of_this_worker()
        row = {
            "host": socket.gethostname(),
            "executor": owner,
            "gpus": json.dumps(engine_gpus(self.engine, owner)),
            "began": began,
            "ended": time.time(),
            "facts": json.dumps(facts),
        }
        yield pa.RecordBatch.from_pylist([row], SEEN)


def engine_gpus(engine: Engine | None, owner: int) -> tuple[str, ...]:
    """The GPUs that an engine of this task would have; where there could be none, those that Spark gave to the task."""
    of_task = gpu_addresses()
    if engine is None:
        return tuple(sorted(of_task))
    try:
        return assigned_gpus(engine, of_task, owner, is_cpu_build=is_cpu_build).gpus
    except UserError:  # no vLLM here, or a scope that does not fit: other findings, or the start, say so
        return tuple(sorted(of_task))
