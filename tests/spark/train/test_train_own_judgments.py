"""From a table with several judgments of each prompt to the pairs that a training learns from."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from own_judgments import judgment_of
from small_lake import append, lake_of_its_own
from tiny_model import save_tiny_model, token_of
from tiny_training import examples, train_job

from judgelake.errors import UserError
from judgelake.jobs.train import plan_of
from judgelake.jobs.train.prepared import prepare
from judgelake.judges import load_judge
from judgelake.lake import create_tables
from judgelake.trainer import StoredRows
from judgelake.training import Asking, record_of

FIRST, SECOND, TIE = "9 2", "2 9", "5 5"
EARLY, LATE = (datetime.datetime(2026, 11, 1, hour) for hour in (1, 2))


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return save_tiny_model(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def tables(spark, empty_warehouse, tmp_path_factory):
    tables = lake_of_its_own(spark, empty_warehouse, tmp_path_factory.mktemp("lake"), "of_test_own_judgments")
    create_tables(spark, tables, {"training_examples", "judgments"})
    columns = spark.read.table(tables.training_examples).schema
    rows = spark.createDataFrame([record_of(one) for one in examples()[:8]], columns)
    rows.write.format("delta").mode("append").saveAsTable(tables.training_examples)
    return tables


@pytest.fixture
def job(tmp_path, base, tables):
    def made(recipe=None, **sampled):
        return train_job(
            tmp_path,
            base,
            tables=tables.model_dump(),
            examples={"validation": 0},
            rows={"max_tokens": 32, "sampled": sampled},
            recipe={"dpo": {}} if recipe is None else recipe,
        )

    return made


def plan(spark, job):
    return plan_of(spark, job, lambda line: None)


def test_repeats_become_pairs_and_what_cannot_be_used_is_counted(spark, job, tables):
    with pytest.raises(UserError, match=r"no judgments of the training examples by judge 'tiny' in mode pair: judge "):
        plan(spark, job())
    asking, some = Asking(load_judge("tiny", job().judge.folder), "pair"), examples()[:8]
    both = [(one, swapped) for one in some for swapped in (False, True)]
    rows = [
        judgment_of(one, asking, text, swapped=swapped, repeat=repeat, judged_at=EARLY)
        for one, swapped in both
        for repeat, text in enumerate((FIRST, SECOND, TIE, None))
    ]
    # An earlier attempt that failed, an output that was cut off, thinking that is not in the text, another judge's.
    again = judgment_of(some[0], asking, FIRST, repeat=9, judged_at=LATE, attempt=2)
    failed = judgment_of(some[0], asking, None, repeat=9, judged_at=EARLY)
    cut = judgment_of(some[1], asking, FIRST, repeat=10, judged_at=EARLY, finish_reason="length")
    thought = judgment_of(some[1], asking, FIRST, repeat=11, judged_at=EARLY, thinking="Well.")
    elsewhere = judgment_of(some[2], asking, FIRST, repeat=12, judged_at=EARLY, comparison_id="nobody's")
    append(spark, tables.judgments, *rows, again, failed, cut, thought, elsewhere)
    planned = plan(spark, job())
    own = planned.own
    assert (own.fingerprint, own.model_version, own.version) == ("f1", "m1", 1)
    assert own.counts == {
        "agree": 16,
        "cut_off": 1,
        "disagree": 32,
        "learned": 16,
        "no_verdict": 16,
        "repeated": 1,
        "thinking_apart": 1,
    }
    made = prepare(planned)
    stored = StoredRows([Path(path) for path in made.run.shards])
    assert (len(stored), made.counts["labels.A"], made.counts["labels.B"]) == (32, 16, 16)
    for row in map(stored.__getitem__, range(len(stored))):
        verdicts = [row.targets[place][0] > row.targets[place][1] for place in (0, 1)]
        assert verdicts[0] != verdicts[1] or token_of("5") in row.targets[1]
    assert (made.run.judgments_table, made.run.judgments_version) == (tables.judgments, 1)
    learned = plan(spark, job(recipe={})).own
    assert (learned.counts["learned"], set(learned.counts)) == (16, set(own.counts))


@pytest.mark.parametrize(
    ("sampled", "expected"),
    [
        ({"where": "repeat = 0"}, r"Every prompt has only one judgment, and a pair is made of two"),
        ({"where": "repeat > 99"}, r"version 1 where repeat > 99 has no judgments of the training examples"),
        ({"where": "no_column = 1"}, r"rows\.sampled\.where 'no_column = 1' does not fit"),
        ({"version": 0}, r"version 0 has no judgments"),
    ],
)
def test_what_gives_no_pair_is_refused(spark, job, sampled, expected):
    with pytest.raises(UserError, match=expected):
        plan(spark, job(**sampled))


def test_judgments_of_two_judges_are_told_apart(spark, job, tables):
    asking = Asking(load_judge("tiny", job().judge.folder), "pair")
    append(spark, tables.judgments, judgment_of(examples()[0], asking, FIRST, judge_fingerprint="f2", judged_at=LATE))
    with pytest.raises(UserError, match=r"by several judges \(mode pair, f1; mode pair, f2\): choose one"):
        plan(spark, job())
    assert plan(spark, job(where="judge_fingerprint = 'f1'")).own.counts["learned"] == 16
