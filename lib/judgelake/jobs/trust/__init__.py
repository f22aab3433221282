"""The trust job: how far each stored verdict can be relied on, into a table; the statistics are in `trust`."""

from judgelake.jobs.trust.command import main
from judgelake.jobs.trust.config import Calibration, TrustJob
from judgelake.jobs.trust.job import trust
from judgelake.jobs.trust.terminal import show
from judgelake.jobs.trust.trusted import Trusted

__all__ = ["Calibration", "TrustJob", "Trusted", "main", "show", "trust"]
