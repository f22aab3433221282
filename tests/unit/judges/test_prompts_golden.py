"""Every published prompt format, byte for byte against what the judges' original code renders."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from judgelake.comparisons import Answer, Comparison, Failure, Message, Rubric
from judgelake.judges import Prompt, load_judge, render

OURS = {
    "judgelm": "judgelm",
    "pandalm": "pandalm",
    "autoj": "autoj",
    "autoj-zh": "autoj-zh",
    "prometheus-v1": "prometheus",
    "prometheus2": "prometheus-2",
}
"""The golden file's name of a judge to ours; its `unlimitedjudge/*` rows belong to the study room."""

MODES = {
    "pair": "pair",
    "pair_reversed": "pair",
    "pair_with_reference": "pair",
    "pair_with_reference_reversed": "pair",
    "multi3": "multi",
    "multi3_with_reference": "multi",
    "multi4": "multi",
    "single": "single",
    "single_with_reference": "single",
    "multimodal_vqa": "vqa",
    "pairwise": "pair",
    "pairwise_with_input": "pair",
    "absolute": "single",
    "absolute_with_reference": "single",
    "absolute_with_reference_rubric": "single",
    "relative": "pair",
    "relative_with_reference": "pair",
}
QUESTION_KEYS = ("question", "instruction", "prompt", "orig_instruction")
ANSWER_KEYS = (
    *("answer1", "answer2", "answer3", "answer4", "answer2_graded_answer", "answer1_body"),
    *("response1", "response2", "response", "response_A", "response_B", "orig_response"),
)
REFERENCE_KEYS = ("reference", "reference_answer", "answer1_reference_answer", "orig_reference_answer")
ROWS = 42


def golden_rows(shared: Path) -> list[dict[str, Any]]:
    lines = (shared / "golden" / "prompts.jsonl").read_text("utf-8").splitlines()
    return [row for row in map(json.loads, lines) if row["judge"] in OURS]


def comparison_of(row: dict[str, Any]) -> Comparison:
    inputs = row["inputs"]
    # "answer" is the reference of a question about a picture.
    reference = next((inputs[key] for key in (*REFERENCE_KEYS, "answer") if key in inputs), None)
    return Comparison(
        comparison_id="c",
        question_id="q",
        messages=(Message("user", next(inputs[key] for key in QUESTION_KEYS if key in inputs)),),
        input=inputs.get("input"),
        answers=tuple(Answer(inputs[key]) for key in ANSWER_KEYS if key in inputs),
        reference=reference,
        rubric=rubric_of(inputs),
    )


def rubric_of(inputs: dict[str, Any]) -> Rubric | None:
    if "orig_criteria" in inputs:
        return Rubric(inputs["orig_criteria"], tuple(inputs[f"orig_score{n}_description"] for n in range(1, 6)))
    if "rubric" not in inputs:
        return None
    criteria, *descriptions = inputs["rubric"].split("\n")
    if not descriptions:
        return Rubric(criteria)
    return Rubric(criteria[1:-1], tuple(line.split(": ", 1)[1] for line in descriptions))


def rendered(row: dict[str, Any]) -> str:
    mode = row["mode"]
    comparison = comparison_of(row)
    order = "ABCDEFG"[: len(comparison.answers)]
    # JudgeLM's single mode takes a reference also where no reference part is shown.
    shows_reference = "with_reference" in mode or mode == "multimodal_vqa"
    prompt = render(
        load_judge(OURS[row["judge"]]),
        MODES[mode],
        comparison,
        order[::-1] if mode.endswith("_reversed") else order,
        "use" if shows_reference else "ignore",
    )
    assert isinstance(prompt, Prompt), prompt
    assert prompt.text is not None
    return prompt.text


def test_every_published_prompt_is_byte_equal(shared: Path) -> None:
    rows = golden_rows(shared)
    assert len(rows) == ROWS
    different = []
    for row in rows:
        expected = row["rendered_prompt"]
        # Of several alternatives the original draws one; the golden file lists every possible prompt.
        allowed = expected if isinstance(expected, list) else [expected]
        if rendered(row) not in allowed:
            different.append(f"{row['judge']} {row['mode']} {row['inputs']['id']}")
    assert different == []


def test_stripping_prometheus_2_before_generation_changes_nothing(shared: Path) -> None:
    rows = [row for row in golden_rows(shared) if "rendered_prompt_stripped" in row]
    assert rows
    assert all(rendered(row) == row["rendered_prompt_stripped"] for row in rows)


def test_of_several_right_answers_the_first_is_shown(shared: Path) -> None:
    row = next(row for row in golden_rows(shared) if row["inputs"]["id"] == "or_reference")
    assert rendered(row) == row["rendered_prompt"][0]


NUMBER_WORDS = [
    pytest.param(2, "two", "1 and 2", id="two"),
    pytest.param(3, "three", "1, 2 and 3", id="three"),
    pytest.param(5, "five", "1, 2, 3, 4 and 5", id="five"),
    pytest.param(10, "ten", "1, 2, 3, 4, 5, 6, 7, 8, 9 and 10", id="ten"),
    pytest.param(19, "nineteen", "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18 and 19", id="nineteen"),
]


@pytest.mark.parametrize(("count", "word", "numbers"), NUMBER_WORDS)
def test_judgelm_names_the_number_of_answers_in_words(count: int, word: str, numbers: str) -> None:
    comparison = Comparison("c", "q", (Message("user", "Why?"),), tuple(Answer(f"text {n}") for n in range(count)))
    prompt = render(load_judge("judgelm"), "multi", comparison, "ABCDEFGHIJKLMNOPQRS"[:count])
    assert isinstance(prompt, Prompt)
    assert prompt.text is not None
    assert f"performance of {word} AI assistants in response" in prompt.text
    assert f"containing only {word} values indicating the scores for Assistant {numbers}, respectively" in prompt.text
    assert f"The {word} scores are separated" in prompt.text
    assert f"[The Start of Assistant {count}'s Answer]\ntext {count - 1}\n\n" in prompt.text


def test_twenty_answers_are_too_many_for_judgelm() -> None:
    comparison = Comparison("c", "q", (Message("user", "Why?"),), tuple(Answer("x") for _ in range(20)))
    failure = render(load_judge("judgelm"), "multi", comparison, "ABCDEFGHIJKLMNOPQRST")
    assert isinstance(failure, Failure)
    assert failure.reason == "mode 'multi' takes 2 to 19 answers, the comparison has 20"


def test_pandalm_frees_responses_but_not_the_instruction_from_special_tokens() -> None:
    comparison = Comparison("c", "q", (Message("user", " Q <s> "),), (Answer(" a</s> [PAD]\n"), Answer("<<s>s>b")))
    prompt = render(load_judge("pandalm"), "pair", comparison, "AB")
    assert isinstance(prompt, Prompt)
    assert prompt.text is not None
    assert (
        "### Instruction:\n Q <s> \n\n### Response 1:\na\n\n### Response 2:\n<s>b\n\n### Evaluation:\n" in prompt.text
    )
