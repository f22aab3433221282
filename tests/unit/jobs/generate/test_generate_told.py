"""What a generation says before it asks and when it ends."""

from types import SimpleNamespace

import pytest

from judgelake.config import validated
from judgelake.errors import UserError
from judgelake.jobs.generate import Generated, GenerateJob
from judgelake.jobs.generate.command import lines_of
from judgelake.jobs.generate.compared import Compared
from judgelake.jobs.generate.dry_run import Estimate, Planned, comparisons_a_question, lines_of_plan
from judgelake.jobs.generate.examples import Taught
from judgelake.jobs.generate.model_runs import Answered
from judgelake.jobs.generate.seeds import Seeded, check_sources


@pytest.mark.parametrize(
    ("samples", "comparisons", "expected"),
    [
        pytest.param([1, 1, 1], {"how": "random", "pairs": 2}, 2, id="random"),
        pytest.param([1, 1], {"how": "random", "pairs": 9}, 1, id="no more pairs than there are"),
        pytest.param([2, 1, 3], {"how": "all"}, 2 * 1 + 2 * 3 + 1 * 3, id="all, with samples"),
        pytest.param([2, 1, 3], {"how": "baseline", "baseline": "m0"}, 2 * 4, id="baseline"),
        pytest.param([1, 1, 1], {"how": "together"}, 1, id="together"),
        pytest.param([1, 1, 1], {"how": "all", "reference_model": "m2"}, 1, id="the reference is not compared"),
        pytest.param([1], {"how": "all"}, 0, id="alone"),
    ],
)
def test_the_comparisons_of_a_question_are_counted_before_it_is_asked(samples, comparisons, expected):
    models = [
        {"name": f"m{place}", "model": "x", "samples": count, "decoding": {"temperature": 1.0}}
        for place, count in enumerate(samples)
    ]
    job = validated(GenerateJob, {"models": models, "comparisons": comparisons}, None)
    assert comparisons_a_question(job) == expected


@pytest.mark.parametrize(
    ("source", "message"),
    [
        pytest.param({"format": "alpacca", "files": ["x.json"]}, r"no layout of seeds 'alpacca'\. Did", id="layout"),
        pytest.param({"format": "alpaca", "files": ["x.json"]}, r"there is no file 'x\.json'", id="file"),
        pytest.param({"format": "alpaca", "files": ["x*.json"]}, r"the pattern matches no file", id="pattern"),
    ],
)
def test_a_source_that_is_not_there_is_refused_before_spark_makes_a_table(source, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    job = validated(GenerateJob, {"seeds": {"sources": [source]}}, None)
    with pytest.raises(UserError, match=message):
        check_sources(job.seeds)


def test_a_plan_says_what_is_known_and_what_is_not():
    known = Estimate("a", 10, 5, 1, 1000, 9 * 512, 270, 900, 12.3, "run1")
    unknown = Estimate("b", 10, 0, 0, 1000, 10 * 64)
    assert list(lines_of_plan(Planned(15, (known, unknown), 15))) == [
        "seeds in the table that are asked: 15",
        (
            "answers of a: 10 to ask for (5 there before, 1 that cannot be asked), 1,000 bytes of prompts, about "
            "270 + 900 tokens and 12 s at the rate of run run1"
        ),
        (
            "answers of b: 10 to ask for (0 there before), 1,000 bytes of prompts, at most 640 tokens of output, time "
            "unknown: no earlier run of this model"
        ),
        "comparisons: at most 15; a teacher that judges them in both orders is asked 30 times",
    ]


def test_the_end_counts_every_step_and_all_that_was_left_out():
    model = SimpleNamespace(name="a")
    done = Generated(
        Seeded(added=9, left_out=2, held=3, rejected=1),
        (Answered("r1", model, 7, 0, {"ok": 6, "timeout": 1}), Answered("r2", model, 0, 7, {})),
        Compared(5, 1, {"identical answers": 2}),
        (Taught("t", 3, 1, 2, {"train": 3, "validation": 1}, {"orders contradict": 2}, 4),),
    )
    assert list(lines_of(done)) == [
        "seeds: 9 added, 2 of them near-duplicates that are not asked; 3 were there before, 1 rejected",
        "answers of a (run r1): 6 ok, 1 timeout; 0 were there before",
        "answers of a (run r2): nothing to ask; 7 were there before",
        "comparisons: 5 added, 1 were there before; left out: 2 identical answers",
        (
            "examples of t: 3 train, 1 validation; 3 of them added, 1 there before, "
            "2 older ones of the same comparisons replaced; left out: 2 orders contradict; "
            "4 have a reference that the teacher was not shown"
        ),
    ]
    assert list(lines_of(Generated())) == []
