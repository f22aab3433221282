"""From examples to rows and prompts: what is counted, what is refused, and what the base must have."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from tiny_model import END, PAD, save_tiny_model, token_of
from tiny_training import example, examples, plan_here, train_job

from judgelake.comparisons import TIE, Answer
from judgelake.errors import UserError
from judgelake.jobs.train.base import base_of, licence_of, padding_token
from judgelake.jobs.train.config import Examples, RowChoices
from judgelake.jobs.train.examples import _check_classes
from judgelake.jobs.train.job import prepare_only, summary_of
from judgelake.jobs.train.plan import Planner, plan_of, with_its_version
from judgelake.jobs.train.prepared import prepare
from judgelake.jobs.train.row_store import counted
from judgelake.jobs.train.rows import available_cores, check_references, made_rows, shorter_rows
from judgelake.jobs.train.tracking import counts_of
from judgelake.jobs.train.validation import label_ids, prompts_of, write_validation
from judgelake.judges import JudgeSpec, load_judge
from judgelake.trainer import RunFolder, StoredRows
from judgelake.training import Asking, Judged, RowMaker, Tally


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return save_tiny_model(tmp_path_factory.mktemp("base"))


def test_every_example_gives_a_row_in_every_epoch_and_the_same_ones_again(tmp_path, base):
    plan = plan_here(train_job(tmp_path, base))
    made, again = prepare(plan), prepare(plan)
    assert made.run == again.run
    assert made.counts["rows"] == 80
    rows = StoredRows(list(map(tmp_path.joinpath, made.run.shards)))
    assert Counter(rows[index].epoch for index in range(80)) == {0: 40, 1: 40}
    swapped = sum(rows[index].swapped for index in range(80))
    assert 20 < swapped < 60
    assert made.counts["swapped"] == swapped
    first = rows[0]
    assert first.input_ids[first.target_from :] in {
        (token_of("9"), token_of("2"), END),
        (token_of("2"), token_of("9"), END),
    }
    assert rows.longest == made.counts["longest"] == 7
    assert rows.longest_target == made.counts["longest_target"] == 3


def test_a_dry_run_counts_what_a_training_would_write(tmp_path, base):
    plan = plan_here(train_job(tmp_path, base))
    audit = counted(plan, tmp_path / "trained" / "rows")
    assert not (tmp_path / "trained").exists()
    assert audit.counts == prepare(plan).counts
    assert plan.steps(audit) == 10
    assert plan.memory(audit).total > plan.memory(audit).weights > 0


@pytest.mark.parametrize(("head", "targets"), [("classification", {0.0, 1.0}), ("regression", {7.0, -7.0})])
def test_a_head_learns_from_the_prompts_alone_and_is_validated_on_the_same(tmp_path, base, head, targets):
    plan = plan_here(train_job(tmp_path, base, rows={"max_tokens": 32, "head": head}))
    made = prepare(plan)
    rows = StoredRows([Path(path) for path in made.run.shards])
    found = [rows[index] for index in range(len(rows))]
    assert {row.head_target for row in found} == targets
    assert {row.target_from - len(row.input_ids) for row in found} == {0}
    assert (made.run.head, made.run.validation.label_ids) == (head, {})
    assert (made.counts["rows"], made.counts["supervised"]) == (80, 0)
    # Trainings of tokens keep the name that they had before there were heads.
    tokens = made.run.model_copy(update={"head": "generation"})
    assert tokens.identity != made.run.identity


@pytest.mark.parametrize("head", ["classification", "generation"])
def test_a_base_is_shown_no_more_tokens_than_it_has_positions(tmp_path, base, head):
    few = shutil.copytree(base, tmp_path / "few")
    config = json.loads((few / "config.json").read_text("utf-8"))
    (few / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 16}), "utf-8")
    rows = {"max_tokens": 32, "head": head, "most_left_out": 1.0}
    plan = plan_here(train_job(tmp_path, few, rows=rows))
    assert shorter_rows(plan.base, plan.job.rows) == (
        f"The base '{few}' reads at most 16 tokens, so no row has more, although rows.max_tokens is 32."
    )
    one, *others = examples("validation")[:4]
    long = replace(one, comparison=replace(one.comparison, answers=(Answer("w1 " * 10), Answer("w10 " * 10))))
    shown = replace(plan.selected, train=(long, *examples()), validation=(long, *others))
    made = prepare(replace(plan, selected=shown))
    assert made.run.validation.left_out == {"too_long": 1}
    assert (made.counts["rows"], made.counts["faults.too_long"]) == (80, 2)
    # More max_tokens would not help, so the refusals advise none.
    none = plan_here(train_job(tmp_path / "none", few, rows=rows), [long], [long])
    with pytest.raises(UserError, match=r"at most 16 tokens, and the longest row has 2\d\. Name other examples"):
        prepare(none)
    with pytest.raises(UserError, match="fits its context and the 16 tokens that the base reads"):
        prepare(replace(none, selected=replace(none.selected, train=shown.train)))


def test_a_validation_leaves_room_for_the_answer_in_the_positions_of_the_base(tmp_path, base):
    plan = plan_here(train_job(tmp_path, base))
    asked = examples("validation")[:1]
    prompt = len(prompts_of(asked[0], plan.maker.asking, plan.base.encoder, with_reference=False)[0].input_ids)

    def left_out(positions, head="generation"):
        chosen = (tmp_path, asked, plan.job.examples, plan.maker.asking, plan.base.encoder, head)
        return write_validation(*chosen, positions=positions).left_out

    answer = plan.spec.decoding_of("pair").max_tokens
    assert left_out(prompt + answer) == left_out(prompt, "classification") == {}
    with pytest.raises(UserError, match=f"the {prompt + answer - 1} tokens that the base reads"):
        left_out(prompt + answer - 1)


def test_rows_that_fit_the_base_are_no_matter_for_a_line(tmp_path, base):
    plan = plan_here(train_job(tmp_path, base))
    assert plan.positions == 64
    assert shorter_rows(plan.base, plan.job.rows) is None
    assert shorter_rows(replace(plan.base, positions=None), plan.job.rows) is None


def test_rows_are_made_where_a_system_binds_no_process_to_cores(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert available_cores() >= 1


def test_what_is_prepared_for_another_machine_is_a_folder_and_a_command(tmp_path, base):
    said: list[str] = []
    command = prepare_only(plan_here(train_job(tmp_path, base, processes=2)), said.append)
    folder = RunFolder(tmp_path / "trained")
    assert command == f"torchrun --nproc-per-node 2 -m judgelake.trainer {folder.path}"
    assert len(StoredRows([Path(path) for path in folder.read().shards])) == 80
    assert said[-1].startswith("80 rows, ")


def test_rows_are_made_once_for_all_that_they_are_made_of(tmp_path, base, monkeypatch):
    plan = plan_here(train_job(tmp_path, base))
    said: list[str] = []
    made = prepare(plan, said.append)
    fewer, other = plan_here(plan.job, examples()[:20]), plan_here(train_job(tmp_path, base, recipe={"seed": 1}))

    def not_again(*args: object, **more: object) -> None:
        raise AssertionError("a row is made")

    with monkeypatch.context() as patched:
        patched.setattr(RowMaker, "row", not_again)
        again = prepare(plan, said.append)
        assert (again.run, again.counts, again.audit) == (made.run, made.counts, made.audit)
        assert counted(plan, made.folder.rows).counts == made.counts
        for changed in (fewer, other):
            with pytest.raises(AssertionError, match="a row is made"):
                counted(changed, made.folder.rows)
    assert said == ["making the rows of 40 examples for 2 epochs", "the rows of 40 examples are there already"]
    # A shard that somebody has deleted is written again.
    shards = list(map(Path, made.run.shards))
    shards[0].unlink()
    assert prepare(plan).run == made.run
    assert shards[0].is_file()


def test_examples_that_the_judge_cannot_say_are_counted_and_refused_beyond_the_limit(tmp_path, base):
    without_scores = [replace(one, judged=Judged(one.judged.verdict)) for one in examples()[:2]]
    some = [*examples()[2:], *without_scores]
    plan = plan_here(train_job(tmp_path, base), some)
    with pytest.raises(UserError, match=r"4 of 80 rows cannot be trained on \(4 no_target\), more than the 1.0%"):
        prepare(plan)
    allowed = plan_here(train_job(tmp_path, base, rows={"max_tokens": 32, "most_left_out": 0.05}), some)
    made = prepare(allowed)
    assert (made.counts["rows"], made.counts["faults.no_target"]) == (76, 4)
    assert {one["example_id"] for one in made.audit} == {one.example_id for one in without_scores}


def test_rows_that_are_too_long_are_left_out_and_counted_apart(tmp_path, base):
    long = replace(examples()[0], comparison=replace(examples()[0].comparison, answers=(Answer("w1 " * 60),) * 2))
    rows = {"max_tokens": 32, "over_long": "leave_out", "most_left_out": 0.05}
    job = train_job(tmp_path, base, rows=rows)
    audit = counted(plan_here(job, [*examples()[1:], long]), tmp_path)
    assert (audit.faults, audit.needed) == ({"too_long": 2}, {125: 2})
    with pytest.raises(UserError, match=r"all 2 are left out \(2 too_long\).*the prompt has 122 tokens"):
        counted(plan_here(job, [long]), tmp_path)


def test_a_row_that_its_own_parser_does_not_read_as_the_engine_would_is_not_written(tmp_path, base):
    # Three scores and the end token are more than the judge's two output tokens.
    plan = plan_here(train_job(tmp_path, base, rows={"max_tokens": 32, "most_left_out": 1.0}))
    short = plan.spec.model_copy(update={"decoding": plan.spec.decoding.model_copy(update={"max_tokens": 1})})
    maker = replace(plan.maker, spec=short)
    tally = Tally(maker)
    assert list(made_rows(maker, examples(), 1, 0, tally)) == []
    assert tally.audit.faults == {"not_read_back": 40}
    assert len(tally.audit.listed) == 10


def test_references_are_only_shown_where_somebody_judged_with_one(tmp_path, base):
    asking = Asking(with_modes(train_job(tmp_path, base)), "optional")
    wanted, some = RowChoices(reference=0.5), replace(examples()[0], referenced=Judged("A", (9, 2)))
    with pytest.raises(UserError, match=r"rows.reference is 0.5, but no example has a judgment made with a reference"):
        check_references(examples(), wanted, asking, Examples())
    check_references([some], wanted, asking, Examples())
    check_references(examples(), RowChoices(), asking, Examples())


@pytest.mark.parametrize(
    ("rows", "chosen", "mode", "reference_mode", "expected"),
    [
        pytest.param({"reference": 0.5}, {}, "none", None, "rows.reference is 0.5", id="rows"),
        pytest.param({}, {"validated_with": "use"}, "none", None, "examples.validated_with is use", id="use"),
        pytest.param({}, {}, "optional", "none", "rows.reference_mode is 'none'", id="named"),
        pytest.param({"reference": 0.5}, {"validated_with": "use"}, "none", "required", None, id="the other shows it"),
        pytest.param({"reference": 0.5}, {"validated_with": "use"}, "required", None, None, id="the same shows it"),
        pytest.param({}, {}, "none", None, None, id="not wanted"),
    ],
)
def test_a_mode_that_shows_no_reference_is_refused_where_one_is_wanted(
    tmp_path, base, rows, chosen, mode, reference_mode, expected
):
    asking = Asking(with_modes(train_job(tmp_path, base)), mode, reference_mode)
    some = replace(examples()[0], referenced=Judged("A", (9, 2)))
    arguments = ([some], RowChoices(**rows), asking, Examples(**chosen))
    if expected is None:
        check_references(*arguments)
        return
    with pytest.raises(UserError, match=f"{expected}, but mode 'none' of judge 'tiny' shows no reference"):
        check_references(*arguments)


def test_examples_of_one_label_alone_are_refused():
    first = [example(1, worse, is_first=True) for worse in (10, 11)]
    with pytest.raises(UserError, match="All 2 training examples have the label 'A'"):
        _check_classes(first)
    _check_classes([*first, example(1, 12, is_first=False)])
    _check_classes([replace(first[0], judged=Judged(TIE)), first[1]])
    single = replace(
        first[0], comparison=replace(first[0].comparison, answers=(Answer("a"),)), judged=Judged(None, (5,))
    )
    _check_classes([single])


def test_a_validation_asks_both_orders_with_the_label_that_fits_what_is_shown(tmp_path, base):
    job = train_job(tmp_path, base)
    spec, encoder = load_judge("tiny", job.judge.folder), plan_here(job).base.encoder
    one = replace(example(1, 10, is_first=True), referenced=Judged("B", (1, 8)))
    three = replace(one, comparison=replace(one.comparison, answers=(*one.comparison.answers, Answer("w3"))))
    long = replace(one, comparison=replace(one.comparison, answers=(Answer("w1 " * 60),) * 2))
    asking = Asking(spec, "pair")
    asked = prompts_of(one, asking, encoder, with_reference=False)
    assert [(prompt.order, prompt.label) for prompt in asked] == [("AB", "A"), ("BA", "A")]
    shown = [[token_of(word) for word in text.split()] for text in ("w1 w10 better :", "w10 w1 better :")]
    assert [list(prompt.input_ids) for prompt in asked] == shown
    none = replace(one, judged=Judged(None))
    shut = Asking(with_modes(job), "required")
    assert [prompts_of(other, asking, encoder, with_reference=False) for other in (three, none, long)] == [
        "not_two_answers",
        "no_label",
        "too_long",
    ]
    assert prompts_of(one, shut, encoder, with_reference=False) == "no_prompt"


def test_examples_that_are_not_validated_on_are_counted_and_reported(tmp_path, base):
    one, *others = examples("validation")[:4]
    long = replace(one, comparison=replace(one.comparison, answers=(Answer("w1 " * 60),) * 2))
    three = replace(one, comparison=replace(one.comparison, answers=(*one.comparison.answers, Answer("w3"))))
    job = train_job(tmp_path, base)
    made = prepare(plan_here(job, validation=[long, long, three, *others]))
    assert made.run.validation.left_out == {"not_two_answers": 1, "too_long": 2}
    assert summary_of(made).endswith("in each process; not validated on: 1 not_two_answers, 2 too_long")
    assert counts_of(made).items() >= {"not_validated.too_long": 2, "rows": 80}.items()
    # What is not asked decides nothing.
    assert prepare(plan_here(job, validation=others)).run.identity == made.run.identity


REFERENCES = {"none": "", "optional": "{{ reference }} ", "required": "{{ reference }} "}
MODES = {
    name: {"answers": [2, 2], "prompt": f"{shown}{{{{ answers[0] }}}} {{{{ answers[1] }}}} better :", "reference": name}
    for name, shown in REFERENCES.items()
}


def with_modes(job, **changes):
    """The judge of a job with a mode for each use of a reference, and with changes to that which requires one."""
    modes = {name: {**mode, "parser": {"kind": "score_line"}} for name, mode in MODES.items()}
    modes["required"] |= changes
    spec = load_judge("tiny", job.judge.folder)
    return JudgeSpec.model_validate(spec.model_dump(exclude_unset=True) | {"modes": modes})


@pytest.mark.parametrize(
    ("mode", "reference_mode", "with_reference", "is_shown"),
    [
        pytest.param("none", None, True, False, id="cannot be shown"),
        pytest.param("none", "required", True, True, id="by the other mode"),
        pytest.param("none", "required", False, False, id="not wanted"),
        pytest.param("none", "none", True, False, id="the other mode cannot either"),
        pytest.param("optional", None, True, True, id="optional"),
        pytest.param("required", None, False, True, id="always shown"),
    ],
)
def test_a_validation_has_the_label_made_with_the_reference_only_where_it_is_shown(
    tmp_path, base, mode, reference_mode, with_reference, is_shown
):
    job = train_job(tmp_path, base)
    plain = example(1, 10, is_first=True)
    one = replace(plain, referenced=Judged("B", (1, 8)), comparison=replace(plain.comparison, reference="w15"))
    asking = Asking(with_modes(job), mode, reference_mode)
    made = prompts_of(one, asking, plan_here(job).base.encoder, with_reference=with_reference)
    assert [prompt.label for prompt in made] == (["B", "B"] if is_shown else ["A", "A"])
    assert [token_of("w15") in prompt.input_ids for prompt in made] == [is_shown, is_shown]


def test_a_validation_in_two_modes_that_are_not_read_alike_is_refused(tmp_path, base):
    job = train_job(tmp_path, base, examples={"validation": 10, "validated_with": "use"})
    plan = plan_here(job)
    for changes in ({"decoding": {"max_tokens": 3}}, {"parser": {"kind": "score_line", "highest": 5}}):
        asking = Asking(with_modes(job, **changes), "none", "required")
        with pytest.raises(UserError, match=r"modes 'none' and 'required' .* are read in different ways"):
            write_validation(tmp_path, plan.selected.validation, job.examples, asking, plan.base.encoder)
    alike = Asking(with_modes(job), "none", "required")
    assert write_validation(tmp_path, plan.selected.validation, job.examples, alike, plan.base.encoder).mode == "none"


def test_a_validation_that_can_ask_nothing_is_refused(tmp_path, base):
    single = replace(examples("validation")[0], judged=Judged(None, (5.0, 5.0)))
    three = replace(single, comparison=replace(single.comparison, answers=(Answer("w1"),) * 3))
    with pytest.raises(UserError, match=r"None of the 1 examples to validate on can be asked of judge 'tiny'"):
        prepare(plan_here(train_job(tmp_path, base), validation=[three]))


def test_labels_that_begin_with_the_same_token_are_refused(tmp_path, base):
    encoder = plan_here(train_job(tmp_path, base)).base.encoder
    # The words of the tiny model have no letters, so every label is its unknown token.
    with pytest.raises(UserError, match="begin with the same one"):
        label_ids(load_judge("chat"), "pair-logprobs", encoder)
    assert label_ids(load_judge("chat"), "pair", encoder) == {}


@pytest.mark.parametrize(
    ("pad", "unknown", "ends", "expected"),
    [
        pytest.param(PAD, 2, {END}, PAD, id="its own"),
        pytest.param(END, 2, {END}, 2, id="its own is the end: the unknown token"),
        pytest.param(None, None, {0}, 1, id="it has none: the first other"),
        pytest.param(0, None, {0, 1}, 2, id="two ends"),
    ],
)
def test_a_padding_token_never_ends_an_answer(pad, unknown, ends, expected):
    assert padding_token(SimpleNamespace(pad_token_id=pad, unk_token_id=unknown), ends) == expected


@pytest.mark.parametrize(
    ("card", "expected"),
    [
        ("---\nlicense: mit\nlanguage: en\n---\ntext", "mit"),
        ("no head", None),
        ("---\n[broken\n---\n", None),
        ("---\nlanguage: en\n---\n", None),
        (None, None),
    ],
)
def test_the_licence_is_what_the_card_says(tmp_path, card, expected):
    if card is not None:
        (tmp_path / "README.md").write_text(card, "utf-8")
    assert licence_of(tmp_path) == expected


@pytest.mark.parametrize(
    ("base", "message"),
    [
        pytest.param("nobody/nothing", r"to be had from Hugging Face: .* in judge\.base\.$", id="a name"),
        pytest.param("./nowhere", r"not a folder on this machine\. Set judge\.base to a folder", id="a path"),
        pytest.param("{adapter}", r"is an adapter: set judge\.base to the model that it was", id="an adapter"),
    ],
)
def test_a_base_that_is_none_is_refused_in_the_words_of_this_config(tmp_path, base, message):
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text("{}", "utf-8")
    with pytest.raises(UserError, match=message) as raised:
        plan_here(train_job(tmp_path, base.format(adapter=adapter)))
    assert "judge.model" not in str(raised.value)


def test_a_base_that_never_stops_is_refused(tmp_path, base):
    import json
    import shutil

    other = shutil.copytree(base, tmp_path / "other")
    for name, key in (("tokenizer_config.json", "eos_token"), ("generation_config.json", "eos_token_id")):
        content = json.loads((other / name).read_text("utf-8"))
        del content[key]
        (other / name).write_text(json.dumps(content), "utf-8")
    with pytest.raises(UserError, match="does not stop at an end token"):
        plan_here(train_job(tmp_path, other))


def test_other_weights_at_the_same_place_are_another_training(tmp_path):
    base = save_tiny_model(tmp_path / "base")
    made = prepare(plan_here(train_job(tmp_path, base)))
    moved = base.rename(tmp_path / "moved")
    assert prepare(plan_here(train_job(tmp_path, moved))).run.identity == made.run.identity
    save_tiny_model(base, seed=7)
    with pytest.raises(UserError, match="holds a training of other rows, another base or another recipe"):
        prepare(plan_here(train_job(tmp_path, base)))
    elsewhere = train_job(tmp_path, base).model_copy(update={"output": str(tmp_path / "elsewhere")})
    assert prepare(plan_here(elsewhere)).run.identity != made.run.identity


def test_a_training_without_a_version_goes_on_with_the_one_that_it_began_with(tmp_path, base):
    job, said = train_job(tmp_path, base), []
    assert with_its_version(job, said.append) == job
    prepare(plan_here(job))
    again = with_its_version(job, said.append)
    assert again.examples == job.examples.model_copy(update={"version": 3})
    assert said == ["going on with version 3 of training_examples, with which the training in this folder began"]
    asked = job.model_copy(update={"examples": job.examples.model_copy(update={"version": 2})})
    other = job.model_copy(update={"tables": job.tables.model_copy(update={"training_examples": "others"})})
    elsewhere = job.model_copy(update={"output": str(tmp_path / "elsewhere")})
    assert [with_its_version(one, said.append) for one in (asked, other, elsewhere)] == [asked, other, elsewhere]
    assert len(said) == 1


def test_the_plan_of_a_resumed_training_reads_its_version(tmp_path, base, monkeypatch):
    job = train_job(tmp_path, base)
    plan = plan_here(job)
    prepare(plan)
    read: list[int | None] = []

    def selected(spark, job):
        read.append(job.examples.version)
        return plan.selected

    monkeypatch.setattr("judgelake.jobs.train.plan.selected_examples", selected)
    plan_of(None, job, lambda line: None)
    assert read == [3]


def test_trainings_of_the_same_examples_and_base_read_them_once(tmp_path, base, monkeypatch):
    read: list[Examples] = []
    loaded: list[bool] = []

    def selected(spark, job):
        read.append(job.examples)
        return plan_here(job).selected

    def found(chosen, say, *, is_chat, generates):
        loaded.append(generates)
        return base_of(chosen, say, is_chat=is_chat, generates=generates)

    monkeypatch.setattr("judgelake.jobs.train.plan.selected_examples", selected)
    monkeypatch.setattr("judgelake.jobs.train.plan.base_of", found)
    planner = Planner(None, lambda line: None)
    chosen = ({}, {"prompts_at_once": 2}, {"limit": 20})
    plans = [
        planner.plan(train_job(tmp_path, base, examples={"validation": 10, **one}, recipe={"seed": seed}))
        for one in chosen
        for seed in range(3)
    ]
    assert [one.limit for one in read] == [None, 20]
    assert len(loaded) == 1
    assert {plan.job.recipe.seed for plan in plans} == {0, 1, 2}
    planner.plan(train_job(tmp_path, base, rows={"max_tokens": 32, "head": "classification"}))
    assert loaded == [True, False]


def test_a_base_that_cannot_read_the_longest_rows_is_named_before_the_training(tmp_path, base, monkeypatch):
    job = train_job(tmp_path, base, rows={"max_tokens": 65})
    monkeypatch.setattr("judgelake.jobs.train.plan.selected_examples", lambda spark, job: plan_here(job).selected)
    said: list[str] = []
    assert plan_of(None, job, said.append).maker.max_tokens == 64
    assert said == [f"The base '{base}' reads at most 64 tokens, so no row has more, although rows.max_tokens is 65."]
