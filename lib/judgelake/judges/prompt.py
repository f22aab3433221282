"""From a comparison to the judge model's input: a completion prompt, or chat messages."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from jinja2 import TemplateError

from judgelake.comparisons import LETTERS, Answer, Comparison, Failure, Message, Status, as_shown
from judgelake.errors import UserError
from judgelake.judges.outlines import Spans, rendered
from judgelake.judges.spec import JudgeSpec, ModeSpec
from judgelake.judges.turn_references import references_of_turns

# No completion prompt begins with it: comparisons with NUL characters are rejected.
CHAT_MARK = "\0"
# In the stored form, between the prompt and the places of its material.
MATERIAL_MARK = "\0"
CANONICAL_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Prompt:
    """The content of one request: `text` for a completion, `messages` for a chat; exactly one is set.

    `material` says of the text, or of each message's content, which parts come from the comparison; empty for a prompt
    that was not rendered from one. It does not make a prompt a different one.
    """

    text: str | None = None
    messages: tuple[Message, ...] | None = None
    material: tuple[Spans, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        """Reject a prompt with both or neither."""
        if (self.text is None) == (self.messages is None):
            raise ValueError("a prompt has either text or messages")

    def to_record(self) -> str | list[dict[str, str]]:
        """The text, or a list of {"role", "content"}: readable, ready for JSON."""
        if self.messages is None:
            return self.text or ""
        return [{"role": message.role, "content": message.content} for message in self.messages]

    @property
    def is_continued(self) -> bool:
        """Whether the last message is the beginning of the answer, which the model continues."""
        return bool(self.messages) and (self.messages or ())[-1].role == "assistant"

    @property
    def as_one_message(self) -> Prompt:
        """The chat as a single user message, as decision endpoints show what is judged and the question."""
        return Prompt(messages=(Message("user", "\n\n".join(message.content for message in self.messages or ())),))

    @property
    def canonical(self) -> str:
        """The prompt as one text: the completion text, or a mark and the chat as JSON; equal only for equal prompts."""
        return self.text if self.text is not None else CHAT_MARK + CANONICAL_JSON.encode(self.to_record())

    @classmethod
    def from_canonical(cls, text: str) -> Self:
        """The prompt with this `canonical` text."""
        if not text.startswith(CHAT_MARK):
            return cls(text=text)
        chat = json.loads(text.removeprefix(CHAT_MARK))
        return cls(messages=tuple(Message(item["role"], item["content"]) for item in chat))

    @property
    def stored(self) -> str:
        """The canonical text and the places of the material, as a plan keeps a prompt; sorts as the canonical text."""
        return f"{self.canonical}{MATERIAL_MARK}{CANONICAL_JSON.encode(self.material)}"

    @classmethod
    def from_stored(cls, text: str) -> Self:
        """The prompt with this `stored` text."""
        canonical, _, places = text.rpartition(MATERIAL_MARK)
        material = tuple(tuple((start, end) for start, end in spans) for spans in json.loads(places))
        return replace(cls.from_canonical(canonical), material=material)

    @property
    def parts(self) -> tuple[str, ...]:
        """The text, or the content of each message."""
        return (self.text or "",) if self.messages is None else tuple(message.content for message in self.messages)

    def with_parts(self, parts: Iterable[str]) -> Prompt:
        """The prompt with other texts in the place of its `parts`; where they have material is not known."""
        if self.messages is None:
            return Prompt(text="".join(parts))
        pairs = zip(self.messages, parts, strict=True)
        return Prompt(messages=tuple(Message(message.role, part) for message, part in pairs))

    def material_texts(self, least: int = 1) -> list[str]:
        """The parts that come from the comparison and have at least so many characters."""
        placed = zip(self.parts, self.material, strict=False)
        return [part[start:end] for part, spans in placed for start, end in spans if end - start >= least]

    @property
    def sha256(self) -> str:
        """SHA-256 (hex) of the canonical text in UTF-8."""
        return hashlib.sha256(self.canonical.encode()).hexdigest()

    @property
    def bytes(self) -> int:
        """UTF-8 bytes of the text, or of all message contents.

        A token is at least one byte, so a completion has at most this many tokens plus the one that
        begins the text; a chat template adds further tokens.
        """
        # Of ASCII, as most texts are, no copy is made to count them.
        return sum(len(part) if part.isascii() else len(part.encode()) for part in self.parts)


def render(spec: JudgeSpec, mode: str, comparison: Comparison, order: str, reference: str = "use") -> Prompt | Failure:
    """The prompt of one comparison in one order.

    Args:
        spec: the judge.
        mode: one of its modes.
        comparison: what is judged. An empty answer is an answer and is shown as such.
        order: the letters of all answers, as shown: "AB", "BA", "CAB".
        reference: "use" shows the comparison's reference where the mode has a place for it, "ignore" does not.

    Returns:
        `Failure` with the status invalid_input if the mode cannot judge this comparison.

    Raises:
        UserError: the judge has no such mode, its prompt is withheld, or its template needs something this comparison
            does not have.
        ValueError: `order` is not an order of these answers, or `reference` is neither "use" nor "ignore".
    """
    prompts = render_orders(spec, mode, comparison, (order,), reference)
    return prompts if isinstance(prompts, Failure) else prompts[0]


def render_orders(
    spec: JudgeSpec, mode: str, comparison: Comparison, orders: Sequence[str], reference: str = "use"
) -> list[Prompt] | Failure:
    """The prompt of one comparison in each of the orders: as `render`, but what they have in common is done once."""
    spec.require_prompt()
    mode_spec = spec.mode(mode)
    for order in orders:
        if "".join(sorted(order)) != LETTERS[: len(comparison.answers)]:
            raise ValueError(f"{order!r} is not an order of {len(comparison.answers)} answers")
    if reference not in ("use", "ignore"):
        raise ValueError(f"reference must be 'use' or 'ignore', not {reference!r}")
    of_turns = _references_of_turns(mode_spec, comparison)
    reason = _why_not(mode_spec, mode, comparison, of_turns, use_reference=reference == "use")
    if reason is not None:
        return Failure(Status.INVALID_INPUT, reason)
    values = _values(mode_spec, comparison, of_turns, use_reference=reference == "use")
    answers: Sequence[Any] = values["answers"]
    try:
        return [_filled(spec, mode_spec, values | {"answers": list(as_shown(answers, order))}) for order in orders]
    except Exception as error:  # a template can call and compute anything, so any exception is possible
        cause = str(error) if isinstance(error, TemplateError) else f"{type(error).__name__}: {error}"
        raise UserError(
            f"The template of judge {spec.name!r}, mode {mode!r}, cannot be rendered: {cause.rstrip('.')} "
            f"(comparison {comparison.comparison_id!r})."
        ) from error


def _filled(spec: JudgeSpec, mode: ModeSpec, values: dict[str, Any]) -> Prompt:
    partials = spec.partial_items
    if mode.prompt is not None:
        whole = rendered(mode.prompt, partials, values)
        return Prompt(text=whole.text, material=(whole.material,))
    parts = [rendered(item.content, partials, values) for item in mode.messages]
    return Prompt(
        messages=tuple(Message(item.role, part.text) for item, part in zip(mode.messages, parts, strict=True)),
        material=tuple(part.material for part in parts),
    )


def _references_of_turns(mode: ModeSpec, comparison: Comparison) -> tuple[str, ...] | None:
    """The reference to each turn; None if the mode shows none, or the comparison's does not name the turns."""
    if mode.reference != "turns" or mode.turns is None:
        return None
    return references_of_turns(comparison.reference or "", mode.turns)


def _why_not(
    mode: ModeSpec, name: str, comparison: Comparison, of_turns: tuple[str, ...] | None, *, use_reference: bool
) -> str | None:
    fewest, most = mode.answers
    count = len(comparison.answers)
    if not fewest <= count <= most:
        wanted = str(fewest) if fewest == most else f"{fewest} to {most}"
        return f"mode {name!r} takes {wanted} answers, the comparison has {count}"
    reason = _wrong_reference(mode, name, comparison.reference, of_turns, use_reference=use_reference)
    if reason is not None:
        return reason
    if mode.rubric == "required" and comparison.rubric is None:
        return f"mode {name!r} needs a rubric, the comparison has none"
    if mode.descriptions and comparison.rubric is not None and comparison.rubric.scores is None:
        return f"mode {name!r} needs a rubric with five score descriptions, but the comparison's has none"
    return _wrong_conversation(mode, name, comparison)


def _wrong_reference(
    mode: ModeSpec, name: str, reference: str | None, of_turns: tuple[str, ...] | None, *, use_reference: bool
) -> str | None:
    if mode.reference in ("required", "anchor", "turns") and reference is None:
        return f"mode {name!r} needs a reference, the comparison has none"
    if mode.reference in ("required", "turns") and not use_reference:
        return f"mode {name!r} needs the reference and cannot ignore it"
    if mode.reference == "turns" and of_turns is None:
        return f"mode {name!r} needs a reference that names its {mode.turns} turns (Turn 1:, a line end, its text, ...)"
    return None


def _wrong_conversation(mode: ModeSpec, name: str, comparison: Comparison) -> str | None:
    roles = [message.role for message in comparison.messages]
    wanted_roles = ["user"] if mode.conversation == "question" else ["user"] * (mode.turns or 0)
    if wanted_roles and roles != wanted_roles:
        number = "one user message" if len(wanted_roles) == 1 else f"{len(wanted_roles)} user messages"
        return f"mode {name!r} takes exactly {number}, the comparison has {', '.join(roles) or 'none'}"
    if not roles or roles[-1] != "user":
        return "the last message must be the user's"
    # A user message followed by a fixed reply is answered; for each of the others every answer needs a turn.
    wanted = sum(role == "user" and reply != "assistant" for role, reply in zip(roles, [*roles[1:], ""], strict=True))
    for letter, answer in zip(LETTERS, comparison.answers, strict=False):
        turns = len(answer.texts)
        if mode.conversation != "turns" and turns != 1:
            return f"mode {name!r} takes answers of one turn, answer {letter} has {turns}"
        if mode.conversation == "turns" and turns != wanted:
            return f"answer {letter} has {turns} turns for {wanted} user messages without a reply"
    if mode.conversation == "messages" and wanted != 1:
        return f"mode {name!r} takes a conversation that ends with one answer, {wanted} user messages have no reply"
    return None


def _values(
    mode: ModeSpec, comparison: Comparison, of_turns: tuple[str, ...] | None, *, use_reference: bool
) -> dict[str, Any]:
    """The values that templates may use, with the answers in their own order.

    All are text, or lists of text: nothing is rendered again.
    """
    given = comparison.input or None
    added = "" if given is None or mode.has_input_place else f"\n{given}"
    rubric = comparison.rubric if mode.rubric != "none" else None
    values: dict[str, Any] = {
        "input": given,
        "answers": [answer.texts[0] for answer in comparison.answers],
        "reference": comparison.reference if use_reference and mode.reference != "none" else None,
        "rubric": None if rubric is None else {"criteria": rubric.criteria, "scores": rubric.scores},
    }
    if mode.reference == "anchor":
        values["anchor"] = comparison.reference
    if mode.reference == "turns":
        values["references"] = of_turns
    if mode.conversation == "question":
        return values | {"question": comparison.messages[0].content + added}
    values["messages"] = _numbered(comparison.messages, added)
    if mode.conversation == "turns":
        values["answers"] = [_numbered_turns(answer, values["messages"]) for answer in comparison.answers]
    return values


def _numbered(messages: tuple[Message, ...], added: str) -> list[dict[str, Any]]:
    """The messages with the number of their user turn; `added` follows the first user message."""
    following = [message.role for message in messages[1:]] + [""]
    turn = 0
    numbered = []
    for message, reply in zip(messages, following, strict=True):
        is_user = message.role == "user"
        turn += is_user
        content = message.content + (added if is_user and turn == 1 else "")
        is_open = is_user and reply != "assistant"
        numbered.append({"role": message.role, "content": content, "turn": turn, "is_open": is_open})
    return numbered


def _numbered_turns(answer: Answer, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    open_turns = [message["turn"] for message in messages if message["is_open"]]
    return [{"turn": turn, "text": text} for turn, text in zip(open_turns, answer.texts, strict=True)]
