"""What the driver holds and what is written while a run lasts: estimates, each from a size that stands here."""

from __future__ import annotations

from dataclasses import dataclass

# Spark and Delta with one session, and the driver's Python with its libraries; assumed.
BASE_BYTES = 600 * 2**20
# A row of sums collected by the driver as a dictionary, and the `Chunk` made of it: 680 bytes, measured with
# tracemalloc; and the JVM's row.
CHUNK_BYTES = 900
# An entry of the dictionary of heavy questions: 96 bytes; pickled for the plan's stages: 13 (measured likewise).
HEAVY_BYTES = 96 + 2 * 13
# A task of a running stage (TaskInfo, TaskSetManager's arrays, metrics); a finished one stays in the UI's store, which
# keeps spark.ui.retainedTasks. Both sizes are assumed.
TASK_BYTES = 3_000
KEPT_TASKS = 100_000
KEPT_TASK_BYTES = 1_200
# A file of the table in Delta's snapshot with its statistics, of which the driver holds the log's JSON while it reads.
FILE_LOG_BYTES = 900
COMMIT_LOG_BYTES = 1_500
# SetTransactions of all commits are in the driver's memory for as long as they are retained.
TRANSACTION_BYTES = 200
THREAD_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Driver:
    """What one run needs of its driver, and what it leaves in the table."""

    bytes: float
    threads: int
    plan_files: int
    judgment_files: int
    log_bytes: float


def driver_of(chunks: int, tasks: int, in_flight: int, heavy: int, tasks_in_flight: int) -> Driver:
    """Estimate for a run.

    Args:
        chunks: of the plan.
        tasks: over all of them; each writes a file.
        in_flight: chunks at the same time.
        heavy: questions that are cut.
        tasks_in_flight: of the chunks in flight.
    """
    pieces = heavy * HEAVY_BYTES
    kept = min(tasks, KEPT_TASKS) * KEPT_TASK_BYTES
    held = BASE_BYTES + chunks * (CHUNK_BYTES + TRANSACTION_BYTES) + pieces + tasks_in_flight * TASK_BYTES + kept
    # One thread of Python and one of Py4J for each chunk in flight.
    threads = 2 * in_flight
    return Driver(
        bytes=held + threads * THREAD_BYTES,
        threads=threads,
        plan_files=chunks,
        judgment_files=tasks,
        log_bytes=chunks * COMMIT_LOG_BYTES + tasks * FILE_LOG_BYTES,
    )
