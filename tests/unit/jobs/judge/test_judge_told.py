"""What the judge job says of the orders: before it asks, and at the end."""

import io
import json
from types import SimpleNamespace

import pytest
from rich.console import Console

from judgelake.jobs.judge.command import report
from judgelake.jobs.judge.dry_run import Estimate, _tokens, show_estimate
from judgelake.jobs.judge.gpus_used import gpus_taken
from judgelake.jobs.judge.summary import Counts


@pytest.fixture
def console():
    return Console(file=io.StringIO(), width=120)


@pytest.mark.parametrize(
    ("orders", "said"),
    [
        ({"original": 1055, "reversed": 1060}, "1,055 original, 1,060 reversed"),
        ({"original": 2, "reversed": 2, "other": 4}, "2 original, 2 reversed, 4 other"),
        ({}, "-"),
    ],
)
def test_a_dry_run_counts_the_requests_by_the_order_shown(console, orders, said):
    decoding, notes = SimpleNamespace(max_tokens=8), ("The model is not pinned.",)
    judge = SimpleNamespace(spec=SimpleNamespace(name="chat"), mode="pair", decoding=decoding, notes=notes)
    show_estimate(console, judge, Estimate(sum(orders.values()), orders, 0, 0, {}, 0, None, None, None))
    (line,) = (line for line in console.file.getvalue().splitlines() if "by the order shown" in line)
    assert line.split("│")[2].strip() == said
    assert console.file.getvalue().endswith("\nThe model is not pinned.\n")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({"prompt_tokens": 900, "too_long": 3}, "about 3, by their bytes", id="estimated"),
        pytest.param({"prompt_tokens": None, "too_long": 3}, "at most 3", id="nothing to count with"),
        pytest.param({"prompt_tokens": None, "too_long": 0}, None, id="all fit for certain"),
    ],
)
def test_a_dry_run_says_how_many_prompts_the_server_may_find_too_long(console, changes, said):
    spec, decoding = SimpleNamespace(name="chat"), SimpleNamespace(max_tokens=8)
    judge = SimpleNamespace(spec=spec, mode="pair", decoding=decoding, context_length=2048, notes=())
    known = {"requests": 9, "orders": {}, "skipped": 0, "distinct_prompts": 9, "known_failures": {}}
    show_estimate(console, judge, Estimate(**known, prompt_bytes=9_000, seconds=None, rate_from=None, **changes))
    lines = [line for line in console.file.getvalue().splitlines() if "too long for 2,048 tokens" in line]
    assert [line.split("│")[2].strip() for line in lines] == ([] if said is None else [said])


def test_a_dry_run_says_why_requests_cannot_be_asked(console):
    spec, decoding = SimpleNamespace(name="chat"), SimpleNamespace(max_tokens=8)
    judge = SimpleNamespace(spec=spec, mode="single", decoding=decoding, notes=())
    reasons = {"invalid_input": "mode 'single' takes 1 answers, the comparison has 2"}
    show_estimate(console, judge, Estimate(4, {}, 0, 0, {"invalid_input": 4}, 0, 0, None, None, reasons=reasons))
    text = " ".join(console.file.getvalue().replace("│", " ").split())
    assert f"not asked: invalid_input 4, for example: {reasons['invalid_input']}" in text


@pytest.mark.parametrize(("size", "mean", "tokens"), [(0, None, 0), (9, None, None), (9, 3.0, 3)])
def test_no_prompts_are_no_tokens_and_others_are_counted_where_a_tokenizer_is(size, mean, tokens):
    assert _tokens(size, mean) == tokens


@pytest.mark.parametrize(
    ("orders", "said"),
    [
        pytest.param({"original": 55, "reversed": 54}, "orders 55 original, 54 reversed; ", id="mixed"),
        pytest.param({"reversed": 109}, "orders 109 reversed; ", id="reversed alone"),
        pytest.param({"original": 109}, "", id="as given, or single answers"),
    ],
)
def test_a_run_ends_with_its_judgments_by_order(console, orders, said):
    record = SimpleNamespace(outcome="finished", wall_s=7.2, requests_per_s=lambda counts: 20.0, engine_settings=None)
    report(console, SimpleNamespace(run_id="r", counts=Counts({"ok": 109}, orders=orders), record=record))
    expected = f"run r finished: 109 ok; coverage 100.0%; {said}20.0 requests/s; 7 s in total\n"
    assert console.file.getvalue() == expected


@pytest.mark.parametrize(
    ("engines", "said"),
    [
        pytest.param(None, "", id="a given server"),
        pytest.param([{"options": {}}], "", id="a CPU"),
        pytest.param([{"gpus": ["0"], "gpus_of": "task"}], "", id="assigned by Spark"),
        pytest.param([{"gpus": ["0"], "gpus_of": "machine"}], "the one GPU of a machine", id="one"),
        pytest.param(
            [{"gpus": ["0"], "gpus_of": "machine"}, {"gpus": ["0", "1"], "gpus_of": "machine"}],
            "an engine on all 2 GPUs of a machine, since Spark assigns none",
            id="all",
        ),
    ],
)
def test_gpus_that_spark_did_not_assign_are_told(engines, said):
    told = gpus_taken(None if engines is None else json.dumps(engines))
    assert said in told
    assert bool(said) == bool(told)


def test_a_run_ends_with_how_many_control_strings_could_act(console):
    record = SimpleNamespace(outcome="finished", wall_s=7.2, requests_per_s=lambda counts: 20.0, engine_settings=None)
    report(console, SimpleNamespace(run_id="r", counts=Counts({"ok": 109}, acting_controls=1234), record=record))
    assert "; 1,234 with control strings, sent as text; 20.0 requests/s" in console.file.getvalue()
