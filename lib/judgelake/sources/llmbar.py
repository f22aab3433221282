"""LLMBar: an instruction and two outputs, of which one follows it; never a tie."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from judgelake.errors import UserError
from judgelake.sources.fields import one_of, question, text
from judgelake.sources.loaded import Files, Item, Row, user_turns
from judgelake.sources.rows import Record, load_rows

VERDICTS = {1: "A", 2: "B"}
FIELDS = {"input": question, "output_1": text, "output_2": text, "label": one_of(*VERDICTS)}


def load(files: Files) -> Iterator[Item]:
    """The sets named, each a file, or every .json file of a folder; the set's name becomes the attribute `subset`."""
    return load_rows([path for given in files.inputs for path in _sets(given)], FIELDS, _convert)


def _sets(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(path.rglob("*.json"))
    if not found:
        raise UserError(f"The folder {str(path)!r} holds no .json file; name LLMBar's files or their folder.")
    return found


def _convert(row: Row) -> Record | str:
    value = row.value
    comparison = {
        # LLMBar's `input` is the whole instruction, not further text to it.
        "messages": user_turns(value["input"]),
        "answers": [{"text": value["output_1"]}, {"text": value["output_2"]}],
        "source": "llmbar",
        "attributes": {"subset": _subset(Path(row.file))},
    }
    return Record(comparison, [{"labeler": "llmbar", "kind": "gold", "verdict": VERDICTS[value["label"]]}])


def _subset(path: Path) -> str:
    """As published, each set is a folder (Adversarial/GPTInst) that holds one dataset.json."""
    if path.stem != "dataset":
        return path.stem
    parents = [part for part in path.parts[-3:-1] if part not in ("Dataset", "LLMBar")]
    return "_".join(parents)
