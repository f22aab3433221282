"""When a supervisor ends its server: by what its engines report, on a clock of the test."""

from __future__ import annotations

import pytest

from judgelake.engine.server.probe import Progress
from judgelake.engine.server.state import Orders
from judgelake.engine.server.supervisor import Watch

STALL_S, IDLE_S = 150, 300


@pytest.fixture
def watch():
    orders = Orders(
        command=[],
        environment={},
        socket="",
        note="",
        log="",
        use="",
        owner_pid=1,
        owner_started=0.0,
        start_timeout_s=1,
        idle_stop_s=IDLE_S,
        stall_stop_s=STALL_S,
        model="m",
        gpus=[],
        settings={},
    )
    watch = Watch(orders)
    # Whole seconds from a whole number on are exact, those from this machine's clock are rounded.
    watch._started = watch._looked = watch._busy = 0
    return watch


def ended_at(watch, seen, used=lambda s: 0, until=1000):
    """Seconds after which the watch ends a server that reports `seen(seconds)`, and why."""
    begin = watch._started
    for seconds in range(5, until, 5):
        reason = watch.judge(seen(seconds), used(seconds), begin + seconds)
        if reason is not None:
            return seconds, reason
    return None


def test_an_engine_that_computes_is_left_alone(watch):
    assert ended_at(watch, lambda s: {"0": Progress(3, s)}) is None


def test_a_slow_engine_is_left_alone_while_a_token_comes_now_and_then(watch):
    assert ended_at(watch, lambda s: {"0": Progress(3, s // 140)}) is None


def test_an_engine_that_stops_computing_is_ended(watch):
    seconds, reason = ended_at(watch, lambda s: {"0": Progress(3, min(s, 100))})
    assert (seconds, reason) == (100 + STALL_S, "no token in 150 s although requests wait")


def test_one_of_several_engines_that_stops_computing_ends_them_all(watch):
    seconds, reason = ended_at(watch, lambda s: {"0": Progress(3, s), "1": Progress(2, min(s, 100))})
    assert (seconds, "no token" in reason) == (100 + STALL_S, True)


def test_an_engine_without_requests_beside_a_busy_one_is_left_alone(watch):
    assert ended_at(watch, lambda s: {"0": Progress(3, s), "1": Progress(0, 7)}) is None


def test_a_server_that_reports_nothing_is_ended(watch):
    seconds, _ = ended_at(watch, lambda s: {"0": Progress(0, 1)} if s < 100 else None)
    assert seconds == 95 + STALL_S


def test_a_server_that_never_reported_anything_is_ended(watch):
    assert ended_at(watch, lambda s: None)[0] == STALL_S


def test_a_server_that_nobody_uses_is_ended_later_than_one_that_was_just_opened(watch):
    seconds, reason = ended_at(watch, lambda s: {"0": Progress(0, 1)}, used=lambda s: s >= 200)
    assert (seconds, reason) == (200 + IDLE_S, "no request in 300 s")
