"""Runs that cannot begin, and runs that end before they are done: the next run does the rest, and doubles nothing."""

import importlib
import json
import urllib.request

import pytest
from generate_lake import GenerateLake, model
from small_lake import append, label

from judgelake.errors import RunError, UserError

KINDS = ("once", "two", "three")
QUESTIONS = [{"instruction": f"Say {word}."} for word in (*KINDS, "Forbidden")]


@pytest.fixture(scope="module")
def lake(spark, empty_warehouse, tmp_path_factory) -> GenerateLake:
    return GenerateLake(spark, empty_warehouse, tmp_path_factory.mktemp("lake"), "of_test_generate_breaks")


def test_without_questions_nobody_is_asked(lake):
    with pytest.raises(UserError, match=r"There are no questions in 'of_test_generate_breaks\.seeds': name files"):
        lake.generate(models=[model("greedy", "http://127.0.0.1:9/v1")])


def test_a_source_in_another_layout_is_refused_with_the_first_reason(lake):
    source = {"format": "sharegpt", "files": [lake.file("alpaca.jsonl", QUESTIONS)]}
    with pytest.raises(UserError, match=r"alpaca\.jsonl is a question in the layout sharegpt .* first: conv"):
        lake.generate(["seeds"], seeds={"sources": [source]})
    assert len(lake.rows("rejected_rows")) == len(QUESTIONS)


class KilledError(Exception):
    """The end of the driver."""


def killed_in(place: str, call: int, run) -> None:
    """Do a run in which the driver ends instead of calling a function for the nth time."""
    module, _, name = place.rpartition(".")
    target = importlib.import_module(f"judgelake.{module}")
    own, calls = getattr(target, name), []

    def dying(*arguments, **settings):
        calls.append(name)
        if len(calls) == call:
            if "writer" in settings:
                # The tasks of a chunk answer, as they do in an append that does not come to its commit.
                arguments[0].write.format("noop").mode("overwrite").save()
            raise KilledError
        return own(*arguments, **settings)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(target, name, dying)
        with pytest.raises(KilledError):
            run()
    assert len(calls) == call


def asked(url: str) -> int:
    with urllib.request.urlopen(url.removesuffix("/v1") + "/stats") as answer:
        return int(json.load(answer)["total"])


def test_each_step_that_breaks_off_in_the_middle_is_finished_by_the_next_run(lake, shared_server):
    urls = shared_server("scores"), shared_server("scores+deny:Forbidden")
    rows = [*QUESTIONS, {"instruction": ""}]
    groups = {
        "seeds": {
            "sources": [{"format": "alpaca", "files": [lake.file("questions.jsonl", rows)]}],
            "near_duplicates": {"similarity": None},
        },
        "models": [model("a", urls[0]), model("b", urls[1], system="Be brief.")],
        "asking": {"max_failed_share": 1.0, "max_attempts": 1},
        "examples": {"teachers": [{"name": "people", "labels": {}}]},
        "sample": {"folder": str(lake.folder / "sheets")},
    }

    def step(name):
        return getattr(lake.generate([name], **groups), name)

    # After the seeds and before what is rejected; after the answers and before they are in the table; and so on.
    killed_in("jobs.generate.seeds.append_new", 2, lambda: step("seeds"))
    assert (step("seeds").added, len(lake.rows("rejected_rows", "format = 'seeds: alpaca'"))) == (0, 1)
    assert len({row["seed_id"] for row in lake.rows("seeds")}) == len(lake.rows("seeds")) == 4

    killed_in("asking.chunk.append_once", 1, lambda: step("answers"))
    assert (asked(urls[0]), lake.rows("generated_answers")) == (4, [])
    # What model a had answered is in the table, as answers of the run that asked, and it is not asked again.
    of_a, of_b = (run.statuses for run in step("answers"))
    # Words that refuse one prompt are believed only after another was answered, and which comes first is chance.
    assert (of_a, of_b["ok"], sum(of_b.values())) == ({}, 3, 4)
    assert set(of_b) - {"ok"} <= {"refused", "engine_error"}
    assert (len(lake.rows("generated_answers", "answerer = 'a' AND status = 'ok'")), asked(urls[0])) == (4, 4)
    answers = lake.rows("generated_answers")
    assert len({row["answer_id"] for row in answers}) == len(answers) == 8

    killed_in("jobs.generate.compared.append_new", 2, lambda: step("comparisons"))
    assert (step("comparisons").added, len(lake.rows("generated_comparisons"))) == (0, 3)
    assert len(lake.rows("rejected_rows", "format = 'generated'")) == 2

    ids = sorted(row["comparison_id"] for row in lake.rows("generated_comparisons"))
    said = [label(name, "A", "ann", "human") for name in ids]
    append(lake.spark, lake.tables.labels, *said, label(ids[0], "B", "bob", "human"))
    killed_in("jobs.generate.examples.append_new", 1, lambda: step("examples"))
    (taught,) = step("examples")
    assert (taught.added, taught.held, sum(taught.left_out.values())) == (0, 2, 1)
    assert len(lake.rows("rejected_rows", "format = 'examples: people'")) == 1

    killed_in("jobs.generate.sheets._write_new", 2, lambda: step("sample"))
    sampled = step("sample")
    assert ([len(sampled.written), len(sampled.kept)], sampled.comparisons) == ([1, 1], 3)


def test_a_model_whose_server_dies_keeps_no_other_from_being_asked_and_is_continued(lake, shared_server):
    lenient = {"max_failed_share": 0.1}
    dying = model("late", shared_server("die-after:2"), system="S")
    other = model("other", shared_server("instant"), system="T")
    with pytest.raises(RunError, match=r"^late: .*engine_error"):
        lake.generate(["answers"], asking=lenient, models=[dying, other])
    assert len(lake.rows("generated_answers", "answerer = 'other' AND status = 'ok'")) == 4
    lake.generate(["answers"], asking=lenient, models=[model("late", shared_server("instant"), system="S")])
    latest = {}
    for row in sorted(lake.rows("generated_answers", "answerer = 'late'"), key=lambda row: row["attempt"]):
        latest.setdefault(row["answer_id"], []).append((row["status"], row["attempt"]))
    assert len(latest) == 4
    assert all(tries[-1][0] == "ok" for tries in latest.values())
    assert all([status for status, _ in tries].count("ok") == 1 for tries in latest.values())
    assert not lake.rows("plans")
