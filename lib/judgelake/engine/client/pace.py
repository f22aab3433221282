"""When the next request may be sent: the rate limit, a server's Retry-After, and backoff between attempts."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
# Calls delayed by a pause resume spread over this share of its length, not all at its end.
SPREAD_SHARE = 0.5


class Pace:
    """Spreads the requests of one client evenly, and delays them all while the server asks for a pause."""

    def __init__(self, requests_per_second: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        """Start without a pause; `requests_per_second` None means no limit."""
        self._interval = 0.0 if requests_per_second is None else 1 / requests_per_second
        self._clock = clock
        self._next_slot = -math.inf
        self._paused_until = -math.inf

    async def turn(self) -> None:
        """Wait until the next request may be sent."""
        while True:
            while (pause := self._paused_until - self._clock()) > 0:
                await asyncio.sleep(pause * random.uniform(1.0, 1.0 + SPREAD_SHARE))
            # Assigned after the pause: slots during the pause would all be due at its end.
            now = self._clock()
            slot = max(now, self._next_slot)
            if self._interval:
                self._next_slot = slot + self._interval
            if slot > now:
                await asyncio.sleep(slot - now)
            if self._paused_until <= self._clock():
                return

    def pause(self, seconds: float) -> None:
        """Send nothing for this many seconds."""
        self._paused_until = max(self._paused_until, self._clock() + seconds)


def wait_before(attempt: int, named_s: float | None = None) -> float:
    """Seconds before attempt 1, 2, ...: doubling with jitter, so that many calls do not retry at once.

    A time given by the server is a lower bound: servers may say 0 and mean it for one call, not for all at once.
    """
    growing: float = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (attempt - 1))
    if named_s is None:
        return random.uniform(0.5, 1.0) * growing
    return max(named_s, growing) + random.uniform(0.0, 0.5) * growing


def retry_after_s(header: str | None, now: datetime | None = None) -> float | None:
    """Seconds to wait by a Retry-After header, given as seconds or an HTTP date; None if absent or not readable."""
    if header is None:
        return None
    text = header.strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = (moment - (now or datetime.now(UTC))).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None
