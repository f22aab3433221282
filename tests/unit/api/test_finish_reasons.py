"""Which finish reasons of which servers mean a whole output, a cut one, or none."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgelake.api import REASONS, Ending, ending_of, failure_of_ending
from judgelake.api.finish_reasons import ENDING_OF
from judgelake.comparisons import Failure, Reading, Status
from judgelake.judges import load_judge, parse

CASES = [
    pytest.param("stop", Ending.WHOLE, id="OpenAI"),
    pytest.param("end_turn", Ending.WHOLE, id="Anthropic"),
    pytest.param("STOP", Ending.WHOLE, id="Gemini"),
    pytest.param("FinishReason.STOP", Ending.WHOLE, id="Gemini's name in Python"),
    pytest.param("eos_token", Ending.WHOLE, id="Text Generation Inference"),
    pytest.param("COMPLETE", Ending.WHOLE, id="Cohere"),
    pytest.param("length", Ending.CUT, id="OpenAI, cut"),
    pytest.param("LENGTH", Ending.CUT, id="in capitals"),
    pytest.param("max_tokens", Ending.CUT, id="Anthropic, cut"),
    pytest.param("MAX_TOKENS", Ending.CUT, id="Gemini, cut"),
    pytest.param("FINISH_REASON_MAX_TOKENS", Ending.CUT, id="the name of an enumeration's member"),
    pytest.param("max-tokens", Ending.CUT, id="with a dash"),
    pytest.param("maxTokens", Ending.CUT, id="in camel case"),
    pytest.param(" length ", Ending.CUT, id="with blanks"),
    pytest.param("model_length", Ending.CUT, id="Mistral"),
    pytest.param("max_output_tokens", Ending.CUT, id="OpenAI's responses"),
    pytest.param("model_context_window_exceeded", Ending.CUT, id="the context is full"),
    pytest.param("content_filter", Ending.FILTERED, id="OpenAI, filtered"),
    pytest.param("content_filter: SAFETY", Ending.FILTERED, id="with a detail"),
    pytest.param("SAFETY", Ending.FILTERED, id="Gemini, filtered"),
    pytest.param("guardrail_intervened", Ending.FILTERED, id="Bedrock"),
    pytest.param("tool_calls", Ending.TOOL, id="a tool"),
    pytest.param("insufficient_system_resource", Ending.BROKEN, id="DeepSeek"),
    pytest.param("abort", Ending.BROKEN, id="vLLM"),
    pytest.param("error", Ending.BROKEN, id="an error"),
    pytest.param("FINISH_REASON_UNSPECIFIED", Ending.BROKEN, id="unspecified"),
    pytest.param("something_new", Ending.UNKNOWN, id="not in the table"),
    pytest.param("stopped?", Ending.UNKNOWN, id="nearly in the table"),
    pytest.param("停止", Ending.UNKNOWN, id="another script"),
    pytest.param("reason", Ending.UNKNOWN, id="the prefix alone"),
    pytest.param(None, None, id="none"),
    pytest.param("", None, id="empty"),
    pytest.param("null", None, id="null as text"),
]


@pytest.mark.parametrize(("reason", "ending"), CASES)
def test_every_servers_finish_reason_means_one_ending(reason, ending):
    assert ending_of(reason) is ending


def test_no_reason_has_two_endings():
    assert len(ENDING_OF) <= sum(map(len, REASONS.values()))
    for ending, reasons in REASONS.items():
        assert {ending_of(reason) for reason in reasons} == {ending}


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        ("stop", None), ("length", None), (None, None), ("SAFETY", Status.REFUSED), ("tool_use", Status.ENGINE_ERROR),
        ("abort", Status.ENGINE_ERROR), ("something_new", Status.ENGINE_ERROR),
    ],
)  # fmt: skip
def test_only_whole_and_cut_outputs_are_answers(reason, status):
    failure = failure_of_ending(reason)
    assert (None if failure is None else failure.status) is status
    assert failure is None or reason in failure.reason


@settings(deadline=None)
@given(st.text())
def test_a_reason_that_is_not_in_the_table_is_never_whole(reason):
    ending = ending_of(reason)
    known = "".join(letter for letter in reason.lower() if letter.isascii() and letter.isalnum())
    assert ending is not Ending.WHOLE or any(known.endswith(key) or key in known for key in ENDING_OF)


@pytest.mark.parametrize(
    "reason", ["length", "max_tokens", "MAX_TOKENS", "LENGTH", "model_length", "max_output_tokens"]
)
def test_a_score_whose_end_is_cut_is_no_verdict_however_the_server_says_so(reason):
    judge = load_judge("judgelm")
    cut = parse(judge, "pair", "7 1", answers=2, finish_reason=reason)
    assert isinstance(cut, Failure)
    assert cut.status is Status.TRUNCATED
    whole = parse(judge, "pair", "7 10\nBecause", answers=2, finish_reason=reason)
    assert isinstance(whole, Reading)


@pytest.mark.parametrize("mode", ["pair", "pair-logprobs"])
def test_an_output_that_ended_for_an_unknown_reason_gives_no_verdict_and_names_the_reason(mode):
    odds = {"A": -0.1, "B": -3.0, "T": -5.0}
    read = parse(load_judge("chat"), mode, "A", answers=2, finish_reason="some_new_reason", label_logprobs=odds)
    assert isinstance(read, Failure)
    assert read.status is Status.ENGINE_ERROR
    assert "some_new_reason" in read.reason
