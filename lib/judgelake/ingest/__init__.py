"""Foreign data into the lake: loaders' rows staged, held against the tables, appended once; no judging."""

from judgelake.ingest.job import Ingested, IngestJob, ingest
from judgelake.ingest.program import main

__all__ = ["IngestJob", "Ingested", "ingest", "main"]
