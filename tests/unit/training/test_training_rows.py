"""Rows: the ids of inference, the judgment and one end token supervised, and the same row wherever it is made."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from typing import Any

import pytest
from small_tokenizers import byte_level, metaspace
from training_examples import COMPARISON, JUDGED, example, numbered

from judgelake.comparisons import Answer, Message
from judgelake.engine import Encoder, token_ids
from judgelake.errors import UserError
from judgelake.judges import CUT_MARK, Prompt, list_judges, render
from judgelake.training import Choice, Judged, LeftOut, Rates, Row, RowMaker, SoftTarget, Style

pytestmark = pytest.mark.skipif(find_spec("transformers") is None, reason="needs transformers")
JUDGES = {spec.name: spec for spec in list_judges()}
NEVER, ALWAYS = Rates(0.0, 0.0), Rates(1.0, 1.0)


@cache
def encoder() -> Encoder:
    return Encoder(byte_level(), "m")


def end() -> int:
    return encoder().controls["</s>"]


def maker(judge: str = "judgelm", mode: str = "pair", style: Style = Style.VERDICT_FIRST, **more: Any) -> RowMaker:
    given: dict[str, Any] = {"encoder": encoder(), "max_tokens": 4000, "end_token": end(), "rates": NEVER}
    return RowMaker(JUDGES[judge], mode, style, **given | more)


def made(one: RowMaker, of: Any = None, epoch: int = 0, seed: int = 0) -> Row:
    row = one.row(of or example(), epoch, seed)
    assert isinstance(row, Row), row
    return row


def left_out(one: RowMaker, of: Any = None) -> LeftOut:
    row = one.row(of or example(), 0, 0)
    assert isinstance(row, LeftOut)
    return row


def said(row: Row) -> str:
    return encoder().text_of(row.input_ids[row.target_from :])


@pytest.mark.parametrize(
    ("judge", "mode", "style"),
    [
        pytest.param("judgelm", "pair", Style.VERDICT_FIRST, id="a completion"),
        pytest.param("chat", "pair", Style.VERDICT_ONLY, id="a chat"),
        pytest.param("chat", "pair-logprobs", Style.SOFT, id="one token"),
        pytest.param("mt-bench", "pair-v2", Style.REASONS_FIRST, id="a system message"),
    ],
)
def test_the_ids_before_the_target_are_those_of_inference(judge: str, mode: str, style: Style) -> None:
    row = made(maker(judge, mode, style))
    prompt = render(JUDGES[judge], mode, COMPARISON, "AB", "ignore")
    assert isinstance(prompt, Prompt)
    before = list(row.input_ids[: row.target_from])
    assert before == encoder().ids(prompt) == token_ids(encoder().tokenizer, prompt, "m")
    assert row.input_ids.count(end()) == 1
    assert row.input_ids[-1] == end()


def test_a_tokenizer_with_a_begin_token_begins_once() -> None:
    begins = Encoder(metaspace(), "m")
    row = made(maker(encoder=begins, end_token=begins.controls["</s>"]))
    assert row.input_ids.count(begins.controls["<s>"]) == 1
    assert row.input_ids[0] == begins.controls["<s>"]


def test_a_row_shows_what_was_chosen() -> None:
    plain, both = made(maker()), made(maker(rates=ALWAYS))
    assert said(plain) == "9 2\nAssistant 1 is right. Assistant 2's answer is wrong."
    assert said(both) == "1 10\nThe second answer is the reference; the first answer is not."
    assert (plain.swapped, plain.with_reference, both.swapped, both.with_reference) == (False, False, True, True)
    shown = encoder().text_of(both.input_ids[: both.target_from])
    prompt = render(JUDGES["judgelm"], "pair", COMPARISON, "BA", "use")
    assert isinstance(prompt, Prompt)
    assert shown == prompt.text


def test_a_mode_of_its_own_shows_the_reference() -> None:
    one = maker("mt-bench", "pair-v2", Style.REASONS_FIRST, reference_mode="pair-math-v1", rates=ALWAYS)
    row = made(one)
    prompt = render(JUDGES["mt-bench"], "pair-math-v1", COMPARISON, "BA", "use")
    assert isinstance(prompt, Prompt)
    assert list(row.input_ids[: row.target_from]) == encoder().ids(prompt)
    assert said(row).endswith("[[B]]")
    without = made(maker("mt-bench", "pair-v2", Style.REASONS_FIRST, rates=ALWAYS))
    assert not without.with_reference
    neither = made(maker("mt-bench", "pair-v2", Style.REASONS_FIRST, reference_mode="pair-v2", rates=ALWAYS))
    assert (neither.with_reference, neither.input_ids) == (False, without.input_ids)


@pytest.mark.parametrize("lacking", [{"referenced": None}, {"comparison": replace(COMPARISON, reference=None)}])
def test_without_a_reference_or_its_judgment_none_is_shown(lacking: dict[str, Any]) -> None:
    row = made(maker(rates=ALWAYS), example(**{"referenced": None} | lacking))
    assert (row.swapped, row.with_reference) == (True, False)


def test_epochs_differ_and_nothing_is_carried_from_one_to_the_next() -> None:
    """The released code of JudgeLM changes its examples, so that a label is inverted in later epochs."""
    examples = numbered(40)
    before = copy.deepcopy(examples)
    one = maker(rates=Rates())
    epochs = [[made(one, each, epoch) for each in examples] for epoch in range(4)]
    assert examples == before
    shown = [[(row.swapped, row.with_reference) for row in rows] for rows in epochs]
    assert len({tuple(ways) for ways in shown}) == 4
    for rows in epochs:
        for row in rows:
            first, _, second = said(row).split("\n")[0].partition(" ")
            label_is_first = float(first) > float(second)
            assert label_is_first is not row.swapped


def test_processes_workers_and_restarts_change_no_row() -> None:
    examples = numbered(30)
    one = maker(rates=Rates())
    alone = {each.example_id: made(one, each, 2, 5) for each in examples}
    for workers in (1, 2, 7):
        # Each worker with its own maker and a copy of its part, in another order.
        parts = [pickle.loads(pickle.dumps(examples[worker::workers])) for worker in range(workers)]
        rows = [made(maker(rates=Rates()), each, 2, 5) for part in reversed(parts) for each in reversed(part)]
        assert {row.example_id: row for row in rows} == alone


def long(characters: int) -> Any:
    answers = (Answer("ab " * (characters // 3)), Answer("Short."))
    return example(comparison=replace(COMPARISON, answers=answers))


def test_answers_that_are_too_long_are_cut_with_the_mark_and_the_target_stays_whole() -> None:
    row = made(maker(max_tokens=1500), long(6000))
    assert row.trimmed
    assert len(row.input_ids) <= 1500
    shown = encoder().text_of(row.input_ids[: row.target_from])
    assert shown.count(CUT_MARK) == 1
    assert said(row).endswith("Assistant 2's answer is wrong.")
    assert not made(maker(), long(30)).trimmed


@pytest.mark.parametrize(("over_long", "max_tokens"), [("leave_out", 1500), ("trim", 300), ("trim", 20)])
def test_a_row_that_does_not_fit_is_left_out_with_its_lengths(over_long: Any, max_tokens: int) -> None:
    found = left_out(maker(max_tokens=max_tokens, over_long=over_long), long(6000))
    assert found.cause == "too_long"
    assert f"beside a target of 33: a row may have {max_tokens}" in found.reason


@pytest.mark.parametrize(
    ("changes", "cause", "reason"),
    [
        pytest.param({"judged": Judged("A")}, "no_target", "writes scores", id="no scores"),
        pytest.param(
            {"comparison": replace(COMPARISON, messages=(*COMPARISON.messages, Message("assistant", "?"))[:0])},
            *("no_prompt", "exactly one user message"),
            id="no question",
        ),
        pytest.param({"judged": replace(JUDGED, reasons="a\n</s>")}, None, "", id="a harmless mark"),
    ],
)
def test_why_there_is_no_row(changes: dict[str, Any], cause: str | None, reason: str) -> None:
    row = maker().row(example(**{"referenced": None} | changes), 0, 0)
    assert (row.cause if isinstance(row, LeftOut) else None) == cause
    assert not isinstance(row, LeftOut) or reason in row.reason


def test_a_target_that_its_parser_reads_otherwise_gives_no_row() -> None:
    one = maker("mt-bench", "pair-v2", Style.REASONS_FIRST)
    found = left_out(one, example(judged=Judged("A", None, "It wants [[B]].")))
    assert found.cause == "not_read_back"


def test_a_mode_that_always_shows_the_reference_needs_a_judgment_with_it() -> None:
    one = maker("mt-bench", "pair-math-v1", Style.REASONS_FIRST)
    assert made(one).with_reference
    assert left_out(one, example(referenced=None)).cause == "no_target"


def test_a_score_is_not_joined_to_the_number_with_which_the_prompt_ends() -> None:
    """JudgeLM grades one answer behind the 10 of the reference."""
    single = example(
        comparison=replace(COMPARISON, answers=COMPARISON.answers[:1]),
        judged=Judged(None, (7.0,)),
        referenced=Judged(None, (7.0,), "Fine."),
        probabilities=None,
    )
    row = made(maker(mode="single"), single)
    assert said(row) == " 7\nFine."
    assert encoder().text_of(row.input_ids).endswith(":10 7\nFine.")


def test_soft_labels_are_at_the_labels_place_in_the_order_shown() -> None:
    a, b, tie = (encoder().answer_ids(Prompt(text=label))[0] for label in "ABT")
    for swap, shares in ((0.0, (0.7, 0.2, 0.1)), (1.0, (0.2, 0.7, 0.1))):
        row = made(maker("chat", "pair-logprobs", Style.SOFT, rates=Rates(swap, 0.0)))
        assert row.soft == SoftTarget(row.target_from, (a, b, tie), shares)
        assert row.input_ids[row.target_from :] == ((a, b)[int(swap)], end())


@pytest.mark.parametrize(
    ("changes", "rates", "expected"),
    [
        pytest.param({"probabilities": None}, NEVER, "no probabilities of its teacher", id="unknown"),
        pytest.param({}, ALWAYS, None, id="with the reference only the label is known"),
    ],
)
def test_a_distribution_that_nobody_knows_is_not_made_up(
    changes: dict[str, Any], rates: Rates, expected: str | None
) -> None:
    row = maker("chat", "pair-logprobs", Style.SOFT, rates=rates).row(example(**changes), 0, 0)
    if expected is None:
        assert isinstance(row, Row)
        assert row.soft is None
    else:
        assert isinstance(row, LeftOut)
        assert (row.cause, expected in row.reason) == ("no_soft_target", True)


def test_a_tie_of_the_teacher_that_the_judge_cannot_say_is_not_spread_over_the_answers() -> None:
    offset = maker("offsetbias", "pair", Style.SOFT)
    with pytest.raises(UserError, match="do not all begin with different tokens"):
        offset.row(example(probabilities={"A": 0.75, "B": 0.25}), 0, 0)
    assert left_out(offset).cause == "no_soft_target"


def test_a_text_of_the_models_own_is_taught_as_it_stands() -> None:
    text = "3 4\nIt says </s><|im_end|>"
    row = maker().row_of_text(example(), Choice(True, False), text, 1)
    assert isinstance(row, Row)
    target = row.input_ids[row.target_from :]
    assert encoder().tokenizer.decode(target) == text + "</s>"
    assert [one for one in target if one in encoder().control_ids] == [end()]
    assert row.swapped


def test_texts_that_are_preferred_to_each_other_follow_the_same_prompt() -> None:
    one = maker(max_tokens=1500)
    chosen, rejected = one.rows_of_texts(long(6000), Choice(False, False), ("8 7", "7 8\n" + "Why. " * 60), 0)
    assert isinstance(chosen, Row)
    assert isinstance(rejected, Row)
    assert chosen.input_ids[: chosen.target_from] == rejected.input_ids[: rejected.target_from]
    assert len(chosen.input_ids) < len(rejected.input_ids) <= 1500
    assert (said(chosen), chosen.trimmed) == ("8 7", True)


def test_a_maker_of_an_untrainable_mode_is_refused_at_once() -> None:
    with pytest.raises(UserError, match="Mode 'pair-decide' of judge 'chat'"):
        maker("chat", "pair-decide", Style.VERDICT_ONLY)
    with pytest.raises(UserError, match="has no mode"):
        maker(reference_mode="pear")


@pytest.mark.parametrize(("style", "is_row"), [(Style.VERDICT_FIRST, False), (Style.VERDICT_ONLY, True)])
def test_a_swapped_row_with_ambiguous_reasons_is_left_out_and_counted(style: Style, *, is_row: bool) -> None:
    of = example(judged=replace(JUDGED, reasons="A outperforms B."))
    assert isinstance(maker(style=style).row(of, 0, 0), Row)
    swapped = maker(style=style, rates=Rates(1.0, 0.0)).row(of, 0, 0)
    assert isinstance(swapped, Row) if is_row else isinstance(swapped, LeftOut)
    if isinstance(swapped, LeftOut):
        assert swapped.cause == "ambiguous_reasons"
        assert swapped.reason.startswith("ambiguous reasons")
