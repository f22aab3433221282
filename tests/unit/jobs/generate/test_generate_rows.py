"""The rows that the steps write, made from rows that they read: without Spark, as its workers make them."""

import pytest

from judgelake.comparisons import comparison_from_record, comparison_to_record
from judgelake.generation import Comparing, Pairing, SeedReader, seed_format_named, seed_from_record, seed_to_record
from judgelake.jobs.generate.compared import MADE, made_of
from judgelake.jobs.generate.config import ExampleStep, Teacher
from judgelake.jobs.generate.examples import MADE as MADE_EXAMPLES
from judgelake.jobs.generate.examples import example_of, example_row
from judgelake.jobs.generate.seeds import STAGED, staged_row
from judgelake.lake import as_batch
from judgelake.sources import Rejected, Row
from judgelake.training import example_from_record

RECORD = {"messages": [{"role": "user", "content": "Q"}], "reference": "r", "attributes": {"k": "v"}, "source": "s"}
COMPARISON = comparison_from_record({**RECORD, "answers": [{"text": "x", "model": "a"}, {"text": "y", "model": "b"}]})
SEED = seed_from_record(RECORD)


def said(order, verdict="A", **changes):
    row = {"shown_order": order, "status": "ok" if verdict else "timeout", "verdict": verdict, "scores": None}
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
    (stored,) = as_batch([example_row(example)], MADE_EXAMPLES).to_pylist()
    assert example_from_record(stored["example"]) == example


@pytest.mark.parametrize(
    ("judged", "reason"),
    [
        ([said("AB"), said("BA", "B")], "orders contradict"),
        ([said("AB"), said("BA", None)], "teacher failed: timeout"),
        ([said("BA")], "judged in one order only"),
        (None, "not judged"),
    ],
)
def test_a_comparison_of_which_nothing_is_learned_says_why(judged, reason):
    assert made(compared(judged=judged, referenced=None)) == reason


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
