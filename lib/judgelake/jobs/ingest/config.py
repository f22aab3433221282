"""`jobs/ingest.py`: where foreign data goes, and which columns of a table are what."""

from __future__ import annotations

from judgelake.config import Config, Tables
from judgelake.sources import Columns


class IngestJob(Config):
    """`jobs/ingest.py`: foreign data into the tables of comparisons, labels and judgments."""

    tables: Tables = Tables()
    staging: str | None = None
    """Folder that this machine and the executors both reach, for rows on their way; null: in the warehouse folder."""
    columns: Columns | None = None
    """For --format table: which columns are what; null: the table has the columns of our JSONL."""
