"""The split of a group of questions: that in which the table of examples has it already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def as_held(examples: DataFrame, held: DataFrame) -> DataFrame:
    """The examples, each in the split in which its group of questions is held; of new groups as they are.

    Args:
        examples: rows of the table of examples.
        held: the rows that the table has; a group that is in both splits there counts as trained on.
    """
    splits = held.groupBy("question_group").agg(F.min("split").alias("held_split"))
    split = F.coalesce("held_split", "split").alias("split")
    columns = [split if name == "split" else F.col(name) for name in examples.columns]
    return examples.join(splits, "question_group", "left").select(*columns)
