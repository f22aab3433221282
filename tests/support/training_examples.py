"""Examples to train on, small enough to read, and hypothesis's."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from judgelake.comparisons import LETTERS, TIE, Answer, Comparison, Message, verdict_of_scores
from judgelake.training import Example, Judged, identified

COMPARISON = Comparison(
    comparison_id="c1",
    question_id="q1",
    messages=(Message("user", "What is the capital of Australia?"),),
    answers=(Answer("Canberra.", "small"), Answer("It is Sydney.", "large")),
    reference="Canberra",
    source="mine",
)
JUDGED = Judged("A", (9.0, 2.0), "Assistant 1 is right. Assistant 2's answer is wrong.")
REFERENCED = Judged("A", (10.0, 1.0), "The first answer is the reference; the second answer is not.")


def example(**changes: Any) -> Example:
    """An example with these fields changed."""
    fields: dict[str, Any] = {
        "example_id": "",
        "group": "g1",
        "comparison": COMPARISON,
        "judged": JUDGED,
        "referenced": REFERENCED,
        "probabilities": {"A": 0.7, "B": 0.2, TIE: 0.1},
        "teacher": "gpt-4",
        "source": "mine",
        "licence": "CC0-1.0",
    }
    return identified(Example(**fields | changes))


def numbered(count: int, **changes: Any) -> list[Example]:
    """So many examples, each with another question."""
    return [
        example(
            comparison=Comparison(
                f"c{number}",
                f"q{number}",
                (Message("user", f"What is {number} + 1?"),),
                (Answer(str(number + 1)), Answer("I do not know.")),
                reference=str(number + 1),
            ),
            **changes,
        )
        for number in range(count)
    ]


@st.composite
def judgments(draw: st.DrawFn, answers: int = 2) -> Judged:
    """Judgments that scores or a verdict make."""
    reasons = draw(st.none() | st.text(st.sampled_from("ab 12AB\n"), max_size=30))
    if draw(st.booleans()):
        scores = tuple(draw(st.sampled_from((1.0, 2.0, 5.5, 10.0))) for _ in range(answers))
        return Judged(verdict_of_scores(scores), scores, reasons)
    return Judged(draw(st.sampled_from((*LETTERS[:answers], TIE))), None, reasons)


@st.composite
def examples(draw: st.DrawFn) -> Example:
    """Examples of two answers."""
    share = draw(st.sampled_from((0.0, 0.25, 0.5)))
    return example(
        judged=draw(judgments()),
        referenced=draw(st.none() | judgments()),
        probabilities=draw(st.sampled_from((None, {"A": 0.5 - share / 2, "B": 0.5 - share / 2, TIE: share}))),
    )
