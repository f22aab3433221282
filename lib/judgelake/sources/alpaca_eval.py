"""AlpacaEval: models' outputs to the same instructions, and annotations of pairs of outputs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from judgelake.comparisons import TIE, name, one_of, optional, question, text
from judgelake.sources.grouping import groups_of
from judgelake.sources.loaded import Files, Item, Rejected, Row, accepted, user_turns
from judgelake.sources.rows import Record, checked_rows, load_rows

OUTPUT = {"instruction": question, "output": text, "generator": text, "dataset": text}
# 0 is a tie in the older files, 1.5 in the newer ones.
VERDICTS = {1: "A", 2: "B", 0: TIE, 1.5: TIE}
ANNOTATION = {
    "instruction": question,
    "output_1": text,
    "output_2": text,
    "generator_1": text,
    "generator_2": text,
    "dataset": text,
    "annotator": name,
    "preference": one_of(*VERDICTS),
}
JUDGED = {**ANNOTATION, "preference": optional(ANNOTATION["preference"])}


def load(files: Files) -> Iterator[Item]:
    """Comparisons of the outputs, grouped by question, then those of the annotations.

    A model has one output per instruction. A second one with the same text and dataset is the same output; with
    another text or dataset it is rejected.

    An annotation contains the two outputs it judged, which may differ from those of the output files (a model's
    outputs are generated again for a new release): it is a comparison of its own, or the same as the outputs' if
    the texts are the same. Its preference is a label, or (`--judgments`) the annotator's judgment; then null is
    a failed one.
    """
    questions: dict[str, _Question] = {}
    for row in checked_rows(files.inputs, OUTPUT):
        if isinstance(row, Rejected):
            yield row
            continue
        asked = questions.setdefault(row.value["instruction"], _Question())
        first = asked.rows.setdefault(row.value["generator"], row)
        problem = _problem_of_repetition(first, row)
        if problem is not None:
            yield row.rejected(problem)
    for asked in questions.values():
        yield from asked.comparisons(files)
    yield from load_rows(files.annotations, ANNOTATION, _annotated)
    yield from load_rows(files.judgments, JUDGED, _judged)


def _problem_of_repetition(first: Row, row: Row) -> str | None:
    place = f"{Path(first.file).name}, line {first.line}"
    where = f"output of {row.value['generator']!r} to this instruction is in {place}"
    if first.value["output"] != row.value["output"]:
        return f"generator: another {where}"
    if first.value["dataset"] != row.value["dataset"]:
        return f"dataset: the same {where}, with {first.value['dataset']!r}"
    return None


@dataclass(slots=True)
class _Question:
    """The outputs to one instruction, by model, in the order of the files."""

    rows: dict[str, Row] = field(default_factory=dict)

    def comparisons(self, files: Files) -> Iterator[Item]:
        groups = groups_of(list(self.rows), files.pairs, files.baseline)
        if isinstance(groups, str):
            yield next(iter(self.rows.values())).rejected(groups)
            return
        for models in groups:
            shown = [self.rows[model] for model in models]
            comparison = {
                "messages": user_turns(shown[0].value["instruction"]),
                "answers": [{"model": row.value["generator"], "text": row.value["output"]} for row in shown],
                "source": "alpaca_eval",
                "attributes": {"dataset": shown[0].value["dataset"]},
            }
            yield accepted(shown[0], comparison)


def _annotated(row: Row) -> Record:
    value = row.value
    label = {"labeler": value["annotator"], "kind": "teacher", "verdict": VERDICTS[value["preference"]]}
    return Record(_comparison(value), [label])


def _judged(row: Row) -> Record:
    value = row.value
    preference, written = value["preference"], value.get("raw_completion")
    answer = {"error": "preference: null"} if preference is None else {"verdict": VERDICTS[preference]}
    # AlpacaEval shows the outputs in a random order, maps the preference back and does not record the order:
    # AB only says in which order the verdict is given.
    judgment = {"judge": value["annotator"], "mode": "pair", "shown_order": "AB", **answer}
    # Text in some releases, the full response of the call in others.
    raw_output = written if isinstance(written, str | None) else json.dumps(written)
    return Record(_comparison(value), judgments=[{**judgment, "raw_output": raw_output}])


def _comparison(value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "messages": user_turns(value["instruction"]),
        "answers": [{"model": value[f"generator_{place}"], "text": value[f"output_{place}"]} for place in (1, 2)],
        "source": "alpaca_eval",
        "attributes": {"dataset": value["dataset"]},
    }
