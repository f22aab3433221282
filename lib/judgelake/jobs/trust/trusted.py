"""What a trust run found, for its tables, its record and what it prints."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from judgelake.jobs.evaluate import EvaluateJob, Inputs
from judgelake.jobs.trust.config import TrustJob
from judgelake.jobs.trust.judge_trust import JudgeTrust
from judgelake.measures import Result


@dataclass(frozen=True, slots=True)
class Trusted:
    """What a run found; its rows are in the tables under `run_id`, unless it was a dry run."""

    run_id: str
    job: TrustJob
    evaluation: EvaluateJob
    """With the swap rule that was used."""
    why_rule: str
    inputs: Inputs
    judges: tuple[JudgeTrust, ...]
    rows: tuple[Result, ...]
    """Those of the metrics table."""
    hashed: int | None
    """The number of buckets that questions were assigned to; None if each is a question."""
    pictures: tuple[Path, ...] = ()
    mlflow_run_id: str | None = None
