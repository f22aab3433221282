"""The rows that the steps write, made from rows that they read: without Spark, as its workers make them."""

import json

import pytest

from judgelake.comparisons import comparison_from_record, comparison_to_record
from judgelake.generation import Comparing, Pairing, SeedReader, seed_format_named, seed_from_record, seed_to_record
from judgelake.jobs.generate.compared import MADE, made_of
from judgelake.jobs.generate.config import ExampleStep, Teacher
from judgelake.jobs.generate.example_rows import MADE as MADE_EXAMPLES
from judgelake.jobs.generate.example_rows import example_of, made_row
from judgelake.jobs.generate.seeds import STAGED, staged_row
from judgelake.lake import as_batch
from judgelake.sources import Rejected, Row
from judgelake.training import example_from_record

RECORD = {"messages": [{"role": "user", "content": "Q"}], "reference": "r", "attributes": {"k": "v"}, "source": "s"}
COMPARISON = comparison_from_record({**RECORD, "answers": [{"text": "x", "model": "a"}, {"text": "y", "model": "b"}]})
SEED = seed_from_record(RECORD)


def said(order, verdict="A", **changes):
    row = {"shown_order": order, "status": "ok" if verdict else "unparseable", "verdict": verdict, "scores": None}
    return {**row, "raw_output": None, "verdict_logprobs": None, "bounded_labels": None, **changes}


def compared(**changes):
    of_comparison = comparison_to_record(COMPARISON)
    attributes = list(of_comparison["attributes"].items())
    return {**of_comparison, "attributes": attributes, "question_group": "g", "licence": "mit", **changes}


def made(record, **teacher):
    given = {"name": "t", "judged": "true", **teacher}
    return example_of(record, ExampleStep(validation_share=1.0), Teacher(**given))


def test_a_row_of_a_source_is_staged_as_a_seed_or_with_its_reason():
    reader = SeedReader(seed_format_named("alpaca"), licence="mit")
    good = staged_row(0, Row("f", 3, "{}", {"instruction": "Q"}), reader)
    wrong = staged_row(1, Row("f", 4, '{"x": 1}', {"x": 1}), reader)
    broken = staged_row(2, Rejected("f", 5, "not JSON", "{"), reader)
    assert (good["seed"]["licence"], good["reason"], good["raw"]) == ("mit", None, None)
    assert (wrong["seed"], wrong["reason"], wrong["raw"]) == (None, "instruction: missing", '{"x": 1}')
    assert (broken["reason"], broken["raw"]) == ("not JSON", "{")
    assert as_batch([good, wrong, broken], STAGED).num_rows == 3


def test_a_seed_with_its_answers_gives_rows_of_comparisons_and_of_what_is_left_out():
    answer = {"sample": 0, "status": "ok", "reason": None}
    failed = {"model": "c", "sample": 0, "status": "timeout", "answer": None, "reason": "slow"}
    given = [{**answer, "model": "a", "answer": "x"}, {**answer, "model": "b", "answer": "y"}, failed]
    record = {
        **seed_to_record(SEED),
        "attributes": [("k", "v")],
        "question_group": "g",
        "licence": "mit",
        "given": given,
    }
    rows = list(made_of(Comparing(Pairing("all")), record))
    assert [row["reason"] for row in rows] == ["answer of c: timeout: slow", None]
    (comparison,) = (row["comparison"] for row in rows if row["comparison"])
    assert (comparison["question_id"], comparison["question_group"], comparison["licence"]) == (
        SEED.seed_id,
        "g",
        "mit",
    )
    assert as_batch(rows, MADE).num_rows == 2


def test_a_comparison_that_both_orders_judge_alike_is_an_example_that_the_table_gives_back():
    logprobs = [("A", -0.1), ("B", -2.5)]
    record = compared(
        judged=[said("AB", verdict_logprobs=logprobs), said("BA", verdict_logprobs=logprobs)],
        referenced=[said("AB", "B"), said("BA", "B")],
    )
    example = made(record, licence="cc-by-4.0")
    assert (example.judged.verdict, example.referenced.verdict, example.group, example.split) == (
        "A",
        "B",
        "g",
        "validation",
    )
    assert (example.licence, example.source, example.teacher) == ("cc-by-4.0 AND mit", "s", "t")
    assert example.probabilities["A"] > 0.9
    step, teacher = ExampleStep(validation_share=1.0), Teacher(name="t", judged="true", licence="cc-by-4.0")
    (stored,) = as_batch([made_row(record, step, teacher)], MADE_EXAMPLES).to_pylist()
    assert example_from_record(stored["example"]) == example
    assert (stored["comparison_id"], stored["teacher"]) == (COMPARISON.comparison_id, "t")


@pytest.mark.parametrize(
    ("judged", "reason", "is_final"),
    [
        ([said("AB"), said("BA", "B")], "orders contradict", True),
        ([said("AB"), said("BA", None)], "teacher failed: unparseable", True),
        ([said("AB"), said("BA", None, status="timeout")], "teacher failed: timeout", False),
        ([said("AB"), said("BA", None, status="engine_error")], "teacher failed: engine_error", False),
        ([said("BA")], "judged in one order only", False),
        (None, "not judged", False),
    ],
)
def test_a_comparison_of_which_nothing_is_learned_says_why_and_what_was_said(judged, reason, is_final):
    row = made_row(compared(judged=judged, referenced=None), ExampleStep(), Teacher(name="t", judged="true"))
    assert (row["example"], row["reason"]) == (None, reason)
    # What is still to be judged, or asked for again, is not written down, nor does it cost an older example.
    assert (row["raw"] is not None) == is_final
    if row["raw"] is not None:
        assert json.loads(row["raw"])["judged"][0] == {
            "shown_order": "AB",
            "status": "ok",
            "verdict": "A",
            "scores": None,
        }


def test_what_was_said_with_the_reference_may_be_missing():
    record = compared(judged=[said("AB"), said("BA")], referenced=[said("AB", "B"), said("BA", "A")])
    assert made(record).referenced is None


def test_the_question_of_a_comparison_without_a_seed_is_grouped_by_its_text():
    record = compared(judged=[said("AB"), said("BA")], referenced=None, question_group=None)
    assert made(record).group == SEED.seed_id


def test_labels_are_learned_by_the_rule_of_training():
    by_ann = {
        "comparison_id": COMPARISON.comparison_id,
        "labeler": "ann",
        "kind": "human",
        "verdict": "B",
        "scores": None,
    }
    labels = {"labeler": "ann", "holds_with_reference": True}
    example = made(compared(labels=[by_ann]), judged=None, labels=labels)
    assert (example.judged.verdict, example.referenced.verdict, example.teacher) == ("B", "B", "ann")
    assert made(compared(labels=None), judged=None, labels=labels) == "not labeled"


@pytest.mark.parametrize("labelers", [("ann",), ("ann", "bob"), ("ann", "bob", "cy")])
def test_what_most_labelers_say_is_never_under_the_name_of_one_whose_own_examples_may_be_there(labelers):
    """Whether most say the same or nobody agrees, only an older example of the same rule is replaced."""
    by = {"comparison_id": COMPARISON.comparison_id, "kind": "human", "scores": None}
    said_by = [{**by, "labeler": who, "verdict": verdict} for who, verdict in zip(labelers, "BAB", strict=False)]
    row = made_row(compared(labels=said_by), ExampleStep(), Teacher(name="people", labels={}))
    assert row["teacher"] == "majority"
    if len(labelers) == 2:
        assert row["reason"] == "the labelers have no majority: 1 for A, 1 for B"
        assert json.loads(row["raw"])["labels"][0]["labeler"] == "ann"
    else:
        assert (row["example"]["teacher"], row["example"]["judged"]["verdict"]) == ("majority", "B")
        assert example_from_record(as_batch([row], MADE_EXAMPLES).to_pylist()[0]["example"]).teacher == "majority"
    own = made_row(compared(labels=said_by), ExampleStep(), Teacher(name="people", labels={"labeler": "ann"}))
    assert (own["teacher"], own["example"]["teacher"]) == ("ann", "ann")


def test_a_label_of_somebody_else_says_nothing_yet_and_one_without_a_score_says_nothing_at_all():
    by_bob = {"comparison_id": "c", "labeler": "bob", "kind": "human", "verdict": None, "scores": [-1.0, 5.0]}
    said_by = {who: made(compared(labels=[by_bob]), judged=None, labels={"labeler": who}) for who in ("ann", "bob")}
    assert said_by == {"ann": "not labeled", "bob": "'bob' has given it no verdict or scores"}
