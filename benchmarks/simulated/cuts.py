"""Into which tasks the requests of a chunk are cut: by the planner's own `in_asking_order`, on a local Spark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import functions as F

from judgelake.asking.asking_order import in_asking_order
from judgelake.asking.line import Line, on_a_line
from simulated.workload import Ints

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Floats = NDArray[np.float64]
# Half of the prompts of JudgeLM's questions are within a factor of 1.5 of the middle one.
SPREAD_OF_BYTES = 0.6


@dataclass(frozen=True, slots=True)
class Cut:
    """The parts of a chunk that its tasks have, each list adding up to 1, except `questions`: how many are in each."""

    requests: Floats
    bytes: Floats
    questions: Floats


def even_cut(questions: Ints, tasks: int) -> Cut:
    """As if a chunk were cut into tasks of exactly equal bytes: for those of one task, and where no Spark is wanted."""
    equal = np.full(tasks, 1 / tasks)
    # Each cut is in a question, which is then in two tasks.
    return Cut(equal, equal, np.full(tasks, (len(questions) + tasks - 1) / tasks))


def spark_cut(spark: SparkSession, questions: Ints, tasks: int, prompt_bytes: float, seed: int) -> Cut:
    """The cut of one chunk.

    Args:
        spark: a session, local is enough.
        questions: requests of each question of the chunk.
        tasks: into which it is cut.
        prompt_bytes: mean length of a prompt; lengths are drawn, and the prompts themselves are short stand-ins.
        seed: of what is drawn.
    """
    if tasks == 1:
        return even_cut(questions, 1)
    rng = np.random.default_rng(seed)
    count = int(questions.sum())
    # The mean of a lognormal number is e ** (spread ** 2 / 2) times the middle one.
    middle = np.log(prompt_bytes) - SPREAD_OF_BYTES**2 / 2
    prompt_bytes_of_all = rng.lognormal(middle, SPREAD_OF_BYTES, size=count).astype(np.int64) + 1
    of_question = np.add.reduceat(prompt_bytes_of_all, np.concatenate([[0], np.cumsum(questions)[:-1]]))
    line = Line(int(of_question.sum()), int(of_question.max()))
    table = pa.table(
        {
            "question_key": np.repeat(rng.integers(0, 2**62, size=len(questions)), questions),
            "row_hash": np.arange(count),
            "prompt_bytes": prompt_bytes_of_all,
            "sort_key": rng.integers(0, 2**62, size=count).astype(str),
        }
    )
    request = F.struct(F.col("row_hash").cast("string").alias("request_id"), "prompt_bytes", "sort_key")
    rows = spark.createDataFrame(table).select(
        F.lit(0).alias("chunk"), "question_key", "row_hash", F.array(request).alias("requests")
    )
    by_task = (
        in_asking_order(on_a_line(rows), tasks, line)
        .select(F.spark_partition_id().alias("task"), "question_key", F.inline("requests"))
        .groupBy("task")
        .agg(F.count("*").alias("n"), F.sum("prompt_bytes").alias("b"), F.countDistinct("question_key").alias("q"))
        .collect()
    )
    found = np.zeros((3, tasks))
    for row in by_task:
        found[:, row["task"]] = row["n"], row["b"], row["q"]
    return Cut(found[0] / found[0].sum(), found[1] / found[1].sum(), found[2])
