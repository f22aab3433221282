"""Sessions that somebody else has created: a job needs some settings of them until its call ends."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Lock
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from judgelake.runtime.limits import is_connect, setting
from judgelake.runtime.session import was_created_here
from judgelake.runtime.settings import RUNTIME_SETTINGS

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

P = ParamSpec("P")
R = TypeVar("R")


class _Lent:
    """The jobs that use a session, and what its settings were before the first of them."""

    def __init__(self) -> None:
        self.jobs = 0
        self.before: dict[str, str | None] = {}


_lent: weakref.WeakKeyDictionary[SparkSession, _Lent] = weakref.WeakKeyDictionary()
_lock = Lock()


def in_job_settings(job: Callable[Concatenate[SparkSession, P], R]) -> Callable[Concatenate[SparkSession, P], R]:
    """Decorates a job, whose first argument is the session, to run within `job_settings`."""

    @functools.wraps(job)
    def run(spark: SparkSession, /, *arguments: P.args, **named: P.kwargs) -> R:
        with job_settings(spark):
            return job(spark, *arguments, **named)

    return run


@contextmanager
def job_settings(spark: SparkSession) -> Iterator[None]:
    """The session with `RUNTIME_SETTINGS` until the last job that uses it ends; then with its own ones again.

    A session that `get_spark` has started has what it needs and stays as it is. Where a session does not let a setting
    change, as serverless compute does, that setting stays.
    """
    if was_created_here(spark) and not is_connect(spark):
        yield
        return
    with _lock:
        lent = _lent.setdefault(spark, _Lent())
        lent.jobs += 1
        if lent.jobs == 1:
            lent.before = {name: setting(spark, name) for name in RUNTIME_SETTINGS}
            _set(spark, RUNTIME_SETTINGS)
    try:
        yield
    finally:
        with _lock:
            lent.jobs -= 1
            if not lent.jobs:
                _set(spark, lent.before)


def _set(spark: SparkSession, values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        # Besides Spark's refusal: at the end of a job that was stopped, the session may have ended before it.
        with suppress(Exception):
            if value is None:
                spark.conf.unset(name)
            else:
                spark.conf.set(name, value)
