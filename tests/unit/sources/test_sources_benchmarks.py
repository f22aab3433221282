"""Judgments of a benchmark's answers: MT-Bench's games, scores and votes, and Arena-Hard's games."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from judgelake.comparisons import Failure
from judgelake.sources import Files, Loaded, Rejected, format_named

Write = Callable[..., Path]


def said_by(item: Any) -> list[tuple[Any, ...]]:
    assert isinstance(item, Loaded), item
    return [
        (
            judgment.judge,
            judgment.mode,
            judgment.shown_order,
            judgment.said.reason if isinstance(judgment.said, Failure) else judgment.said.verdict,
        )
        for judgment in item.judgments
    ]


def reasons(items: list[Any]) -> list[str]:
    return [item.reason for item in items if isinstance(item, Rejected)]


QUESTION = {"question_id": 81, "category": "writing", "turns": ["First?", "Then?"], "reference": ["one", "two"]}


def answer(model: str, *turns: Any, question_id: Any = 81) -> dict[str, Any]:
    return {"question_id": question_id, "model_id": model, "choices": [{"index": 0, "turns": list(turns)}]}


def pair(first: str = "alpha", second: str = "beta", turn: int = 2, **more: Any) -> dict[str, Any]:
    return {
        "question_id": 81,
        "model_1": first,
        "model_2": second,
        "g1_winner": "model_1",
        "g2_winner": "tie",
        "judge": ["gpt-4", "pair-v2"],
        "g1_judgment": "said first [[A]]",
        "g2_judgment": "said second [[C]]",
        "turn": turn,
        **more,
    }


@pytest.fixture
def mt_bench(write) -> Callable[..., list[Any]]:
    def load(*judgments: Any, **options: Any) -> list[Any]:
        files = {
            "inputs": (write("question.jsonl", QUESTION),),
            "answers": (
                write("alpha.jsonl", answer("alpha", "a1", "a2")),
                write("beta.jsonl", answer("beta", "b1", "b2", question_id="81")),
            ),
            "judgments": (write("judgments.jsonl", *judgments),),
        }
        return list(format_named("mt_bench").load(Files(**files, **options)))

    return load


def test_both_games_are_judgments_in_the_order_of_the_comparison(mt_bench):
    comparison, judged, swapped = mt_bench(pair(), pair("beta", "alpha", judge=["gpt-4", "other"]))
    assert [answer.model for answer in comparison.comparison.answers] == ["alpha", "beta"]
    assert said_by(judged) == [("gpt-4", "pair-v2", "AB", "A"), ("gpt-4", "pair-v2", "BA", "tie")]
    # Here model_1 is beta, which is answer B of the same comparison and was shown first in the first game.
    assert said_by(swapped) == [("gpt-4", "other", "BA", "B"), ("gpt-4", "other", "AB", "tie")]
    assert judged.judgments[1].raw_output == "said second [[C]]"
    ids = {judgment.comparison_id for item in (judged, swapped) for judgment in item.judgments}
    assert (ids, judged.comparison) == ({comparison.comparison.comparison_id}, None)


def test_the_baseline_is_answer_a_for_judgments_too(mt_bench):
    comparison, judged = mt_bench(pair(), baseline="beta")
    assert [answer.model for answer in comparison.comparison.answers] == ["beta", "alpha"]
    assert said_by(judged) == [("gpt-4", "pair-v2", "BA", "B"), ("gpt-4", "pair-v2", "AB", "tie")]


def test_a_judgment_of_the_first_turn_is_about_a_comparison_of_its_own(mt_bench):
    whole, first, again = mt_bench(pair(turn=1), pair(turn=1, judge="other"))
    assert [message.content for message in first.comparison.messages] == ["First?"]
    assert [answer.text for answer in first.comparison.answers] == ["a1", "b1"]
    assert (first.comparison.reference, whole.comparison.reference) == ("one", "Turn 1:\none\n\nTurn 2:\ntwo")
    assert [answer.turns for answer in whole.comparison.answers] == [("a1", "a2"), ("b1", "b2")]
    assert first.comparison.comparison_id != whole.comparison.comparison_id
    assert (again.comparison, said_by(again)[0][:2]) == (None, ("other", "pair"))


def test_a_game_that_failed_is_a_failed_judgment_and_never_a_tie(mt_bench):
    _, judged = mt_bench(pair(g1_winner="error", g1_judgment="$ERROR$"))
    assert said_by(judged)[0] == ("gpt-4", "pair-v2", "AB", "g1_winner: error")


@pytest.mark.parametrize(("score", "expected"), [(7, (7.0,)), (9.5, (9.5,)), (-1, None)])
def test_a_single_score_is_a_judgment_of_one_answer(mt_bench, score, expected):
    row = {"question_id": "81", "model": "beta", "judge": ["gpt-4", "single-v1"], "score": score, "turn": 1}
    whole, judged = mt_bench({**row, "judgment": f"Rating: [[{score}]]", "user_prompt": "p"})
    assert [answer.text for answer in judged.comparison.answers] == ["b1"]
    (judgment,) = judged.judgments
    assert (judgment.mode, judgment.shown_order, judgment.raw_output) == ("single-v1", "A", f"Rating: [[{score}]]")
    if expected is None:
        assert judgment.said.status == "out_of_range"
    else:
        assert judgment.said.scores == expected
    assert whole.comparison is not None


def vote(winner: Any, voter: str, a: str = "alpha", b: str = "beta", **more: Any) -> dict[str, Any]:
    return {"question_id": 81, "model_a": a, "model_b": b, "winner": winner, "judge": voter, "turn": 2, **more}


def talk(*said: str) -> list[dict[str, str]]:
    return [{"role": ("user", "assistant")[place % 2], "content": text} for place, text in enumerate(said)]


ALPHA, BETA = talk("First?", "a1", "Then?", "a2"), talk("First?", "b1", "Then?", "b2")


def test_votes_are_labels_of_the_voters_whichever_model_they_name_first(mt_bench):
    whole, *votes = mt_bench(
        vote("model_a", "expert_1"),
        vote("model_a", "expert_2", "beta", "alpha", conversation_a=BETA, conversation_b=ALPHA),
        vote("tie", "author_0", turn=1, conversation_a=ALPHA, conversation_b=BETA),
        vote("model_c", "author_1"),
    )
    assert [[(one.labeler, one.kind, one.verdict) for one in item.labels] for item in votes] == [
        [("expert_1", "human", "A")],
        [("expert_2", "human", "B")],
        [("author_0", "human", "tie")],
        [],
    ]
    assert {one.comparison_id for item in votes[:2] for one in item.labels} == {whole.comparison.comparison_id}
    assert [answer.text for answer in votes[2].comparison.answers] == ["a1", "b1"]
    assert [one.reason.startswith("label by author_1: winner: ") for one in votes[3].refused] == [True]


def test_a_vote_on_other_texts_than_the_answer_files_is_about_its_own(mt_bench):
    other = talk("First?", "b1", "Then?", "another")
    whole, voted = mt_bench(vote("model_b", "expert_1", conversation_a=ALPHA, conversation_b=other))
    assert [answer.turns for answer in voted.comparison.answers] == [("a1", "a2"), ("b1", "another")]
    assert voted.comparison.comparison_id != whole.comparison.comparison_id
    assert voted.labels[0].verdict == "B"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (pair(question_id=99), "question_id: 99 is not a question of the input"),
        (pair("alpha", "gamma"), "model: 'gamma' has no answer to question 81 in the answers"),
        (pair(g1_winner="A"), "g1_winner: str 'A', expected one of model_1, model_2, tie, error"),
        (pair(judge=7), "judge: int '7', expected text"),
        (pair(turn=0), "turn: int '0', expected an integer from 1"),
        ({"question_id": 81, "turn": 1}, "model: missing"),
        ({"turn": 1}, "question_id: missing"),
    ],
)
def test_a_judgment_that_fits_nothing_is_rejected_by_name(mt_bench, row, reason):
    found = reasons(mt_bench(row))
    assert (len(found), found[0].startswith(reason)) == (1, True), found


HARD = {"question_id": "ab12", "category": "arena-hard-v0.1", "cluster": "c", "turns": [{"content": "Write."}]}
HARD_2 = {"uid": "ab12", "category": "hard_prompt", "subcategory": "coding", "prompt": "Write."}


def hard_answer(model: str, text: str, version: str = "v0.1") -> dict[str, Any]:
    if version == "v0.1":
        return answer(model, {"content": text, "token_len": 1}, question_id="ab12")
    messages = [{"role": "user", "content": "Write."}, {"role": "assistant", "content": {"answer": text}}]
    return {"uid": "ab12", "ans_id": "z", "model": model, "messages": messages}


def games(*scores: Any, **more: Any) -> dict[str, Any]:
    played = [None if score == "none" else {"score": score, "judgment": {"answer": f"[[{score}]]"}} for score in scores]
    return {"uid": "ab12", "judge": "gpt-x", "model": "m1", "baseline": "base", "games": played, **more}


@pytest.fixture
def arena_hard(write) -> Callable[..., list[Any]]:
    def load(*judgments: Any, question: Any = HARD, version: str = "v0.1", **options: Any) -> list[Any]:
        files = {
            "inputs": (write("question.jsonl", question),),
            "answers": (
                write("base.jsonl", hard_answer("base", "rain", version)),
                write("m1.jsonl", hard_answer("m1", "snow", version)),
            ),
            "judgments": (write("judgments.jsonl", *judgments),) if judgments else (),
        }
        return list(format_named("arena_hard").load(Files(**files, **options)))

    return load


@pytest.mark.parametrize(("question", "version"), [(HARD, "v0.1"), (HARD_2, "v2")])
def test_both_versions_of_arena_hard_are_the_same_comparison(arena_hard, question, version):
    (item,) = arena_hard(question=question, version=version)
    assert [(answer.model, answer.text) for answer in item.comparison.answers] == [("base", "rain"), ("m1", "snow")]
    assert (item.comparison.messages[0].content, item.comparison.attributes["question_id"]) == ("Write.", "ab12")


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        (("A>B", "B>>A"), [("AB", "A", (1.0, 0.0)), ("BA", "A", (2.0, 0.0))]),
        (("B>>A", "A>B"), [("AB", "B", (0.0, 2.0)), ("BA", "B", (0.0, 1.0))]),
        (("A=B", "B=A"), [("AB", "tie", (0.0, 0.0)), ("BA", "tie", (0.0, 0.0))]),
        (("A<B", "A<<B"), [("AB", "B", (0.0, 1.0)), ("BA", "A", (2.0, 0.0))]),
    ],
)
def test_five_way_verdicts_are_mapped_back_and_keep_their_strength(arena_hard, scores, expected):
    _, judged = arena_hard(games(*scores))
    found = [(judgment.shown_order, judgment.said.verdict, judgment.said.scores) for judgment in judged.judgments]
    assert found == expected
    assert [judgment.raw_output for judgment in judged.judgments] == [f"[[{score}]]" for score in scores]


def test_a_game_without_a_score_is_a_failed_judgment(arena_hard):
    _, judged = arena_hard(games(None, "none"))
    assert said_by(judged) == [("gpt-x", "pair", "AB", "score: null"), ("gpt-x", "pair", "BA", "score: null")]


def test_the_older_version_does_not_name_its_baseline(arena_hard):
    old = {**games("A>>B"), "question_id": "ab12", "baseline": None}
    old["games"] = [{"score": "A>>B", "judgment": "text [[A>>B]]", "user_prompt": "p"}]
    assert reasons(arena_hard(old)) == [
        "baseline: missing; name the model of the first game's answer A with --baseline"
    ]
    _, judged = arena_hard(old, baseline="base")
    assert said_by(judged) == [("gpt-x", "pair", "AB", "A")]
    assert judged.judgments[0].raw_output == "text [[A>>B]]"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (games("A>C"), "games[0].score: str 'A>C', expected one of A>>B, A>B"),
        (games("A>B", uid="zz"), "question_id: zz is not a question of the input"),
        (games("A>B", model="gone"), "model: 'gone' has no answer to question ab12 in the answers"),
        (games(), "games: a list of 0"),
    ],
)
def test_games_that_fit_nothing_are_rejected_by_name(arena_hard, row, reason):
    found = reasons(arena_hard(row))
    assert (len(found), found[0].startswith(reason)) == (1, True), found
