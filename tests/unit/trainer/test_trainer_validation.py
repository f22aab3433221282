"""A validation in the middle of a training: the real prompt, greedy decoding, the judge's parser, both orders."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tiny_model import END, PAD, VOCABULARY, losses, tiny_run, token_of
from transformers import AutoModelForCausalLM, AutoTokenizer

from judgelake.comparisons import TIE, Failure, Reading, Status
from judgelake.judges import JudgeSpec
from judgelake.trainer import MERGED_FLIPS, LabelledPrompt, RunFolder, Validation, events_of, write_prompts
from judgelake.trainer.agreement import figures
from judgelake.trainer.judge_trainer import JudgeTrainer
from judgelake.trainer.process import train_here
from judgelake.trainer.validation import Answer, Judging
from judgelake.training import Row

pytestmark = pytest.mark.usefixtures("one_thread")

SCORES = {"prompt": "{{ answers[0] }} {{ answers[1] }} better :", "parser": {"kind": "score_line"}}
LABELS = {
    "prompt": "{{ answers[0] }} {{ answers[1] }} better :",
    "choices": {"letters": False, "scores": {}, "tie": "5"},
    "verdict_from": "logprobs",
}


def judge(**decoding: object) -> JudgeSpec:
    return JudgeSpec.model_validate(
        {
            "name": "tiny",
            "description": "Two scores.",
            "model": "tiny",
            "context_length": 64,
            "licence": "none",
            "decoding": {"temperature": 0.0, "max_tokens": 6, **decoding},
            "modes": {"pair": {"answers": [2, 2], **SCORES}},
        }
    )


def words(text: str) -> tuple[int, ...]:
    return tuple(map(token_of, text.split()))


def prompt(better: str, worse: str, order: str, label: str) -> LabelledPrompt:
    first, second = (better, worse) if (order == "AB") == (label == "A") else (worse, better)
    return LabelledPrompt(f"{better}-{worse}-{label}", order, label, words(f"{first} {second} better :"))


# The answer with the lower number is the better one, wherever it is shown.
PAIRS = [(f"w{low}", f"w{high}") for low in range(3) for high in range(5, 8)]
PROMPTS = [prompt(*pair, order, label) for pair in PAIRS for label in "AB" for order in ("AB", "BA")]


def target(one: LabelledPrompt) -> tuple[int, ...]:
    is_first = (one.order == "AB") == (one.label == "A")
    return (*words("9 2" if is_first else "2 9"), END)


def row(place: int, epoch: int) -> Row:
    one = PROMPTS[place]
    return Row(f"{place:032x}", epoch, False, False, (*one.input_ids, *target(one)), len(one.input_ids))


def validated_run(folder: Path, base: Path, epochs: int, **recipe: object) -> RunFolder:
    rows = [row(place, epoch) for epoch in range(epochs) for place in range(len(PROMPTS))]
    made = tiny_run(folder, rows, base, batch_rows=12, rows_at_once=12, **recipe)
    run = made.read()
    made.record.unlink()
    path = write_prompts(PROMPTS, folder / "validation")
    validation = Validation(prompts=str(path), judge=judge(), mode="pair")
    made.write(run.model_copy(update={"validation": validation}))
    return made


class KilledError(Exception):
    """In place of a kill: nothing of ours catches it."""


def killed_in_step(step: int) -> Callable[..., torch.Tensor]:
    whole = JudgeTrainer.training_step

    def killed(self: JudgeTrainer, *args: object) -> torch.Tensor:
        if self.state.global_step + 1 == step:
            raise KilledError
        return whole(self, *args)

    return killed


def validations(folder: RunFolder) -> dict[int, dict[str, float]]:
    events = map(json.loads, folder.events.read_text("utf-8").splitlines())
    return {
        event["step"]: {name: value for name, value in event.items() if name.startswith("eval_")}
        for event in events
        if "eval_coverage" in event
    }


def test_a_judge_that_learns_agrees_more_and_more_and_the_best_one_is_kept(tmp_path, base):
    folder = validated_run(tmp_path, base, epochs=20, evaluate_steps=20)
    said: list[str] = []
    train_here(folder, said.append)
    found = validations(folder)
    assert list(found) == [20, 40, 60]
    assert found[60] == pytest.approx(
        {
            "eval_agreement": 1.0,
            "eval_agreement_failed_is_wrong": 1.0,
            "eval_consistency": 1.0,
            "eval_delta_bias": 0.0,
            "eval_coverage": 1.0,
        }
    )
    assert any(line.startswith("validation at step 60: agreement 100.0%") for line in said)
    predictions = list(map(json.loads, folder.predictions.read_text("utf-8").splitlines()))
    assert len(predictions) == len(PROMPTS)
    assert {(one["order"], one["label"], one["shown_verdict"], one["text"]) for one in predictions} == {
        ("AB", "A", "A", "9 2"),
        ("BA", "A", "B", "2 9"),
        ("AB", "B", "B", "2 9"),
        ("BA", "B", "A", "9 2"),
    }
    assert len(losses(folder)) == 60


def test_the_checkpoint_with_the_best_agreement_becomes_the_model_and_a_training_without_progress_ends(
    tmp_path, base, monkeypatch
):
    values = iter([0.2, 0.7, 0.6, 0.5, 0.4, 0.3])
    monkeypatch.setattr(
        Judging, "figures", lambda self, model, prompts: {"agreement_failed_is_wrong": next(values), "coverage": 1.0}
    )
    folder = validated_run(tmp_path, base, epochs=4, evaluate_steps=2, patience=2)
    train_here(folder, lambda line: None)
    assert list(losses(folder)) == list(range(1, 9))
    best = AutoModelForCausalLM.from_pretrained(folder.path / "checkpoint-4").state_dict()
    kept = AutoModelForCausalLM.from_pretrained(folder.model).state_dict()
    assert all(torch.equal(best[name], kept[name]) for name in best)


@pytest.mark.parametrize("flipped", [0, 9])
def test_the_verdicts_that_merging_changes_are_counted(tmp_path, base, monkeypatch, flipped):
    folder = validated_run(tmp_path, base, epochs=1, lora={"rank": 4, "alpha": 8})
    calls: list[str] = []

    def answers(self, model, prompts):
        calls.append(type(model).__name__)
        said = [Answer("9 2")] * len(prompts)
        return said if len(calls) < 3 else [Answer("2 9")] * flipped + said[flipped:]

    monkeypatch.setattr(Judging, "answers", answers)
    train_here(folder, lambda line: None)
    # The validation at the end, the adapter, the merged model.
    assert calls == ["PeftModelForCausalLM", "PeftModelForCausalLM", "LlamaForCausalLM"]
    (event,) = (event for event in events_of(folder.events) if MERGED_FLIPS in event)
    assert (event[MERGED_FLIPS], event["step"]) == (flipped / len(PROMPTS), 3)


def test_patience_is_counted_over_a_resume(tmp_path, base, monkeypatch):
    values = iter([0.7, 0.6, 0.5, 0.4])
    monkeypatch.setattr(
        Judging, "figures", lambda self, model, prompts: {"agreement_failed_is_wrong": next(values), "coverage": 1.0}
    )
    folder = validated_run(tmp_path, base, epochs=4, evaluate_steps=2, patience=2)
    with monkeypatch.context() as patched:
        patched.setattr(JudgeTrainer, "training_step", killed_in_step(5))
        with pytest.raises(KilledError):
            train_here(folder, lambda line: None)
    train_here(folder, lambda line: None)
    assert list(validations(folder)) == [2, 4, 6]


def judging(base: Path, spec: JudgeSpec, at_once: int = 4, label_ids: dict[str, int] | None = None) -> Judging:
    return Judging(AutoTokenizer.from_pretrained(base), spec, "pair", [END], PAD, label_ids or {}, at_once)


def test_answers_are_the_same_however_many_prompts_are_computed_at_once(base):
    model = AutoModelForCausalLM.from_pretrained(base)
    prompts = [
        LabelledPrompt(str(length), "AB", "A", words(" ".join(["w1"] * length) + " better :")) for length in range(1, 8)
    ]
    together = judging(base, judge())._answers(model, [one.input_ids for one in prompts])
    alone = judging(base, judge(), 1)._answers(model, [one.input_ids for one in prompts])
    assert together == alone


def test_an_answer_without_an_end_is_cut_and_a_stop_text_ends_it(base):
    model = AutoModelForCausalLM.from_pretrained(base)
    ids = [PROMPTS[0].input_ids]
    free = judging(base, judge())._answers(model, ids)[0]
    assert (free.finish_reason, len(free.text.split())) == ("length", 6)
    stop = free.text.split()[2]
    stopped = judging(base, judge(stop=[stop]))._answers(model, ids)[0]
    assert stopped.finish_reason == "stop"
    assert stopped.text == free.text[: free.text.index(stop)]
    assert isinstance(judging(base, judge()).readings(model, PROMPTS[:1])[0], Failure)


def letters() -> JudgeSpec:
    spec = judge().model_dump(mode="json", exclude_unset=True)
    spec["modes"]["pair"] = {"answers": [2, 2], **LABELS, "choices": {"letters": True}, "least_label_mass": 0.0}
    return JudgeSpec.model_validate(spec)


def test_labels_are_computed_in_float32_in_a_model_of_a_coarser_format(base):
    model = AutoModelForCausalLM.from_pretrained(base).to(torch.bfloat16)
    ids = {"A": token_of("9"), "B": token_of("2")}
    ask = torch.tensor([PROMPTS[0].input_ids])
    hidden = model(ask, output_hidden_states=True).hidden_states[-1][0, -1].float()
    likelihoods = (model.lm_head.weight.float() @ hidden).log_softmax(-1)
    (answer,) = judging(base, letters(), 2, ids).answers(model, PROMPTS[:1])
    assert answer.label_logprobs == pytest.approx(
        {label: likelihoods[token].item() for label, token in ids.items()}, abs=1e-6
    )
    assert model(ask).logits.dtype == torch.bfloat16


def test_a_mode_that_decides_by_labels_reads_their_probabilities(base):
    spec = letters()
    model = AutoModelForCausalLM.from_pretrained(base)
    ids = {"A": token_of("9"), "B": token_of("2")}
    found = judging(base, spec, 2, ids).readings(model, PROMPTS[:5])
    for one, reading in zip(PROMPTS, found, strict=False):
        likelihoods = model(torch.tensor([one.input_ids])).logits[0, -1].log_softmax(-1)
        expected = {label: likelihoods[token].item() for label, token in ids.items()}
        assert isinstance(reading, Reading)
        assert reading.logprobs == pytest.approx(expected, abs=1e-4)
        assert reading.verdict == max(expected, key=expected.__getitem__)


def test_figures_count_what_was_said_in_both_orders():
    asked = [
        LabelledPrompt(name, order, label, ())
        for name, label in (("a", "A"), ("b", "B"), ("c", TIE))
        for order in ("AB", "BA")
    ]
    failed = Failure(Status.UNPARSEABLE, "nothing")
    # a: right in both orders; b: the first place in both orders; c: once right, once failed.
    said = [
        Reading(verdict="A"),
        Reading(verdict="B"),
        Reading(verdict="A"),
        Reading(verdict="A"),
        Reading(verdict=TIE),
        failed,
    ]
    assert figures(asked, said) == pytest.approx(
        {
            "agreement": 3 / 4,
            "agreement_failed_is_wrong": 3 / 6,
            "consistency": 1 / 2,
            "delta_bias": 1 / 2,
            "coverage": 5 / 6,
        }
    )


def test_figures_of_failures_alone_have_no_agreement():
    asked = [LabelledPrompt("a", order, "A", ()) for order in ("AB", "BA")]
    failed = Failure(Status.UNPARSEABLE, "nothing")
    assert figures(asked, [failed, failed]) == {"agreement_failed_is_wrong": 0.0, "coverage": 0.0}


def test_the_vocabulary_of_the_tests_has_no_word_twice():
    assert len(set(VOCABULARY)) == len(VOCABULARY)
