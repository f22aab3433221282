"""The prompts of a validation: labelled comparisons in both orders, as token ids."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

NAME_CHARACTERS = 32
PROMPTS = pa.schema(
    {
        "comparison_id": pa.string(),
        "order": pa.string(),
        "label": pa.string(),
        "input_ids": pa.list_(pa.int32()),
    }
)
"""The columns of a file of prompts: the fields of `LabelledPrompt`."""


@dataclass(frozen=True, slots=True)
class LabelledPrompt:
    """What a judge is asked about a comparison in one order, and the label in the comparison's original order."""

    comparison_id: str
    order: str
    """The letters of the answers as shown: AB or BA."""
    label: str
    """A, B or tie."""
    input_ids: tuple[int, ...]


def write_prompts(prompts: Sequence[LabelledPrompt], folder: Path) -> Path:
    """Write prompts into a file named by their content, for `read_prompts`; returns its path."""
    digest = hashlib.sha256("".join(map(repr, prompts)).encode()).hexdigest()
    path = folder / f"{digest[:NAME_CHARACTERS]}.parquet"
    records = [{name: getattr(prompt, name) for name in PROMPTS.names} for prompt in prompts]
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(records, PROMPTS), path)
    return path


def read_prompts(path: Path) -> list[LabelledPrompt]:
    """The prompts of a file, in their order."""
    records = pq.read_table(path).cast(PROMPTS).to_pylist()
    return [LabelledPrompt(**record | {"input_ids": tuple(record["input_ids"])}) for record in records]
