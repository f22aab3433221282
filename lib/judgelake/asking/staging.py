"""The journal of a run, opened before anything is planned: what earlier runs left in it is appended first."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from judgelake.asking.inquiry import Target
from judgelake.asking.journal import Journal, journal_root, recover
from judgelake.lake import identity_of

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# A driver that works writes every 20 seconds, but nothing while its engine starts. What is younger is not lost either:
# a run with the same input has the same chunks, and takes their answers from the journal.
ABANDONED_AFTER_S = 900.0


def open_journal(
    spark: SparkSession, target: Target, setting: str | None, say: Callable[[str], None]
) -> Journal | None:
    """Where tasks keep their answers until their chunk is in the table; None if nowhere.

    Args:
        spark: a session with Delta.
        target: the table that takes the answers; it exists.
        setting: `asking.staging`.
        say: takes what the user should know, a sentence at a time.

    Raises:
        UserError: the place of the setting cannot be used.
        RunError: the table does not take what an earlier run has left.
    """
    table = identity_of(spark, target.table)
    root = journal_root(setting, table.location)
    if root.note is not None:
        say(root.note)
    if root.address is None:
        return None
    key = (target.key, "attempt")
    journal = Journal(root.address, table.table_id, target.fingerprint, target.schema, key, target.answer_column)
    recovered = recover(spark, journal, target.table, of_journal=target.of_this_model, least_age_s=ABANDONED_AFTER_S)
    if recovered:
        say(f"{recovered:,} answers of a run that ended early are now in {target.table}")
    return journal
