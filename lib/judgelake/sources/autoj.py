"""Auto-J: the pairwise test set (labels count from 0, 2 is a tie), its verdicts, and GPT-4's single gradings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from judgelake.comparisons import TIE, number, one_of, own_label, problem_of, question, text
from judgelake.errors import UserError
from judgelake.sources.loaded import Files, Item, Row, judged_row, user_turns
from judgelake.sources.rows import Record, checked_rows, load_rows
from judgelake.sources.targets import Targets

VERDICTS = {0: "A", 1: "B", 2: TIE}
PAIR = {"prompt": question, "response 1": text, "response 2": text, "scenario": text}
SINGLE = {"usrmsg": text, "scenario": text}
LABEL, SCORE = {"label": one_of(*VERDICTS)}, {"pred_score": number}
# A grading contains its comparison only inside the prompt of the grading.
QUERY, RESPONSE, END = "\n***\n[Query]: ", "\n***\n[Response]: ", "\n***\n[END DATA]"

JUDGE = "Auto-J-13B"
# Auto-J's own code writes -1 if it finds no verdict.
NO_VERDICT = -1
JUDGED = {"output": one_of(*VERDICTS, NO_VERDICT)}
ORDERS = ("AB", "BA")


def load(files: Files) -> Iterator[Item]:
    """One comparison per row: two answers with a gold verdict, or one with the teacher's score from 1 to 10.

    Judgments contain only the output, one row for each row of the input: the first file is for the order AB, a
    second one for BA, and its outputs are still in the order shown.

    Raises:
        UserError: a file cannot be read, there are more than two files of judgments, or the numbers of rows differ.
    """
    if len(files.judgments) > len(ORDERS):
        raise UserError("--judgments of autoj are one file in the order AB and, if there is one, a second in BA.")
    targets = Targets()
    yield from load_rows(
        files.inputs,
        {},
        lambda row: _single(row) if "usrmsg" in row.value else _pair(row),
        lambda row, item: targets.add(len(targets), item),
    )
    for path, order in zip(files.judgments, ORDERS, strict=False):
        yield from _judgments(path, order, targets)


def _judgments(path: Path, order: str, targets: Targets) -> Iterator[Item]:
    rows = list(checked_rows([path], JUDGED))
    if len(rows) != len(targets):
        raise UserError(
            f"{str(path)!r} has {len(rows)} rows and the input {len(targets)}: outputs of autoj are matched by "
            "position, so there must be as many, in the same order."
        )
    for place, row in enumerate(rows):
        yield _judged(row, order, place, targets) if isinstance(row, Row) else row


def _judged(row: Row, order: str, place: int, targets: Targets) -> Item:
    target = targets.of(place)
    if isinstance(target, str):
        return row.rejected(f"row {place + 1}, but {target}")
    output = row.value["output"]
    answer = {"error": "output: -1"} if output == NO_VERDICT else {"verdict": own_label(VERDICTS[output], order)}
    return judged_row(row, target.comparison_id, [{"judge": JUDGE, "mode": "pair", "shown_order": order, **answer}])


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
    unread = problem_of(value, LABEL)
    if unread is not None:
        return Record(comparison, problems=[unread])
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
    unread = problem_of(value, SCORE)
    if unread is not None:
        return Record(comparison, problems=[unread])
    return Record(comparison, [{"labeler": "gpt-4", "kind": "teacher", "scores": [value["pred_score"]]}])
