"""Rows of judgments that a judge has written itself, behind the prompts that it wrote them to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from judgelake.comparisons import orders_of
from judgelake.training.example import Example
from judgelake.training.maker import RowMaker
from judgelake.training.row import LeftOut, Row
from judgelake.training.sampled import Preference, Sampled
from judgelake.training.shown import Asking

Lesson = Sampled | Preference
"""A judgment to learn, or one to prefer to another one."""


@dataclass(frozen=True)
class SampledRowMaker:
    """Makes the rows of what a judge has written itself: its texts as they stand, in the orders that it was shown.

    Several rows of an example are told apart by their ids, in which the order shown and the number of the judgment are
    behind the example's own: "0af3... BA 3", of a pair "0af3... BA 3 7".

    Args:
        maker: of the judge; its style and rates do not matter.
        lessons: what is learned of each example, by its id; the same in every epoch.
    """

    maker: RowMaker
    lessons: Mapping[str, Sequence[Lesson]]

    @property
    def asking(self) -> Asking:
        """How the judge is asked."""
        return self.maker.asking

    def rows(self, example: Example, epoch: int, seed: int) -> tuple[Row | LeftOut, ...]:
        """The rows of an example in an epoch, or why there is none; no rows of an example that has no lesson.

        Of a pair, both judgments follow the very same prompt, with the answers cut alike. If one is too long, the pair
        is left out.

        Raises:
            UserError: the chat template does not accept the judge's messages.
        """
        return tuple(self._row(example, lesson, epoch) for lesson in self.lessons.get(example.example_id, ()))

    def _row(self, example: Example, lesson: Lesson, epoch: int) -> Row | LeftOut:
        judgments = (lesson,) if isinstance(lesson, Sampled) else (lesson.chosen, lesson.rejected)
        shown_as = judgments[0].choice
        made = self.maker.rows_of_texts(example, shown_as, [one.text for one in judgments], epoch)
        row_id = _row_id(example, judgments)
        for one in made:
            if isinstance(one, LeftOut):
                return replace(one, example_id=row_id)
        first, *others = (one for one in made if isinstance(one, Row))
        rejected = others[0].input_ids[others[0].target_from :] if others else None
        return replace(first, example_id=row_id, rejected_ids=rejected)


def _row_id(example: Example, judgments: Sequence[Sampled]) -> str:
    choice = judgments[0].choice
    order = orders_of(len(example.comparison.answers))[choice.swapped]
    shown = [order, *(["with reference"] if choice.with_reference else [])]
    return " ".join([example.example_id, *shown, *(str(one.repeat) for one in judgments)])
