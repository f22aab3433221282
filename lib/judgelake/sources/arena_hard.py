"""Arena-Hard (v0.1 and v2): questions, answers of models, and judgments of two games against a baseline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from judgelake.comparisons import TIE, identifier, kind_of, name, own_label, placed, question, text
from judgelake.sources.benchmark import Asked, Matches, Replies, Reply, letter_of, shown_order
from judgelake.sources.conversations import turns_of
from judgelake.sources.loaded import Files, Item, Row
from judgelake.sources.rows import checked_rows
from judgelake.sources.values import attributes_of

# The verdict by place shown, and how strong it is.
SCORES = {
    "A>>B": ("A", 2),
    "A>B": ("A", 1),
    "A=B": (TIE, 0),
    "B=A": (TIE, 0),
    "B>A": ("B", 1),
    "B>>A": ("B", 2),
    "A<B": ("B", 1),
    "A<<B": ("B", 2),
    "B<A": ("A", 1),
    "B<<A": ("A", 2),
}
ATTRIBUTES = ("category", "subcategory", "cluster", "language")
JUDGED = {"model": name, "judge": name}
MODE = "pair"


def load(files: Files) -> Iterator[Item]:
    """Comparisons of the models' answers, grouped by question, then the judgments of both games.

    Ids are text; v2 calls them `uid`. In the first game the baseline is shown first, in the second the model. v0.1
    does not name the baseline in its judgments: `--baseline` does. A verdict's strength is kept as the scores of the
    two answers: 2 to 0 for A>>B, 1 to 0 for A>B, 0 to 0 for a tie. A game without a score is a failed judgment.

    Source: lmarena/arena-hard-auto, gen_answer.py, gen_judgment.py and, for the spellings of a score, show_result.py.
    """
    replies = Replies(_reply)
    yield from replies.read(files.answers)
    matches = Matches("arena_hard", replies, files)
    for row in checked_rows(files.inputs, {}):
        yield from _comparisons(row, matches) if isinstance(row, Row) else [row]
    yield from replies.left_over("answers")
    for row in checked_rows(files.judgments, JUDGED):
        yield _judged(row, matches, files.baseline) if isinstance(row, Row) else row


def _comparisons(row: Row, matches: Matches) -> Iterator[Item]:
    asked = _asked(row)
    if isinstance(asked, str):
        yield row.rejected(asked)
    else:
        yield from matches.of_question(asked)


def _asked(row: Row) -> Asked | str:
    value = row.value
    question_id = _id(value)
    turns = [value["prompt"]] if "prompt" in value else _contents(value.get("turns"))
    if isinstance(turns, str):
        return placed("turns", turns)
    problem = next((problem for turn in turns if (problem := question(turn)) is not None), None)
    if problem is not None:
        return f"{'prompt' if 'prompt' in value else 'turns'}: {problem}"
    if question_id is None:
        return "question_id: missing"
    return Asked(row, question_id, tuple(turns), {"question_id": question_id, **attributes_of(value, ATTRIBUTES)})


def _reply(row: Row) -> Reply | str:
    value = row.value
    question_id, model = _id(value), value.get("model_id", value.get("model"))
    if question_id is None:
        return "question_id: missing"
    problem = name(model)
    if problem is not None:
        return f"model: {problem}"
    turns = _said(value["messages"]) if "messages" in value else _of_choices(value.get("choices"))
    return turns if isinstance(turns, str) else Reply(question_id, model, tuple(turns))


def _of_choices(choices: Any) -> list[str] | str:
    if not isinstance(choices, list) or len(choices) != 1 or not isinstance(choices[0], Mapping):
        return f"choices: {kind_of(choices)}, expected a list of one object with turns"
    turns = _contents(choices[0].get("turns"))
    return placed("choices[0].turns", turns) if isinstance(turns, str) else turns


def _said(messages: Any) -> list[str] | str:
    """The assistant's texts of v2's messages, in which an answer is an object."""
    if not isinstance(messages, list):
        return f"messages: {kind_of(messages)}, expected a list"
    turns = turns_of([{**item, "content": _answer(item.get("content"))} for item in messages if _is_said(item)])
    return placed("messages", turns) if isinstance(turns, str) else [turn.content for turn in turns]


def _is_said(message: Any) -> bool:
    return isinstance(message, Mapping) and message.get("role") == "assistant"


def _contents(turns: Any) -> list[str] | str:
    """The texts of turns that are objects with `content`, or texts."""
    if not isinstance(turns, list) or not turns:
        return f"{kind_of(turns)}, expected a list with at least one turn"
    contents: list[Any] = [_answer(turn.get("content") if isinstance(turn, Mapping) else turn) for turn in turns]
    problems = [placed(f"[{place}]", problem) for place, content in enumerate(contents) if (problem := text(content))]
    return problems[0] if problems else contents


def _answer(content: Any) -> Any:
    return content.get("answer") if isinstance(content, Mapping) else content


def _judged(row: Row, matches: Matches, given_baseline: str | None) -> Item:
    value = row.value
    question_id, games = _id(value), value.get("games")
    baseline = value.get("baseline") or given_baseline
    if question_id is None or not isinstance(games, list) or not games:
        return row.rejected("question_id: missing" if question_id is None else f"games: {kind_of(games)}")
    if not isinstance(baseline, str):
        return row.rejected("baseline: missing; name the model of the first game's answer A with --baseline")
    own = matches.ordered(question_id, baseline, value["model"])
    judgments = []
    for place, game in enumerate(games):
        shown = (baseline, value["model"]) if place % 2 == 0 else (value["model"], baseline)
        said = _game(game, shown, own)
        if isinstance(said, str):
            return row.rejected(placed(f"games[{place}]", said))
        judgments.append({"judge": value["judge"], "mode": MODE, "repeat": place // 2, **said})
    return matches.item(row, question_id, own, None, judgments=judgments)


def _game(game: Any, shown: Sequence[str], own: Sequence[str]) -> dict[str, Any] | str:
    order = shown_order(shown, own)
    if game is None or (isinstance(game, Mapping) and game.get("score") is None):
        written = None if game is None else _answer(game.get("judgment"))
        return {"shown_order": order, "error": "score: null", "raw_output": written}
    score = game.get("score") if isinstance(game, Mapping) else None
    if not isinstance(score, str) or score.strip() not in SCORES:
        return f".score: {kind_of(score)}, expected one of {', '.join(SCORES)}"
    place, strength = SCORES[score.strip()]
    verdict = own_label(place, order)
    scores = [strength if verdict == letter_of(model, own) else 0 for model in own]
    return {"shown_order": order, "verdict": verdict, "scores": scores, "raw_output": _answer(game.get("judgment"))}


def _id(value: Mapping[str, Any]) -> str | None:
    given = value.get("question_id", value.get("uid"))
    return str(given) if identifier(given) is None else None
