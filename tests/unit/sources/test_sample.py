"""The shipped sample is the first thing a user sees: every row must be sound, and its gold labels without a bias."""

import json
from collections import Counter
from pathlib import Path

import pytest

from judgelake.comparisons import TIE, Comparison, Label, comparison_from_record, label_from_record
from judgelake.judges import load_judge

SAMPLE = Path(__file__).resolve().parents[3] / "samples" / "comparisons.jsonl"
ROWS = [json.loads(line) for line in SAMPLE.read_text("utf-8").splitlines()]
PAIRS = [row for row in ROWS if len(row["answers"]) == 2]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["comparison_id"])
def test_each_row_is_a_comparison_with_a_reference_and_one_gold_label(row):
    comparison = comparison_from_record(row, also=("labels",))
    assert isinstance(comparison, Comparison), comparison
    assert comparison.reference
    assert comparison.attributes.keys() == {"category", "language", "turns", "flaw"}
    (record,) = row["labels"]
    label = label_from_record({"comparison_id": row["comparison_id"], **record})
    assert isinstance(label, Label), label
    assert label.kind == "gold"
    if label.scores is not None:
        assert len(label.scores) == len(row["answers"])
    else:
        assert label.verdict == TIE or label.verdict < "ABCDE"[len(row["answers"])]


def test_the_gold_label_of_a_pair_does_not_favour_a_place():
    verdicts = Counter(row["labels"][0]["verdict"] for row in PAIRS)
    assert abs(verdicts["A"] - verdicts["B"]) <= 1
    assert verdicts[TIE] >= 4


def test_the_better_answer_is_not_simply_the_longer_one():
    longer = Counter(
        max("AB", key=lambda place: len(answer_text(row, place))) == row["labels"][0]["verdict"]
        for row in PAIRS
        if row["labels"][0]["verdict"] != TIE
    )
    assert longer[False] >= 10


def answer_text(row, place):
    answer = row["answers"]["AB".index(place)]
    return answer.get("text") or " ".join(answer["turns"])


def test_the_sample_shows_what_the_project_can_judge():
    assert len({row["attributes"]["category"] for row in ROWS}) >= 8
    assert len({row["attributes"]["language"] for row in ROWS}) >= 8
    assert sum(len(row["answers"]) > 2 for row in ROWS) >= 4
    assert sum("turns" in row["answers"][0] for row in ROWS) >= 3
    assert sum(len(row["messages"]) > 2 for row in ROWS) >= 2
    assert sum(bool(row.get("rubric")) for row in ROWS) >= 4
    assert sum(bool(row.get("input")) for row in ROWS) >= 5


def test_what_the_quickstart_does_not_judge_takes_the_modes_that_it_names():
    chat = load_judge("chat")
    modes = Counter()
    for row in ROWS:
        is_conversation, answers = "turns" in row["answers"][0], len(row["answers"])
        name = "turns" if is_conversation else "pair" if answers == 2 else "multi"
        mode = chat.mode(name)
        assert mode.answers[0] <= answers <= mode.answers[1]
        assert (mode.conversation == "turns") == is_conversation
        modes[name] += 1
    assert modes == {"pair": 45, "turns": 3, "multi": 5}


def test_ids_are_unique():
    assert len({row["comparison_id"] for row in ROWS}) == len(ROWS)
