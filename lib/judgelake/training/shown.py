"""An example as it is shown in an epoch: swapped or not, with or without its reference, cut until it fits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from judgelake.comparisons import Comparison, Failure, orders_of
from judgelake.judges import JudgeSpec, Prompt, control_pattern, neutralised, render, trimmed
from judgelake.training.choices import Choice
from judgelake.training.example import Example, Judged
from judgelake.training.swap import swap_example

ALWAYS_SHOWN = ("required", "turns", "anchor")


@dataclass(frozen=True, slots=True)
class Shown:
    """An example as a judge is shown it, and what is to be said of it, both in the order shown."""

    comparison: Comparison
    judged: Judged | None
    """None: with the reference shown, and nobody judged with it."""
    probabilities: Mapping[str, float] | None
    """None also with the reference shown: the teacher's are those without it."""
    choice: Choice
    """What was really done: an example of one answer is not swapped, and one without a reference shows none."""
    lost_reasons: bool = False
    """Whether there were reasons, but in the reversed order nobody can say which answers they name."""


@dataclass(frozen=True, slots=True)
class Asking:
    """How a judge is asked: its mode, the mode that shows the reference, and whether control strings are broken."""

    spec: JudgeSpec
    mode: str
    reference_mode: str | None = None
    """None: the same mode shows it, if it can."""
    neutralises: bool = False
    """As `judge.neutralise` of the judge job."""

    def mode_of(self, choice: Choice) -> str:
        """The mode in which an example is asked."""
        return self.reference_mode or self.mode if choice.with_reference else self.mode

    def shown(self, example: Example, wanted: Choice) -> Shown:
        """The example as far as it can be shown as wanted."""
        swapped = wanted.swapped and len(example.comparison.answers) > 1
        with_reference = self._shows_reference(example, wanted)
        one = swap_example(example) if swapped else example
        judged = one.referenced if with_reference else one.judged
        probabilities = None if with_reference else one.probabilities
        given = example.referenced if with_reference else example.judged
        lost = given is not None and judged is not None and given.reasons is not None and judged.reasons is None
        return Shown(one.comparison, judged, probabilities, Choice(swapped, with_reference), lost)

    def _shows_reference(self, example: Example, wanted: Choice) -> bool:
        if self.spec.mode(self.mode).reference in ALWAYS_SHOWN:
            return True
        can_show = self.spec.mode(self.reference_mode or self.mode).reference != "none"
        has_one = example.comparison.reference is not None and example.referenced is not None
        return wanted.with_reference and can_show and has_one

    def prompt(self, comparison: Comparison, choice: Choice) -> Prompt | Failure:
        """The prompt of a comparison whose answers are in the order shown; raises as `render`."""
        mode = self.mode_of(choice)
        order = orders_of(len(comparison.answers))[0]
        prompt = render(self.spec, mode, comparison, order, "use" if choice.with_reference else "ignore")
        if isinstance(prompt, Failure) or not self.neutralises:
            return prompt
        return neutralised(prompt, control_pattern(self.spec, mode))

    def fitted(self, shown: Shown, budget: int, count: Callable[[Prompt], int]) -> Prompt | None:
        """The prompt with its answers cut to one common length, so that it has at most so many tokens; None if none."""
        return trimmed(shown.comparison, budget, lambda shorter: self.prompt(shorter, shown.choice), count)
