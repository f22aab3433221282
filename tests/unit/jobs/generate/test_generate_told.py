"""What a generation says before it asks and when it ends."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from judgelake.asking import Written
from judgelake.comparisons import Answer, Comparison, Message
from judgelake.config import validated
from judgelake.errors import UserError
from judgelake.jobs.generate import Generated, GenerateJob
from judgelake.jobs.generate.command import lines_of
from judgelake.jobs.generate.compared import Compared
from judgelake.jobs.generate.config import Prices, SampleStep
from judgelake.jobs.generate.dry_run import Estimate, Planned, comparisons_a_question, lines_of_plan
from judgelake.jobs.generate.examples import Taught
from judgelake.jobs.generate.model_runs import Answered
from judgelake.jobs.generate.seeds import Seeded, check_sources
from judgelake.jobs.generate.sheets import Sampled, rows_of_sheet


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


EARLIER = {
    "asked": 1000,
    "answered_by_status": {"ok": 2, "unparseable": 1},
    "prompt_tokens": 90,
    "output_tokens": 300,
    "requests_per_s": 0.75,
    "device_seconds": 400.0,
    "run_id": "run1",
}


def test_a_plan_says_what_is_known_and_what_is_not():
    known = Estimate("a", 10, 5, 1, 1000, 9 * 512).by_run({**EARLIER, "device_seconds": None})
    unknown = Estimate("b", 10, 0, 0, 1000, 10 * 64)
    assert list(lines_of_plan(Planned(15, (known, unknown), 15, (Estimate("t", 30, 0),)))) == [
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
        (
            "judgments of t, by the judge job: at most 30 to ask for (0 there before), tokens and time unknown: no "
            "earlier run of this model"
        ),
    ]


@pytest.mark.parametrize(
    ("prices", "earlier", "cost"),
    [
        pytest.param({"input": 2.0, "output": 10.0}, {}, (270 * 2 + 900 * 10) / 1e6, id="tokens"),
        pytest.param({"output": 10.0}, {}, 900 * 10 / 1e6, id="a price that is null is not counted"),
        pytest.param({"gpu_hour": 3.0}, {}, 3 * 1200 / 3600, id="hours"),
        pytest.param({"gpu_hour": 3.0}, {"device_seconds": None}, None, id="a server that tells no GPUs"),
        pytest.param({}, {}, None, id="no price"),
    ],
)
def test_a_cost_is_that_of_the_tokens_and_hours_that_are_known(prices, earlier, cost):
    one = Estimate("a", 10, 0, 1, prices=Prices(**prices)).by_run({**EARLIER, **earlier})
    assert one.cost == pytest.approx(cost)
    unknown = Estimate("b", 10, 0, output_tokens_at_most=5_000, prices=Prices(**prices))
    assert unknown.cost is None
    assert Planned(1, (one, unknown), 1).cost is None


@pytest.mark.parametrize(
    ("written", "tokens", "gpu_seconds"),
    [
        pytest.param({"ok": 3}, 270, 1200, id="stopped long before all 1,000 were asked"),
        pytest.param({"ok": 2, "truncated": 1, "timeout": 3}, 270, 600, id="failed calls have no tokens"),
        pytest.param({"engine_error": 3}, None, None, id="no answer tells no tokens"),
    ],
)
def test_an_estimate_is_by_what_the_earlier_run_has_written_and_not_by_what_it_was_to_ask(written, tokens, gpu_seconds):
    known = Estimate("a", 10, 0, 1).by_run({**EARLIER, "answered_by_status": written})
    assert (known.prompt_tokens, known.gpu_seconds) == (tokens, gpu_seconds)


def test_a_plan_says_what_it_costs_and_what_the_first_run_costs_at_most():
    prices = Prices(output=10.0, gpu_hour=3.0)
    known = Estimate("a", 10, 0, 1, 1000, prices=prices).by_run(EARLIER)
    lines = list(lines_of_plan(Planned(10, (known,), 5, (replace(known, model="t", prompt_bytes=None),))))
    assert lines[1].endswith("12 s (0.33 GPU hours) at the rate of run run1; about 1.01 by its prices")
    assert lines[-1] == "cost by the prices given: about 2.02"
    first = Estimate("b", 10, 0, 0, 1000, 640_000, prices=prices)
    lines = list(lines_of_plan(Planned(10, (first,), 5)))
    assert lines[1].endswith("no earlier run of this model; its output costs at most 6.40")
    assert not lines[-1].startswith("cost")


def test_the_end_counts_every_step_and_all_that_was_left_out():
    model = SimpleNamespace(name="a")
    done = Generated(
        Seeded(added=9, left_out=2, held=3, rejected=1),
        (Answered("r1", model, 7, 0, Written({"ok": 6, "timeout": 1})), Answered("r2", model, 0, 7)),
        Compared(5, 1, {"identical answers": 2}),
        (Taught("t", 3, 1, 2, 5, {"train": 3, "validation": 1}, {"orders contradict": 2}, 4),),
        Sampled(100, ("s/ann.csv",), ("s/bob.csv",)),
    )
    assert list(lines_of(done)) == [
        "seeds: 9 added, 2 of them near-duplicates that are not asked; 3 were there before, 1 rejected",
        "answers of a (run r1): 6 ok, 1 timeout; 0 were there before",
        "answers of a (run r2): nothing to ask; 7 were there before",
        "comparisons: 5 added, 1 were there before; left out: 2 identical answers",
        (
            "examples of t: 3 train, 1 validation; 3 of them added, 1 there before, "
            "2 older ones of the same comparisons replaced, 5 withdrawn; left out: 2 orders contradict; "
            "4 have a reference that the teacher was not shown"
        ),
        ("sample: 100 comparisons to label, written to s/ann.csv; there already and left as they are: s/bob.csv"),
    ]
    assert list(lines_of(Generated())) == []


COMPARISONS = [
    Comparison(f"c{n}", f"q{n}", (Message("user", f"Q{n}"),), (Answer("x", "a"), Answer("y", "b"))) for n in range(40)
]


def test_every_labeler_gets_the_same_comparisons_in_an_order_of_their_own():
    step = SampleStep()
    ann, bob, again = (rows_of_sheet(COMPARISONS, who, step) for who in ("ann", "bob", "ann"))
    assert ann == again
    assert [row["comparison_id"] for row in ann] != [row["comparison_id"] for row in bob]
    shown = {who: {row["comparison_id"]: row["shown_order"] for row in rows} for who, rows in (("a", ann), ("b", bob))}
    assert shown["a"].keys() == shown["b"].keys() == {one.comparison_id for one in COMPARISONS}
    assert shown["a"] != shown["b"]
    # Neither order is much more often shown than the other.
    assert 10 <= sum(order == "AB" for order in shown["a"].values()) <= 30
    (first, *_) = rows_of_sheet(COMPARISONS, None, step)
    assert first["labeler"] is None


@pytest.mark.parametrize("name", ["../ann", "", "a/b", ".hidden"])
def test_a_labeler_is_named_as_a_file_may_be(name):
    with pytest.raises(UserError, match=r"sample\.labelers"):
        validated(GenerateJob, {"sample": {"labelers": [name]}}, None)
