"""LLMBar: an instruction and two outputs, one of which follows it, never a tie; and evaluators' published winners."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from judgelake.comparisons import integer, kind_of, name, one_of, optional, problem_of, question, text
from judgelake.errors import UserError
from judgelake.sources.loaded import Files, Item, Rejected, Row, judged_row, user_turns
from judgelake.sources.rows import Record, checked_rows, load_rows
from judgelake.sources.targets import Targets

VERDICTS = {1: "A", 2: "B"}
FIELDS = {"input": question, "output_1": text, "output_2": text}
LABEL = {"label": one_of(*VERDICTS)}
WINNERS = {"1": "A", "2": "B"}


def _winner(value: Any) -> str | None:
    is_winner = isinstance(value, str) and value in WINNERS
    return None if is_winner else f"{kind_of(value)}, expected one of {', '.join(map(repr, WINNERS))} or null"


JUDGED = {
    "set": text,
    "evaluator": name,
    "row": integer,
    "label": one_of(*VERDICTS),
    "winner_first": optional(_winner),
    "winner_swapped": optional(_winner),
    "completion_first": optional(text),
    "completion_swapped": optional(text),
}


def load(files: Files) -> Iterator[Item]:
    """The named sets, each a file, or every .json file of a folder; the set's name becomes the attribute `subset`.

    Published winners are joined by set and row (from 0) and give two judgments each, one per order. Both are
    already mapped back to the order of the file; null is a failed judgment.
    """
    targets = Targets()
    places: Counter[str] = Counter()

    def became(row: Row | Rejected, item: Item) -> None:
        targets.add((_subset(Path(row.file)), places[row.file]), item)
        places[row.file] += 1

    yield from load_rows([path for given in files.inputs for path in _sets(given)], FIELDS, _convert, became)
    for row in checked_rows(files.judgments, JUDGED):
        yield _judged(row, targets) if isinstance(row, Row) else row


def _sets(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(path.rglob("*.json"))
    if not files:
        raise UserError(f"The folder {str(path)!r} has no .json file; name LLMBar's files or their folder.")
    return files


def _convert(row: Row) -> Record | str:
    value = row.value
    comparison = {
        # LLMBar's `input` is the whole instruction, not further text to it.
        "messages": user_turns(value["input"]),
        "answers": [{"text": value["output_1"]}, {"text": value["output_2"]}],
        "source": "llmbar",
        "attributes": {"subset": _subset(Path(row.file))},
    }
    problem = problem_of(value, LABEL)
    if problem is not None:
        return Record(comparison, problems=[problem])
    return Record(comparison, [{"labeler": "llmbar", "kind": "gold", "verdict": VERDICTS[value["label"]]}])


def _subset(path: Path) -> str:
    """As published, each set is a folder (Adversarial/GPTInst) with one dataset.json."""
    return path.stem if path.stem != "dataset" else _joined(path.parts[-3:-1])


def _joined(parts: Sequence[str]) -> str:
    return "_".join(part for part in parts if part not in ("Dataset", "LLMBar"))


def _judged(row: Row, targets: Targets) -> Item:
    value = row.value
    subset = _joined(PurePosixPath(value["set"]).parts)
    target = targets.of((subset, value["row"]))
    if isinstance(target, str):
        return row.rejected(f"row: {value['row']} of {value['set']!r}, but {target}")
    if VERDICTS[value["label"]] not in [label.verdict for label in target.labels]:
        # Joined by number, so another version of the set would be joined without notice.
        has = "the other one" if target.labels else "none that can be read"
        return row.rejected(f"label: {value['label']}, but row {value['row']} of the input has {has}")
    judgments = []
    for order, place in (("AB", "first"), ("BA", "swapped")):
        winner = value[f"winner_{place}"]
        answer = {"error": f"winner_{place}: null"} if winner is None else {"verdict": WINNERS[winner]}
        shown = {"shown_order": order, "raw_output": value[f"completion_{place}"]}
        judgments.append({"judge": value["evaluator"], "mode": "pair", **shown, **answer})
    return judged_row(row, target.comparison_id, judgments)
