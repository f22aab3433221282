"""In which task and order the rows of a chunk are asked, so that engines are busy alike and find prefixes again.

vLLM serves in the order of arrival: neighbours with the same beginning find it in the prefix cache.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import Window
from pyspark.sql import functions as F

from judgelake.asking.by_task import in_tasks
from judgelake.asking.line import Line, bytes_of_row
from judgelake.asking.rendering import PART

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# A question of at most this part of a task's share stays whole: the tasks then differ by as much at most.
WHOLE_UP_TO = 0.125


def in_asking_order(rows: DataFrame, tasks: int, line: Line) -> DataFrame:
    """The rows in `tasks` partitions of about equal bytes: large questions first, and in `PART` what of one they are.

    The line on which all rows of the chunk lie is cut into `tasks` pieces of equal bytes. Rows of a question stay
    together, and the task sorts their requests by prompt, once they are made: `PART` is then empty. Only a question
    that is heavy for a task is cut, so a line has at most `tasks` - 1 cuts, each of which costs the common beginning of
    one question once more. It is cut by its requests, each in a row of its own, in the order of their sort keys, which
    are `PART`. Equal prompts stay together, since they are asked once.

    Args:
        rows: of a plan, all of the chunk or what is left of it.
        tasks: 1 at least.
        line: of the whole chunk.
    """
    share = max(1.0, line.bytes / tasks)
    if line.heaviest <= WHOLE_UP_TO * share:
        middle = F.col("line_end") - F.col("question_bytes") / 2
        parts = rows.withColumn(PART, F.lit(""))
    else:
        is_heavy = F.col("question_bytes") > WHOLE_UP_TO * share
        alone = F.transform("requests", lambda one: F.array(one))
        parts = rows.withColumn("requests", F.explode(F.when(is_heavy, alone).otherwise(F.array("requests"))))
        parts = parts.withColumn(PART, F.when(is_heavy, F.get("requests", F.lit(0))["sort_key"]).otherwise(""))
        # Equal parts are peers: all get the end of the last of them.
        end = F.sum(bytes_of_row()).over(Window.partitionBy("question_key").orderBy(PART))
        middle = (
            F.col("line_end")
            - F.col("question_bytes")
            + F.when(is_heavy, end - 1).otherwise(F.col("question_bytes") / 2)
        )
    if tasks == 1:
        placed = parts.repartition(1)
    else:
        task = F.least(F.floor(middle / share).cast("int"), F.lit(tasks - 1))
        placed = in_tasks(parts.withColumn("task", task), tasks, "task").drop("task")
    # A row that is twice in its table has the same requests twice.
    first = F.get("requests", F.lit(0))["request_id"]
    return placed.sortWithinPartitions("line_end", "question_key", PART, "row_hash", first)
