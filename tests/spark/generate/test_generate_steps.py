"""All steps of a generation in one lake: what each leaves in its table, and what a second run adds."""

from collections import Counter

import pytest
from generate_lake import GenerateLake, model

from judgelake.errors import UserError
from judgelake.jobs.generate import Generated

METALS = ("tin", "zinc", "lead", "iron", "gold", "silver", "copper", "nickel")
NEAR = "lower(messages[0].content) LIKE 'explain in%'"
LONG = "Explain in one paragraph for pupils of the fourth grade why water expands when it freezes in winter"


def sources_of(lake: GenerateLake) -> list[dict]:
    """Three sources: one with rows that are no seeds, one with near-duplicates, one that Spark reads."""
    metals = [{"instruction": f"What is {metal}?", "output": f"It is {metal}."} for metal in METALS]
    near = [LONG, f"{LONG}.", f"{LONG.lower()} now", "水は凍るとなぜ膨らむのですか", "Another question"]
    lake.spark.createDataFrame(
        [("From a table?", "r", 3)], "prompt STRING, gold STRING, level INT"
    ).createOrReplaceTempView("generate_questions")
    return [
        {
            "format": "alpaca",
            "files": [lake.file("metals.jsonl", [*metals, {"instruction": ""}, {"output": "x"}, metals[0]])],
            "licence": "cc-by-4.0",
            "category": "metals",
        },
        {"format": "dolly", "files": [lake.file("near.jsonl", [{"instruction": text} for text in near])]},
        {
            "format": "table",
            "table": "generate_questions",
            "columns": {"question": "prompt", "reference": "gold", "attributes": {"grade": "level"}},
        },
    ]


@pytest.fixture(scope="module")
def lake(spark, empty_warehouse, tmp_path_factory) -> GenerateLake:
    return GenerateLake(spark, empty_warehouse, tmp_path_factory.mktemp("lake"), "of_test_generate_steps")


@pytest.fixture(scope="module")
def groups(lake, shared_server) -> dict:
    """The config of the runs: two models that answer, of which one fails for some questions."""
    url, failing = shared_server("instant"), shared_server("fail:0.3+scores")
    models = [model("sure", url), model("warm", url, decoding={"temperature": 1.0, "seed": 1}, samples=2)]
    models.append(model("failing", failing, system="Be brief."))
    return {
        "seeds": {"sources": sources_of(lake)},
        "models": models,
        "comparisons": {"how": "all"},
        "asking": {"max_failed_share": 1.0, "max_attempts": 1},
    }


@pytest.fixture(scope="module")
def first(lake, groups) -> Generated:
    return lake.generate(**groups)


def test_seeds_are_read_from_every_source_and_what_is_none_is_rejected_with_its_reason(lake, first):
    assert (first.seeds.added, first.seeds.held, first.seeds.rejected) == (14, 1, 2)
    seeds = lake.rows("seeds")
    assert Counter(row["source"] for row in seeds) == {"alpaca": 8, "dolly": 5, "table": 1}
    metal = next(row for row in seeds if row["reference"] == "It is tin.")
    assert (metal["category"], metal["licence"], metal["messages"][0]["content"]) == (
        "metals",
        "cc-by-4.0",
        "What is tin?",
    )
    (table,) = lake.rows("seeds", "source = 'table'")
    assert (table["reference"], table["attributes"]) == ("r", {"grade": "3"})
    rejected = lake.rows("rejected_rows", "format = 'seeds: alpaca'")
    assert sorted(row["reason"] for row in rejected) == [
        "instruction: missing",
        "instruction: the question is empty",
    ]
    assert {row["line"] for row in rejected} == {9, 10}


def test_of_near_duplicates_one_is_asked_and_all_name_it(lake, first):
    near = lake.rows("seeds", NEAR)
    (kept,) = {row["question_group"] for row in near}
    assert kept in {row["seed_id"] for row in near}
    assert (len(near), first.seeds.left_out) == (3, 2)
    assert not lake.rows(
        "generated_answers", f"seed_id IN (SELECT seed_id FROM {lake.tables.seeds} WHERE seed_id <> question_group)"
    )


def test_a_failed_call_is_a_typed_row_and_never_an_answer(lake, first):
    by_model = {run.answerer.name: run for run in first.answers}
    assert by_model["sure"].statuses == {"ok": 12}
    assert by_model["warm"].statuses == {"ok": 24}
    failing = by_model["failing"].statuses
    assert set(failing) == {"engine_error", "ok"}
    assert sum(failing.values()) == 12
    rows = lake.rows("generated_answers", "answerer = 'failing' AND status <> 'ok'")
    assert all(row["answer"] is None and row["error"] for row in rows)
    runs = lake.rows("runs", "mode = 'answer'")
    assert {row["judge"] for row in runs} == {"sure", "warm", "failing"}
    assert sum(row["answered_by_status"]["ok"] for row in runs) == 36 + failing["ok"]


def test_comparisons_have_all_pairs_of_usable_answers_and_the_rest_is_counted(lake, first):
    made = lake.rows("generated_comparisons")
    left_out = first.comparisons.left_out
    identical, failed = left_out["identical answers"], left_out["answer: engine_error"]
    # Both samples of warm are alike here, and like those of sure: a pair of these, and two with failing.
    assert left_out["answer: repeats its sample"] == 12
    assert len(made) == first.comparisons.added == 12 * 3 - 2 * failed - identical
    assert identical >= 12
    assert len({row["comparison_id"] for row in made}) == len(made)
    assert all(row["answers"][0]["text"] != row["answers"][1]["text"] for row in made)
    metals = [row for row in made if row["source"] == "alpaca"]
    assert {row["reference"] for row in metals} <= {f"It is {metal}." for metal in METALS}
    assert all(row["licence"] == "cc-by-4.0" and row["attributes"] == {"category": "metals"} for row in metals)
    assert metals
    assert len(lake.rows("rejected_rows", "format = 'generated'")) == sum(first.comparisons.left_out.values())


def test_a_second_run_adds_nothing(lake, first, groups):
    again = lake.generate(**groups)
    assert (again.seeds.added, again.comparisons.added) == (0, 0)
    assert again.comparisons.held == first.comparisons.added
    assert [(run.asked, run.skipped) for run in again.answers] == [(0, 12), (0, 24), (0, 12)]
    answers = lake.rows("generated_answers")
    assert len({row["answer_id"] for row in answers}) == len(answers) == 48
    assert {(row["answerer"], row["sample"]) for row in answers if row["answerer"] != "failing"} == {
        ("sure", 0),
        ("warm", 0),
        ("warm", 1),
    }
    assert len(lake.rows("rejected_rows", "format = 'generated'")) == sum(first.comparisons.left_out.values())


def test_a_later_near_duplicate_joins_the_group_that_is_there(lake, first, groups):
    late = lake.file("late.jsonl", [{"instruction": f"{LONG}!"}, {"instruction": "A question of its own"}])
    done = lake.generate(["seeds"], seeds={"sources": [{"format": "alpaca", "files": [late]}]})
    assert (done.seeds.added, done.seeds.left_out) == (2, 1)
    assert len({row["question_group"] for row in lake.rows("seeds", NEAR)}) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"models": []}, r"^models is empty", id="nobody"),
        pytest.param(
            {"answers": {"where": "no_column = 1"}}, r"^answers\.where 'no_column = 1' does not fit", id="where"
        ),
        pytest.param(
            {"models": [{"name": "gone", "model": "./no-such-folder"}]},
            r"is not a folder on this machine\. Set models\.0\.model to",
            id="no such model",
        ),
    ],
)
def test_a_mistake_is_one_sentence_in_the_words_of_this_config(lake, first, groups, changes, message):
    with pytest.raises(UserError, match=message):
        lake.generate(["answers"], **{**groups, **changes})


def test_two_names_for_the_same_model_asked_alike_are_refused(lake, first, groups):
    twice = [groups["models"][0], {**groups["models"][0], "name": "twin"}]
    with pytest.raises(UserError, match=r"models 'sure' and 'twin' are the same model asked in the same way"):
        lake.generate(["answers"], **{**groups, "models": twice})
