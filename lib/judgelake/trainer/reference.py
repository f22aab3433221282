"""What the untrained weights say of every pair: computed once before the first step, and kept in a file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from judgelake.errors import RunError
from judgelake.trainer.judge_trainer import JudgeTrainer
from judgelake.trainer.objectives import TargetTokens
from judgelake.trainer.passes import by_all_processes, longest_first, not_learning
from judgelake.trainer.preferences import both_rows, likelihoods
from judgelake.trainer.stored_rows import StoredRows
from judgelake.training import Row
from judgelake.whole_files import written_whole

REFERENCE = pa.schema({"chosen": pa.float64(), "rejected": pa.float64()})
"""The columns of the file: one row for each stored row, in their order."""


def reference_of(
    path: Path, trainer: JudgeTrainer, rows: StoredRows, tokens: TargetTokens, say: Callable[[str], None]
) -> list[tuple[float, float]]:
    """The log-probability in nats of both targets of every row, by the weights that the trainer has not trained yet.

    They are computed in the precision of the training, by all processes together, and read when a training goes on: its
    weights are no longer these. Adapters change nothing before they are trained.

    Args:
        path: of the file.
        trainer: with the model as it is before the first step, or before a checkpoint is loaded.
        rows: with a judgment to reject.
        tokens: how a model's logits are computed.
        say: gets a line if they are computed now.

    Raises:
        RunError: the file is of other rows.
    """
    if path.exists():
        table = pq.read_table(path)
        if len(table) != len(rows):
            raise RunError(f"{str(path)!r} is of other rows: delete this folder and train again.")
        return list(zip(table["chosen"].to_pylist(), table["rejected"].to_pylist(), strict=True))
    pairs = _distinct(rows)
    say(f"computing what the untrained weights say of {len(pairs):,} pairs")
    found = by_all_processes([rows[places[0]] for places in pairs], lambda mine: _computed(trainer, mine, tokens))
    of_row = {place: one for places, one in zip(pairs, found, strict=True) for place in places}
    reference = [of_row[place] for place in range(len(rows))]
    if trainer.is_world_process_zero():
        _write(path, reference)
    return reference


def _distinct(rows: StoredRows) -> list[list[int]]:
    """The places of each distinct pair: every epoch has the same ones."""
    places: dict[bytes, list[int]] = {}
    for place in range(len(rows)):
        digest = hashlib.sha256()
        for ids in rows[place].sequences:
            digest.update(np.array([len(ids), *ids], np.int64).tobytes())
        places.setdefault(digest.digest(), []).append(place)
    return list(places.values())


def _computed(trainer: JudgeTrainer, rows: Sequence[Row], tokens: TargetTokens) -> list[tuple[float, float]]:
    model, at_once = trainer.model, trainer.args.per_device_train_batch_size
    found: dict[int, tuple[float, float]] = {}
    with not_learning(model), trainer.accelerator.autocast():
        for places in longest_first([max(map(len, row.sequences)) for row in rows], at_once):
            batch = tokens.collate(both_rows([rows[place] for place in places]))
            sums, _ = likelihoods(tokens, model, _on(trainer.args.device, batch))
            pairs = sums.reshape(2, -1).T.tolist()
            found |= {place: (chosen, rejected) for place, (chosen, rejected) in zip(places, pairs, strict=True)}
    return [found[place] for place in range(len(rows))]


def _on(device: torch.device, batch: dict[str, Any]) -> dict[str, Any]:
    return {name: one.to(device) if isinstance(one, torch.Tensor) else one for name, one in batch.items()}


def _write(path: Path, reference: Sequence[tuple[float, float]]) -> None:
    records = [{"chosen": chosen, "rejected": rejected} for chosen, rejected in reference]
    with written_whole(path) as draft:
        pq.write_table(pa.Table.from_pylist(records, REFERENCE), draft)
