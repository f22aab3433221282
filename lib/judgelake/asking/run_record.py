"""What is known of a run that asks, from its start to its end; and the commit of the code that ran."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from judgelake.asking.progress import Tally


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run from start to end; None for what is not known."""

    run_id: str
    started_at: datetime
    ended_at: datetime
    outcome: str
    """finished, failed or stopped."""
    wall_s: float
    asking_s: float
    engine_start_s: float | None
    device_seconds: float | None
    engine_settings: str | None
    """The settings of the engines, as JSON."""
    mlflow_run_id: str | None

    def requests_per_s(self, results: int) -> float | None:
        """Results per second while asking, without engine start; None if nothing was asked."""
        seconds = self.asking_s - (self.engine_start_s or 0)
        return results / seconds if results and seconds > 0 else None


class Clock:
    """When a run began, and when it began to ask."""

    def __init__(self) -> None:
        self._started_at = datetime.now(UTC)
        self._started = self._asking = time.monotonic()

    def asking_starts(self) -> None:
        """Planning is over."""
        self._asking = time.monotonic()

    def record(self, run_id: str, outcome: str, tally: Tally, mlflow_run_id: str | None) -> RunRecord:
        """The record of a run that ends now."""
        now = time.monotonic()
        asking_s = now - self._asking
        return RunRecord(
            run_id=run_id,
            started_at=self._started_at,
            ended_at=datetime.now(UTC),
            outcome=outcome,
            wall_s=now - self._started,
            asking_s=asking_s,
            engine_start_s=tally.engine_start_s,
            device_seconds=tally.devices * asking_s if tally.devices else None,
            engine_settings=tally.engine_settings,
            mlflow_run_id=mlflow_run_id,
        )


def git_commit() -> str | None:
    """The commit that the code runs from, with "+changes" if files differ from it; None outside a checkout of it."""
    # For a package installed inside another project's checkout, that project's commit is meaningless.
    if _git("ls-files", "--error-unmatch", Path(__file__).name) is None:
        return None
    head, state = _git("rev-parse", "HEAD"), _git("status", "--porcelain")
    return None if head is None else head + ("+changes" if state else "")


def _git(*arguments: str) -> str | None:
    """Git's output in the folder of this file; None if it fails or there is no git."""
    here = Path(__file__).parent
    try:
        answer = subprocess.run(["git", *arguments], cwd=here, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None
