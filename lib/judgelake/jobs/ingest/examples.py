"""What judges learn from ingested rows: some questions are held out, and an example is in the table once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from judgelake.sources import Item, Loaded
from judgelake.training import split_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from judgelake.lake import Newest

SEED = 0
"""Of the hash that holds questions out: the same ones in every ingest, so that a later file moves none."""


def held_out(items: Iterable[Item], validation_share: float) -> Iterator[Item]:
    """The items, with the examples of a share of the questions for validation."""
    for item in items:
        if not isinstance(item, Loaded) or not item.examples:
            yield item
            continue
        examples = (replace(one, split=split_of(one.group, validation_share, SEED)) for one in item.examples)
        yield replace(item, examples=tuple(examples))


def settled_examples(taken: DataFrame, held: Newest) -> tuple[DataFrame, int, int]:
    """The examples of the accepted rows that the table does not have, how many there are, and how many it has.

    A group of questions of which the table has examples keeps its split, whatever share is held out now.

    Args:
        taken: staged rows without the rejected ones.
        held: the table of examples as it is.
    """
    from pyspark.sql import functions as F

    from judgelake.lake import as_held

    given = taken.select(F.explode("examples").alias("example")).select("example.*")
    total = given.count()
    fresh = given.dropDuplicates(["example_id"])
    if not held.is_empty:
        fresh = as_held(fresh.join(held.df.select("example_id"), "example_id", "left_anti"), held.df)
    new = fresh.count()
    return fresh, new, total - new
