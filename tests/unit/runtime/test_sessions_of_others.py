"""Sessions that somebody else has created: settings are lent and given back, and nothing that they lack is an error."""

from __future__ import annotations

from threading import Barrier, Thread
from types import SimpleNamespace

import pytest
from pyspark.errors import AnalysisException

from judgelake.errors import UserError
from judgelake.runtime import driver_host, freed, in_job_settings, is_connect, job_settings, kept_in_memory
from judgelake.runtime.session import _check_version, _users
from judgelake.runtime.settings import RUNTIME_SETTINGS

ZONE = "spark.sql.session.timeZone"
ROWS_A_BATCH = "spark.sql.execution.arrow.maxRecordsPerBatch"


def refusal():
    return AnalysisException("CONFIG_NOT_AVAILABLE")


class Conf(dict):
    """Settings of a session; those in `fixed` can be neither read nor changed."""

    fixed: tuple[str, ...] = ()

    def get(self, name, default=None):
        if name in self.fixed:
            raise refusal()
        return super().get(name, default)

    def set(self, name, value):
        if name in self.fixed:
            raise refusal()
        self[name] = value

    def unset(self, name):
        self.pop(name, None)


class Session:
    def __init__(self, version="4.2.0", **settings):
        self.version, self.conf = version, Conf(settings)


class ConnectSession(Session):
    pass


ConnectSession.__module__ = "pyspark.sql.connect.session"


def test_a_job_runs_with_its_settings_and_gives_the_session_back_as_it_was():
    session = Session()
    session.conf.set(ZONE, "Europe/Zurich")

    @in_job_settings
    def job(spark, question, *, times):
        return dict(spark.conf), question * times

    during, said = job(session, "Q", times=2)
    assert (during, said) == (RUNTIME_SETTINGS, "QQ")
    assert session.conf == {ZONE: "Europe/Zurich"}


def test_a_session_that_get_spark_started_stays_as_it_is(monkeypatch):
    session, remote = Session(), ConnectSession()
    monkeypatch.setitem(_users, session, 1)
    monkeypatch.setitem(_users, remote, 1)
    with job_settings(session), job_settings(remote):
        assert session.conf == {}
        # A client of Spark Connect cannot set anything when the session is made.
        assert remote.conf == RUNTIME_SETTINGS


def test_a_job_that_fails_gives_the_session_back_too():
    session = Session()
    with pytest.raises(ZeroDivisionError), job_settings(session):
        _ = 1 / 0
    assert session.conf == {}


def test_the_last_of_several_jobs_gives_the_session_back():
    session, meet = Session(), Barrier(2)
    session.conf.set(ZONE, "Europe/Zurich")
    seen = []

    def first():
        with job_settings(session):
            meet.wait()
        meet.wait()

    def second():
        with job_settings(session):
            meet.wait()
            meet.wait()
            seen.append(session.conf[ZONE])

    threads = [Thread(target=first), Thread(target=second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert seen == ["UTC"]
    assert session.conf == {ZONE: "Europe/Zurich"}


def test_what_serverless_compute_does_not_let_change_stays():
    session = Session()
    session.conf.fixed = (ROWS_A_BATCH,)
    with job_settings(session):
        assert session.conf[ZONE] == "UTC"
        assert ROWS_A_BATCH not in session.conf
    assert session.conf == {}


def test_over_connect_executors_cannot_call_the_driver():
    named = {"spark.driver.host": "10.0.0.1"}
    assert driver_host(Session(**named)) == "10.0.0.1"
    assert is_connect(ConnectSession())
    assert driver_host(ConnectSession(**named)) is None
    hidden = Session(**named)
    hidden.conf.fixed = ("spark.driver.host",)
    assert driver_host(hidden) is None


class RefusedError(AnalysisException):
    def getSqlState(self):  # noqa: N802 - PySpark's name
        return "0A000"


@pytest.mark.parametrize(
    ("error", "is_raised"), [(RefusedError("NOT_SUPPORTED_WITH_SERVERLESS"), False), (refusal(), True)]
)
def test_rows_that_cannot_be_kept_are_read_again(error, is_raised):
    def refuse():
        raise error

    rows = SimpleNamespace(persist=refuse, unpersist=refuse)
    if is_raised:
        with pytest.raises(AnalysisException):
            kept_in_memory(rows)
    else:
        assert kept_in_memory(rows) is rows
    freed(rows)


@pytest.mark.parametrize("version", ["4.0.0", "4.0.1.dev0", "4.2.0", "5.0.0"])
def test_newer_sparks_are_taken(version):
    _check_version(Session(version))


@pytest.mark.parametrize("version", ["3.5.2", "3.5.0.dev"])
def test_an_old_spark_is_refused_with_what_to_choose(version):
    with pytest.raises(UserError, match=r"needs 4\.0 or newer: on Databricks, choose Runtime 17\.3 LTS"):
        _check_version(Session(version))
