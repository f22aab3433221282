"""Import of external data: loaded rows are staged, compared with the tables and appended once; no judging."""

from judgelake.jobs.ingest.command import main
from judgelake.jobs.ingest.config import IngestJob
from judgelake.jobs.ingest.job import Ingested, ingest

__all__ = [
    "IngestJob",
    "Ingested",
    "ingest",
    "main",
]
