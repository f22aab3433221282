"""Judgments made elsewhere: what a row of ours or of a published file says, and which rows are refused."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loading import load

from judgelake.comparisons import Failure, Judgment, Reading
from judgelake.errors import UserError
from judgelake.judges import load_judge
from judgelake.sources import FORMATS, Loaded, Rejected
from judgelake.sources.judgments import judgment_from_record

Write = Callable[..., Path]
judge_named = functools.cache(load_judge)

SAID = {"comparison_id": "c1", "judge": "gpt-x", "shown_order": "BA"}
READ = {"comparison_id": "c1", "judge": "judgelm", "mode": "pair", "shown_order": "BA"}


def judgments_of(items: list[Loaded | Rejected]) -> list[Judgment]:
    return [judgment for item in items if isinstance(item, Loaded) for judgment in item.judgments]


def reasons(items: list[Loaded | Rejected]) -> list[str]:
    return [item.reason for item in items if isinstance(item, Rejected)]


def taken(**record: Any) -> Judgment:
    judgment = judgment_from_record(record, judge_named)
    assert isinstance(judgment, Judgment), judgment
    return judgment


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param({"verdict": "A"}, Reading(verdict="A"), id="a letter stays, whatever the order"),
        pytest.param({"verdict": "tie"}, Reading(verdict="tie"), id="a tie"),
        pytest.param({"scores": [8, 7.5]}, Reading((8.0, 7.5), "A"), id="scores alone give the verdict of the best"),
        pytest.param({"scores": [3, 3]}, Reading((3.0, 3.0), "tie"), id="equal scores are a tie"),
        pytest.param(
            {"scores": [8, 7], "verdict": "tie"}, Reading((8.0, 7.0), "tie"), id="a verdict beside scores counts"
        ),
        pytest.param({"scores": [5, 5], "verdict": "B"}, Reading((5.0, 5.0), "B"), id="a letter beside level scores"),
        pytest.param({"scores": [-1, 1]}, Reading((-1.0, 1.0), "B"), id="a scale may reach below 0"),
        pytest.param({"scores": [-2.5, -0.5]}, Reading((-2.5, -0.5), "B"), id="and lie there altogether"),
        pytest.param({"shown_order": "A", "scores": [4]}, Reading((4.0,)), id="a single answer has a score"),
        pytest.param({"shown_order": "CAB", "verdict": "C"}, Reading(verdict="C"), id="three answers"),
        pytest.param(
            {"verdict": "B", "verdict_logprobs": {"A": -2, "B": -0.5, "tie": -9}},
            Reading(verdict="B", logprobs={"A": -2, "B": -0.5, "tie": -9}),
            id="log-probabilities in own order",
        ),
        pytest.param({"verdict": "A", "raw_output": "7 8"}, Reading(verdict="A"), id="a verdict, so nothing is parsed"),
    ],
)
def test_a_verdict_or_scores_are_in_the_comparisons_own_order_already(said, expected):
    assert taken(**{**SAID, **said}).said == expected


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        pytest.param({"verdict": None}, "the imported judgment has no verdict", id="verdict null"),
        pytest.param({"verdict": None, "error": "time out"}, "time out", id="with the reason in words"),
        pytest.param({"error": "time out"}, "time out", id="the reason alone"),
        pytest.param(
            {"verdict": None, "error": "e", "raw_output": "7 8"}, "e", id="a raw output beside it is not read"
        ),
    ],
)
def test_a_judgment_without_a_verdict_is_a_failure_and_never_a_tie(said, reason):
    failure = taken(**{**SAID, **said}).said
    assert isinstance(failure, Failure)
    assert (failure.status, failure.reason) == ("unparseable", reason)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({"scores": [-1, -1]}, id="of two answers"),
        pytest.param({"scores": [-1.0, -1], "verdict": "tie"}, id="with the tie that JudgeLM's code makes of them"),
        pytest.param({"scores": [-1], "shown_order": "A"}, id="of a single answer"),
        pytest.param({"scores": [-1, -1, -1], "shown_order": "CAB"}, id="of three"),
    ],
)
def test_scores_that_are_all_minus_one_are_a_failed_judgment_and_never_a_tie(said):
    failure = taken(**{**SAID, **said}).said
    assert isinstance(failure, Failure)
    assert failure.status == "out_of_range"
    assert failure.reason.startswith("scores -1")


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        pytest.param({"raw_output": "7 8\nThe second."}, Reading((8.0, 7.0), "A"), id="scores are turned"),
        pytest.param(
            {"judge": "pandalm", "raw_output": "1\n\n### Reason: clear"}, Reading(verdict="B"), id="a place is turned"
        ),
        pytest.param({"judge": "pandalm", "raw_output": "Tie"}, Reading(verdict="tie"), id="a tie stays"),
        pytest.param({"mode": "single", "shown_order": "A", "raw_output": "4"}, Reading((4.0,)), id="a single answer"),
        pytest.param(
            {"mode": "multi", "shown_order": "BCA", "raw_output": "1 2 3"}, Reading((3.0, 1.0, 2.0), "A"), id="three"
        ),
        pytest.param({"raw_output": "First is better"}, "unparseable", id="no scores"),
        pytest.param({"raw_output": ""}, "unparseable", id="an empty output"),
        pytest.param({"raw_output": "11 7"}, "out_of_range", id="above the scale"),
        pytest.param({"raw_output": "7", "finish_reason": "length"}, "truncated", id="cut off"),
        pytest.param(
            {
                "judge": "chat",
                "mode": "pair-logprobs",
                "raw_output": "A",
                "verdict_logprobs": {"A": -0.1, "B": -3, "T": -5},
            },
            Reading(verdict="B", logprobs={"B": -0.1, "A": -3, "tie": -5}),
            id="log-probabilities of the mode's own labels",
        ),
    ],
)
def test_a_raw_output_is_read_by_its_judges_parser_in_the_order_shown(record, expected):
    said = taken(**{**READ, **record}).said
    assert (said.status if isinstance(said, Failure) else said) == expected


@settings(deadline=None)
@given(st.lists(st.integers(0, 10), min_size=2, max_size=8).flatmap(lambda own: st.permutations(list(enumerate(own)))))
def test_scores_come_back_from_any_order_they_were_shown_in(shown):
    order = "".join("ABCDEFGH"[place] for place, _ in shown)
    raw_output = " ".join(str(score) for _, score in shown)
    said = taken(**{**READ, "mode": "multi", "shown_order": order, "raw_output": raw_output}).said
    assert isinstance(said, Reading)
    assert said.scores == tuple(float(score) for _, score in sorted(shown))


def test_what_is_not_said_of_a_judge_has_a_name():
    judgment = taken(**SAID, verdict="A")
    assert (judgment.model_version, judgment.mode, judgment.repeat) == ("imported", "pair", 0)
    assert taken(**{**SAID, "shown_order": "A"}, scores=[1]).mode == "single"
    assert taken(**{**SAID, "shown_order": "ACB"}, verdict="A").mode == "multi"
    told = taken(**SAID, verdict="A", model_version="v2", mode="pair-explain", repeat=3, raw_output="A!")
    assert (told.model_version, told.mode, told.repeat, told.raw_output) == ("v2", "pair-explain", 3, "A!")
    nulls = dict.fromkeys(("scores", "error", "raw_output", "mode", "model_version", "repeat", "finish_reason"))
    assert taken(**SAID, **nulls, verdict="A") == judgment


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"comparison_id": None}, "comparison_id: null, expected text"),
        ({"comparison_id": " "}, "comparison_id: empty"),
        ({"judge": 7}, "judge: int '7', expected text"),
        ({"judge": ""}, "judge: empty"),
        ({"shown_order": "AC"}, "shown_order: str 'AC', expected the letters of all answers"),
        ({"shown_order": "AAB"}, "shown_order: str 'AAB', expected the letters of all answers"),
        ({"shown_order": "ab"}, "shown_order: str 'ab', expected the letters of all answers"),
        ({"shown_order": ""}, "shown_order: empty"),
        ({"verdict": "C"}, "verdict 'C', but the answers are A, B"),
        ({"verdict": "a"}, "verdict: str 'a', expected a letter or 'tie'"),
        ({"verdict": 1}, "verdict: int '1', expected text"),
        ({"verdict": "AB"}, "verdict: str 'AB', expected a letter or 'tie'"),
        ({"shown_order": "A", "verdict": "A"}, "verdict 'A', but a single answer has only a score"),
        ({"verdict": None, "scores": [1]}, "1 scores for 2 answers"),
        ({"scores": [1, 9]}, "verdict: 'A', but the best of the scores 1, 9 belongs to another answer"),
        (
            {"shown_order": "BCA", "scores": [2, 2, 3]},
            "verdict: 'A', but the best of the scores 2, 2, 3 belongs to another",
        ),
        ({"scores": [-1, -1]}, "verdict: 'A', but the scores -1, -1 mean that there is none"),
        (
            {"verdict": None, "scores": [-1, -1], "verdict_logprobs": {"A": -1}},
            "verdict_logprobs: given for a failed judgment",
        ),
        ({"scores": []}, "scores: a list of 0, expected a list"),
        ({"scores": [1, True]}, "scores[1]: true, expected a finite number"),
        ({"scores": [1, 10**400]}, "scores[1]: int '1000"),
        ({"error": "x"}, "error: given together with a verdict or scores"),
        ({"verdict": None, "error": ""}, "error: empty"),
        ({"repeat": -1}, "repeat: int '-1', expected an integer from 0"),
        ({"repeat": 2**31}, "repeat: int '2147483648', expected an integer from 0"),
        ({"repeat": 1.0}, "repeat: float '1.0', expected an integer"),
        ({"mode": ["pair"]}, "mode: a list of 1, expected text"),
        ({"finish_reason": "stop"}, "finish_reason: given without raw_output"),
        ({"raw_output": "nul \0"}, "raw_output: contains a NUL character"),
        ({"raw_output": "half \ud83d"}, "raw_output: contains half a surrogate pair"),
        ({"verdict_logprobs": {}}, "verdict_logprobs: a JSON object of 0, expected an object"),
        ({"verdict_logprobs": {"A": 0.7}}, "verdict_logprobs.A: float '0.7', expected a number of at most 0"),
        ({"verdict_logprobs": {"A": None}}, "verdict_logprobs.A: null, expected a number of at most 0"),
        ({"verdict_logprobs": {"C": -1}}, "verdict_logprobs: 'C', expected A, B, tie"),
        ({"verdict": None, "verdict_logprobs": {"A": -1}}, "verdict_logprobs: given for a failed judgment"),
        ({"verdit": "A"}, "verdit: unknown key. Did you mean 'verdict'?"),
        ({"judgment_id": "x"}, "judgment_id: unknown key"),
    ],
)
def test_a_row_that_cannot_be_taken_names_its_key(change, reason):
    problem = judgment_from_record({**SAID, "verdict": "A", **change})
    assert isinstance(problem, str), problem
    assert problem.startswith(reason)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (SAID, "verdict: missing; give a verdict, scores or raw_output"),
        (
            {**READ, "mode": None, "raw_output": "7 8"},
            "mode: missing, raw_output cannot be parsed without it; judgelm has",
        ),
        ({**READ, "shown_order": "BAC", "raw_output": "7 8 9"}, "shown_order: 3 answers, but mode 'pair' shows 2 to 2"),
        (
            {**READ, "raw_output": "7 8", "verdict_logprobs": {"A": -1}},
            "verdict_logprobs: given, but mode 'pair' only reads the text",
        ),
        (
            {**READ, "judge": "chat", "mode": "pair-logprobs", "raw_output": "A"},
            "verdict_logprobs: missing, but mode 'pair-logprobs' decides by log-probabilities",
        ),
    ],
)
def test_a_row_that_says_too_little_or_too_much_names_what(record, reason):
    problem = judgment_from_record(record)
    assert isinstance(problem, str), problem
    assert problem.startswith(reason)


def test_a_missing_key_is_named():
    for key in SAID:
        record = {name: value for name, value in SAID.items() if name != key}
        assert judgment_from_record({**record, "verdict": "A"}) == f"{key}: missing"


def test_bad_lines_of_a_judgments_file_are_rejected_and_the_others_are_read(write):
    path = write(
        "j.jsonl", {**SAID, "verdict": "A"}, "no JSON", {**SAID, "verdict": "C"}, {**READ, "raw_output": "7 8"}
    )
    items = load("judgelake", judgments=(path,))
    assert [(item.line, type(item)) for item in items] == [(1, Loaded), (2, Rejected), (3, Rejected), (4, Loaded)]
    assert [judgment.judge for judgment in judgments_of(items)] == ["gpt-x", "judgelm"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"judge": "judgelmm"}, "No judge 'judgelmm'. Did you mean 'judgelm'? List them with: judgelake judges."),
        ({"mode": "pairs"}, "Judge 'judgelm' has no mode 'pairs'. Did you mean 'pair"),
    ],
)
def test_a_raw_output_of_a_judge_or_mode_that_does_not_exist_ends_the_ingest(write, change, message):
    path = write("j.jsonl", {**READ, "raw_output": "7 8"}, {**READ, "raw_output": "7 8", **change})
    with pytest.raises(UserError) as caught:
        load("judgelake", judgments=(path,))
    assert "j.jsonl, line 2: raw_output cannot be read. " in str(caught.value)
    assert message in str(caught.value)


def test_judge_files_of_ones_own_read_raw_outputs(write, tmp_path, root):
    own = (root / "conf" / "judges" / "judgelm.yaml").read_text("utf-8").replace("name: judgelm", "name: mine", 1)
    (tmp_path / "judges").mkdir()
    (tmp_path / "judges" / "mine.yaml").write_text(own, "utf-8")
    path = write("j.jsonl", {**READ, "judge": "mine", "raw_output": "7 8"})
    (judgment,) = judgments_of(load("judgelake", judgments=(path,), judges=tmp_path / "judges"))
    assert judgment.said == Reading((8.0, 7.0), "A")


PANDALM = {
    "idx": 3,
    "motivation_app": "Notes",
    "cmp_key": "a_b",
    "instruction": "Shorten this.",
    "input": "",
    "response1": "Short.",
    "response2": "Shorter.",
    "annotator1": 1,
    "annotator2": 1,
    "annotator3": 0,
}
GPT = {"idx": 3, "gpt_result": "2", "gpt_reason": "Shorter.", "gpt_reference": "S."}


@pytest.mark.parametrize(
    ("result", "said"),
    [
        ("1", Reading(verdict="A")),
        ("2", Reading(verdict="B")),
        ("Tie", Reading(verdict="tie")),
        ("garbage", "unparseable"),
        ("tie", "unparseable"),
        ("", "unparseable"),
    ],
)
def test_pandalm_results_are_verdicts_and_garbage_is_a_failure_with_its_text(write, result, said):
    judged = {**GPT, "gpt_result": result}
    comparison, item = load("pandalm", write("p.json", PANDALM), judgments=(write("g.json", judged),))
    assert isinstance(comparison, Loaded)
    assert comparison.comparison is not None
    (judgment,) = judgments_of([item])
    assert (judgment.said.status if isinstance(judgment.said, Failure) else judgment.said) == said
    assert (judgment.judge, judgment.mode, judgment.shown_order) == ("gpt-3.5-turbo", "pair", "AB")
    assert judgment.comparison_id == comparison.comparison.comparison_id
    assert judgment.raw_output == "\n".join(filter(None, (result, "Shorter.", "S.")))


def test_pandalm_judgments_are_joined_by_index_and_those_of_no_comparison_say_why(write):
    rows = [
        {**PANDALM, "idx": 5},
        {**PANDALM, "idx": 4, "response1": True},
        {**PANDALM, "idx": 6, "instruction": "Other."},
        {**PANDALM, "idx": 6, "instruction": "Another."},
        {**PANDALM, "idx": "7"},
        "no JSON",
    ]
    judged = [{**GPT, "idx": index} for index in (4, 5, 6, 8)] + [{**GPT, "gpt_result": 1}]
    items = load("pandalm", write("p.json", *rows), judgments=(write("g.json", *judged),))
    assert [(item.line, len(item.judgments)) for item in items[len(rows) :] if isinstance(item, Loaded)] == [(2, 1)]
    assert reasons(items[len(rows) :]) == [
        "idx: 4, but that row of the input is rejected: response1: true, expected text",
        "idx: 6, but that row of the input is not the only one with this name",
        "idx: 8, but there is no such row in the input",
        "gpt_result: int '1', expected text",
    ]


LLMBAR = {"input": "Name a fish.", "output_1": "Cod.", "output_2": "Oak.", "label": 1}
WINNERS = {
    "set": "LLMBar/Adversarial/GPTInst",
    "evaluator": "ChatGPT/CoT",
    "row": 1,
    "label": 2,
    "winner_first": "1",
    "winner_swapped": "2",
    "completion_first": "Output (a) is better.",
    "completion_swapped": "Output (a) it is.",
}


def llmbar(write: Write, *judged: dict[str, Any]) -> list[Loaded | Rejected]:
    first = write("sets/Adversarial_GPTInst.json", LLMBAR, {**LLMBAR, "input": "Name a tree.", "label": 2})
    second = write("sets/Natural.json", {**LLMBAR, "input": "Name a stone."})
    return load("llmbar", first, second, judgments=(write("winners.jsonl", *judged),))


def test_llmbar_winners_of_both_orders_are_in_own_order_already(write):
    items = llmbar(write, WINNERS, {**WINNERS, "set": "LLMBar/Natural", "row": 0, "label": 1})
    tree = items[1]
    assert isinstance(tree, Loaded)
    assert tree.comparison is not None
    first, swapped, stone, _ = judgments_of(items)
    assert [(j.shown_order, j.said, j.raw_output) for j in (first, swapped)] == [
        ("AB", Reading(verdict="A"), "Output (a) is better."),
        ("BA", Reading(verdict="B"), "Output (a) it is."),
    ]
    assert {j.judge for j in judgments_of(items)} == {"ChatGPT/CoT"}
    assert first.comparison_id == swapped.comparison_id == tree.comparison.comparison_id != stone.comparison_id


def test_an_llmbar_evaluator_that_named_no_winner_has_failed(write):
    *_, item = llmbar(write, {**WINNERS, "winner_swapped": None})
    first, swapped = judgments_of([item])
    assert first.said == Reading(verdict="A")
    assert swapped.said == Failure(swapped.said.status, "winner_swapped: null")  # type: ignore[union-attr]
    assert swapped.raw_output == "Output (a) it is."


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"row": 2}, "row: 2 of 'LLMBar/Adversarial/GPTInst', but there is no such row in the input"),
        ({"set": "LLMBar/Adversarial/Manual"}, "row: 1 of 'LLMBar/Adversarial/Manual', but there is no such row"),
        ({"label": 1}, "label: 1, but row 1 of the input has the other one"),
        ({"winner_first": "3"}, "winner_first: str '3', expected one of '1', '2' or null"),
        ({"winner_first": 1}, "winner_first: int '1', expected one of '1', '2' or null"),
        ({"evaluator": ""}, "evaluator: empty"),
    ],
)
def test_an_llmbar_winner_of_no_row_is_rejected(write, change, reason):
    (problem,) = reasons(llmbar(write, {**WINNERS, **change}))
    assert problem.startswith(reason)


AUTOJ = {"scenario": "advice", "label": 0, "prompt": "What now?", "response 1": "Rest.", "response 2": "Run."}


def test_autoj_outputs_are_joined_by_place_and_the_second_file_is_turned(write):
    rows = [{**AUTOJ, "prompt": f"Q{number}"} for number in range(4)]
    files = [
        write(name, *({"output": output} for output in outputs))
        for name, outputs in (("ab.jsonl", (0, 1, 2, -1)), ("ba.jsonl", (0, 1, 2, -1)))
    ]
    items = load("autoj", write("a.jsonl", *rows), judgments=tuple(files))
    judged = judgments_of(items)
    said = [getattr(judgment.said, "verdict", "failed") for judgment in judged]
    assert said == ["A", "B", "tie", "failed", "B", "A", "tie", "failed"]
    assert [judgment.shown_order for judgment in judged] == ["AB"] * 4 + ["BA"] * 4
    ids = [item.comparison.comparison_id for item in items if isinstance(item, Loaded) and item.comparison]
    assert [judgment.comparison_id for judgment in judged] == ids * 2
    assert {(judgment.judge, judgment.mode) for judgment in judged} == {("Auto-J-13B", "pair")}


def test_an_autoj_output_of_a_rejected_row_or_of_another_kind_is_rejected(write):
    outputs = write("ab.jsonl", {"output": 0}, {"output": 3}, {"output": 1})
    rows = [{**AUTOJ, "response 1": None}, AUTOJ, {**AUTOJ, "prompt": "And now?"}]
    items = load("autoj", write("a.jsonl", *rows), judgments=(outputs,))
    assert reasons(items)[1:] == [
        "row 1, but that row of the input is rejected: response 1: null, expected text",
        "output: int '3', expected one of 0, 1, 2, -1",
    ]
    assert [getattr(judgment.said, "verdict", None) for judgment in judgments_of(items)] == ["B"]


def test_autoj_outputs_that_cannot_be_joined_by_place_are_refused(write):
    pairs, outputs = write("a.jsonl", AUTOJ), write("o.jsonl", {"output": 0}, {"output": 1})
    with pytest.raises(UserError, match=r"o\.jsonl' has 2 rows and the input 1: outputs of autoj are matched by"):
        load("autoj", pairs, judgments=(outputs,))
    with pytest.raises(UserError, match="one file in the order AB and, if there is one, a second in BA"):
        load("autoj", pairs, judgments=(outputs, outputs, outputs))


@pytest.mark.parametrize(
    ("preference", "verdict"),
    [(1, "A"), (2.0, "B"), (0, "tie"), (1.5, "tie"), (None, "failed"), (2.32, None), ("1", None), (True, None)],
)
def test_alpaca_eval_annotations_are_judgments_of_their_annotator(write, preference, verdict):
    row = {
        "instruction": "q",
        "output_1": "x",
        "output_2": "y",
        "generator_1": "a",
        "generator_2": "b",
        "dataset": "d",
        "annotator": "alpaca_eval_gpt4",
        "preference": preference,
        "raw_completion": "m",
    }
    (item,) = load("alpaca_eval", judgments=(write("n.json", row),))
    if verdict is None:
        assert reasons([item])[0].startswith("preference: ")
        return
    assert isinstance(item, Loaded)
    assert item.labels == ()
    (judgment,) = item.judgments
    assert getattr(judgment.said, "verdict", "failed") == verdict
    assert (judgment.judge, judgment.shown_order, judgment.raw_output) == ("alpaca_eval_gpt4", "AB", "m")
    assert item.comparison is not None
    assert judgment.comparison_id == item.comparison.comparison_id


@pytest.mark.parametrize(
    ("preference", "verdict", "odds"),
    [(1.25, "A", (0.75, 0.25)), (1.00002, "A", (0.99998, 0.00002)), (1.9931, "B", (0.0069, 0.9931))],
)
def test_a_continuous_preference_keeps_its_strength_as_log_probabilities(write, preference, verdict, odds):
    pair = {f"{key}_{place}": f"{key}{place}" for key in ("output", "generator") for place in (1, 2)}
    row = {
        "instruction": "q",
        **pair,
        "annotator": "weighted",
        "preference": preference,
        "raw_completion": {"text": "m"},
    }
    (judgment,) = judgments_of(load("alpaca_eval", judgments=(write("n.json", row),)))
    assert isinstance(judgment.said, Reading)
    assert judgment.said.verdict == verdict
    assert judgment.said.logprobs == pytest.approx({"A": math.log(odds[0]), "B": math.log(odds[1])})
    assert judgment.raw_output == '{"text": "m"}'


def test_the_formats_say_what_they_take_of_judgments():
    for name in ("judgelake", "pandalm", "llmbar", "autoj", "alpaca_eval"):
        FORMATS[name].check(["input", "judgments"])
    FORMATS["judgelake"].check(["judgments"])
    FORMATS["alpaca_eval"].check(["judgments"])
    with pytest.raises(UserError, match="--format pandalm needs --input; it accepts --input, --judgments"):
        FORMATS["pandalm"].check(["judgments"])
    for name in ("mt_bench", "arena_hard"):
        FORMATS[name].check(["input", "answers", "judgments"])
    with pytest.raises(UserError, match="--format mm_vet does not accept --judgments"):
        FORMATS["mm_vet"].check(["input", "answers", "judgments"])
    with pytest.raises(UserError, match="--format autoj does not accept --judges"):
        FORMATS["autoj"].check(["input", "judgments", "judges"])
    with pytest.raises(UserError, match="--format judgelake needs a file: --input, --labels or --judgments"):
        FORMATS["judgelake"].check(["judges"])
