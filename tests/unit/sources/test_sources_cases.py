"""The small files of ../shared/cases: each layout comes in by one command of docs/formats.md, counted by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from judgelake.comparisons import Failure
from judgelake.jobs.ingest.command import _files, _parser
from judgelake.sources import FORMATS, TABLE, Columns, Loaded, Rejected, load_tables


@pytest.fixture
def cases(shared: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = shared / "cases"
    if not folder.is_dir():
        pytest.skip(f"needs the small files of {folder}")
    monkeypatch.chdir(folder)
    return folder


@dataclass(frozen=True)
class Came:
    """What came of a command: different comparisons, labels and judgments, and why rows and labels were rejected."""

    comparisons: int
    labels: list[tuple[str, str | tuple[float, ...]]]
    judgments: list[tuple[str, str, str]]
    rejected: list[str]
    items: list[Loaded]


def ingested(command: str, columns: dict[str, Any] | None = None) -> Came:
    files = _files(_parser().parse_args(command.split()))
    name = command.split()[1]
    mapped = None if columns is None else Columns.model_validate(columns)
    items = list(load_tables(files.tables, mapped) if name == TABLE else FORMATS[name].load(files))
    loaded = [item for item in items if isinstance(item, Loaded)]
    rejected = [item for item in items if isinstance(item, Rejected)] + [one for item in loaded for one in item.refused]
    return Came(
        comparisons=len({item.comparison.comparison_id for item in loaded if item.comparison}),
        labels=[(one.labeler, one.verdict or one.scores or ()) for item in loaded for one in item.labels],
        judgments=[(one.judge, one.shown_order, verdict_of(one.said)) for item in loaded for one in item.judgments],
        rejected=[one.reason for one in rejected],
        items=loaded,
    )


def verdict_of(said: Any) -> str:
    return f"failed: {said.reason}" if isinstance(said, Failure) else said.verdict or str(said.scores)


PAIR = {"question": "question", "answers": ["answer_a", "answer_b"]}


@pytest.mark.parametrize(
    ("command", "columns", "comparisons", "labels"),
    [
        ("--format alpaca_eval --input f02_alpaca_outputs_min.json", None, 1, []),
        (
            "--format mt_bench --input f03_question.jsonl --answers f03_alpha.jsonl f03_beta.jsonl",
            None,
            1,
            [],
        ),
        ("--format arena --input t01b_arena.jsonl", None, 2, [("arena_user_7", "A"), ("arena_user_9", "tie")]),
        ("--format arena --input t02_kaggle.csv", None, 1, [("arena", "A")]),
        ("--format arena_hard --input f40_ah_question.jsonl --answers f40_ah_m1.jsonl f40_ah_m2.jsonl", None, 1, []),
        ("--format feedback_collection --input t07_feedback.json", None, 1, [("gpt-4", (4.0,))]),
        ("--format feedback_collection --input t07_feedback.jsonl", None, 1, [("gpt-4", (4.0,))]),
        ("--format table --input t09_sharegpt.json", {"conversations": ["conversations"]}, 1, []),
        (
            "--format table --input t13_names.parquet",
            {
                "question": "Question Text",
                "answers": ["resp.a", "resp.b"],
                "models": ["meta.model_a", "meta.model_b"],
            },
            1,
            [],
        ),
        (
            "--format table --input t15_sparse.jsonl",
            {**PAIR, "reference": "reference", "models": ["model_a", "model_b"]},
            3,
            [],
        ),
        (
            "--format table --input t30_bool.jsonl",
            {**PAIR, "labels": [{"labeler": "me", "verdict": "won", "verdicts": {"true": "A", "false": "B"}}]},
            2,
            [("me", "A"), ("me", "B")],
        ),
        (
            "--format table --input t32_mt_human.jsonl",
            {
                **PAIR,
                "labels": [
                    {"labeler_column": "judge", "verdict": "winner", "verdicts": {"model_a": "A", "model_b": "B"}}
                ],
            },
            1,
            [("expert_1", "A"), ("expert_2", "A"), ("author_0", "B")],
        ),
        ("--format table --input partitioned", {**PAIR, "comparison_id": "id"}, 2, []),
    ],
)
def test_a_layout_comes_in_by_one_command(cases, command, columns, comparisons, labels):
    came = ingested(command, columns)
    assert (came.comparisons, came.labels, came.judgments, came.rejected) == (comparisons, labels, [], [])


def test_partition_folders_give_two_ids(cases):
    came = ingested("--format table --input partitioned", {**PAIR, "comparison_id": "id"})
    assert {item.comparison.comparison_id for item in came.items if item.comparison} == {"007", "7"}


def test_ultrafeedback_has_one_preference(cases):
    came = ingested("--format preference --input t04_ultrafeedback.parquet")
    (item,) = came.items
    assert item.comparison is not None
    (label,) = item.labels
    chosen = "AB".index(str(label.verdict))
    assert [item.comparison.answers[place].text for place in (chosen, 1 - chosen)] == ["Lima", "Cusco"]
    assert (came.comparisons, came.rejected, len(label.scores or ())) == (1, [], 2)


@pytest.mark.parametrize("option", ["annotations", "judgments"])
def test_alpaca_eval_2_has_three_preferences_and_a_failure(cases, option):
    came = ingested(f"--format alpaca_eval --{option} f01_alpaca2_annotations.json")
    assert came.comparisons == 4
    if option == "annotations":
        assert [label.verdict for item in came.items for label in item.labels] == ["A", "B", "tie"]
        assert [reason.partition(",")[0] for reason in came.rejected] == ["preference: null"]
    else:
        said = [(judge, verdict) for judge, _, verdict in came.judgments]
        assert said == [("weighted_gpt", verdict) for verdict in ("A", "B", "tie", "failed: preference: null")]
        assert came.rejected == []


def test_gpt_4_judged_both_games_of_both_turns(cases):
    came = ingested(
        "--format mt_bench --input f03_question.jsonl --answers f03_alpha.jsonl f03_beta.jsonl "
        "--judgments f03_mtbench_pair.jsonl"
    )
    # The whole conversation, and the first turn alone.
    assert (came.comparisons, came.rejected) == (2, [])
    assert came.judgments == [
        ("gpt-4", "AB", "A"),
        ("gpt-4", "BA", "tie"),
        ("gpt-4", "AB", "failed: g1_winner: error"),
        ("gpt-4", "BA", "B"),
    ]


def test_arena_hards_games_need_the_answers_that_they_are_about(cases, tmp_path):
    command = "--format arena_hard --input {question} --answers {answers} --judgments t05_arenahard.jsonl"
    alone = ingested(command.format(question="f40_ah_question.jsonl", answers="f40_ah_m1.jsonl f40_ah_m2.jsonl"))
    assert (alone.judgments, alone.rejected) == ([], ["question_id: u1 is not a question of the input"])
    question, answers = tmp_path / "question.jsonl", [tmp_path / "base.jsonl", tmp_path / "m1.jsonl"]
    question.write_text(json.dumps({"uid": "u1", "category": "hard", "prompt": "Write."}))
    for path in answers:
        said = {"role": "assistant", "content": {"answer": f"by {path.stem}"}}
        path.write_text(json.dumps({"uid": "u1", "model": path.stem, "messages": [said]}))
    came = ingested(command.format(question=question, answers=joined(answers)))
    # The baseline was better by a little when it was shown first, and by much when it was shown second.
    assert (came.comparisons, came.rejected) == (1, [])
    assert came.judgments == [("gpt-x", "AB", "A"), ("gpt-x", "BA", "A")]


def joined(paths: Sequence[Path]) -> str:
    return " ".join(map(str, paths))


def test_a_batch_output_is_a_judgment(cases):
    came = ingested("--format openai_batch --judgments f42_batch.jsonl --judge chat --mode pair-explain")
    assert (came.comparisons, came.judgments, came.rejected) == (0, [("chat", "AB", "A")], [])
