"""Arena votes and preference data: conversations of two models, who won, and who said so."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from judgelake.sources import Files, Loaded, Rejected, format_named

Write = Callable[..., Path]


def load(format_name: str, path: Path) -> list[Any]:
    return list(format_named(format_name).load(Files(inputs=(path,))))


def labels_of(item: Any) -> list[tuple[Any, ...]]:
    assert isinstance(item, Loaded), item
    return [(label.labeler, label.kind, label.verdict) for label in item.labels]


def refused(item: Loaded) -> list[str]:
    return [label.reason for label in item.refused]


def said(*turns: str, key: str = "content") -> list[dict[str, str]]:
    """A conversation: user, assistant, user, assistant, ..."""
    return [{"role": ("user", "assistant")[place % 2], key: turn} for place, turn in enumerate(turns)]


def battle(winner: Any = "model_a", **more: Any) -> dict[str, Any]:
    return {
        "question_id": "q1",
        "model_a": "m1",
        "model_b": "m2",
        "winner": winner,
        "judge": "arena_user_7",
        "conversation_a": said("Q?", "a"),
        "conversation_b": said("Q?", "b"),
        "turn": 1,
        "language": "English",
        **more,
    }


@pytest.mark.parametrize(
    ("winner", "verdict"),
    [
        ("model_a", "A"),
        ("model_b", "B"),
        ("tie", "tie"),
        ("tie (bothbad)", "tie"),
        ("both_bad", "tie"),
        (None, None),
    ],
)
def test_an_arena_vote_is_a_label_of_the_voter(write, winner, verdict):
    (item,) = load("arena", write("a.jsonl", battle(winner)))
    assert labels_of(item) == ([] if verdict is None else [("arena_user_7", "human", verdict)])
    assert (refused(item), item.comparison.attributes["question_id"]) == ([], "q1")
    assert [(answer.model, answer.text) for answer in item.comparison.answers] == [("m1", "a"), ("m2", "b")]
    assert [message.content for message in item.comparison.messages] == ["Q?"]


@pytest.mark.parametrize("winner", ["model_c", "A", 1, True, ["model_a"]])
def test_a_vote_that_cannot_be_read_is_refused_and_the_battle_taken(write, winner):
    (item,) = load("arena", write("a.jsonl", battle(winner)))
    assert labels_of(item) == []
    assert [reason.startswith("label by arena_user_7: winner: ") for reason in refused(item)] == [True]


def test_votes_on_the_same_answers_belong_to_one_comparison(write):
    rows = [battle("model_a", judge="expert_1"), battle("model_b", judge="author_0"), battle("tie", judge=None)]
    items = load("arena", write("a.jsonl", *rows))
    assert [labels_of(item) for item in items] == [
        [("expert_1", "human", "A")],
        [("author_0", "human", "B")],
        [("arena", "human", "tie")],
    ]
    assert len({item.comparison.comparison_id for item in items}) == 1


@pytest.mark.parametrize(
    ("more", "labeler", "kind"),
    [
        ({"judge_hash": "3f2a", "judge": None}, "3f2a", "human"),
        ({"judge": 17}, "17", "human"),
        ({"judge": ["gpt-4", "pair-v2"]}, "gpt-4/pair-v2", "teacher"),
        ({"judge": "gpt4_pair"}, "gpt4_pair", "teacher"),
    ],
)
def test_who_voted_is_named_in_several_ways(write, more, labeler, kind):
    (item,) = load("arena", write("a.jsonl", battle(**more)))
    assert labels_of(item) == [(labeler, kind, "A")]


@pytest.mark.parametrize(
    "spelling",
    [
        pytest.param(json.dumps, id="JSON as text"),
        pytest.param(lambda turns: [{"from": t["role"], "value": t["content"]} for t in turns], id="ShareGPT"),
        pytest.param(
            lambda turns: [{**t, "content": [{"type": "text", "text": t["content"], "image": None}]} for t in turns],
            id="parts",
        ),
    ],
)
def test_conversations_are_read_in_every_published_spelling(write, spelling):
    rows = [battle(), battle(conversation_a=spelling(said("Q?", "a")), conversation_b=spelling(said("Q?", "b")))]
    items = load("arena", write("a.jsonl", *rows))
    assert len({item.comparison.comparison_id for item in items}) == 1


def test_answers_of_several_turns_are_turns_and_a_vote_on_the_first_turn_is_about_that(write):
    talks = {"conversation_a": said("1?", "a", "2?", "b"), "conversation_b": said("1?", "c", "2?", "d")}
    whole, first = load("arena", write("a.jsonl", battle(turn=2, **talks), battle(turn=1, **talks)))
    assert [answer.turns for answer in whole.comparison.answers] == [("a", "b"), ("c", "d")]
    assert [message.content for message in whole.comparison.messages] == ["1?", "2?"]
    assert [answer.text for answer in first.comparison.answers] == ["a", "c"]
    assert [message.content for message in first.comparison.messages] == ["1?"]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"conversation_b": said("Other?", "b")}, "conversation_a, conversation_b: the user's turns differ"),
        ({"conversation_b": said("Q?")}, "conversation_a, conversation_b: the last message is not the assistant's"),
        ({"conversation_b": None}, "conversation_b: null, expected a list of messages"),
        ({"conversation_b": "hello"}, "conversation_b: text, expected a list of messages"),
        ({"conversation_b": [{"role": "user", "content": None}]}, "conversation_b[0].content: null, expected text"),
        (
            {"conversation_a": [{"role": "user", "content": [{"type": "image", "text": None}]}]},
            "conversation_a[0].content[0]: str 'image', but judges see only text",
        ),
        ({"model_a": 7}, "model_a: int '7', expected text"),
    ],
)
def test_a_battle_that_cannot_be_judged_is_rejected_by_name(write, more, reason):
    (item,) = load("arena", write("a.jsonl", battle(**more)))
    assert isinstance(item, Rejected)
    assert item.reason.startswith(reason)


KAGGLE = "id,model_a,model_b,prompt,response_a,response_b,winner_model_a,winner_model_b,winner_tie\n"


def kaggle(prompt: list[Any], a: list[Any], b: list[Any], *votes: Any) -> str:
    cells = [json.dumps(part).replace('"', '""') for part in (prompt, a, b)]
    return ",".join(["1", "m1", "m2", *(f'"{cell}"' for cell in cells), *map(str, votes)]) + "\n"


@pytest.mark.parametrize(
    ("votes", "verdict", "is_refused"),
    [
        ((1, 0, 0), "A", False),
        ((0, 1, 0), "B", False),
        (("0.0", "0.0", "1.0"), "tie", False),
        (("", "", ""), None, False),
        ((0, 0, 0), None, True),
        ((1, 1, 0), None, True),
        (("0.3", "0.3", "0.4"), None, True),
    ],
)
def test_kaggles_one_hot_winners_are_labels(tmp_path, votes, verdict, is_refused):
    path = tmp_path / "train.csv"
    path.write_text(KAGGLE + kaggle(["Q,\n1?"], ['a "x"'], ["b"], *votes), "utf-8")
    (item,) = load("arena", path)
    assert [answer.text for answer in item.comparison.answers] == ['a "x"', "b"]
    assert item.comparison.messages[0].content == "Q,\n1?"
    assert labels_of(item) == ([] if verdict is None else [("arena", "human", verdict)])
    assert len(item.refused) == is_refused


def test_kaggles_lists_hold_one_text_a_turn(tmp_path):
    path = tmp_path / "train.csv"
    path.write_text(
        KAGGLE
        + kaggle(["1?", "2?"], ["a", "b"], ["c", "d"], 1, 0, 0)
        + kaggle(["1?", "2?"], ["a"], ["c", "d"], 1, 0, 0)
        + kaggle(["1?"], [None], ["c"], 1, 0, 0),
        "utf-8",
    )
    two, short, null = load("arena", path)
    assert [answer.turns for answer in two.comparison.answers] == [("a", "b"), ("c", "d")]
    assert short.reason == "response_a: 1 turns, but the prompt has 2"
    assert null.reason == "response_a[0]: null, expected text"


CHOSEN, REJECTED = "a good one", "a bad one"
LAYOUTS = {
    "RewardBench": {"prompt": "Q?", "chosen": CHOSEN, "rejected": REJECTED},
    "UltraFeedback": {"prompt": "Q?", "chosen": said("Q?", CHOSEN), "rejected": said("Q?", REJECTED)},
    "Skywork": {"chosen": said("Q?", CHOSEN), "rejected": said("Q?", REJECTED)},
    "TRL": {"prompt": said("Q?"), "chosen": said("", CHOSEN)[1:], "rejected": said("", REJECTED)[1:]},
    "RewardBench 2": {"prompt": "Q?", "chosen": [CHOSEN], "rejected": [REJECTED]},
    "hh-rlhf": {
        "chosen": f"\n\nHuman: Q?\n\nAssistant: {CHOSEN}",
        "rejected": f"\n\nHuman: Q?\n\nAssistant: {REJECTED}",
    },
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_preference_is_one_comparison_in_every_layout(write, layout):
    plain, item = (load("preference", write("p.jsonl", LAYOUTS[name]))[0] for name in ("RewardBench", layout))
    assert item.comparison.comparison_id == plain.comparison.comparison_id
    (label,) = item.labels
    assert (label.labeler, label.kind) == ("preference", "gold")
    assert item.comparison.answers["AB".index(label.verdict)].text == CHOSEN


def test_the_chosen_answer_is_first_in_half_of_the_rows_and_always_in_the_same(write):
    rows = [{"prompt": f"Q{n}?", "chosen": f"good {n}", "rejected": f"bad {n}"} for n in range(1_000)]
    path = write("p.jsonl", *rows)
    verdicts = [item.labels[0].verdict for item in load("preference", path)]
    assert verdicts == [item.labels[0].verdict for item in load("preference", path)]
    assert 430 < Counter(verdicts)["A"] < 570
    # The same answer against many others is not always in the same place.
    rows = [{"prompt": "Q?", "chosen": "the same", "rejected": f"bad {n}"} for n in range(200)]
    same = Counter(item.labels[0].verdict for item in load("preference", write("s.jsonl", *rows)))
    assert 60 < same["A"] < 140


def test_scores_and_models_of_a_preference_go_with_their_answers(write):
    rows = [
        {
            **LAYOUTS["UltraFeedback"],
            "prompt": f"Q{n}?",
            "chosen": said(f"Q{n}?", "good"),
            "rejected": said(f"Q{n}?", "bad"),
            "score_chosen": "8.5",
            "score_rejected": 4,
            "chosen_model": "strong",
            "rejected_model": "weak",
            "subset": "chat",
            "id": n,
        }
        for n in range(20)
    ]
    for number, item in enumerate(load("preference", write("p.jsonl", *rows))):
        (label,) = item.labels
        pairs = zip(item.comparison.answers, label.scores, strict=True)
        by_text = {answer.text: (answer.model, score) for answer, score in pairs}
        assert by_text == {"good": ("strong", 8.5), "bad": ("weak", 4.0)}
        assert item.comparison.attributes == {"subset": "chat", "id": str(number)}


def test_four_answers_of_which_one_is_chosen_are_one_comparison(write):
    row = {
        "prompt": "Q?",
        "chosen": ["good"],
        "rejected": ["x", "y", "z"],
        "models": ["m0", "m1", "m2", "m3"],
        "id": "7",
    }
    (item,) = load("preference", write("p.jsonl", row))
    texts = [answer.text for answer in item.comparison.answers]
    assert sorted(texts) == ["good", "x", "y", "z"]
    assert {answer.text: answer.model for answer in item.comparison.answers}["y"] == "m2"
    assert texts["ABCD".index(item.labels[0].verdict)] == "good"
    (several,) = load("preference", write("p.jsonl", {**row, "chosen": ["good", "too"], "rejected": ["x", "y"]}))
    assert (several.labels, refused(several)) == (
        (),
        ["label by preference: 2 answers are chosen, so none of them is the best"],
    )


def test_a_conversation_before_the_answers_is_told_to_the_judge(write):
    before = said("1?", "one", "2?")
    row = {"chosen": [*before, *said("", "good")[1:]], "rejected": [*before, *said("", "bad")[1:]]}
    (item,) = load("preference", write("p.jsonl", row))
    assert [message.content for message in item.comparison.messages] == ["1?", "one", "2?"]
    assert sorted(answer.text for answer in item.comparison.answers) == ["bad", "good"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"prompt": "Q?", "chosen": "a"}, "rejected: missing, expected text or messages"),
        ({"prompt": "Q?", "chosen": None, "rejected": "b"}, "chosen: null, expected text or messages"),
        ({"chosen": "a", "rejected": "b"}, "prompt: missing, and the answers do not hold the question"),
        ({"prompt": " ", "chosen": "a", "rejected": "b"}, "prompt: the question is empty"),
        ({"prompt": "Q?", "chosen": 1, "rejected": "b"}, "chosen: int '1', expected a list of messages"),
        (
            {"chosen": said("Q?", "a"), "rejected": said("R?", "b")},
            "chosen, rejected: the user's turns differ",
        ),
    ],
)
def test_a_preference_that_is_none_is_rejected_by_name(write, row, reason):
    (item,) = load("preference", write("p.jsonl", row))
    assert isinstance(item, Rejected)
    assert item.reason == reason


def test_an_answer_that_is_chosen_and_rejected_has_no_label(write):
    (item,) = load("preference", write("p.jsonl", {"prompt": "Q?", "chosen": "same", "rejected": "same"}))
    assert (item.labels, refused(item)) == ((), ["label by preference: the chosen answer is also rejected"])
