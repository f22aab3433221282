"""Prometheus' evaluation sets: one answer, a rubric with five descriptions, a reference, and GPT-4's scores."""

from __future__ import annotations

import re
from collections.abc import Iterator

from judgelake.comparisons import identifier, list_of, one_of, problem_of, text
from judgelake.sources.loaded import Files, Item, Row, user_turns
from judgelake.sources.rows import Record, load_rows

FIELDS = {
    "idx": identifier,
    "response_source": text,
    "category": text,
    "instruction": text,
}
SCORES = {"gpt4_score": list_of(one_of(1, 2, 3, 4, 5))}
# The row contains its comparison only inside the prompt it was judged with.
HEADINGS = {
    "question": "###The instruction to evaluate:\n",
    "answer": "\n\n###Response to evaluate:\n",
    "reference": "\n\n###Reference Answer (Score 5):\n",
    "rubric": "\n\n###Score Rubrics:\n",
    "end": "\n\n###Feedback:",
}
RUBRIC = re.compile(
    r"\[(?P<criteria>.*)\]\n" + r"\n".join(rf"Score {score}: (?P<score{score}>.*)" for score in range(1, 6)), re.DOTALL
)


def load(files: Files) -> Iterator[Item]:
    """One comparison with one answer per row; each of the teacher's repeated scores is a separate label."""
    return load_rows(files.inputs, FIELDS, _convert)


def _convert(row: Row) -> Record | str:
    value = row.value
    parts = _parts(value["instruction"])
    if isinstance(parts, str):
        return parts
    rubric = RUBRIC.fullmatch(parts["rubric"])
    if rubric is None:
        return "instruction: the rubric is not a criterion in brackets and the descriptions of Score 1 to Score 5"
    comparison = {
        "messages": user_turns(parts["question"]),
        "answers": [{"model": value["response_source"], "text": parts["answer"]}],
        "reference": parts["reference"],
        "rubric": {
            "criteria": rubric["criteria"],
            "scores": [rubric[f"score{score}"] for score in range(1, 6)],
        },
        "source": "prometheus",
        "attributes": {"idx": str(value["idx"]), "category": value["category"]},
    }
    problem = problem_of(value, SCORES)
    if problem is not None:
        return Record(comparison, problems=[problem])
    labels = [
        {"labeler": f"gpt-4 #{number}", "kind": "teacher", "scores": [score]}
        for number, score in enumerate(value["gpt4_score"], start=1)
    ]
    return Record(comparison, labels)


def _parts(prompt: str) -> dict[str, str] | str:
    """The texts under the headings; a heading that occurs twice may be part of the answer, so the row is rejected."""
    for heading in HEADINGS.values():
        if prompt.count(heading) != 1:
            return f"instruction: {prompt.count(heading)} times {heading.strip()!r}, expected once"
    parts = {}
    rest = prompt.partition(HEADINGS["question"])[2]
    for (name, _), next_heading in zip(HEADINGS.items(), list(HEADINGS.values())[1:], strict=False):
        parts[name], found, rest = rest.partition(next_heading)
        if not found:
            return f"instruction: {next_heading.strip()!r} is out of order"
    return parts
