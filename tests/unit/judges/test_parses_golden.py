"""Our parsers against what the judges' original code reads: equal, or a listed difference, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from parse_differences import DIFFERENCES, Difference, Value

from judgelake.comparisons import Failure, Reading, verdict_of_scores
from judgelake.judges import load_judge, parse

OURS = {
    "judgelm": "judgelm",
    "pandalm": "pandalm",
    "autoj": "autoj",
    "autoj-zh": "autoj-zh",
    "prometheus-v1": "prometheus",
    "prometheus2": "prometheus-2",
    # Not the published parser but a second one of the same authors: a further table of outputs to read.
    "prometheus2-eval": "prometheus-2",
}
"""The golden file's name of a judge to ours; `unlimitedjudge/*` and `llmbar/*` rows belong to the study room."""

VERDICT_OF_CODE = {
    "pandalm": {0: "tie", 1: "A", 2: "B"},
    "autoj": {0: "A", 1: "B", 2: "tie", -1: None},
    "autoj-zh": {0: "A", 1: "B", 2: "tie", -1: None},
}
WIN_LIST = "translate_score_to_win_list(T=0.0)"
ROWS = 166


def golden_rows(shared: Path) -> list[dict[str, Any]]:
    rows = map(json.loads, (shared / "golden" / "parses.jsonl").read_text("utf-8").splitlines())
    return [row for row in rows if row["judge"] in OURS and row["parser"] != WIN_LIST]


def mode_of(row: dict[str, Any]) -> str:
    return "single" if row["parser"].startswith(("single", "absolute")) else "pair"


def what_the_original_reads(row: dict[str, Any]) -> Value:
    judge, result = row["judge"], row["result"]
    if isinstance(result, dict):
        result = result.get("score", result.get("label"))
    if result is None or row.get("exception") or result in ([-1, -1], "Something went wrong."):
        return None
    if judge in VERDICT_OF_CODE and mode_of(row) == "pair":
        return VERDICT_OF_CODE[judge][result]
    if isinstance(result, str):
        return result.upper()
    return tuple(map(float, result)) if isinstance(result, list) else (float(result),)


def what_we_read(row: dict[str, Any]) -> Value:
    raw = row["raw"]
    if row["parser"] == "postprocess_output+filter_special_token+parse":
        # The original decodes prompt and continuation together; an engine returns the continuation alone.
        raw = raw.partition("### Evaluation:")[2]
    mode = mode_of(row)
    result = parse(load_judge(OURS[row["judge"]]), mode, raw, answers=1 if mode == "single" else 2)
    if isinstance(result, Failure):
        return result.status.value
    return result.scores if result.scores is not None else result.verdict


def is_equal(original: Value, ours: Value) -> bool:
    if original is None:
        return isinstance(ours, str) and ours not in ("A", "B", "tie")
    return original == ours


def test_every_golden_output_is_read_as_the_original_does_or_is_a_listed_difference(shared: Path) -> None:
    listed = {(item.judge, item.parser, item.raw): item for item in DIFFERENCES}
    rows = [row for row in golden_rows(shared) if row["raw"] is not None]
    assert len(rows) == ROWS
    unlisted = []
    for row in rows:
        original, ours = what_the_original_reads(row), what_we_read(row)
        item = listed.get((row["judge"], row["parser"], row["raw"]))
        if not is_equal(original, ours) and (item is None or (item.original, item.ours) != (original, ours)):
            unlisted.append((row["judge"], row["parser"], row["raw"][-60:], original, ours))
    assert unlisted == []


@pytest.mark.parametrize("item", DIFFERENCES, ids=lambda item: f"{item.judge} {item.raw[:20]!r}")
def test_every_listed_difference_is_one(shared: Path, item: Difference) -> None:
    rows = [
        row
        for row in golden_rows(shared)
        if (row["judge"], row["parser"], row["raw"]) == (item.judge, item.parser, item.raw)
    ]
    assert rows, "no such golden row: take it off the list"
    for row in rows:
        assert what_the_original_reads(row) == item.original
        assert what_we_read(row) == item.ours
        assert not is_equal(item.original, item.ours), "no difference any more: take it off the list"
    assert item.why


@pytest.mark.parametrize("item", DIFFERENCES, ids=lambda item: f"{item.judge} {item.raw[:20]!r}")
def test_a_listed_output_is_read_as_listed(item: Difference) -> None:
    assert what_we_read({"judge": item.judge, "parser": item.parser, "raw": item.raw}) == item.ours
    assert item.ours != item.original


def test_an_output_that_is_null_is_a_failure_to_the_original_too(shared: Path) -> None:
    """`parse` takes text only: a call without an output is a failed call, and has its own status."""
    rows = [row for row in golden_rows(shared) if row["raw"] is None]
    assert rows
    assert all(what_the_original_reads(row) is None for row in rows)


def test_the_sign_of_the_score_difference_is_judgelms_verdict(shared: Path) -> None:
    rows = map(json.loads, (shared / "golden" / "parses.jsonl").read_text("utf-8").splitlines())
    code = {"A": 1, "B": -1, "tie": 0}
    checked = 0
    for row in rows:
        if row["parser"] == WIN_LIST:
            verdicts = [verdict_of_scores(pair) for pair in row["raw"]]
            assert [code[verdict] for verdict in verdicts if verdict is not None] == row["result"]
            checked += 1
    assert checked == 3


def test_a_failed_score_line_has_no_scores_and_so_no_verdict() -> None:
    """JudgeLM writes [-1, -1] for a failed parse, which its verdict rule then takes for a tie."""
    result = parse(load_judge("judgelm"), "pair", "Tie", answers=2)
    assert isinstance(result, Failure)
    assert not isinstance(result, Reading)
