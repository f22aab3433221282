"""PandaLM's human-annotated pairs: three annotators' verdicts each, their majority as gold, and GPT-3.5's verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from judgelake.comparisons import TIE, identifier, one_of, optional, problem_of, question, text
from judgelake.sources.loaded import Files, Item, Rejected, Row, judged_row, user_turns
from judgelake.sources.rows import Record, checked_rows, load_rows
from judgelake.sources.targets import Targets

VERDICTS = {0: TIE, 1: "A", 2: "B"}
ANNOTATORS = ("annotator1", "annotator2", "annotator3")
FIELDS = {
    "idx": identifier,
    "instruction": question,
    "input": optional(text),
    "response1": text,
    "response2": text,
    "cmp_key": text,
    "motivation_app": text,
}
VERDICT = one_of(*VERDICTS)
JUDGE = "gpt-3.5-turbo"
JUDGED = {"idx": identifier, "gpt_result": text, "gpt_reason": text, "gpt_reference": text}
RESULTS = {"1": "A", "2": "B", "Tie": TIE}


def load(files: Files) -> Iterator[Item]:
    """One comparison per row; an empty `input` means none, as in the instructions the pairs were made from.

    The verdicts of GPT-3.5, which saw the responses in this order, are joined by `idx`. A result other than 1, 2
    or Tie ("garbage") is a failed judgment.
    """
    targets = Targets()

    def became(row: Row | Rejected, item: Item) -> None:
        if isinstance(row, Row) and identifier(row.value.get("idx")) is None:
            targets.add(str(row.value["idx"]), item)

    yield from load_rows(files.inputs, FIELDS, _convert, became)
    for row in checked_rows(files.judgments, JUDGED):
        yield _judged(row, targets) if isinstance(row, Row) else row


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
    problems = {name: problem_of(value, {name: VERDICT}) for name in ANNOTATORS}
    read = {name: VERDICTS[value[name]] for name, problem in problems.items() if problem is None}
    return Record(comparison, _labels(read), problems=[problem for problem in problems.values() if problem is not None])


def _labels(verdicts: Mapping[str, str]) -> list[dict[str, Any]]:
    labels = [{"labeler": name, "kind": "human", "verdict": verdict} for name, verdict in verdicts.items()]
    majority = [verdict for verdict, votes in Counter(verdicts.values()).items() if 2 * votes > len(ANNOTATORS)]
    return labels + [{"labeler": "majority", "kind": "gold", "verdict": verdict} for verdict in majority]


def _judged(row: Row, targets: Targets) -> Item:
    value = row.value
    target = targets.of(str(value["idx"]))
    if isinstance(target, str):
        return row.rejected(f"idx: {value['idx']}, but {target}")
    result = value["gpt_result"]
    answer = {"verdict": RESULTS[result]} if result in RESULTS else {"error": f"gpt_result: {result[:40]!r}"}
    # The file has the output only in these three parts.
    written = "\n".join(part for part in (result, value["gpt_reason"], value["gpt_reference"]) if part)
    judgment = {"judge": JUDGE, "mode": "pair", "shown_order": "AB", "raw_output": written, **answer}
    return judged_row(row, target.comparison_id, [judgment])
