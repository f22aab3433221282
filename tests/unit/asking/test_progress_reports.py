"""Reports of tasks over the network: only those of this run's tasks count, and none can harm the driver."""

from __future__ import annotations

import io
import json
import socket
import time
from collections import Counter
from contextlib import closing
from dataclasses import replace

import pytest
from rich.console import Console

from judgelake.asking.board import Board
from judgelake.asking.progress import EngineNote, ProgressSender, ProgressServer, Tally
from judgelake.asking.report_line import MOST_BYTES, report_of

NOTE = {"start_s": 1.5, "devices": 1, "settings": {"version": "test"}}


def line(**message):
    return json.dumps({"token": "secret", **message}).encode() + b"\n"


def test_a_report_is_read():
    message = {"statuses": {"ok": 2, "timeout": 1}, "prompt_tokens": 3, "reason": None, "engines": {"h:a.log": NOTE}}
    assert report_of(line(**message), "secret") == {"token": "secret", **message}
    assert report_of(line(all_fail_alike=50), "secret") is not None


@pytest.mark.parametrize(
    "received",
    [
        pytest.param(b"", id="the end"),
        pytest.param(line()[:-1], id="cut off"),
        pytest.param(b"no JSON\n", id="no JSON"),
        pytest.param(b"[" * 100_000 + b"\n", id="nested too deep"),
        pytest.param(b"[1]\n", id="a list"),
        pytest.param(line(token="other"), id="another run's"),
        pytest.param(line(token=None), id="no token"),
        pytest.param(line(statuses=["ok"]), id="statuses that are a list"),
        pytest.param(line(statuses={"ok": "many"}), id="a count that is a text"),
        pytest.param(line(statuses={"unheard-of": 1}), id="an unknown status"),
        pytest.param(line(prompt_tokens="3"), id="tokens that are a text"),
        pytest.param(line(all_fail_alike="50"), id="a question that is a text"),
        pytest.param(line(reason=3), id="a reason that is a number"),
        pytest.param(line(engines=[1]), id="engines that are a list"),
        pytest.param(line(engines={"a": {"start_s": 1.0}}), id="an engine without devices"),
        pytest.param(line(engines={"a": {**NOTE, "more": 1}}), id="an engine with more than is known"),
    ],
)
def test_what_is_no_report_of_this_run_is_not_believed(received):
    assert report_of(received, "secret") is None


@pytest.fixture
def server():
    with closing(ProgressServer("127.0.0.1")) as server:
        yield server


def received_by(server, *lines):
    with socket.create_connection((server.reporter.host, server.reporter.port), timeout=5) as connection:
        connection.sendall(b"".join(lines))
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)


def test_the_token_is_a_secret_of_each_run(server):
    with closing(ProgressServer("127.0.0.1")) as other:
        assert len(server.reporter.token) == 32
        assert server.reporter.token != other.reporter.token


def test_reports_of_tasks_are_added_and_others_end_their_connection(server, capsys):
    with ProgressSender(server.reporter) as sender:
        sender.send({"statuses": {"ok": 2}, "engines": {"h:a.log": NOTE}})
        assert sender.all_fail_alike(1) is False
    assert server.tally.statuses == {"ok": 2}
    assert server.tally.engines == {"h:a.log": EngineNote(**NOTE)}
    token = {"token": server.reporter.token}
    received_by(server, line(**token, statuses={"ok": "x"}), line(**token, statuses={"ok": 1}))
    received_by(server, b"x" * (MOST_BYTES + 10))
    with ProgressSender(replace(server.reporter, token="guessed")) as sender:
        sender.send({"statuses": {"timeout": 50}})
        assert sender.all_fail_alike(1) is None
    assert server.tally.statuses == {"ok": 2}
    assert "Traceback" not in capsys.readouterr().err


def test_tasks_are_told_to_end_also_those_that_connect_later_and_nobody_else(server):
    def heard(sender):
        end = time.monotonic() + 10
        while not sender.is_told_to_end() and time.monotonic() < end:
            time.sleep(0.01)
        return sender.is_told_to_end()

    stranger = socket.create_connection((server.reporter.host, server.reporter.port), timeout=0.2)
    with stranger, ProgressSender(server.reporter) as early:
        assert early.all_fail_alike(1) is False
        assert not early.is_told_to_end()
        assert server.tasks.wait_until_ended(0.1) is False
        server.tasks.tell_to_end()
        assert heard(early)
        assert early.all_fail_alike(1) is False
        with ProgressSender(server.reporter) as late:
            assert heard(late)
        with pytest.raises(TimeoutError):
            stranger.recv(1)
    assert server.tasks.wait_until_ended(10) is True
    assert server.tasks.told == 2


def test_hundreds_of_tasks_may_connect_before_the_driver_looks(monkeypatch):
    monkeypatch.setattr("socketserver.BaseServer.serve_forever", lambda self: None)
    monkeypatch.setattr("socketserver.BaseServer.shutdown", lambda self: None)
    with closing(ProgressServer("127.0.0.1")) as server:
        address = (server.reporter.host, server.reporter.port)
        began = time.monotonic()
        connections = [socket.create_connection(address, timeout=2) for _ in range(200)]
        assert time.monotonic() - began < 2
        for connection in connections:
            connection.close()


def test_a_stop_that_was_requested_is_shown_while_it_takes_its_time(monkeypatch):
    monkeypatch.setattr("judgelake.asking.board.PLAIN_LINE_SECONDS", 0.01)
    console = Console(file=io.StringIO(), force_terminal=False)
    with Board(console, Tally(Counter(ok=3)), 10, lambda: True):
        time.sleep(0.3)
    assert "stopping: 3 of 10 requests" in console.file.getvalue()
    assert "left" not in console.file.getvalue()
