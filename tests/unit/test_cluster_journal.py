"""What the cluster tests read from the journals of their pretended engines."""

import json

import pytest
from cluster.journal import read_journal


@pytest.fixture
def journal(tmp_path):
    """Two engines that started, with two requests and one, and one whose GPU was taken."""

    def write(pid, what, device, *events):
        about = {"what": what, "at": float(pid), "pid": pid, "devices": [device], "model": "m", "options": []}
        lines = [about, *({"what": kind, "at": at, "request": n, "in_flight": n} for kind, at, n in events)]
        (tmp_path / f"{pid}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"half', "utf-8")

    write(1, "start", "0", ("begin", 10, 1), ("begin", 10, 2), ("finish", 14, 1), ("finish", 20, 2), ("begin", 20, 3))
    write(2, "start", "1", ("begin", 12, 1), ("finish", 18, 1))
    write(3, "refused", "1")
    return read_journal(tmp_path)


def test_requests_are_counted_for_each_gpu_and_a_line_half_written_is_not_read(journal):
    assert journal.per_devices() == {("0",): 1, ("1",): 1}
    assert journal.requests() == {("0",): 2, ("1",): 1}
    assert [life.pid for life in journal.refused] == [3]
    assert journal.started[0].begun == 3


def test_the_busy_share_counts_engines_that_did_nothing(journal):
    # 4 + 10 + 6 seconds of computing, in 10 seconds of two engines with two sequences each.
    assert journal.busy_share(engines=2, sequences=2) == pytest.approx(20 / 40)
    assert journal.busy_share(engines=4, sequences=2) == pytest.approx(20 / 80)


def test_the_busy_share_begins_where_it_is_told(journal):
    assert journal.busy_share(engines=2, sequences=1, since=11) == pytest.approx(6 / 12)
