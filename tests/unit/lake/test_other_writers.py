"""Who else has appended to a table: every commit looked at once, whatever one writer itself adds in between."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from judgelake.lake import OtherWriters
from judgelake.lake.read import COMMITS_IN_BETWEEN

WRITE = "WRITE"


@dataclass
class History:
    """Stands in for a session: answers DESCRIBE HISTORY with the newest commits, of which `kept` are remembered."""

    commits: list[dict]
    kept: int = 10**9
    read: int = 0
    conf: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(get=lambda name, default: default))

    def add(self, writer: str | None, operation: str = WRITE, times: int = 1) -> None:
        for _ in range(times):
            self.commits.append({"version": len(self.commits), "operation": operation, "userMetadata": writer})

    def sql(self, statement: str) -> SimpleNamespace:
        limit = int(re.fullmatch(r"DESCRIBE HISTORY `judgments` LIMIT (\d+)", statement).group(1))
        found = self.commits[::-1][: min(limit, self.kept)]
        self.read += len(found)
        return SimpleNamespace(select=lambda *names: SimpleNamespace(collect=lambda: found))


@pytest.fixture
def history():
    history = History([])
    history.add("other")
    return history


def others_of(history):
    return OtherWriters(history, "judgments", after=len(history.commits) - 1, writer="us")


def test_commits_of_ones_own_and_those_without_rows_are_nobody_elses(history):
    others = others_of(history)
    history.add("us", times=3)
    history.add(None, "OPTIMIZE")
    assert not others.have_added()
    history.add(None)
    assert others.have_added()
    history.add("us")
    assert others.have_added()


def test_a_commit_of_another_is_found_behind_many_of_ones_own(history):
    others = others_of(history)
    history.add("other")
    history.add("us", times=3 * COMMITS_IN_BETWEEN)
    assert others.have_added()


def test_what_the_table_no_longer_remembers_may_be_anybodys(history):
    others = others_of(history)
    history.add("us", times=9)
    history.kept = 5
    assert others.have_added()


def test_a_run_of_many_chunks_reads_as_much_of_the_history_at_its_end_as_at_its_begin(history):
    others, read = others_of(history), []
    for _ in range(500):
        history.add("us")
        before = history.read
        assert not others.have_added()
        read.append(history.read - before)
    assert max(read) <= COMMITS_IN_BETWEEN


def committed(log, version, writer, operation=WRITE):
    lines = [
        {"protocol": {}},
        {"commitInfo": {"operation": operation} | ({} if writer is None else {"userMetadata": writer})},
    ]
    (log / f"{version:020}.json").write_text("\n".join(map(json.dumps, lines)), "utf-8")


def test_the_log_of_a_table_in_a_folder_is_read_without_spark(tmp_path, history):
    log = tmp_path / "_delta_log"
    log.mkdir()
    committed(log, 0, "other")
    history.conf = SimpleNamespace(get=lambda name, default: str(tmp_path))
    others = others_of(history)
    committed(log, 1, "us")
    committed(log, 2, None, "OPTIMIZE")
    assert not others.have_added()
    committed(log, 3, None)
    assert others.have_added()
    assert history.read == 0


def test_the_history_tells_what_the_log_of_a_folder_does_not_hold_any_more(tmp_path, history):
    log = tmp_path / "_delta_log"
    log.mkdir()
    committed(log, 2, "us")
    history.conf = SimpleNamespace(get=lambda name, default: str(tmp_path))
    others = others_of(history)
    history.add("other")
    history.add("us")
    assert others.have_added()
    assert history.read
