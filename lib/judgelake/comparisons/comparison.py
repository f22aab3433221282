"""What is judged: a question or conversation and the answers given to it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of the conversation that leads to the answers; `role` is user, assistant or system."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer under judgment: `text`, or `turns` (its assistant turns) when it answers a conversation."""

    text: str | None
    model: str | None = None
    turns: tuple[str, ...] | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """Its turns, or its text alone; an answer without text is empty."""
        return self.turns if self.turns is not None else (self.text or "",)


@dataclass(frozen=True, slots=True)
class Rubric:
    """A criterion and, where the judge needs them, five descriptions for the scores 1 to 5."""

    criteria: str
    scores: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One question or conversation and 1..n answers; the unit every verdict is about.

    `messages` holds the user turns (and any fixed turns between them); a plain question is one user
    message. `input` is further text the instruction works on, or None.
    """

    comparison_id: str
    question_id: str
    messages: tuple[Message, ...]
    answers: tuple[Answer, ...]
    input: str | None = None
    reference: str | None = None
    rubric: Rubric | None = None
    source: str | None = None
    attributes: dict[str, str] = field(default_factory=dict)
