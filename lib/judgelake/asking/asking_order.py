"""In which task and order the requests of a chunk are asked, so that engines are busy alike and find prefixes again.

vLLM serves in the order of arrival: neighbours with the same beginning find it in the prefix cache.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import Window
from pyspark.sql import functions as F

from judgelake.asking.by_task import in_tasks

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# Equal prompts are adjacent, those that begin alike near each other.
IN_A_QUESTION = ("prompt", "repeat")
# A question of at most this part of a task's share stays whole: the tasks then differ by as much at most.
WHOLE_UP_TO = 0.125


def in_asking_order(rows: DataFrame, tasks: int, key: str) -> DataFrame:
    """The rows in `tasks` partitions of about equal bytes: large questions first, and those of a question by prompt.

    All rows, sorted so, lie on a line that is cut into `tasks` pieces of equal bytes. Only a question that is heavy for
    a task is cut, so a line has at most `tasks` - 1 cuts, each of which costs the common beginning of one question once
    more. Equal prompts stay together, since they are asked once.

    Args:
        rows: with the columns question_key, prompt, prompt_bytes and repeat.
        tasks: 1 at least.
        key: the column that identifies a row; makes the order of equal prompts the same every time.
    """
    # A judge that shows the answer and nothing else has an empty prompt for an empty answer.
    cost = F.greatest("prompt_bytes", F.lit(1))
    if tasks == 1:
        # Nothing to balance, so no join.
        of_question = F.sum(cost).over(Window.partitionBy("question_key"))
        alone = rows.repartition(1).withColumn("bytes", of_question)
        return alone.sortWithinPartitions(F.desc("bytes"), "question_key", *IN_A_QUESTION, key).drop("bytes")
    heavy_first = Window.orderBy(F.desc("bytes"), "question_key").rowsBetween(Window.unboundedPreceding, -1)
    questions = rows.groupBy("question_key").agg(F.sum(cost).alias("bytes"))
    line = questions.withColumns(
        {
            "begin": F.coalesce(F.sum("bytes").over(heavy_first), F.lit(0)),
            "share": F.sum("bytes").over(Window.partitionBy(F.lit(0))) / F.lit(tasks),
        }
    )
    # Equal prompts are peers: all get the end of the last of them.
    end = F.sum(cost).over(Window.partitionBy("question_key").orderBy("prompt", "repeat"))
    middle = F.when(F.col("bytes") <= WHOLE_UP_TO * F.col("share"), F.col("bytes") / 2).otherwise(end - 1)
    task = F.least(F.floor((F.col("begin") + middle) / F.col("share")).cast("int"), F.lit(tasks - 1))
    # Never by broadcast: the driver would hold the questions of each chunk until all of it is asked, 80 MiB of 223,500,
    # and many chunks are asked at a time. The window above needs the rows by question in any case.
    placed = rows.join(line.hint("shuffle_hash"), "question_key").withColumn("task", task)
    ordered = in_tasks(placed, tasks, "task").sortWithinPartitions("begin", *IN_A_QUESTION, key)
    return ordered.drop("bytes", "begin", "share", "task")
