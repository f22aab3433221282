"""A stop by a signal is taken where Python lets a command take it."""

import signal
from threading import Thread

from judgelake.asking import stopping_on_signals


def test_a_command_outside_of_the_main_thread_runs_without_handlers():
    before, ran = signal.getsignal(signal.SIGTERM), []

    def command():
        with stopping_on_signals():
            ran.append(signal.getsignal(signal.SIGTERM))

    thread = Thread(target=command)
    thread.start()
    thread.join(30)
    assert ran == [before]
