"""What a judge is to write: a judgment in the judge's own format, checked by the judge's own parser."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from judgelake.comparisons import Failure, Reading, Status, to_own_order
from judgelake.errors import UserError
from judgelake.judges import JudgeSpec, ModeSpec, Prompt, closing_of, opened_thinking, parse
from judgelake.training.example import Judged, label_of
from judgelake.training.formats import WITHOUT_REASONS, Format, Style, format_of

OPENING = "<think>"


# Longer than every mark of thinking.
END_CHARACTERS = 40


@dataclass(frozen=True)
class TargetWriter:
    """Writes judgments in one mode's format and one style.

    `opened_by_template`: the mark of the thinking that the model's chat template itself opens before an answer.

    Raises:
        UserError: when made, if the judge has no such mode or prompt, or its format cannot be trained in this style.
    """

    spec: JudgeSpec
    mode: str
    style: Style
    opened_by_template: str | None = None

    def __post_init__(self) -> None:
        """Check that the style fits the format."""
        self.spec.require_prompt()
        if self._mode.verdict_from == "decision":
            raise UserError(
                f"Mode {self.mode!r} of judge {self.spec.name!r} is asked by a decision endpoint, which writes its own "
                "prompt: train the mode of the same judge that writes a label or gives its log-probability."
            )
        # Where the first token must be a label, nothing can be thought before it.
        never = Style.THINKING_FIRST if self._mode.constrained or self._mode.labels_decide else None
        possible = [style for style in self._format.styles if style is not never]
        if self.style not in possible:
            raise UserError(
                f"Mode {self.mode!r} of judge {self.spec.name!r} cannot be trained in the style {self.style.value!r}: "
                f"its parser would not read the verdict. Choose {' or '.join(possible)}, or another mode."
            )

    def target(self, judged: Judged, answers: int) -> Prompt | Failure:
        """The text of a judgment, with its reasons as material, whose control strings are text.

        Args:
            judged: in the order shown.
            answers: how many answers are shown.

        Returns:
            `Failure`: invalid_input if the format cannot say it, or the style needs reasons and there are none;
            unparseable if the judge's own parser reads something else, because the reasons contain another verdict.
        """
        verdict = self._format.write(self._mode, judged, answers)
        if isinstance(verdict, Failure):
            return verdict
        if self.style is Style.SOFT and self._closing is not None:
            return Failure(Status.INVALID_INPUT, "the prompt opens the thinking, so the first token is no label")
        reasons = "" if self.style in WITHOUT_REASONS else (judged.reasons or "").strip()
        if not reasons and self.style in (Style.REASONS_FIRST, Style.THINKING_FIRST):
            return Failure(Status.INVALID_INPUT, f"the style {self.style.value} needs reasons, the example has none")
        before, behind = self._around_reasons(verdict, bool(reasons))
        made = Prompt(
            text=before + reasons + behind, material=(((len(before), len(before) + len(reasons)),) if reasons else (),)
        )
        problem = self.problem(made.text or "", judged, answers)
        return made if problem is None else Failure(Status.UNPARSEABLE, problem)

    def problem(self, text: str, judged: Judged, answers: int, order: str = "", *, was_cut: bool = False) -> str | None:
        """Why the judge's own parser does not read a text as this judgment; None if it does.

        Args:
            text: what the model writes, with all that follows a stop of the mode's decoding.
            judged: in the comparison's own order, or in the order shown if `order` is empty.
            answers: how many answers are shown.
            order: the order in which they are shown, by their letters.
            was_cut: whether the mode's decoding would not have let the model write more.
        """
        said = self.read(text, answers, was_cut=was_cut)
        if isinstance(said, Failure):
            return f"{said.status.value}: {said.reason}"
        said = to_own_order(said, order) if order else said
        label = label_of(judged, answers)
        if said.verdict != label:
            return f"it is read as {said.verdict}, expected {label}"
        # A strength, such as that of A>>B, is no score of the example.
        has_scores = label is None or (judged.scores is not None and not self._gives_strengths)
        if said.scores is not None and has_scores and said.scores != judged.scores:
            return f"its scores are read as {said.scores}, expected {judged.scores}"
        return None

    def read(self, text: str, answers: int, *, was_cut: bool = False) -> Reading | Failure:
        """What the judge would be understood to say if its model wrote this text, in shown order."""
        mode = self._mode
        if mode.labels_decide:
            meaning = mode.choices.verdict_of(answers).get(text.strip()) if mode.choices is not None else None
            if meaning is None:
                return Failure(Status.UNPARSEABLE, f"{text[:60]!r} is not one of the judge's labels")
            return Reading(verdict=meaning) if isinstance(meaning, str) else Reading(scores=(meaning,))
        stops = [place for stop in self.spec.decoding_of(self.mode).stop if (place := text.find(stop)) >= 0]
        ended = text[: min(stops)] if stops else text
        return parse(
            self.spec,
            self.mode,
            (self.opened_by_template or "") + ended,
            answers=answers,
            finish_reason="length" if was_cut and not stops else "stop",
        )

    def _around_reasons(self, verdict: str, has_reasons: bool) -> tuple[str, str]:
        """What is before the reasons and behind them."""
        closing = self._closing
        if self.style is Style.THINKING_FIRST:
            opening = "" if closing is not None else f"{OPENING}\n"
            return opening, f"\n{closing or closing_of(OPENING)}\n\n{verdict}"
        # A prompt that opens the thinking gets an empty one.
        start = "" if closing is None else f"\n{closing}\n\n"
        if self.style is Style.REASONS_FIRST:
            return start, f"{self._format.before}{verdict}"
        return (f"{start}{verdict}\n" if has_reasons else start + verdict), ""

    @property
    def _mode(self) -> ModeSpec:
        return self.spec.mode(self.mode)

    @cached_property
    def _format(self) -> Format:
        return format_of(self._mode)

    @property
    def _gives_strengths(self) -> bool:
        return not self._mode.labels_decide and bool(getattr(self._mode.parser_options, "strengths", None))

    @cached_property
    def _closing(self) -> str | None:
        """The mark that closes the thinking which the prompt opens; None if it opens none."""
        mode, opened = self._mode, self._mode.opened_thinking or self.opened_by_template
        if opened is None and mode.prompt is not None:
            opened = opened_thinking(mode.prompt.rstrip()[-END_CHARACTERS:])
        if opened is not None:
            return closing_of(opened)
        options: Any = None if mode.labels_decide else mode.parser_options
        return getattr(options, "after", None) if mode.parser.get("kind") == "tagged_scores" else None
