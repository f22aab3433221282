"""From seeds to training examples: a teacher judges the generated comparisons in both orders, and agreement is kept."""

import csv
import io
import json
from collections import Counter
from pathlib import Path

import pytest
from generate_lake import GenerateLake, model
from pyspark.sql import functions as F
from small_lake import append, label

from judgelake.config import Tables, validated
from judgelake.errors import UserError
from judgelake.jobs.generate import dry_run
from judgelake.jobs.generate.dry_run import lines_of_plan
from judgelake.jobs.ingest import IngestJob, ingest
from judgelake.jobs.judge import JudgeJob, judge
from judgelake.sources import Files, as_csv
from judgelake.training import example_from_record

MARKERS = ("which", "what", "where", "when", "who", "why", "how", "whose", "whom", "whence", "whither", "wherefore")
# One has no reference.
QUESTIONS = [{"instruction": f"Say {marker}.", "output": marker} for marker in MARKERS[:-1]]
QUESTIONS.append({"instruction": f"Say {MARKERS[-1]}.", "output": ""})


@pytest.fixture(scope="module")
def lake(spark, empty_warehouse, tmp_path_factory, shared_server) -> GenerateLake:
    """A lake with comparisons of two models, judged by a teacher in both orders."""
    lake = GenerateLake(spark, empty_warehouse, tmp_path_factory.mktemp("lake"), "of_test_generate_examples")
    url = shared_server("scores")
    source = {"format": "alpaca", "files": [lake.file("q.jsonl", QUESTIONS)], "licence": "cc-by-4.0"}
    models = [model("a", url), model("b", url, system="Be brief.")]
    done = lake.generate(seeds={"sources": [source]}, models=models)
    assert done.comparisons.added == len(QUESTIONS)
    content = {
        "judge": {"name": "judgelm", "mode": "pair-reasons", "model": "test-judge"},
        "engine": {"url": shared_server("garbage:0.1")},
        "tables": lake.tables.model_copy(update={"comparisons": lake.tables.generated_comparisons}).model_dump(),
        "mlflow": {"enabled": False},
        "asking": {"give_up_after": 1000},
    }
    judge(spark, validated(JudgeJob, content, "test"))
    return lake


def taught(lake, tables: Tables | None = None, **step):
    teacher = {"name": "teacher", "judged": "judge = 'judgelm'", "reasons": "after_first_line", "licence": "mit"}
    teachers = [teacher | step.pop("teacher", {})]
    content = {"tables": (tables or lake.tables).model_dump(), "examples": {"teachers": teachers, **step}}
    (done,) = lake.generate(["examples"], **content).examples
    return done


def test_a_dry_run_says_what_would_be_asked_and_asks_nothing(lake, shared_server):
    url, before = shared_server("scores"), len(lake.rows("generated_answers"))
    known = model("a", url, prices={"output": 1.0})
    new = model("new", url, system="Never asked.", decoding={"max_tokens": 10})
    by_ba = {"name": "by BA", "judged": "judge = 'judgelm' AND shown_order = 'BA'", "agreement": "first"}
    shown = {"name": "shown", "judged": "judge = 'judgelm'", "referenced": "judge = 'judgelm' AND shown_order = 'BA'"}
    teachers = [{"name": "teacher", "judged": "judge = 'judgelm'", "prices": {"input": 1e6}}, by_ba, shown]
    models = [known, model("b", url, system="Be brief."), new]
    steps = {"models": models, "comparisons": {"how": "all"}}
    planned = dry_run(lake.spark, lake.job(**steps, examples={"teachers": teachers}))
    first, _, second = planned.models
    assert (planned.seeds, planned.comparisons, planned.teacher_requests) == (12, 36, 72)
    assert (first.requests, first.skipped, first.cost) == (0, 12, 0)
    assert (second.requests, second.skipped, second.output_tokens_at_most, second.seconds) == (12, 0, 120, None)
    assert second.prompt_bytes == sum(len(f"Never asked.Say {marker}.") for marker in MARKERS)
    # Those of a and b are judged; 24 with the new model are still to be made. What cannot be read is not asked again.
    teacher, by_ba, _, shown = planned.teachers
    assert (teacher.requests, teacher.skipped) == (24 * 2, len(lake.rows("judgments")))
    assert teacher.cost == teacher.prompt_tokens > 0
    # A judgment in an order that does not count leaves the other one to be asked for.
    assert (by_ba.requests, by_ba.skipped) == (12 + 24, 0)
    # With sight of a reference only comparisons that have one are judged.
    assert (shown.requests, shown.skipped) == (11 + 22 * 2, 11)
    assert len(list(lines_of_plan(planned))) == 10
    with pytest.raises(UserError, match=r"^There is no table 'nowhere': run the step comparisons"):
        dry_run(lake.spark, lake.job(**steps, examples={"teachers": teachers, "table": "nowhere"}))
    assert len(lake.rows("generated_answers")) == before


def said_in_both_orders(lake) -> dict:
    """The judgments of the judge by comparison and order."""
    said = {}
    for row in lake.rows("judgments", "judge = 'judgelm'"):
        said.setdefault(row["comparison_id"], {})[row["shown_order"]] = row
    return said


def test_what_both_orders_say_is_an_example_and_all_the_rest_is_counted(lake):
    done = taught(lake, validation_share=0.3)
    said = said_in_both_orders(lake)
    kinds = Counter(kind_of(orders) for orders in said.values())
    assert done.left_out == {kind: count for kind, count in kinds.items() if kind != "agree"}
    assert done.added == kinds["agree"] == sum(done.splits.values())
    rows = lake.spark.read.table(lake.tables.training_examples).collect()
    with_reference = sum(row["comparison"]["reference"] is not None for row in rows)
    assert (done.held, done.without_referenced) == (0, with_reference)
    for row in rows:
        example = example_from_record(row.asDict(recursive=True))
        first = said[example.comparison.comparison_id]["AB"]
        assert (example.judged.verdict, list(example.judged.scores)) == (first["verdict"], list(first["scores"]))
        assert example.judged.reasons == "The first is clearer."
        assert (example.licence, example.source) == ("cc-by-4.0 AND mit", "alpaca")
        assert example.comparison.reference in (*MARKERS[:-1], None)
    assert not has_a_group_in_both_splits(lake.spark.read.table(lake.tables.training_examples))
    again = taught(lake, validation_share=0.3)
    assert (again.added, again.held) == (0, done.added)


def kind_of(orders):
    failed = [orders[order]["status"] for order in ("AB", "BA") if orders[order]["status"] != "ok"]
    if failed:
        return f"teacher failed: {failed[0]}"
    return "agree" if orders["AB"]["verdict"] == orders["BA"]["verdict"] else "orders contradict"


def has_a_group_in_both_splits(rows) -> bool:
    return not rows.groupBy("question_group").agg(F.countDistinct("split").alias("n")).where("n > 1").isEmpty()


def test_an_example_stays_in_its_groups_split_and_goes_with_what_its_teacher_says_now(lake):
    other = lake.tables.model_copy(update={"training_examples": f"{lake.tables.training_examples}_grown"})
    first = taught(lake, other, teacher={"reasons": None}, validation_share=0.3)
    another = taught(lake, other, teacher={"reasons": None, "name": "another"}, validation_share=0.9)
    assert (another.added, another.splits) == (first.added, first.splits)
    second = taught(lake, other, teacher={"referenced": "judge = 'judgelm'"})
    assert (second.added, second.held, second.replaced) == (first.added, 0, first.added)
    assert second.without_referenced == 0
    rows = lake.spark.read.table(other.training_examples)
    assert rows.where("teacher = 'teacher'").count() == rows.where("teacher = 'another'").count() == first.added
    with_reference = rows.where("teacher = 'teacher' AND comparison.reference IS NOT NULL")
    assert with_reference.where("referenced IS NULL OR judged.reasons IS NULL").isEmpty()
    assert not has_a_group_in_both_splits(rows)
    of_another = rows.where("teacher = 'another'").count()
    taken_back, failed = (row["comparison"]["comparison_id"] for row in rows.where("teacher = 'teacher'").take(2))
    says_again(lake, taken_back, failed)
    third = taught(lake, other, teacher={"judged": "judge = 'changed'"})
    kinds = ("orders contradict", "teacher failed: truncated", "not judged")
    assert third.left_out == dict(zip(kinds, (1, 1, len(MARKERS) - 2), strict=True))
    assert (third.added, third.replaced, third.withdrawn) == (0, 0, 2)
    kept = lake.spark.read.table(other.training_examples)
    assert kept.where(F.col("comparison.comparison_id").isin(taken_back, failed)).select(
        "teacher"
    ).distinct().collect() == [("another",)]
    assert kept.where("teacher = 'another'").count() == of_another
    assert kept.where("teacher = 'teacher'").count() == first.added - 2
    rejected = lake.rows("rejected_rows", "format = 'examples: teacher' AND raw LIKE '%truncated%'")
    assert failed in {json.loads(row["raw"])["comparison_id"] for row in rejected}


def says_again(lake, contradicted: str, failed: str):
    """Newer judgments of two comparisons: the orders of one contradict each other, one of the other's has failed."""
    both = lake.spark.read.table(lake.tables.judgments).where(F.col("comparison_id").isin(contradicted, failed))
    changed = {"judge": F.lit("changed"), "judge_fingerprint": F.lit("changed")}
    shown = F.when(F.col("shown_order") == "AB", "A").otherwise("B")
    is_failed = (F.col("comparison_id") == failed) & (F.col("shown_order") == "BA")
    said = {
        "scores": F.lit(None).cast("array<double>"),
        "verdict": F.when(is_failed, None).otherwise(shown),
        "status": F.when(is_failed, "truncated").otherwise(F.col("status")),
        "error": F.when(is_failed, "too long").otherwise(F.col("error")),
    }
    both.withColumns(changed | said).write.format("delta").mode("append").saveAsTable(lake.tables.judgments)


def test_the_sizes_of_the_splits_are_bounded_and_what_is_beyond_is_counted(lake):
    other = lake.tables.model_copy(update={"training_examples": f"{lake.tables.training_examples}_small"})
    done = taught(lake, other, validation_share=0.0, most_train=1)
    assert done.splits == {"train": 1}
    all_of_them = sum(kind_of(orders) == "agree" for orders in said_in_both_orders(lake).values())
    assert done.left_out["beyond most_train"] == all_of_them - 1


def test_labels_of_a_person_are_examples_too(lake):
    first = lake.rows("generated_comparisons")[0]["comparison_id"]
    append(lake.spark, lake.tables.labels, label(first, "B", "ann", "human"))
    done = taught(lake, teacher={"name": "ann", "judged": None, "labels": {"labeler": "ann"}})
    assert (done.added, done.left_out) == (1, {"not labeled": len(QUESTIONS) - 1})
    (row,) = lake.rows("training_examples", "teacher = 'ann'")
    assert (row["judged"]["verdict"], row["comparison"]["comparison_id"]) == ("B", first)


def test_a_sample_for_people_comes_back_as_labels(lake):
    step = {"comparisons": 5, "labelers": ["eve"], "folder": str(lake.folder / "sheets")}
    done = lake.generate(["sample"], sample=step).sample
    assert (done.comparisons, [Path(path).name for path in done.written]) == (5, ["eve.csv", "eve.jsonl"])
    sheet = Path(done.written[0])
    rows = list(csv.DictReader(io.StringIO(sheet.read_text("utf-8-sig"), newline="")))
    made = {row["comparison_id"]: row["answers"] for row in lake.rows("generated_comparisons")}
    # To eve the answers of model a are the best, wherever they are shown; one row she leaves open.
    for row in rows[1:]:
        best = next(answer["text"] for answer in made[row["comparison_id"]] if answer["model"] == "a")
        row["verdict"] = "1" if row["answer_1"] == best else "2"
    filled = as_csv(rows)
    sheet.write_bytes(filled)
    again = lake.generate(["sample"], sample=step).sample
    assert (again.written, again.kept, sheet.read_bytes()) == ((), done.written, filled)
    names = lake.tables.model_copy(update={"comparisons": lake.tables.generated_comparisons})
    read = ingest(lake.spark, IngestJob(tables=names), "label_sheet", Files(labels=(sheet,)))
    assert (read.labels_added, read.rejected) == (4, 0)
    for label_row in lake.rows("labels", "labeler = 'eve'"):
        place = "AB".index(label_row["verdict"])
        assert (made[label_row["comparison_id"]][place]["model"], label_row["kind"]) == ("a", "human")
    labelled = {row["comparison_id"] for row in lake.rows("labels", "kind = 'human'")}
    step |= {"comparisons": 100, "unlabelled_by": "human", "folder": str(lake.folder / "more sheets")}
    more = lake.generate(["sample"], sample=step).sample
    asked = {row["comparison_id"] for row in csv.DictReader(io.StringIO(Path(more.written[0]).read_text("utf-8-sig")))}
    assert (more.comparisons, asked) == (len(asked), made.keys() - labelled)


def test_without_a_teacher_there_is_nothing_to_learn(lake):
    with pytest.raises(UserError, match=r"^examples\.teachers is empty"):
        lake.generate(["examples"])


def test_a_predicate_that_does_not_name_one_judge_is_refused(lake):
    with pytest.raises(UserError, match=r"examples\.teachers \('teacher'\): judged 'nothing = 1' does not fit"):
        taught(lake, teacher={"judged": "nothing = 1"})
    ours = lake.spark.read.table(lake.tables.judgments).where("judge = 'judgelm'")
    both = ours.limit(1).withColumn("judge_fingerprint", F.lit("another"))
    both.write.format("delta").mode("append").saveAsTable(lake.tables.judgments)
    with pytest.raises(UserError, match=r"selects judgments of several judges \(.*another.*name one, for example by"):
        taught(lake)
