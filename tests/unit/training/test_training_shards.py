"""Shards: rows there and back, names of content, nothing half written."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from judgelake.training import SHARD, Row, SoftTarget, read_shards, write_shards

ROWS = [
    Row("e1", 0, True, False, (1, 5, 7, 2), 2, SoftTarget(2, (7, 8), (0.25, 0.75)), trimmed=True),
    Row("e2", 0, False, True, (1, 2**31 - 1), 1),
    Row("e3", 1, False, False, (), 0),
    Row("e3 AB 1 4", 1, False, False, (1, 5, 2), 1, rejected_ids=(6, 6, 2)),
]


def test_rows_come_back_as_they_went(tmp_path: Path) -> None:
    paths = write_shards(iter(ROWS), tmp_path / "rows", rows_of_a_shard=2)
    assert list(read_shards(paths)) == ROWS
    assert len(paths) == 2
    assert all(pq.read_schema(path).equals(SHARD) for path in paths)
    assert sorted((tmp_path / "rows").iterdir()) == sorted(paths)


def test_the_same_rows_have_the_same_name_and_are_written_once(tmp_path: Path) -> None:
    (path,) = write_shards(ROWS, tmp_path)
    before = path.stat().st_mtime_ns
    assert write_shards(ROWS, tmp_path) == (path,)
    assert path.stat().st_mtime_ns == before
    assert write_shards(ROWS[:2], tmp_path) != (path,)
    assert write_shards([], tmp_path) == ()


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(OSError, match="no space"):
        write_shards(ROWS, tmp_path)
    assert list(tmp_path.iterdir()) == []
