"""A judge's own judgments as rows and pairs: what is learned of them, what is counted, and why nothing is."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from own_judgments import judgment_of, sampled_of
from tiny_model import END, save_tiny_model, token_of
from tiny_training import examples, plan_here, train_job

from judgelake.comparisons import Answer
from judgelake.errors import UserError
from judgelake.jobs.train.job import summary_of
from judgelake.jobs.train.judgments import OwnJudgments, _modes
from judgelake.jobs.train.lessons import lessons_of
from judgelake.jobs.train.plan import Plan, with_its_version
from judgelake.jobs.train.prepared import prepare
from judgelake.jobs.train.row_store import name_of
from judgelake.judges import load_judge
from judgelake.trainer import StoredRows
from judgelake.training import Asking, Preference, SampledRowMaker

RIGHT, OTHER_RIGHT, WRONG, TIE = "9 2", "8 3", "2 9", "5 5"


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return save_tiny_model(tmp_path_factory.mktemp("base"))


@pytest.fixture
def asking(tmp_path, base):
    return plan_here(train_job(tmp_path, base)).maker.asking


def learned(some, asking, judgments, *, in_pairs: bool, most: int = 1):
    return lessons_of(some, asking, judgments, most=most, seed=0, in_pairs=in_pairs)


def lessons(found) -> list[Any]:
    return [lesson for of_example in found.of_example.values() for lesson in of_example]


def test_what_agrees_is_learned_with_as_many_of_each_place(asking):
    some = examples()[:6]
    found = learned(some, asking, sampled_of(some, asking, [RIGHT, WRONG, TIE]), in_pairs=False)
    kept = lessons(found)
    assert Counter((one.choice.swapped, one.verdict) for one in kept) == Counter(
        (swapped, "A" if (one.judged.verdict == "A") != swapped else "B") for one in some for swapped in (False, True)
    )
    assert {(one.text, one.verdict) for one in kept} == {(RIGHT, "A"), (WRONG, "B")}
    assert found.counts == {"agree": 12, "disagree": 24, "learned": 12}


def test_a_pair_is_of_one_prompt_and_only_its_first_judgment_agrees(asking):
    some = examples()[:6]
    # The same text again teaches nothing more.
    found = learned(some, asking, sampled_of(some, asking, [RIGHT, RIGHT, WRONG, TIE]), in_pairs=True)
    pairs = lessons(found)
    assert len(pairs) == 12
    for pair in pairs:
        assert isinstance(pair, Preference)
        assert (pair.chosen.example_id, pair.chosen.choice) == (pair.rejected.example_id, pair.rejected.choice)
    labels = {one.example_id: one.judged.verdict for one in some}
    swapped = {"A": "B", "B": "A"}
    for pair in pairs:
        label = labels[pair.chosen.example_id]
        assert pair.chosen.verdict == (swapped[label] if pair.chosen.choice.swapped else label) != pair.rejected.verdict
    assert found.counts == {"agree": 12, "disagree": 24, "repeated": 12, "learned": 12}


def test_an_answer_to_another_text_of_the_comparison_is_not_learned(asking):
    some = examples()[:4]
    edited = [
        replace(one, comparison=replace(one.comparison, answers=(Answer("w7"), Answer("w8")))) for one in some[:2]
    ]
    judgments = [*sampled_of(edited, asking, [RIGHT, WRONG]), *sampled_of(some[2:], asking, [RIGHT, WRONG])]
    found = learned(some, asking, judgments, in_pairs=True)
    assert found.counts["other_prompt"] == 8
    assert {one.chosen.example_id for one in lessons(found)} <= {one.example_id for one in some[2:]}


ONLY_FIRST = [one for one in examples() if one.judged.verdict == "A"][:3]


@pytest.mark.parametrize(
    ("some", "texts", "swapped", "in_pairs", "message"),
    [
        pytest.param(
            examples()[:4], [RIGHT], (False, True), True, r"only one judgment, and a pair is made of two", id="one"
        ),
        pytest.param(
            examples()[:4],
            [RIGHT, RIGHT],
            (False, True),
            True,
            r"only one judgment \(8 are the same text again\), and a pair",
            id="the same",
        ),
        pytest.param(
            ONLY_FIRST,
            [RIGHT, OTHER_RIGHT],
            (False,),
            True,
            r"No prompt has both .* \(6 agree, 0 do not\).*judge\.temperature above 0",
            id="none disagrees",
        ),
        pytest.param(
            ONLY_FIRST,
            [WRONG, TIE],
            (False,),
            False,
            r"None of the 6 judgments agrees with its label",
            id="none agrees",
        ),
        pytest.param(
            ONLY_FIRST,
            [RIGHT, WRONG],
            (False,),
            True,
            r"As many judgments for A as for B .* all for A .* judge the training examples in both orders",
            id="one place",
        ),
    ],
)
def test_what_teaches_nothing_is_refused_with_the_reason(asking, some, texts, swapped, in_pairs, message):
    judgments = [
        judgment_of(one, asking, text, swapped=order, repeat=repeat)
        for one in some
        for order in swapped
        for repeat, text in enumerate(texts)
    ]
    with pytest.raises(UserError, match=message):
        learned(some, asking, judgments, in_pairs=in_pairs)


def test_judgments_of_no_prompt_of_the_examples_are_refused(asking):
    some = examples()[:4]
    judgments = [{**one, "prompt_sha256": "0" * 64} for one in sampled_of(some, asking, [RIGHT, WRONG])]
    with pytest.raises(UserError, match=r"None of the judgments answers a prompt .* \(16 other_prompt\)"):
        learned(some, asking, judgments, in_pairs=True)


def test_a_mode_whose_judgments_do_not_differ_is_refused():
    with pytest.raises(UserError, match=r"'pair-logprobs' of judge 'chat' decides by the probabilities"):
        _modes(Asking(load_judge("chat"), "pair-logprobs"))
    assert _modes(Asking(load_judge("chat"), "pair-explain")) == ["pair-explain"]


def own_plan(job, texts=(RIGHT, WRONG), **changes: Any) -> Plan:
    """A plan on the same texts for every example, as if they were read from a table."""
    plan = plan_here(job)
    some = plan.selected.train
    found = learned(
        some, plan.maker.asking, sampled_of(some, plan.maker.asking, texts), in_pairs=job.recipe.dpo is not None
    )
    own = OwnJudgments("judgments", 5, "f1", "m1", found.of_example, found.counts)
    return replace(plan, maker=SampledRowMaker(replace(plan.maker, **changes), found.of_example), own=own)


def own_job(tmp_path, base, recipe, **rows: Any):
    return train_job(tmp_path, base, rows={"max_tokens": 32, "sampled": {}, **rows}, recipe=recipe)


def rows_of(made) -> list[Any]:
    stored = StoredRows([Path(path) for path in made.run.shards])
    return [stored[place] for place in range(len(stored))]


def test_pairs_are_rows_with_both_judgments_behind_one_prompt(tmp_path, base):
    plan = own_plan(own_job(tmp_path, base, {"dpo": {"beta": 0.2}}))
    made = prepare(plan)
    rows = rows_of(made)
    # Forty examples in both orders, in two epochs, and both whole with their end tokens.
    assert len(rows) == made.counts["rows"] == 160
    first, other = (token_of("9"), token_of("2"), END), (token_of("2"), token_of("9"), END)
    assert {row.targets for row in rows} == {(first, other), (other, first)}
    assert Counter((row.epoch, row.swapped) for row in rows) == dict.fromkeys(
        [(epoch, swapped) for epoch in range(2) for swapped in (False, True)], 40
    )
    assert made.counts["labels.A"] == made.counts["labels.B"] == 80
    assert (made.counts["tokens"], made.counts["supervised"]) == (160 * 14, 160 * 6)
    assert (made.counts["judgments.agree"], made.counts["judgments.learned"]) == (80, 80)
    assert summary_of(made).startswith("160 pairs, ")
    line = "80 of the judge's own judgments, or pairs of them, are learned (80 agree, 80 disagree)"
    assert (plan.own.line("m1"), plan.own.line("m2")) == (
        line,
        f"{line}; they are by the model m1, not the base",
    )
    assert (made.run.judgments_table, made.run.judgments_version) == ("judgments", 5)
    assert len({(row.example_id, row.epoch) for row in rows}) == 160


def test_judgments_that_agree_are_rows_whatever_scores_their_labels_have(tmp_path, base):
    # The labels say 9 to 2; that 8 to 3 names the same answer is enough.
    made = prepare(own_plan(own_job(tmp_path, base, {}), (OTHER_RIGHT, WRONG)))
    assert made.counts["rows"] == 160
    assert {row.rejected_ids for row in rows_of(made)} == {None}
    assert {row.targets[0][0] for row in rows_of(made)} == {token_of("8"), token_of("2")}


def test_a_pair_of_which_one_judgment_is_too_long_is_left_out_and_counted(tmp_path, base):
    plan = own_plan(own_job(tmp_path, base, {"dpo": {}}, most_left_out=0.02))
    one = plan.selected.train[0]
    lesson = plan.own.lessons[one.example_id][0]
    long = replace(lesson, rejected=replace(lesson.rejected, text=lesson.rejected.text + " w1" * 40))
    lessons_with = {**plan.own.lessons, one.example_id: (long, *plan.own.lessons[one.example_id][1:])}
    made = prepare(replace(plan, maker=replace(plan.maker, lessons=lessons_with)))
    assert (made.counts["rows"], made.counts["faults.too_long"]) == (158, 2)
    # Once in each epoch, under the name of the pair.
    assert [one["example_id"].split()[0] for one in made.audit] == [one.example_id] * 2


@pytest.mark.parametrize(
    ("which", "text", "cause"),
    [
        pytest.param("rejected", None, "not_read_back", id="a judgment to reject that agrees"),
        pytest.param("rejected", "w1 w2", "not_read_back", id="a judgment to reject that cannot be read"),
        pytest.param("chosen", "5 5", "not_read_back", id="a judgment to choose that does not agree"),
    ],
)
def test_the_audit_reads_both_judgments_of_a_pair(tmp_path, base, which, text, cause):
    plan = own_plan(own_job(tmp_path, base, {"dpo": {}}, most_left_out=0.02))
    one = plan.selected.train[0]
    lesson, *others = plan.own.lessons[one.example_id]
    wrong = replace(getattr(lesson, which), text=lesson.chosen.text if text is None else text)
    with_wrong = {**plan.own.lessons, one.example_id: (replace(lesson, **{which: wrong}), *others)}
    made = prepare(replace(plan, maker=replace(plan.maker, lessons=with_wrong)))
    assert made.counts[f"faults.{cause}"] == 2


def test_other_judgments_are_other_rows(tmp_path, base):
    plan = own_plan(own_job(tmp_path, base, {"dpo": {}}))
    job = plan.job
    again = own_plan(job.model_copy(update={"rows": job.rows.model_copy(update={"most_left_out": 0.5})}))
    assert name_of(plan) == name_of(again)
    assert name_of(plan) != name_of(own_plan(job, (RIGHT, WRONG, TIE)))
    assert name_of(plan) != name_of(own_plan(own_job(tmp_path, base, {})))


def test_a_training_goes_on_with_the_judgments_that_it_began_with(tmp_path, base):
    plan = own_plan(own_job(tmp_path, base, {"dpo": {}}))
    prepare(plan)
    said: list[str] = []
    again = with_its_version(plan.job, said.append)
    assert (again.examples.version, again.rows.sampled.version) == (3, 5)
    assert said[1] == "and with version 5 of judgments"
