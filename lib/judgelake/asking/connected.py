"""The tasks of a run that are connected to the driver: told to end when the run stops, and waited for."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

# What a task reads that is to write down its answers and end.
END = b"e"


class ConnectedTasks:
    """The connections of a run's tasks; shared by the driver and the threads that serve them.

    A task that cannot reach the driver is not among them, nor is any of a run over Spark Connect.
    """

    def __init__(self) -> None:
        self.told = 0
        """How many were told to end."""
        self._connections: set[socket.socket] = set()
        self._are_to_end = False
        self._changed = threading.Condition()

    @contextmanager
    def connected(self, connection: socket.socket) -> Iterator[None]:
        """Context in which a task is connected. If the tasks of the run are to end, it is told so first."""
        with self._changed:
            self._connections.add(connection)
            if self._are_to_end:
                self._tell(connection)
        try:
            yield
        finally:
            with self._changed:
                self._connections.discard(connection)
                self._changed.notify_all()

    def tell_to_end(self) -> None:
        """Tell all tasks, and those that connect later, to end."""
        with self._changed:
            self._are_to_end = True
            for connection in self._connections:
                self._tell(connection)

    def wait_until_ended(self, most_s: float) -> bool:
        """Wait until no task is connected, for at most so many seconds; whether none is."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._connections, most_s)

    def _tell(self, connection: socket.socket) -> None:
        self.told += 1
        with suppress(OSError):  # it has just ended
            connection.sendall(END)
