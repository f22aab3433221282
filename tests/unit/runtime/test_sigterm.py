"""SIGTERM ends a command as Ctrl-C does."""

from __future__ import annotations

import signal
import threading

import pytest

from judgelake.runtime import sigterm_as_interrupt


def test_sigterm_is_an_interrupt_inside_and_as_before_after_it():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), sigterm_as_interrupt():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


def test_another_thread_changes_nothing():
    found = []

    def look():
        with sigterm_as_interrupt():
            found.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == [signal.getsignal(signal.SIGTERM)]
