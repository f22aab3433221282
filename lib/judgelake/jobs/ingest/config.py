"""`jobs/ingest.py`: where imported data goes, and what each column of a table holds."""

from __future__ import annotations

from pydantic import Field

from judgelake.config import Config, Tables
from judgelake.sources import Columns


class IngestJob(Config):
    """`jobs/ingest.py`: import of external data into the tables of comparisons, labels, judgments and examples."""

    tables: Tables = Tables()
    staging: str | None = None
    """Folder for staged rows that this machine and the executors can both access; null: in the warehouse folder."""
    validation_share: float = Field(default=0.05, ge=0, le=1)
    """The share of questions whose training examples are held out for validation, chosen by a hash of the question."""
    columns: Columns | None = None
    """For --format table: what each column holds; null: the table has the columns of judgelake's JSONL."""
