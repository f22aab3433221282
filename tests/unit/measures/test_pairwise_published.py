"""Verdicts against labels: the published figures of PandaLM, Auto-J, JudgeLM and LLMBar."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pairwise_rows import (
    Row,
    found_by,
    lines,
    shown,
    table_of,
    value,
)

from judgelake.measures.conventions import FailureRule, SwapRule
from judgelake.measures.figure import Figure


def golden_entry(shared: Path, judge: str) -> dict[str, Any]:
    entries = json.loads((shared / "golden" / "published_metrics.json").read_text("utf-8"))["entries"]
    return next(one for one in entries if one["judge"] == judge)


SKLEARN_NAMES = {
    "accuracy": "agreement",
    **{f"{kind}_{name}": f"{kind}_{name}" for kind in ("macro", "weighted") for name in ("precision", "recall", "f1")},
    "precision": "macro_precision",
    "recall": "macro_recall",
    "f1": "macro_f1",
    "cohen_kappa": "cohen_kappa",
}


def assert_equal_to(golden: Mapping[str, float], found: Mapping[tuple[str, str | None], Figure]) -> None:
    named = {name: expected for name, expected in golden.items() if name in SKLEARN_NAMES}
    assert len(named) >= 4
    for name, expected in named.items():
        assert value(found, SKLEARN_NAMES[name]) == pytest.approx(expected, abs=1e-12), name


def test_pandalm_figures_of_gpt_3_5_are_the_published_ones(shared: Path) -> None:
    golden = golden_entry(shared, "gpt-3.5-turbo")
    folder = shared / "data" / "pandalm"
    labels = json.loads((folder / "testset-v1.json").read_text("utf-8"))
    verdicts = json.loads((folder / "gpt-3.5-turbo-testset-v1.json").read_text("utf-8"))
    names = {"0": "tie", "1": "A", "2": "B", "Tie": "tie", "garbage": "failed"}
    rows = [
        shown(
            names[verdict["gpt_result"]],
            "not_asked",
            label=names[str(Counter(row[f"annotator{one}"] for one in (1, 2, 3)).most_common(1)[0][0])],
        )
        for row, verdict in zip(labels, verdicts, strict=True)
    ]
    found = found_by(table_of(rows), SwapRule.FIRST, FailureRule.TIE)
    assert_equal_to(golden["recomputed"], found)
    order = ("tie", "A", "B")
    cells = [[value(found, "confusion", f"{label}>{verdict}") for verdict in order] for label in order]
    assert cells == golden["confusion_rows_true012_cols_pred012"]


def autoj_rows(shared: Path) -> list[Row]:
    folder = shared / "data" / "autoj"
    names = {0: "A", 1: "B", 2: "tie"}
    back = {0: "B", 1: "A", 2: "tie"}
    files = ("testdata_pairwise", "pairwise_example_output", "pairwise_exchange_example_output")
    return [
        (names[row["label"]], names[own["output"]], back[reversed_["output"]])
        for row, own, reversed_ in zip(*(lines(folder / f"{name}.jsonl") for name in files), strict=True)
    ]


def test_auto_j_figures_are_the_published_ones(shared: Path) -> None:
    golden = golden_entry(shared, "Auto-J-13B")["recomputed"]
    table = table_of(autoj_rows(shared))
    for rule, name in ((SwapRule.FIRST, "first_order"), (SwapRule.SECOND, "swapped_order_unswapped")):
        assert_equal_to(golden[f"sklearn_{name}"], found_by(table, rule, FailureRule.LEFT_OUT))
    both = value(found_by(table, SwapRule.BOTH_RIGHT, FailureRule.LEFT_OUT), "agreement")
    assert both is not None
    assert round(100 * both, 2) == golden["per_group"]["Overall"]["agreement_both"] == 54.96


@pytest.mark.parametrize("name", ["llmbar_GPT-4_Vanilla", "autoj_pairwise"])
def test_judgelm_figures_are_those_of_its_own_script(shared: Path, name: str) -> None:
    golden = golden_entry(shared, name)
    folder = shared / "golden" / "judgelm_eval"
    names = {"10 1": "A", "1 10": "B", "5 5": "tie", "": "failed"}
    rows = [
        shown(names[own["pred_text"]], "not_asked", label=names[label["text"]])
        for label, own in zip(lines(folder / f"{name}.gt.jsonl"), lines(folder / f"{name}.pred.jsonl"), strict=True)
    ]
    assert_equal_to(golden["recomputed"], found_by(table_of(rows), SwapRule.FIRST, FailureRule.TIE))


def test_llmbar_figures_of_all_sets_and_evaluators_are_the_published_ones(shared: Path) -> None:
    names = {"1": "A", "2": "B", None: "failed"}
    winners = lines(shared / "data" / "llmbar" / "published_winners.jsonl")
    published = json.loads((shared / "golden" / "llmbar_metrics.json").read_text("utf-8"))
    assert len(published) == 15
    for golden in published:
        rows = [
            shown(names[row["winner_first"]], names[row["winner_swapped"]], label=names[str(row["label"])])
            for row in winners
            if (row["set"], row["evaluator"]) == (golden["dataset"], golden["evaluator"])
        ]
        first, second = (
            found_by(table_of(rows), rule, FailureRule.WRONG) for rule in (SwapRule.FIRST, SwapRule.SECOND)
        )
        assert first["agreement", None].n == golden["n"]
        for found, order in ((first, "first"), (second, "swapped")):
            assert_equal_to(golden[f"sk_{order}"], found)
            assert value(found, "agreement") == pytest.approx(golden[f"accuracy_{order}"], abs=1e-12)
            assert value(found, "cohen_kappa") == pytest.approx(golden[f"true_kappa_{order}"], abs=1e-12)
        assert value(first, "average_accuracy") == pytest.approx(golden["accuracy_average"], abs=1e-12)
        both = found_by(table_of(rows), SwapRule.BOTH_RIGHT, FailureRule.WRONG)
        assert value(both, "both_right_accuracy") == pytest.approx(golden["accuracy_both"], abs=1e-12)
