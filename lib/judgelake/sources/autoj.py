"""Auto-J: the pairwise test set (labels count from 0, 2 is a tie) and GPT-4's gradings of single answers."""

from __future__ import annotations

from collections.abc import Iterator

from judgelake.judges import TIE
from judgelake.sources.fields import number, one_of, problem_of, question, text
from judgelake.sources.loaded import Files, Item, Row, user_turns
from judgelake.sources.rows import Record, load_rows

VERDICTS = {0: "A", 1: "B", 2: TIE}
PAIR = {"prompt": question, "response 1": text, "response 2": text, "label": one_of(*VERDICTS), "scenario": text}
SINGLE = {"usrmsg": text, "pred_score": number, "scenario": text}
# A grading holds its comparison only inside the prompt it was made with.
QUERY, RESPONSE, END = "\n***\n[Query]: ", "\n***\n[Response]: ", "\n***\n[END DATA]"


def load(files: Files) -> Iterator[Item]:
    """One comparison a row: of two answers with a gold verdict, or of one with the teacher's score from 1 to 10."""
    return load_rows(files.inputs, {}, lambda row: _single(row) if "usrmsg" in row.value else _pair(row))


def _pair(row: Row) -> Record | str:
    value = row.value
    problem = problem_of(value, PAIR)
    if problem is not None:
        return problem
    comparison = {
        "messages": user_turns(value["prompt"]),
        "answers": [{"text": value["response 1"]}, {"text": value["response 2"]}],
        "source": "autoj",
        "attributes": {"scenario": value["scenario"]},
    }
    return Record(comparison, [{"labeler": "autoj", "kind": "gold", "verdict": VERDICTS[value["label"]]}])


def _single(row: Row) -> Record | str:
    value = row.value
    problem = problem_of(value, SINGLE)
    if problem is not None:
        return problem
    prompt = value["usrmsg"]
    if any(prompt.count(mark) != 1 for mark in (QUERY, RESPONSE, END)):
        return "usrmsg: expected one [Query], one [Response] and one [END DATA]"
    query, _, rest = prompt.partition(QUERY)[2].partition(RESPONSE)
    comparison = {
        "messages": user_turns(query),
        "answers": [{"text": rest.partition(END)[0]}],
        "source": "autoj",
        "attributes": {"scenario": value["scenario"]},
    }
    return Record(comparison, [{"labeler": "gpt-4", "kind": "teacher", "scores": [value["pred_score"]]}])
