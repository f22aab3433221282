"""The rows of shards as a data set: the tokens stay in Arrow's memory, a row is made when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from judgelake.errors import RunError, in_one_line
from judgelake.trainer.order import Place
from judgelake.training import SHARD, Row, row_of

# Four bytes a token: the rows of JudgeLM's training, three epochs of 100,000, take about 1 GB in each process.
COLUMNS = list(SHARD.names)


class StoredRows:
    """The rows of shards by their index; `pickle` and threads may share it."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """Open the shards.

        Args:
            paths: of Parquet files with the columns of `training.SHARD`, in the order of the rows.

        Raises:
            RunError: a file is not such a shard.
        """
        self._table = pa.concat_tables([_read(path) for path in paths]) if paths else SHARD.empty_table()

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def __getitem__(self, index: int) -> Row:
        if not 0 <= index < len(self):
            raise IndexError(index)
        return row_of(self._table.slice(index, 1).to_pylist()[0])

    @property
    def places(self) -> list[Place]:
        """What the order of a training is made of."""
        lengths = self._lengths()
        ids, epochs = (self._table[name].to_pylist() for name in ("example_id", "epoch"))
        return [Place(*one) for one in zip(ids, epochs, lengths, strict=True)]

    @property
    def longest(self) -> int:
        """Tokens of the longest row; 0 if there is none."""
        return max(self._lengths(), default=0)

    @property
    def longest_target(self) -> int:
        """Target tokens of the row with the most; 0 if there is none."""
        targets = self._table["target_from"].to_pylist()
        return max((tokens - start for tokens, start in zip(self._lengths(), targets, strict=True)), default=0)

    def _lengths(self) -> list[int]:
        """Tokens of each row, of a pair of the longer one."""
        import pyarrow.compute as pc

        whole, rejected = (pc.list_value_length(self._table[name]) for name in ("input_ids", "rejected_ids"))
        of_rejected = pc.add(self._table["target_from"], pc.fill_null(rejected, 0))
        return list(pc.max_element_wise(whole, of_rejected).to_pylist())


def _read(path: Path) -> pa.Table:
    try:
        return pq.read_table(path, columns=COLUMNS, memory_map=True).cast(SHARD)
    except (OSError, pa.ArrowException) as error:
        raise RunError(f"{str(path)!r} is not a shard of training rows: {in_one_line(error)}.") from error
