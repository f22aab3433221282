"""Who uses an engine: every task holds a lease while it asks, and only an engine without leases is ended for another.

A lease is a shared lock on a file, so it ends with its process, whatever happens to that.
"""

from __future__ import annotations

import fcntl
import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Lease:
    """The use of one engine by this task; ends with `release`, with the object, or with the process."""

    def __init__(self, users: Path) -> None:
        """Begin to use the engine; the caller holds the locks of its devices, so nobody is ending it now.

        Args:
            users: the engine's file of that name, see `EngineFiles`.
        """
        descriptor = _opened(users)
        # An old file is removed, and the next user of a new one would not see this lock.
        os.utime(descriptor)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        self._end = weakref.finalize(self, os.close, descriptor)

    def release(self) -> None:
        """End the use; may be called again."""
        self._end()


@contextmanager
def without_users(users: Path) -> Iterator[bool]:
    """Whether nobody uses the engine; nobody else begins to while the locks of its devices are held."""
    descriptor = _opened(users)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        is_free = False
    else:
        is_free = True
    try:
        yield is_free
    finally:
        os.close(descriptor)


def _opened(users: Path) -> int:
    return os.open(users, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
