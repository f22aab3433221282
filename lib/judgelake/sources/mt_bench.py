"""MT-Bench in FastChat's files: two-turn questions, one file of answers per model, references, and judgments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from judgelake.comparisons import identifier, list_of, optional, problem_of, question, text
from judgelake.sources.benchmark import Asked, Matches, Replies, Reply
from judgelake.sources.loaded import Files, Item, Row
from judgelake.sources.mt_bench_judgments import judged
from judgelake.sources.rows import checked_rows

QUESTION = {"question_id": identifier, "category": text, "turns": list_of(question)}


def load(files: Files) -> Iterator[Item]:
    """Comparisons of the models' answers, grouped by question, then the judgments and votes on them.

    A row with several choices is rejected: nothing says which of them is the answer. A reference file replaces the
    references in the question file. A reference with several turns becomes one text that names the turns.
    For judgments see `mt_bench_judgments.judged`.
    """
    replies, references = Replies(_reply), Replies(_reply)
    yield from replies.read(files.answers)
    yield from references.read([files.reference] if files.reference else [])
    matches = Matches("mt_bench", replies, files)
    for row in checked_rows(files.inputs, QUESTION):
        yield from _comparisons(row, matches, references) if isinstance(row, Row) else [row]
    yield from replies.left_over("answers")
    yield from references.left_over("the reference")
    for row in checked_rows(files.judgments, {"question_id": identifier}):
        yield judged(row, matches) if isinstance(row, Row) else row


def _comparisons(row: Row, matches: Matches, references: Replies) -> Iterator[Item]:
    value = row.value
    problem = problem_of(value, {"reference": optional(list_of(text))}) if "reference" in value else None
    question_id = str(value["question_id"])
    given = references.to(question_id)
    if problem is not None:
        yield matches.rejected(row, question_id, problem)
        return
    reference = next(iter(given.values())).turns if given else tuple(value.get("reference") or ())
    attributes = {"question_id": question_id, "category": value["category"]}
    yield from matches.of_question(Asked(row, question_id, tuple(value["turns"]), attributes, reference))


def _reply(row: Row) -> Reply | str:
    problem = problem_of(row.value, ANSWER)
    if problem is not None:
        return problem
    value = row.value
    return Reply(str(value["question_id"]), value["model_id"], tuple(value["choices"][0]["turns"]))


def _problem_of_choices(value: Any) -> str | None:
    problem = list_of(_problem_of_choice)(value)
    if problem is None and len(value) > 1:
        return f"has {len(value)} entries, expected one"
    return problem


def _problem_of_choice(choice: Any) -> str | None:
    if not isinstance(choice, dict):
        return "expected an object with turns"
    problem = problem_of(choice, {"turns": list_of(text)})
    return None if problem is None else f".{problem}"


ANSWER = {"question_id": identifier, "model_id": text, "choices": _problem_of_choices}
