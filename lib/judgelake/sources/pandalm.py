"""PandaLM's human-annotated pairs: three annotators' verdicts each, and their majority as gold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from judgelake.judges import TIE
from judgelake.sources.fields import integer, one_of, optional, question, text
from judgelake.sources.loaded import Files, Item, Row, user_turns
from judgelake.sources.rows import Record, load_rows

VERDICTS = {0: TIE, 1: "A", 2: "B"}
ANNOTATORS = ("annotator1", "annotator2", "annotator3")
FIELDS = {
    "idx": integer,
    "instruction": question,
    "input": optional(text),
    "response1": text,
    "response2": text,
    "cmp_key": text,
    "motivation_app": text,
    **{name: one_of(*VERDICTS) for name in ANNOTATORS},
}


def load(files: Files) -> Iterator[Item]:
    """One comparison a row; an empty `input` is none, as it is in the instructions the pairs were made from."""
    return load_rows(files.inputs, FIELDS, _convert)


def _convert(row: Row) -> Record | str:
    value = row.value
    # The key names the models in the order of the responses: per key, the majorities give the published win counts.
    models = value["cmp_key"].split("_")
    if len(models) != 2:
        return f"cmp_key: {value['cmp_key']!r}, expected the names of two models joined by _"
    comparison = {
        "messages": user_turns(value["instruction"]),
        "input": value["input"] or None,
        "answers": [
            {"model": model, "text": value[response]}
            for model, response in zip(models, ("response1", "response2"), strict=True)
        ],
        "source": "pandalm",
        "attributes": {"idx": str(value["idx"]), "motivation_app": value["motivation_app"]},
    }
    return Record(comparison, _labels([VERDICTS[value[name]] for name in ANNOTATORS]))


def _labels(verdicts: list[str]) -> list[dict[str, Any]]:
    labels = [
        {"labeler": name, "kind": "human", "verdict": verdict}
        for name, verdict in zip(ANNOTATORS, verdicts, strict=True)
    ]
    verdict, votes = Counter(verdicts).most_common(1)[0]
    if 2 * votes > len(verdicts):
        labels.append({"labeler": "majority", "kind": "gold", "verdict": verdict})
    return labels
