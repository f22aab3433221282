"""AlpacaEval 1 and 2: models' outputs to the same instructions, and annotations of pairs of outputs."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from judgelake.comparisons import TIE, kind_of, name, number, problem_of, question, text
from judgelake.sources.grouping import groups_of
from judgelake.sources.loaded import Files, Item, Rejected, Row, accepted, user_turns
from judgelake.sources.rows import Record, checked_rows, load_rows

OUTPUT = {"instruction": question, "output": text, "generator": text}
# 0 is a tie in the older files, 1.5 in the newer ones.
VERDICTS = {1: "A", 2: "B", 0: TIE, 1.5: TIE}
FIRST, MIDDLE, SECOND = 1, 1.5, 2
PAIR = {
    "instruction": question,
    "output_1": text,
    "output_2": text,
    "generator_1": text,
    "generator_2": text,
    "annotator": name,
}
MAY_HAVE = {"dataset": text}


def load(files: Files) -> Iterator[Item]:
    """Comparisons of the outputs, grouped by question, then those of the annotations.

    A model has one output per instruction. A second one with the same text and dataset is the same output; with
    another text or dataset it is rejected. `dataset` may be absent.

    An annotation contains the two outputs it judged, which may differ from those of the output files (a model's
    outputs are generated again for a new release): it is a comparison of its own, or the same as the outputs' if
    the texts are the same. Its preference is a label, or (`--judgments`) the annotator's judgment; then null is
    a failed one. AlpacaEval 2's preference is 1 plus the probability that output 2 wins: 1.2 is A. The strength is
    kept: in a label as the two probabilities (scores 0.8 and 0.2), in a judgment as their logarithms.

    Source: tatsu-lab/alpaca_eval, src/alpaca_eval/annotators/pairwise_evaluator.py and its decoder
    `logprob_parser`.
    """
    questions: dict[str, _Question] = {}
    for row in checked_rows(files.inputs, OUTPUT, MAY_HAVE):
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
    for row in checked_rows(files.annotations, PAIR, MAY_HAVE):
        yield _annotated(row) if isinstance(row, Row) else row
    judged = {**PAIR, "preference": lambda value: None if value is None else _preference(value)}
    yield from load_rows(files.judgments, judged, _judged, may_have=MAY_HAVE)


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
                "attributes": _attributes(shown[0].value),
            }
            yield accepted(shown[0], comparison)


def _annotated(row: Row) -> Item:
    value = row.value
    unread = problem_of(value, {"preference": _preference})
    if unread is not None:
        return accepted(row, _comparison(value), problems=[unread])
    preference = value["preference"]
    label = {"labeler": value["annotator"], "kind": "teacher", "verdict": _verdict(preference)}
    if preference not in VERDICTS:
        label["scores"] = _probabilities(preference)
    return accepted(row, _comparison(value), [label])


def _judged(row: Row) -> Record:
    value = row.value
    preference, written = value["preference"], value.get("raw_completion")
    answer: dict[str, Any] = {"error": "preference: null"} if preference is None else {"verdict": _verdict(preference)}
    if preference is not None and preference not in VERDICTS:
        logprobs = map(math.log, _probabilities(preference))
        answer["verdict_logprobs"] = dict(zip("AB", logprobs, strict=True))
    # AlpacaEval shows the outputs in a random order, maps the preference back and does not record the order:
    # AB only says in which order the verdict is given.
    judgment = {"judge": value["annotator"], "mode": "pair", "shown_order": "AB", **answer}
    # Text in some releases, the full response of the call in others.
    raw_output = written if isinstance(written, str | None) else json.dumps(written)
    return Record(_comparison(value), judgments=[{**judgment, "raw_output": raw_output}])


def _preference(value: Any) -> str | None:
    """A tie of the older files, or a number from 1 (output 1) to 2 (output 2)."""
    if number(value) is None and (value in VERDICTS or FIRST < value < SECOND):
        return None
    return f"{kind_of(value)}, expected a number from 1 (output 1) to 2 (output 2), or 0 for a tie"


def _verdict(preference: float) -> str:
    if preference in VERDICTS:
        return VERDICTS[preference]
    return "A" if preference < MIDDLE else "B"


def _probabilities(preference: float) -> list[float]:
    """The probabilities that output 1 and output 2 win."""
    return [SECOND - preference, preference - FIRST]


def _comparison(value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "messages": user_turns(value["instruction"]),
        "answers": [{"model": value[f"generator_{place}"], "text": value[f"output_{place}"]} for place in (1, 2)],
        "source": "alpaca_eval",
        "attributes": _attributes(value),
    }


def _attributes(value: Mapping[str, Any]) -> dict[str, str]:
    return {} if value["dataset"] is None else {"dataset": value["dataset"]}
