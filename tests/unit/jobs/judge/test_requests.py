"""From comparisons to requests: how many rows a batch holds, what a request is called, and errors on the way."""

import pickle
import sys
from collections import Counter
from dataclasses import replace

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from word_tokenizer import save_word_tokenizer

from judgelake.asking.planning import BATCH_BYTES, BATCH_ROWS, Names, Planning
from judgelake.asking.rendering import Rendering, requests_of_row
from judgelake.asking.task_error import our_error
from judgelake.config import validated
from judgelake.errors import UserError
from judgelake.jobs.judge import JudgeJob, Order
from judgelake.jobs.judge import requests as requests_module
from judgelake.jobs.judge.input import requests_of_job
from judgelake.jobs.judge.length import token_budget
from judgelake.jobs.judge.resolve import resolve_judge
from judgelake.judges import Prompt

TEXT = pa.binary()
PREPARED = pa.schema(
    [
        ("row_hash", pa.int64()),
        ("comparison_id", TEXT),
        ("question_id", TEXT),
        ("input", TEXT),
        ("reference", TEXT),
        ("messages", pa.list_(pa.struct([("role", TEXT), ("content", TEXT)]))),
        ("answers", pa.list_(pa.struct([("model", TEXT), ("text", TEXT), ("turns", pa.list_(TEXT))]))),
        ("rubric", pa.struct([("criteria", TEXT), ("scores", pa.list_(TEXT))])),
    ]
)


def row(name="c", question="Q?", answers=("a", "b"), row_hash=1):
    return {
        "row_hash": row_hash,
        "comparison_id": name.encode(),
        "question_id": b"q",
        "input": None,
        "reference": None,
        "messages": [{"role": b"user", "content": question.encode()}],
        "answers": [{"model": b"m", "text": text.encode(), "turns": None} for text in answers],
        "rubric": None,
    }


PREPARED_ROW = {
    "question_id": "q",
    "input": None,
    "reference": None,
    "messages": [{"role": "user", "content": "Q?"}],
    "rubric": None,
}


def rendering(name="judgelm", **changes):
    job = validated(JudgeJob, {"judge": {"name": name, "model": "test-judge"}, **changes}, "test")
    return requests_of_job(job, resolve_judge(job))


REQUESTER = rendering()


def planned(rows, requester):
    return list(Planning(requester)(iter([pa.RecordBatch.from_pylist(rows, PREPARED)])))


def requests_of(rows, requester):
    """As a run makes them: planned first, then made from the rows of the plan."""
    batches = list(Rendering(requester)(iter(planned(rows, requester))))
    return batches, [request for batch in batches for request in batch.to_pylist()]


def names_of(rows, requester):
    batches = Names(requester)(iter([pa.RecordBatch.from_pylist(rows, PREPARED)]))
    return [name["request_id"] for batch in batches for name in batch.to_pylist()]


def test_a_batch_holds_a_bounded_number_of_bytes_however_long_the_prompts():
    answer = "x" * 1_100_000
    prompts = BATCH_BYTES // len(answer) * 3
    render = rendering(judge={"name": "judgelm", "model": "test-judge", "context_length": 10_000_000})
    batches, found = requests_of([row(f"c{n}", answers=(answer, "b"), row_hash=n) for n in range(prompts // 2)], render)
    assert len(found) == prompts // 2 * 2
    assert {request["status"] for request in found} == {None}
    longest = max(request["prompt_bytes"] for request in found)
    assert max(batch.nbytes for batch in batches) <= BATCH_BYTES + 2 * longest


def test_the_repeats_of_one_long_comparison_are_spread_over_batches_too():
    answer = "x" * (BATCH_BYTES // 4)
    render = rendering(
        judge={"name": "judgelm", "model": "test-judge", "context_length": 10**9}, order={"orders": "AB", "repeats": 12}
    )
    batches, found = requests_of([row(answers=(answer, "b"))], render)
    assert len(found) == 12
    assert len(batches) > 1


def test_a_batch_of_short_prompts_is_bounded_by_rows():
    batches, found = requests_of([row(f"c{n}") for n in range(BATCH_ROWS)], rendering())
    assert [batch.num_rows for batch in batches] == [BATCH_ROWS, BATCH_ROWS]
    assert len({request["judgment_id"] for request in found}) == 2 * BATCH_ROWS


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(row(answers=("a",)), row(answers=("b",), row_hash=2), id="fewer answers than the mode takes"),
        pytest.param(row(question=""), row(question="", answers=("a", "c"), row_hash=2), id="an empty question"),
    ],
)
def test_what_fails_before_it_is_asked_is_named_by_its_content(first, second):
    render = rendering()
    _, found = requests_of([first, second], render)
    assert not [request for request in found if request["status"] is None]
    ids = [request["judgment_id"] for request in found]
    assert len(set(ids)) == len(ids)
    _, again = requests_of([second, first], render)
    assert sorted(ids) == sorted(request["judgment_id"] for request in again)
    assert names_of([first, second], render) == ids


LONG, SHORT = row("long", answers=("word " * 9000, "b")), row("short", row_hash=2)
OVERLONG = row("overlong", question="word " * 9000, answers=("a", "b"), row_hash=3)


@pytest.fixture(params=["fail", "trim"])
def renderings(request, tmp_path, monkeypatch):
    """How two machines render one job: the first finds the model's tokenizer in its cache, the second has nothing."""
    folder = save_word_tokenizer(tmp_path, "word a b")
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda name, file, revision: str(folder / file))
    render = rendering(judge={"name": "judgelm", "model": "org/judge"}, overflow=request.param)
    return render, pickle.loads(pickle.dumps(render))


def test_a_machine_without_the_tokenizer_makes_the_same_requests(renderings, monkeypatch):
    (first, second), rows = renderings, [LONG, SHORT, OVERLONG]
    _, found = requests_of(rows, first)
    named = names_of(rows, first)
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    assert requests_of(rows, second)[1] == found
    assert names_of(rows, second) == [request["judgment_id"] for request in found] == named


def test_a_long_request_is_named_by_its_whole_prompt_whether_it_is_cut_fails_or_is_left_to_the_server(renderings):
    render, _ = renderings
    _, found = requests_of([LONG, SHORT, OVERLONG], render)
    untrimmed = requests_of([LONG, SHORT, OVERLONG], replace(render, trimming=None))[1]
    same = ("judgment_id", "content_sha256", "comparison_id", "shown_order", "repeat")
    assert [[one[name] for name in same] for one in found] == [[one[name] for name in same] for one in untrimmed]
    long, short, overlong = found[:2], found[2:4], found[4:]
    if render.trimming is None:
        assert found == untrimmed
        assert {one["status"] for one in found} == {None}
        return
    assert [(one["trimmed"], one["status"]) for one in (*long, *short)] == [(True, None)] * 2 + [(False, None)] * 2
    assert {one["status"] for one in overlong} == {"context_overflow"}
    assert {one["prompt_sha256"] for one in overlong} == {None}
    for one, whole in zip(long, untrimmed, strict=False):
        assert one["prompt_sha256"] == Prompt.from_stored(one["prompt"]).sha256 != whole["prompt_sha256"]


WANTED = PREPARED.append(pa.field("wanted", pa.list_(pa.struct([("request_id", TEXT), ("attempt", pa.int32())]))))


def test_of_a_row_only_what_is_wanted_is_planned_and_made_with_its_attempt():
    for whole in (row(), row(answers=("a",))):
        requester = rendering(order={"repeats": 2})
        _, found = requests_of([whole], requester)
        assert {one["attempt"] for one in found} == {1}
        chosen = found[1]
        wanted = [{"request_id": chosen["judgment_id"].encode(), "attempt": 3}]
        batches = list(Planning(requester)(iter([pa.RecordBatch.from_pylist([{**whole, "wanted": wanted}], WANTED)])))
        (plan,) = batches[0].to_pylist()
        assert [(one["request_id"], one["attempt"]) for one in plan["requests"]] == [(chosen["judgment_id"], 3)]
        (made,) = [one for batch in Rendering(requester)(iter(batches)) for one in batch.to_pylist()]
        assert made == {**chosen, "attempt": 3}


def test_a_plan_knows_the_bytes_of_every_prompt_but_holds_none():
    rows = [row(), row("short", answers=("a",), row_hash=2)]
    (batch,) = planned(rows, rendering())
    first, second = batch.to_pylist()
    _, (one, other, *_) = requests_of(rows, rendering())
    assert [item["prompt_bytes"] for item in first["requests"]] == [one["prompt_bytes"], other["prompt_bytes"]]
    assert {item["prompt_bytes"] for item in second["requests"]} == {None}
    assert one["prompt"] not in first["source"]
    assert first["question_key"] == second["question_key"] == one["question_key"]


@settings(deadline=None)
@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=1, max_size=4),
    st.randoms(),
)
def test_prompts_that_may_be_equal_have_equal_content_in_their_question(answers, random):
    def content(answers):
        record = {**PREPARED_ROW, "answers": [{"model": "m", "text": text, "turns": None} for text in answers]}
        return REQUESTER.content_in_question({**record, "comparison_id": "c"})

    shuffled = list(answers)
    random.shuffle(shuffled)
    assert content(answers) == content(shuffled)


def test_turns_count_as_what_they_say():
    one, other = (
        {**PREPARED_ROW, "comparison_id": "c", "answers": [{"model": "m", "text": None, "turns": turns}] * 2}
        for turns in (["a", "b"], ["ab"])
    )
    assert REQUESTER.content_in_question(one) != REQUESTER.content_in_question(other)


def test_only_trimming_changes_the_fingerprint():
    default, fail, trim = (
        resolve_judge(validated(JudgeJob, {"judge": {"name": "judgelm", "model": "org/judge"}, **changes}, "test"))
        for changes in ({}, {"overflow": "fail"}, {"overflow": "trim"})
    )
    assert default.fingerprint == fail.fingerprint != trim.fingerprint


def contents_of(*args, **changes):
    _, found = requests_of([row(*args)], rendering(order=changes))
    return {request["content_sha256"] for request in found}


def test_all_orders_of_one_text_are_known_as_one_and_another_text_as_another():
    both = contents_of("c", "Q?", ("a", "b"), orders="both")
    assert len(both) == 1
    assert contents_of("c", "Q?", ("a", "b"), orders="BA") == contents_of("c", "Q?", ("a", "b"), orders="AB") == both
    assert contents_of("c", "Q?", ("b", "a"), orders="BA") != both
    assert contents_of("c", "Q!", ("a", "b")) != both
    # The judge refuses one answer: there is no prompt, and the row stands in.
    assert contents_of("c", "Q?", ("a",)) != contents_of("c", "Q?", ("b",))


def test_the_name_of_a_failed_request_does_not_hang_on_where_its_row_came_from():
    moved = row(answers=("a",), row_hash=77) | {"question_id": b"another"}
    ids = [
        [request["judgment_id"] for request in requests_of([item], rendering())[1]]
        for item in (row(answers=("a",)), moved)
    ]
    assert ids[0] == ids[1]


@pytest.fixture
def broken_judge(root, tmp_path):
    """A judge whose template asks for a rubric that a comparison need not have."""
    text = (root / "conf" / "judges" / "pandalm.yaml").read_text("utf-8").replace("name: pandalm", "name: broken")
    shown = text.replace("### Evaluation:", "{{ rubric.criteria }}\n\n      ### Evaluation:")
    (tmp_path / "broken.yaml").write_text(shown.replace("    parser:", "    rubric: optional\n    parser:"), "utf-8")
    return {"name": "broken", "folder": str(tmp_path), "model": "test-judge"}


@pytest.mark.parametrize("way", [Planning, Names])
def test_a_template_error_reaches_the_driver_as_our_error(way, broken_judge):
    requester = rendering(judge=broken_judge)
    with pytest.raises(RuntimeError) as raised:
        list(way(requester)(iter([pa.RecordBatch.from_pylist([row()], PREPARED)])))
    ours = our_error(raised.value)
    assert isinstance(ours, UserError)
    assert "template of judge 'broken'" in str(ours)


def test_the_requests_of_mixed_orders_are_those_of_both_orders_by_the_same_ids():
    rows = [row(f"c{n}", row_hash=n) for n in range(40)]

    def asked(**order):
        return {request["judgment_id"]: request for request in requests_of(rows, rendering(order=order))[1]}

    both, mixed = asked(orders="both", repeats=2), asked(orders="mixed", both_share=0.25, repeats=2)
    assert mixed.items() <= both.items()
    assert len(both) == 160
    by_comparison = Counter(request["comparison_id"] for request in mixed.values())
    assert set(by_comparison.values()) == {2, 4}
    assert asked(orders="mixed", both_share=0.25).items() <= mixed.items()


def test_orders_and_repeats_make_the_requests_of_a_comparison():
    render = rendering(order={"orders": "both", "repeats": 2})
    _, found = requests_of([row()], render)
    assert [(request["shown_order"], request["repeat"]) for request in found] == [
        ("AB", 0),
        ("AB", 1),
        ("BA", 0),
        ("BA", 1),
    ]
    assert render.order == Order(orders="both", repeats=2)


def sort_keys(*pairs):
    """Of the requests of comparisons in both orders, by their prompts as they are stored."""
    requester, rows = rendering(), [row(f"c{n}", answers=pair, row_hash=n) for n, pair in enumerate(pairs)]
    plans = [plan for batch in planned(rows, requester) for plan in batch.to_pylist()]
    keys = {one["request_id"]: one["sort_key"] for plan in plans for one in plan["requests"]}
    return [(one["prompt"], keys[one["judgment_id"]]) for one in requests_of(rows, requester)[1]]


FIRST, SECOND = "the first answer of all, long enough", "a second answer, also long enough"


def test_requests_that_show_the_same_answer_first_sort_next_to_each_other():
    (_, same), (_, reverse), (_, other), _ = sort_keys((FIRST, SECOND), (FIRST, "x"))
    assert same[:8] == other[:8] != reverse[:8]


def test_prompts_have_equal_keys_only_if_they_are_equal():
    made = sort_keys((FIRST, SECOND), (FIRST, SECOND), (SECOND, FIRST), *((str(n), str(n + 1)) for n in range(20)))
    assert len(set(made)) == len({prompt for prompt, _ in made}) == len({key for _, key in made}) == 42


def test_of_a_row_with_many_orders_only_what_is_asked_is_rendered(monkeypatch):
    requester = rendering("chat", judge={"name": "chat", "mode": "multi", "model": "m"}, order={"permutations": 20})
    plans = planned([row(answers=(FIRST, SECOND, "x", "y", "z"))], requester)
    (whole,) = [plan for batch in plans for plan in batch.to_pylist()]
    assert len(whole["requests"]) > 20
    orders = []

    def counted(judge, comparison, wanted):
        orders.extend(wanted)
        return real(judge, comparison, wanted)

    real = requests_module.rendered_orders
    monkeypatch.setattr(requests_module, "rendered_orders", counted)
    for one in whole["requests"]:
        orders.clear()
        (made,) = requests_of_row(requester, {**whole, "requests": [one]})
        assert made["judgment_id"] == one["request_id"]
        assert set(orders) == {"ABCDE", made["shown_order"]}
        assert len(orders) <= 2


def test_repeats_of_one_prompt_may_be_asked_by_several_tasks():
    requester = rendering(order={"repeats": 3, "orders": "AB"})
    (plan,) = [plan for batch in planned([row(answers=(FIRST, SECOND))], requester) for plan in batch.to_pylist()]
    assert len({one["sort_key"] for one in plan["requests"]}) == 3


def test_a_prompt_that_is_cut_weighs_what_is_left_of_it(tmp_path):
    folder = save_word_tokenizer(tmp_path, "word a b")
    whole = rendering(overflow="trim", judge={"name": "judgelm", "model": str(folder), "context_length": 2048})
    long = row(answers=("word " * 100_000, "b"))
    (trimmed,) = [plan for batch in planned([long], whole) for plan in batch.to_pylist()]
    assert {one["prompt_bytes"] for one in trimmed["requests"]} == {4 * token_budget(whole.judge)}
