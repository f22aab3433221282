"""What FastChat's judges and people said of MT-Bench's answers: both games of a pair, single scores, votes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from judgelake.comparisons import TIE, integer_from, kind_of, name, number, optional, problem_of, text
from judgelake.sources.arena import voted, voter_of, winner_of
from judgelake.sources.benchmark import Matches, letter_of, shown_order
from judgelake.sources.conversations import first_turns, turns_of
from judgelake.sources.loaded import Item, Row

# A judgment of turn 1 saw only the first turn, one of turn 2 the whole conversation.
TURN = integer_from(1, 99)
WINNERS = ("model_1", "model_2", TIE, "error")


def _winner(value: Any) -> str | None:
    return None if value in WINNERS else f"{kind_of(value)}, expected one of {', '.join(WINNERS)}"


def _judge(value: Any) -> str | None:
    is_pair = isinstance(value, list) and len(value) == 2 and all(name(part) is None for part in value)
    return None if is_pair else name(value)


PAIR = {
    "model_1": name,
    "model_2": name,
    "judge": _judge,
    "g1_winner": _winner,
    "g1_judgment": optional(text),
    "turn": TURN,
}
GAME_2 = {"g2_winner": _winner, "g2_judgment": optional(text)}
SINGLE = {"model": name, "judge": _judge, "score": number, "judgment": optional(text), "turn": TURN}
VOTE = {"model_a": name, "model_b": name, "turn": TURN}


def judged(row: Row, matches: Matches) -> Item:
    """The judgments or the vote of a row, with the comparison they are about.

    Three kinds of rows are known by their keys: `g1_winner` (gpt-4_pair: two games, the second with the answers
    swapped, both already mapped back to the models), `score` (gpt-4_single; -1 is a failed judgment), and `winner`
    (a vote: a label of the voter). A row of turn 1 is about the first turn alone, which is a comparison of its own.
    The judge's second name, the prompt's, is the mode: ["gpt-4", "pair-v2"].

    Source: FastChat, fastchat/llm_judge/common.py, `play_a_match_pair` and `play_a_match_single`.
    """
    if "g1_winner" in row.value:
        return _pair(row, matches)
    return _vote(row, matches) if "winner" in row.value else _single(row, matches)


def _pair(row: Row, matches: Matches) -> Item:
    value = row.value
    games = ("g1", "g2") if "g2_winner" in value else ("g1",)
    problem = problem_of(value, PAIR | (GAME_2 if "g2" in games else {}))
    if problem is not None:
        return row.rejected(problem)
    models = (value["model_1"], value["model_2"])
    own = matches.ordered(_question(value), *models)
    judgments = []
    for game, shown in zip(games, (models, models[::-1]), strict=False):
        said = {
            "shown_order": shown_order(shown, own),
            "raw_output": value[f"{game}_judgment"],
            **_said(game, value, models, own),
        }
        judgments.append({**_named(value["judge"]), **said})
    return matches.item(row, _question(value), own, value["turn"], judgments=judgments)


def _said(game: str, value: Mapping[str, Any], models: Sequence[str], own: Sequence[str]) -> dict[str, str]:
    winner = value[f"{game}_winner"]
    if winner == "error":
        return {"error": f"{game}_winner: error"}
    return {"verdict": TIE if winner == TIE else letter_of(models[WINNERS.index(winner)], own)}


def _single(row: Row, matches: Matches) -> Item:
    value = row.value
    problem = problem_of(value, SINGLE)
    if problem is not None:
        return row.rejected(problem)
    said = {"shown_order": "A", "raw_output": value["judgment"], "scores": [value["score"]]}
    judgments = [{**_named(value["judge"]), **said}]
    return matches.item(row, _question(value), [value["model"]], value["turn"], judgments=judgments)


def _vote(row: Row, matches: Matches) -> Item:
    value = row.value
    problem = problem_of(value, VOTE)
    if problem is not None:
        return row.rejected(problem)
    models = (value["model_a"], value["model_b"])
    if not _has_the_same_texts(value, models, matches):
        return voted(row, "mt_bench")
    own = matches.ordered(_question(value), *models)
    verdict, unread = winner_of(value)
    voter, kind = voter_of(value)
    labels = []
    if verdict is not None:
        winner = verdict if verdict == TIE else letter_of(models["AB".index(verdict)], own)
        labels.append({"labeler": voter, "kind": kind, "verdict": winner})
    problems = [] if unread is None else [f"label by {voter}: {unread}"]
    return matches.item(row, _question(value), own, value["turn"], labels=labels, problems=problems)


def _has_the_same_texts(value: Mapping[str, Any], models: Sequence[str], matches: Matches) -> bool:
    """Whether a vote is about the answers of the answer files; a vote without texts can be about nothing else."""
    for model, key in zip(models, ("conversation_a", "conversation_b"), strict=True):
        if key not in value:
            continue
        turns, known = turns_of(value[key]), matches.texts(_question(value), model)
        if isinstance(turns, str) or known is None:
            return False
        shown = [turn.content for turn in first_turns(turns, value["turn"]) if turn.role == "assistant"]
        if tuple(shown) != known[: value["turn"]]:
            return False
    return True


def _named(judge: str | Sequence[str]) -> dict[str, str]:
    """The judge and its mode."""
    return {"judge": judge} if isinstance(judge, str) else {"judge": judge[0], "mode": judge[1]}


def _question(value: Mapping[str, Any]) -> str:
    return str(value["question_id"])
