"""The examples of a training as their table holds them, and the command from its arguments to the model."""

from __future__ import annotations

import dataclasses

import pytest
from small_lake import lake_of_its_own
from tiny_model import losses, save_tiny_model
from tiny_training import examples, train_job

from judgelake.errors import UserError
from judgelake.jobs.train import plan_of, train
from judgelake.jobs.train.command import show_plan
from judgelake.jobs.train.examples import selected_examples
from judgelake.lake import create_tables
from judgelake.trainer import RunFolder
from judgelake.trainer.process import train_here
from judgelake.training import Example, record_of


@pytest.fixture(scope="module")
def tables(spark, empty_warehouse, tmp_path_factory):
    tables = lake_of_its_own(spark, empty_warehouse, tmp_path_factory.mktemp("lake"), "of_test_train_job")
    create_tables(spark, tables, {"training_examples"})
    return tables


@pytest.fixture(scope="module")
def add(spark, tables):
    def append(*some: Example) -> None:
        columns = spark.read.table(tables.training_examples).schema
        rows = [record_of(one) for one in some]
        spark.createDataFrame(rows, columns).write.format("delta").mode("append").saveAsTable(tables.training_examples)

    return append


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return save_tiny_model(tmp_path_factory.mktemp("base"))


@pytest.fixture
def job(tmp_path, base, tables):
    def made(**changes):
        return train_job(tmp_path, base, tables=tables.model_dump(), **changes)

    return made


def test_a_table_without_examples_is_named(spark, job):
    with pytest.raises(UserError, match=r"version 0 has no examples of the split validation"):
        selected_examples(spark, job())
    with pytest.raises(UserError, match=r"version 0 has no examples of the split train"):
        selected_examples(spark, job(examples={"validation": 0}))


def test_the_examples_of_a_version_are_those_that_were_written(spark, job, add):
    add(*examples(), *examples("validation"))
    found = selected_examples(spark, job())
    assert list(found.train) == examples()
    assert list(found.validation) == examples("validation")[:10]
    assert (found.version, found.licences, found.teachers) == (1, {"CC0-1.0": 40}, {"rule": 40})
    fewer = selected_examples(spark, job(examples={"limit": 6, "validation": 0}))
    assert list(fewer.train) == examples()[:6]
    assert fewer.validation == ()


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"where": "judged.verdict = 'A'"}, "All 20 training examples have the label 'A'"),
        ({"where": "source = 'other'", "validation": 0}, "version 1 where source = 'other' has no examples"),
        ({"where": "no_column = 1"}, "examples.where 'no_column = 1' does not fit"),
        ({"version": 9}, "has no version 9"),
    ],
)
def test_what_cannot_be_trained_on_is_refused(spark, job, chosen, expected):
    with pytest.raises(UserError, match=expected):
        selected_examples(spark, job(examples=chosen))


def test_a_dry_run_shows_rows_tokens_steps_and_memory_and_writes_nothing(spark, job, tmp_path):
    import io

    from rich.console import Console

    console = Console(file=io.StringIO(), width=120)
    show_plan(console, plan_of(spark, job(), lambda line: None))
    shown = console.file.getvalue()
    for row in ("rows of 2 epochs", "tokens of the longest row", "steps of 8 rows", "memory of a process, about"):
        assert row in shown
    assert not (tmp_path / "trained").exists()


def test_two_tasks_of_a_barrier_stage_train_the_model_that_one_process_would(spark, job, tmp_path, capfd):
    done = train(spark, job(launch="spark", processes=2, recipe={"epochs": 1, "rows_at_once": 4}), lambda line: None)
    assert (done.model / "model.safetensors").is_file()
    assert (done.model / "README.md").is_file()
    assert done.registered is None
    # The first process's lines come to the driver; the other says nothing.
    assert capfd.readouterr().err.count("validation at step 5: ") == 1
    alone = RunFolder(tmp_path / "alone")
    alone.write(done.prepared.run)
    train_here(alone, lambda line: None)
    assert list(losses(alone)) == [1, 2, 3, 4, 5]
    assert losses(done.prepared.folder) == pytest.approx(losses(alone), rel=1e-4)


def test_a_row_that_is_no_example_and_one_that_is_there_twice_are_named(spark, job, add, tables):
    one = examples()[0]
    add(one)
    with pytest.raises(UserError, match=f"Example '{one.example_id}' is in .* twice"):
        selected_examples(spark, job(examples={"validation": 0}))
    wrong = dataclasses.replace(one, example_id="0" * 32, judged=dataclasses.replace(one.judged, verdict="C"))
    add(wrong)
    with pytest.raises(UserError, match=f"Example '{'0' * 32}' of .* is not one: "):
        selected_examples(spark, job(examples={"validation": 0}))
