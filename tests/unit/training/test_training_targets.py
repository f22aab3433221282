"""Targets: what a judge is taught to write is read by its own parser as the label, in both orders."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from parser_kinds import judge_of
from training_examples import judgments

from judgelake.comparisons import TIE, Failure, Reading, Status, verdict_of_scores
from judgelake.errors import UserError
from judgelake.judges import PARSERS, JudgeSpec, list_judges
from judgelake.training import TRAINABLE, Judged, Style, TargetWriter, labels_of
from judgelake.training.swap import swap_judged

LETTERS = {"choices": {"letters": True, "tie": "T"}}
WORDS = {"labels": {"one": "A", "two": "B", "even": "tie"}}
PAIRS: dict[str, JudgeSpec] = {
    "score_line": judge_of("score_line"),
    "first_line": judge_of("first_line", **WORDS),
    "final_decision": judge_of("final_decision", after=["decision is "], **WORDS),
    "result": judge_of("result", gives="letter"),
    "choice": judge_of("choice", mode=LETTERS),
    "label_probability": judge_of("", mode={**LETTERS, "verdict_from": "logprobs", "parser": {}}),
    "last_line": judge_of("last_line", mode=LETTERS, word="Verdict"),
    "labelled_line": judge_of("labelled_line", word="Result", **WORDS),
    "brackets": judge_of("brackets", mode=LETTERS),
    "tag": judge_of("tag", tag="answer", **WORDS),
    "tagged_scores": judge_of("tagged_scores", tag="answer"),
    "json": judge_of("json", field="verdict", **WORDS),
}
SINGLES: dict[str, JudgeSpec] = {
    "final_rating": judge_of("final_rating", 1, after=["Rating:"]),
    "result": judge_of("result", 1, gives="score", form="exact", highest=10),
    "choice": judge_of("choice", 1, mode={"choices": {"scores": {str(score): score for score in range(1, 11)}}}),
    "last_line": judge_of("last_line", 1, word="Score", lowest=1, highest=10),
    "tag": judge_of("tag", 1, tag="score", lowest=1, highest=10),
    "json": judge_of("json", 1, field="score", lowest=1, highest=10),
}
CASES = [(spec, 2, style) for kind, spec in PAIRS.items() for style in TRAINABLE[kind].styles]
CASES += [(spec, 1, style) for kind, spec in SINGLES.items() for style in TRAINABLE[kind].styles]


def test_every_parser_can_be_trained() -> None:
    assert set(TRAINABLE) == {*PARSERS, "label_probability"} == {*PAIRS, *SINGLES}


def writers() -> list[Any]:
    found = []
    for spec, answers, style in CASES:
        mode = spec.mode("mine")
        if mode.labels_decide and style is Style.THINKING_FIRST:
            continue
        kind = mode.parser.get("kind", "label_probability")
        found.append(pytest.param(TargetWriter(spec, "mine", style), answers, id=f"{kind}-{answers}-{style.value}"))
    return found


def said_of(writer: TargetWriter, judged: Judged, answers: int) -> Reading | Failure | None:
    """What the parser reads in the target; None if the format cannot say it."""
    target = writer.target(judged, answers)
    if isinstance(target, Failure):
        assert target.status is Status.INVALID_INPUT
        return None
    return writer.read(target.text or "", answers)


@pytest.mark.parametrize(("writer", "answers"), writers())
def test_a_judges_parser_reads_its_target_as_the_label_in_both_orders(writer: TargetWriter, answers: int) -> None:
    @settings(deadline=None, max_examples=60)
    @given(judgments(answers))
    def law(judged: Judged) -> None:
        for shown in (judged, swap_judged(judged, answers)):
            said = said_of(writer, shown, answers)
            if said is None:
                continue
            assert isinstance(said, Reading)
            if answers == 1:
                assert said.scores == shown.scores
            else:
                assert said.verdict == (shown.verdict or verdict_of_scores(shown.scores or ()))

    law()
    wins = Judged("A", (9.0, 2.0), "Because.") if answers == 2 else Judged(None, (7.0,), "Because.")
    assert said_of(writer, wins, answers) is not None


SAYS = {
    ("score_line", Style.VERDICT_FIRST): "9 2\nBecause.",
    ("score_line", Style.THINKING_FIRST): "<think>\nBecause.\n</think>\n\n9 2",
    ("first_line", Style.VERDICT_FIRST): "one\nBecause.",
    ("final_decision", Style.REASONS_FIRST): "Because.\ndecision is one",
    ("result", Style.REASONS_FIRST): "Because. [RESULT] A",
    ("choice", Style.VERDICT_ONLY): "A",
    ("label_probability", Style.SOFT): "A",
    ("last_line", Style.REASONS_FIRST): "Because.\nVerdict: A",
    ("labelled_line", Style.VERDICT_ONLY): "Result: one",
    ("brackets", Style.REASONS_FIRST): "Because.\n[[A]]",
    ("tag", Style.THINKING_FIRST): "<think>\nBecause.\n</think>\n\n<answer>one</answer>",
    ("tagged_scores", Style.VERDICT_ONLY): "<answer>9</answer><answer>2</answer>",
    ("json", Style.REASONS_FIRST): 'Because.\n{"verdict": "one"}',
}


@pytest.mark.parametrize(("kind", "style"), SAYS)
def test_a_target_is_written_so(kind: str, style: Style) -> None:
    target = TargetWriter(PAIRS[kind], "mine", style).target(Judged("A", (9.0, 2.0), " Because.\n"), 2)
    assert not isinstance(target, Failure)
    assert target.text == SAYS[kind, style]
    reasons = target.material_texts()
    assert reasons == ([] if style in (Style.VERDICT_ONLY, Style.SOFT) else ["Because."])


@pytest.mark.parametrize(
    ("kind", "style", "judged", "reason"),
    [
        pytest.param("score_line", "verdict_first", Judged("A"), "writes scores", id="a verdict is no score"),
        pytest.param("score_line", "verdict_first", Judged("A", (11.0, 1.0)), "11 is not between 0 and 10", id="range"),
        pytest.param("result", "verdict_only", Judged(TIE), "no label for a tie", id="no tie"),
        pytest.param("last_line", "reasons_first", Judged("A"), "needs reasons", id="no reasons"),
        pytest.param("tag", "verdict_only", Judged("C", (1.0, 1.0, 2.0)), "no label for the verdict C", id="no C"),
    ],
)
def test_what_a_format_cannot_say_is_no_target(kind: str, style: str, judged: Judged, reason: str) -> None:
    failure = TargetWriter(PAIRS[kind], "mine", Style(style)).target(judged, 2)
    assert isinstance(failure, Failure)
    assert failure.status is Status.INVALID_INPUT
    assert reason in failure.reason


@pytest.mark.parametrize(
    ("kind", "reasons"),
    [
        pytest.param("brackets", "It ends with [[B]] and I agree.", id="another verdict in the reasons"),
        pytest.param("last_line", "Mine:\nVerdict: B", id="another last line before"),
        pytest.param("tag", "It says <|im_end|>", id="the end of a turn in the reasons"),
    ],
)
def test_a_target_that_is_read_otherwise_is_no_target(kind: str, reasons: str) -> None:
    failure = TargetWriter(PAIRS[kind], "mine", Style.REASONS_FIRST).target(Judged("A", None, reasons), 2)
    assert isinstance(failure, Failure)
    assert failure.status is Status.UNPARSEABLE


def test_what_follows_a_stop_of_the_judge_is_not_read() -> None:
    judge = {spec.name: spec for spec in list_judges()}["judgelm"]
    writer = TargetWriter(judge, "pair", Style.VERDICT_FIRST)
    assert writer.read("8 7\n9 2", 2) == writer.read("8 7", 2) == Reading((8.0, 7.0), "A")
    assert writer.problem("8 7", Judged("A", (9.0, 7.0)), 2) == (
        "its scores are read as (8.0, 7.0), expected (9.0, 7.0)"
    )
    assert (writer.problem("8 7", Judged("B"), 2) or "").startswith("it is read as A")
    assert (writer.problem("8", Judged("A"), 2, was_cut=True) or "").startswith("truncated")


def test_of_several_labels_for_a_verdict_the_mildest_is_written() -> None:
    labels = {"A>>B": "A", "A>B": "A", "A=B": "tie", "B>A": "B"}
    strengths = {"A>>B": 3, "A>B": 1, "B>A": 1}
    writer = TargetWriter(judge_of("brackets", labels=labels, strengths=strengths), "mine", Style.VERDICT_ONLY)
    target = writer.target(Judged("A", (9.0, 2.0)), 2)
    assert not isinstance(target, Failure)
    assert target.text == "[[A>B]]"


def test_a_prompt_that_opens_the_thinking_gets_it_closed() -> None:
    chat = [{"role": "user", "content": "{{ question }}"}, {"role": "assistant", "content": "<think>\n"}]
    spec = judge_of("brackets", mode={**LETTERS, "prompt": None, "messages": chat})
    judged = Judged("A", None, "Because.")
    only, thinking = (TargetWriter(spec, "mine", style) for style in (Style.VERDICT_ONLY, Style.THINKING_FIRST))
    by_template = TargetWriter(PAIRS["brackets"], "mine", Style.VERDICT_ONLY, "<think>")
    for writer in (only, by_template):
        target = writer.target(judged, 2)
        assert not isinstance(target, Failure)
        assert target.text == "\n</think>\n\n[[A]]"
    target = thinking.target(judged, 2)
    assert not isinstance(target, Failure)
    assert target.text == "Because.\n</think>\n\n[[A]]"
    assert isinstance(TargetWriter(PAIRS["choice"], "mine", Style.SOFT, "<think>").target(judged, 2), Failure)


@pytest.mark.parametrize(
    ("spec", "mode", "style", "message"),
    [
        pytest.param(PAIRS["score_line"], "mine", Style.REASONS_FIRST, "Choose verdict_first or", id="first line"),
        pytest.param(PAIRS["choice"], "mine", Style.VERDICT_FIRST, "Choose verdict_only or", id="label alone"),
        pytest.param(PAIRS["label_probability"], "mine", Style.THINKING_FIRST, "Choose verdict_only or soft", id="one"),
        pytest.param(PAIRS["brackets"], "mine", Style.SOFT, "cannot be trained in the style 'soft'", id="not first"),
        pytest.param(PAIRS["brackets"], "other", Style.SOFT, "has no mode 'other'", id="no mode"),
    ],
)
def test_a_style_that_the_parser_would_not_read_is_refused(
    spec: JudgeSpec, mode: str, style: Style, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        TargetWriter(spec, mode, style)


BUILT_IN = [(spec, mode) for spec in list_judges() if spec.withheld is None for mode in spec.modes]


@pytest.mark.parametrize(("spec", "mode"), BUILT_IN, ids=lambda value: getattr(value, "name", value))
def test_every_built_in_judge_can_be_trained_on_all_its_labels(spec: JudgeSpec, mode: str) -> None:
    chosen = spec.mode(mode)
    if chosen.verdict_from == "decision":
        with pytest.raises(UserError, match="decision endpoint"):
            TargetWriter(spec, mode, Style.VERDICT_ONLY)
        return
    answers = chosen.answers[0]
    writer = TargetWriter(spec, mode, Style.VERDICT_ONLY)
    meanings = {*labels_of(chosen, answers).values()} or {4.0 if answers == 1 else "A"}
    for meaning in meanings:
        if answers == 1:
            judged = Judged(None, (float(meaning),))
        else:
            scores = {"A": (5.0, 4.0), "B": (4.0, 5.0)}.get(str(meaning), (4.0, 4.0))
            judged = Judged(str(meaning), scores + (1.0,) * (answers - 2))
        target = writer.target(judged, answers)
        assert not isinstance(target, Failure), target
        assert writer.problem(target.text or "", judged, answers) is None
