"""`jobs/ingest.py`: where imported data goes, and what each column of a table holds."""

from __future__ import annotations

from judgelake.config import Config, Tables
from judgelake.sources import Columns


class IngestJob(Config):
    """`jobs/ingest.py`: import of external data into the tables of comparisons, labels and judgments."""

    tables: Tables = Tables()
    staging: str | None = None
    """Folder for staged rows that this machine and the executors can both access; null: in the warehouse folder."""
    columns: Columns | None = None
    """For --format table: what each column holds; null: the table has the columns of judgelake's JSONL."""
