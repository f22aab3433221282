"""The journal of an output table: opened before a run is planned, and cleared of what no run takes any more."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from judgelake.asking.inquiry import Target
from judgelake.asking.journal import Journal, drop_abandoned, journal_address, journal_root, recover
from judgelake.errors import UserError, in_one_line
from judgelake.lake import identity_of
from judgelake.stores import store_errors

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


def drop_old_answers(spark: SparkSession, table: str, setting: str | None, older_than_s: float) -> int:
    """Delete answers for a table that no run has appended, although they are that old; returns of how many chunks.

    Args:
        spark: a session with Delta.
        table: the output table; it exists.
        setting: `asking.staging`.
        older_than_s: seconds since an answer of the chunk was written.

    Raises:
        UserError: the place cannot be read, or not be deleted from.
    """
    identity = identity_of(spark, table)
    address = journal_address(setting, identity.location)
    if address is None:
        return 0
    try:
        return drop_abandoned(address, identity.table_id, older_than_s)
    except store_errors() as error:
        raise UserError(
            f"The answers that wait in {address.partition('?')[0]} to be appended to {table} cannot be looked through: "
            f"{in_one_line(error)}. Let this process read and delete there, or set asking.staging to off."
        ) from error
