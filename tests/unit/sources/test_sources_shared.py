"""The published files, where they are beside the checkout: how many rows are taken, and which are not."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from judgelake.comparisons import Failure
from judgelake.sources import Files, Loaded, Rejected, format_named


@pytest.fixture
def data(shared: Path) -> Path:
    if not (shared / "data" / "pandalm").is_dir():
        pytest.skip(f"needs the published data sets in {shared / 'data'}")
    return shared / "data"


def load(name: str, **files: Any) -> tuple[list[Loaded], list[Rejected]]:
    items = list(format_named(name).load(Files(**files)))
    return [i for i in items if isinstance(i, Loaded)], [i for i in items if isinstance(i, Rejected)]


def verdicts(loaded: list[Loaded], labeler: str) -> Counter[str | None]:
    return Counter(label.verdict for item in loaded for label in item.labels if label.labeler == labeler)


def test_pandalm_holds_six_answers_that_are_no_text_and_one_blank_question(data):
    loaded, rejected = load("pandalm", inputs=(data / "pandalm" / "testset-v1.json",))
    assert Counter(item.reason for item in rejected) == {
        "response1: true, expected text": 4,
        "response2: true, expected text": 2,
        "instruction: the question is empty": 1,
    }
    assert len(loaded) == 999 - 7
    assert len({item.comparison.comparison_id for item in loaded if item.comparison}) == len(loaded)
    # Of the published majorities (105 ties, 422, 472), less those of the rejected rows.
    assert verdicts(loaded, "majority") == {"tie": 105, "A": 418, "B": 469}


def test_pandalm_models_stand_in_the_order_of_the_answers(data):
    """The published human verdicts on LLaMA-7B against Cerebras-GPT-6.7B: 80 won, 24 lost, 6 tied."""
    loaded, _ = load("pandalm", inputs=(data / "pandalm" / "testset-v1.json",))
    outcomes: Counter[str] = Counter()
    for item in loaded:
        assert item.comparison is not None
        models = {"A": item.comparison.answers[0].model, "B": item.comparison.answers[1].model}
        if set(models.values()) == {"llama-7b", "cerebras-gpt-6.7B"}:
            outcomes[models.get(str(item.labels[-1].verdict)) or "tie"] += 1
    assert outcomes == {"llama-7b": 80, "cerebras-gpt-6.7B": 24, "tie": 6}


def test_llmbar_has_419_and_no_tie(data):
    loaded, rejected = load("llmbar", inputs=tuple(sorted((data / "llmbar").glob("*.json"))))
    assert (len(loaded), rejected) == (419, [])
    assert verdicts(loaded, "llmbar") == {"A": 206, "B": 213}


def test_autoj_has_1392_pairs_and_960_gradings(data):
    loaded, rejected = load("autoj", inputs=(data / "autoj" / "testdata_pairwise.jsonl",))
    assert (len(loaded), rejected) == (1392, [])
    assert verdicts(loaded, "autoj") == {"A": 520, "B": 499, "tie": 373}
    assert [len(found) for found in load("autoj", inputs=(data / "autoj" / "single_traindata.jsonl",))] == [960, 0]


def test_alpaca_eval_has_55_pairs_a_question(data):
    loaded, rejected = load("alpaca_eval", inputs=tuple(sorted((data / "alpaca_eval" / "outputs").glob("*.json"))))
    assert (len(loaded), rejected) == (805 * 55, [])


def test_alpaca_eval_labels_without_a_preference_are_refused(data):
    files = tuple(sorted((data / "alpaca_eval" / "annotations_gpt4").glob("*.json")))
    loaded, rejected = load("alpaca_eval", annotations=files)
    # The comparisons are taken without the label.
    assert (len(loaded), rejected) == (5 * 805, [])
    refused = [label for item in loaded for label in item.refused]
    assert [Path(label.file).stem for label in refused] == ["claude-2", "gpt-3.5-turbo-0301"]
    assert {label.reason.partition(",")[0] for label in refused} == {"preference: null"}
    # 22 draws written as 0, five as 1.5.
    assert verdicts(loaded, "alpaca_eval_gpt4") == {"A": 1401, "B": 2595, "tie": 27}


def test_prometheus_has_three_scores_a_row(data):
    loaded, rejected = load("prometheus", inputs=(data / "prometheus" / "vicuna_eval.json",))
    assert (len(loaded), rejected) == (320, [])
    assert sum(len(item.labels) for item in loaded) == 960


def test_mt_bench_references_can_be_read_as_answers(data):
    folder = data / "mt_bench"
    loaded, rejected = load(
        "mt_bench",
        inputs=(folder / "question.jsonl",),
        answers=(folder / "reference_gpt-4.jsonl",),
        reference=folder / "reference_gpt-4.jsonl",
        pairs="alone",
    )
    assert (len(loaded), len(rejected)) == (30, 50)
    assert all(item.comparison and len(item.comparison.messages) == 2 for item in loaded)


def test_mm_vet_samples_have_no_id_to_join_by(data):
    loaded, rejected = load(
        "mm_vet",
        inputs=(data / "mm-vet" / "readme_samples.jsonl",),
        answers=(data / "mm-vet" / "llava_llama2_13b_chat.json",),
    )
    assert (loaded, len(rejected)) == ([], 76 + 218)


def test_judgelm_sample_has_two_teachers_and_a_reference(data):
    (item,), rejected = load("judgelm", inputs=(data / "judgelm" / "train_format_sample.jsonl",))
    assert rejected == []
    assert [label.scores for label in item.labels] == [(1.0, 10.0), (1.0, 5.0)]
    assert item.comparison is not None
    assert item.comparison.reference


def said_by(loaded: list[Loaded], judge: str, order: str) -> Counter[str]:
    judgments = [j for item in loaded for j in item.judgments if (j.judge, j.shown_order) == (judge, order)]
    return Counter(j.said.status if isinstance(j.said, Failure) else str(j.said.verdict) for j in judgments)


def test_gpt_35_judged_every_pandalm_pair_and_seven_have_no_comparison(data):
    folder = data / "pandalm"
    loaded, rejected = load(
        "pandalm",
        inputs=(folder / "testset-v1.json",),
        judgments=(folder / "gpt-3.5-turbo-testset-v1.json",),
    )
    lost = [item.reason for item in rejected if item.file.endswith("gpt-3.5-turbo-testset-v1.json")]
    assert [reason.partition(",")[0] for reason in lost] == [
        f"idx: {index}" for index in (157, 158, 159, 161, 162, 164, 466)
    ]
    # Of 460, 476, 38 and 25 in the file, the lost ones are four times 1, twice 2 and once garbage.
    assert said_by(loaded, "gpt-3.5-turbo", "AB") == {"A": 456, "B": 474, "tie": 38, "unparseable": 24}


def test_llmbar_evaluators_are_right_as_often_as_published_in_each_order(data, shared):
    folder = data / "llmbar"
    loaded, rejected = load("llmbar", inputs=(folder,), judgments=(folder / "published_winners.jsonl",))
    assert (sum(len(item.judgments) for item in loaded), rejected) == (2 * 1257, [])
    assert said_by(loaded, "ChatGPT/CoT", "BA") == {"A": 117, "B": 298, "unparseable": 4}
    about = {
        item.comparison.comparison_id: (item.comparison.attributes["subset"], item.labels[0].verdict)
        for item in loaded
        if item.comparison
    }
    right: Counter[tuple[str, str, str]] = Counter()
    for judgment in (judgment for item in loaded for judgment in item.judgments):
        subset, verdict = about[judgment.comparison_id]
        is_right = not isinstance(judgment.said, Failure) and judgment.said.verdict == verdict
        right[subset, judgment.judge, judgment.shown_order] += is_right
    published = json.loads((shared / "golden" / "llmbar_metrics.json").read_text("utf-8"))
    for figures in published:
        subset = figures["dataset"].removeprefix("LLMBar/").replace("/", "_")
        for order, name in (("AB", "correct_first_order"), ("BA", "correct_swapped_order")):
            assert right[subset, figures["evaluator"], order] == figures[name], (subset, figures["evaluator"], order)
    assert len(published) == 15


def test_autoj_outputs_agree_with_the_labels_in_both_orders_as_published(data):
    folder = data / "autoj"
    loaded, rejected = load(
        "autoj",
        inputs=(folder / "testdata_pairwise.jsonl",),
        judgments=(folder / "pairwise_example_output.jsonl", folder / "pairwise_exchange_example_output.jsonl"),
    )
    assert rejected == []
    pairs = [item for item in loaded if item.comparison is not None]
    gold = [item.labels[0].verdict for item in pairs]
    ab, ba = ([j.said for item in loaded for j in item.judgments if j.shown_order == order] for order in ("AB", "BA"))
    triples = [(label, a.verdict, b.verdict) for label, a, b in zip(gold, ab, ba, strict=True)]
    # The paper's leaderboard: agreement 54.96, consistency 83.41, of 1,392 pairs.
    assert round(100 * sum(a == b == label for label, a, b in triples) / len(triples), 2) == 54.96
    assert round(100 * sum(a == b for _, a, b in triples) / len(triples), 2) == 83.41


def test_alpaca_eval_annotations_are_judgments_and_none_is_lost(data):
    files = tuple(sorted((data / "alpaca_eval" / "annotations_gpt4").glob("*.json")))
    loaded, rejected = load("alpaca_eval", judgments=files)
    assert (len(loaded), rejected) == (5 * 805, [])
    assert said_by(loaded, "alpaca_eval_gpt4", "AB") == {"A": 1401, "B": 2595, "tie": 27, "unparseable": 2}
