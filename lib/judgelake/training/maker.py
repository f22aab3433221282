"""Makes tokenised rows of examples; the same row whatever the process, the machine and the time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from judgelake.comparisons import Failure, Status
from judgelake.judges import JudgeSpec, Prompt, opened_thinking
from judgelake.training.choices import Choice, Rates, choice
from judgelake.training.encoding import TokenEncoder
from judgelake.training.example import Example
from judgelake.training.fitting import Fit, OverLong, asked
from judgelake.training.formats import WITHOUT_REASONS, Style, labels_of
from judgelake.training.row import Cause, LeftOut, Row, SoftTarget
from judgelake.training.shown import Asking, Shown
from judgelake.training.soft import soft_target
from judgelake.training.targets import TargetWriter


@dataclass(frozen=True)
class RowMaker:
    """Makes the rows of one judge, mode and style with the tokenizer of the model that is trained.

    Args:
        spec: the judge.
        mode: one of its modes.
        style: what the model learns to write.
        encoder: makes the ids; the same as the engine's, with the same chat template.
        max_tokens: tokens that a row may have, prompt, judgment and end token together.
        end_token: the id at which the engine stops; see `judgelake.engine.end_token`.
        over_long: trim: answers are cut to one common length, with a mark; leave_out: the row is left out.
        reference_mode: the mode that shows the reference; None: the same one.
        rates: how often an example is swapped, and shown with its reference.
        neutralises: as `judge.neutralise` of the judge job.

    Raises:
        UserError: when made, if the judge's format cannot be trained in this style.
    """

    spec: JudgeSpec
    mode: str
    style: Style
    encoder: TokenEncoder
    max_tokens: int
    end_token: int
    over_long: OverLong = "trim"
    reference_mode: str | None = None
    rates: Rates = field(default_factory=Rates)
    neutralises: bool = False

    def __post_init__(self) -> None:
        """Check that the modes can be trained in the style."""
        for mode in {self.mode, self.reference_mode or self.mode}:
            TargetWriter(self.spec, mode, self.style)

    @cached_property
    def asking(self) -> Asking:
        """How the judge is asked."""
        return Asking(self.spec, self.mode, self.reference_mode, self.neutralises)

    def choice(self, example: Example, epoch: int, seed: int) -> Choice:
        """How an example is shown in an epoch."""
        wanted = choice(example.example_id, epoch, seed, self.rates)
        return self.asking.shown(example, wanted).choice

    def row(self, example: Example, epoch: int, seed: int) -> Row | LeftOut:
        """The row of an example in an epoch, or why there is none.

        Raises:
            UserError: the chat template does not accept the judge's messages, or a label of a style `soft` is not one
                token of the model.
        """
        found = asked(self.asking, example, choice(example.example_id, epoch, seed, self.rates), epoch)
        if isinstance(found, LeftOut):
            return found
        shown, prompt = found.shown, found.prompt
        if shown.judged is None:
            return LeftOut(example.example_id, epoch, "no_target", "the reference is shown, and nobody judged with it")
        if shown.lost_reasons and self.style not in WITHOUT_REASONS:
            return LeftOut(example.example_id, epoch, "ambiguous_reasons", "ambiguous reasons: they cannot be swapped")
        before = space_after(prompt)
        answer = self.writer(shown.choice, prompt).target(shown.judged, len(shown.comparison.answers))
        if isinstance(answer, Failure):
            cause: Cause = "not_read_back" if answer.status is Status.UNPARSEABLE else "no_target"
            return LeftOut(example.example_id, epoch, cause, answer.reason)
        target_ids = self._target_ids(answer, before)
        row = found.row(self._fit, target_ids, len(target_ids))
        soft = self._soft(shown, row.target_from, before) if isinstance(row, Row) else None
        if isinstance(soft, str):
            return LeftOut(example.example_id, epoch, "no_soft_target", soft)
        return replace(row, soft=soft) if isinstance(row, Row) else row

    def rows(self, example: Example, epoch: int, seed: int) -> tuple[Row | LeftOut, ...]:
        """The one row of an example in an epoch; raises as `row`."""
        return (self.row(example, epoch, seed),)

    def row_of_text(self, example: Example, shown_as: Choice, text: str, epoch: int) -> Row | LeftOut:
        """The row that teaches a text as it stands, such as a judgment that the model itself has written."""
        (row,) = self.rows_of_texts(example, shown_as, (text,), epoch)
        return row

    def rows_of_texts(
        self, example: Example, shown_as: Choice, texts: Sequence[str], epoch: int
    ) -> tuple[Row | LeftOut, ...]:
        """A row for each text, all behind the very same prompt, so that they can be preferred to each other."""
        found = asked(self.asking, example, shown_as, epoch)
        if isinstance(found, LeftOut):
            return (found,) * len(texts)
        answers = [Prompt(text=text, material=(((0, len(text)),) if text else (),)) for text in texts]
        targets = [self._target_ids(answer) for answer in answers]
        room = max(map(len, targets))
        return tuple(found.row(self._fit, target, room) for target in targets)

    def writer(self, shown_as: Choice, prompt: Prompt) -> TargetWriter:
        """What writes the targets of rows that are shown so; the prompt is one of them."""
        mode = self.asking.mode_of(shown_as)
        if mode not in self._writers:
            opened = None
            if prompt.messages is not None and self.spec.mode(mode).opened_thinking is None:
                opened = opened_thinking(self.encoder.text_after(prompt))
            self._writers[mode] = TargetWriter(self.spec, mode, self.style, opened)
        return self._writers[mode]

    def known_writer(self, shown_as: Choice) -> TargetWriter | None:
        """The same without a prompt; None if there was none yet."""
        return self._writers.get(self.asking.mode_of(shown_as))

    @cached_property
    def _writers(self) -> dict[str, TargetWriter]:
        """By mode, since a chat template writes the same behind all of its prompts."""
        return {}

    def _target_ids(self, answer: Prompt, before: str = "") -> list[int]:
        moved = len(before)
        material = tuple(tuple((start + moved, end + moved) for start, end in spans) for spans in answer.material)
        whole = Prompt(text=before + (answer.text or ""), material=material)
        return [*self.encoder.answer_ids(whole), self.end_token]

    @property
    def _fit(self) -> Fit:
        return Fit(self.encoder, self.max_tokens, self.over_long)

    def _soft(self, shown: Shown, position: int, before: str) -> SoftTarget | str | None:
        """What is learned at the place of the label; None if only the label is, a text if it cannot be known."""
        if self.style is not Style.SOFT or shown.choice.with_reference:
            return None
        if shown.probabilities is None:
            return "the example has no probabilities of its teacher"
        labels = labels_of(self.spec.mode(self.asking.mode_of(shown.choice)), len(shown.comparison.answers))
        return soft_target(labels, shown.probabilities, self.encoder, position, before)


def space_after(prompt: Prompt) -> str:
    """A space if the prompt ends within a line of text, as JudgeLM's "10" of a first score: "10 7" is not "107"."""
    ending = prompt.parts[-1] if prompt.messages is None or prompt.is_continued else ""
    return " " if ending[-1:].isalnum() else ""
