"""A run that ends does not wait for a sign of life that never gets a place in the cluster."""

import threading
import time

import pytest
from threads import SessionWithoutSpark

from judgelake.asking import heartbeat
from judgelake.asking.heartbeat import kept_alive


class Session(SessionWithoutSpark):
    """A session whose renewal is queued behind tasks that never end, until it is interrupted."""

    def __init__(self, listens):
        self.listens, self.tags, self.renewing, self.freed = listens, [], threading.Event(), threading.Event()

    def addJobTag(self, tag):  # noqa: N802  # Spark's name
        self.tags.append(tag)

    def cancelJobsWithTag(self, tag):  # noqa: N802  # Spark's name
        if self.listens and tag in self.tags:
            self.freed.set()

    def renew(self, plans, plan_id):
        self.renewing.set()
        self.freed.wait(30)


@pytest.fixture(autouse=True)
def no_spark(monkeypatch):
    monkeypatch.setattr(heartbeat, "renew_plan", Session.renew)
    monkeypatch.setattr(heartbeat, "submitted", lambda spark, pool, work: pool.submit(work))


@pytest.mark.parametrize("listens", [True, False], ids=["interrupted", "deaf"])
def test_a_renewal_that_waits_for_a_place_does_not_keep_the_run(listens, monkeypatch, caplog):
    monkeypatch.setattr(heartbeat, "MOST_STOP_SECONDS", 1.5)
    session = Session(listens)
    began = time.monotonic()
    with kept_alive(session, "plans", "p", every_s=0.01):
        assert session.renewing.wait(10)
    assert time.monotonic() - began < 10
    assert session.freed.is_set() is listens
    assert ("did not stop" in caplog.text) is not listens
    session.freed.set()
