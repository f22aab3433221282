"""From a judge model's output to a verdict, or to the reason why there is none."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from judgelake.api import CUT_WHILE_THINKING, failure_of_ending
from judgelake.comparisons import Failure, Reading, Status
from judgelake.judges.parsers.logprobs import read_logprobs
from judgelake.judges.parsers.output import Output
from judgelake.judges.parsers.plain import Form, plain_text
from judgelake.judges.parsers.registry import PARSERS
from judgelake.judges.parsers.thinking import without_thinking
from judgelake.judges.spec import JudgeSpec, ModeSpec


def parse(
    spec: JudgeSpec,
    mode: str,
    raw_output: str,
    *,
    answers: int,
    finish_reason: str | None = None,
    label_logprobs: Mapping[str, float] | None = None,
    bounded_labels: Collection[str] = (),
    is_mass_known: bool = True,
    has_thinking_apart: bool = False,
) -> Reading | Failure:
    """Parse one output; scores, verdict and log-probabilities are in SHOWN order.

    Args:
        spec: the judge.
        mode: the mode it was asked in.
        raw_output: the text the engine returned, without prompt and stop text.
        answers: how many answers the prompt showed for judgment.
        finish_reason: from the engine, in the words of any server (see `api.ending_of`); None: not known.
        label_logprobs: log-probability of each label, if the mode decides by them.
        bounded_labels: those whose log-probability is an upper bound.
        is_mass_known: whether the log-probabilities are among all tokens; if not, `least_label_mass` is not asked.
        has_thinking_apart: whether the server took the thinking out of the output, with its end.

    Raises:
        UserError: the judge has no such mode.
    """
    mode_spec = spec.mode(mode)
    if (failure := failure_of_ending(finish_reason)) is not None:
        return failure
    choices = mode_spec.choices
    options = None if mode_spec.labels_decide else mode_spec.parser_options
    text = _text_of(raw_output, mode_spec, has_thinking_apart=has_thinking_apart)
    if isinstance(text, Failure):
        return text
    output = Output(
        text=text,
        answers=answers,
        finish_reason=finish_reason,
        verdict_of={} if choices is None else choices.verdict_of(answers),
        label_logprobs=label_logprobs,
        bounded_labels=tuple(bounded_labels),
    )
    if options is None:
        return read_logprobs(output, mode_spec.least_label_mass if is_mass_known else 0.0)
    return PARSERS[mode_spec.parser["kind"]].read(output, options)


def _text_of(raw_output: str, mode: ModeSpec, *, has_thinking_apart: bool) -> str | Failure:
    """What the parser reads: of an output that begins inside the thinking, what comes after it."""
    if mode.labels_decide:
        return raw_output
    options, opened = mode.parser_options, mode.opened_thinking
    if opened is None or has_thinking_apart:
        return plain_text(raw_output, options.faithful, options.end_marks)
    whole = opened + raw_output
    if without_thinking(whole) is None:
        return Failure(Status.TRUNCATED, CUT_WHILE_THINKING)
    reads_thinking = Form.THINKING in options.faithful
    return plain_text(raw_output if reads_thinking else whole, options.faithful, options.end_marks)
