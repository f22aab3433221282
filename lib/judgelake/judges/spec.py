"""A judge as its YAML file defines it: model, prompt format, decoding, parser."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import Field, PositiveInt, model_validator

from judgelake.comparisons import LETTERS, TIE
from judgelake.config import Config, fingerprint, validated
from judgelake.errors import UserError, did_you_mean
from judgelake.judges.decoding import Decoding, DecodingChange
from judgelake.judges.parsers.options import Options
from judgelake.judges.parsers.registry import PARSERS
from judgelake.judges.parsers.thinking import opened_thinking
from judgelake.judges.templates import Partials, inlined, problem

MOST_ANSWERS = len(LETTERS)
# vLLM's decision endpoints name the options of a question by single letters.
MOST_OPTIONS = 26

Need = Literal["required", "optional", "none"]


class MessageTemplate(Config):
    """One message to a chat model."""

    role: Literal["system", "user", "assistant"]
    content: str


class Choices(Config):
    """The labels that a mode allows, and what each means."""

    letters: bool = False
    """One letter per answer, in the order shown: A is the first."""
    tie: str | None = None
    """The label of a tie, which must not be a letter of an answer."""
    scores: dict[str, float] = Field(default_factory=dict)
    """Label to score, for a single answer."""

    def verdict_of(self, answers: int) -> dict[str, str | float]:
        """What each label means with so many answers: a letter, `TIE` or a score."""
        meaning: dict[str, str | float] = dict(self.scores)
        if self.letters:
            meaning |= {letter: letter for letter in LETTERS[:answers]}
        if self.tie is not None:
            meaning[self.tie] = TIE
        return meaning


class Source(Config):
    """Where a prompt format was published."""

    url: str
    file: str | None = None
    """Commit and path in the repository, as `commit:path`."""


class ModeSpec(Config):
    """One way in which a judge works: what it takes, what it is shown, how its answer is parsed."""

    description: str = ""
    answers: tuple[PositiveInt, PositiveInt]
    """Fewest and most answers."""
    conversation: Literal["question", "messages", "turns"] = "question"
    """question: one user message. messages: a conversation that ends with the answers. turns: answers with turns."""
    turns: PositiveInt | None = None
    """With conversation: turns, so many user messages and no other ones; null: any conversation."""
    reference: Need | Literal["anchor", "turns"] = "none"
    """anchor: the template shows the reference as a separate answer, even if references are ignored.
    turns: the template shows a reference for each turn; needs `turns`, and a reference that names them."""
    rubric: Need = "none"
    descriptions: bool = False
    """Whether the rubric must describe the scores 1 to 5."""
    has_input_place: bool = False
    """Whether the template shows `input` itself; if not, it follows the question on a new line."""
    prompt: str | None = None
    """Template of a raw completion prompt."""
    messages: tuple[MessageTemplate, ...] = ()
    """Templates of chat messages, for models with their own chat template. A last one of the role assistant is the
    beginning of the answer, which the model continues."""
    choices: Choices | None = None
    constrained: bool = False
    """Whether the engine may only generate one of the choices."""
    verdict_from: Literal["text", "logprobs", "decision"] = "text"
    """logprobs: the most likely choice of one output token, with the log-probabilities of all. decision: the same by an
    endpoint that returns a probability for each choice; the messages are two of the role user, what is judged and the
    question, the choices are its options, and no decoding applies."""
    least_label_mass: float = Field(default=0.5, ge=0, le=1)
    """With logprobs and decision: the share of the probability that all labels must have, or there is no verdict."""
    parser: dict[str, Any] = Field(default_factory=dict)
    """`kind`, and that parser's options; null if the labels decide by their probability."""
    decoding: DecodingChange = DecodingChange()

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.prompt is not None and self.messages:
            raise ValueError("give either prompt (a completion template) or messages (chat), not both")
        if not self.answers[0] <= self.answers[1] <= MOST_ANSWERS:
            raise ValueError(f"answers must be [fewest, most] with most at most {MOST_ANSWERS}")
        if self.turns is not None and self.conversation != "turns":
            raise ValueError("turns, their number, needs conversation: turns")
        if self.reference == "turns" and self.turns is None:
            raise ValueError("reference: turns needs turns, their number")
        if self.descriptions and self.rubric == "none":
            raise ValueError("descriptions needs a rubric")
        self._check_choices()
        self._check_parser()
        return self

    def _check_choices(self) -> None:
        if self.opened_thinking is not None and (self.constrained or self.labels_decide):
            raise ValueError(
                f"the last message opens {self.opened_thinking}, so the first token is not a label: "
                "close the thinking, or take verdict_from: text without constrained"
            )
        if self.choices is None:
            if self.constrained or self.labels_decide:
                raise ValueError("constrained and verdict_from: logprobs need choices, as does decision")
            return
        if self.verdict_from == "decision":
            self._check_decision(self.choices)
        if self.choices.letters and self.choices.tie in set(LETTERS[: self.answers[1]]):
            raise ValueError(f"the tie label {self.choices.tie!r} is the letter of an answer")
        if self.choices.scores and self.answers[1] > 1:
            raise ValueError("choices.scores grade one answer, so answers must be [1, 1]")

    def _check_decision(self, choices: Choices) -> None:
        if [message.role for message in self.messages] != ["user", "user"]:
            raise ValueError("verdict_from: decision takes two messages of the role user: what is judged, the question")
        fewest, most = (len(choices.verdict_of(answers)) for answers in self.answers)
        if not 2 <= fewest <= most <= MOST_OPTIONS:
            raise ValueError(f"verdict_from: decision takes 2 to {MOST_OPTIONS} choices, not {fewest} to {most}")

    def _check_parser(self) -> None:
        if self.labels_decide:
            if self.parser:
                raise ValueError(f"verdict_from: {self.verdict_from} reads no text and takes no parser")
            return
        if "least_label_mass" in self.model_fields_set:
            raise ValueError("least_label_mass is only for verdict_from: logprobs and decision")
        kind = self.parser.get("kind")
        if kind not in PARSERS:
            meant = did_you_mean(str(kind), PARSERS) or f" Known: {', '.join(PARSERS)}"
            raise ValueError(f"no parser {kind!r}.{meant}")
        if reason := self.parser_options.problem(self.answers[1]):
            raise ValueError(f"the parser {kind!r} {reason}")
        if self.parser_options.needs_choices and self.choices is None:
            raise ValueError(f"the parser {kind!r} needs choices")

    @cached_property
    def parser_options(self) -> Options:
        """The options of the parser, validated."""
        options = {key: value for key, value in self.parser.items() if key != "kind"}
        try:
            return validated(PARSERS[self.parser["kind"]].options, options, f"options of {self.parser['kind']!r}")
        except UserError as error:
            # A ValueError, so that pydantic puts the path of the file and of the mode in front of it.
            raise ValueError(str(error)) from error

    @property
    def labels_decide(self) -> bool:
        """Whether the probabilities of the labels decide, and no text."""
        return self.verdict_from != "text"

    @cached_property
    def opened_thinking(self) -> str | None:
        """The mark of the thinking that the beginning of the answer opens and leaves open; None if it opens none."""
        if not self.messages or self.messages[-1].role != "assistant":
            return None
        return opened_thinking(self.messages[-1].content)

    @property
    def value_names(self) -> tuple[str, ...]:
        """The values that the mode's templates may use; see `render`."""
        asked = ("question",) if self.conversation == "question" else ("messages",)
        references = {"anchor": ("anchor",), "turns": ("references",)}.get(self.reference, ())
        return (*asked, "input", "answers", "reference", *references, "rubric")

    @property
    def templates(self) -> tuple[str, ...]:
        """All template sources of the mode."""
        return (self.prompt,) if self.prompt is not None else tuple(message.content for message in self.messages)

    @property
    def has_prompt(self) -> bool:
        """Whether the file has the mode's templates."""
        return self.prompt is not None or bool(self.messages)


class JudgeSpec(Config):
    """A judge: everything that decides what a model is asked and how its answer is parsed."""

    name: str
    description: str
    model: str
    """Name on Hugging Face, or a local folder."""
    revision: str | None = None
    family: str = "any"
    """The models whose chat template and tokenizer the judge uses: "Llama 3.1", "any" for a judge of any model."""
    thinks: bool = False
    """Whether the model writes its thinking before the answer."""
    context_length: PositiveInt
    """Tokens of prompt and output together."""
    licence: str
    """Licence of the prompt format."""
    source: Source | None = None
    """Where the prompt format was published; null for a format of judgelake itself."""
    withheld: str | None = Field(default=None, min_length=1)
    """Why the file has no templates: what their licence forbids. Null: every mode has its own."""
    notes: str = ""
    decoding: Decoding = Decoding()
    partials: dict[str, str] = Field(default_factory=dict)
    """Templates that the modes include by name."""
    partials_from: str | None = None
    """Another judge, whose partials the modes may include too: a text that two judges share is in one file."""
    modes: dict[str, ModeSpec] = Field(min_length=1)

    @model_validator(mode="after")
    def _modes_are_usable(self) -> Self:
        for name, mode in self.modes.items():
            self.decoding_of(name)
            if mode.has_prompt and self.withheld is not None:
                raise ValueError(f"modes.{name} has a template, so the key withheld must go")
            if not mode.has_prompt and self.withheld is None:
                raise ValueError(f"modes.{name}: give either prompt (a completion template) or messages (chat)")
            for template in mode.templates:
                if reason := problem(template, self.partial_items, mode.value_names):
                    raise ValueError(f"the template of modes.{name} is not usable: {reason}")
        return self

    @cached_property
    def partial_items(self) -> Partials:
        """The partials as a hashable value."""
        return tuple(sorted(self.partials.items()))

    def require_prompt(self) -> None:
        """Do nothing if the file has the templates.

        Raises:
            UserError: they are withheld; says why, where they are published, and how to add them.
        """
        if self.withheld is None:
            return
        place = "its source" if self.source is None else f"{self.source.url} ({self.source.file})"
        raise UserError(
            f"The prompt of judge {self.name!r} is not included ({self.withheld}): copy its file, which "
            f"`judgelake judges {self.name}` names, to a folder of your own, add to every mode its messages or prompt "
            f"from {place}, remove the key withheld, and name the folder with --judges or judge.folder."
        )

    def mode(self, name: str) -> ModeSpec:
        """The mode with that name.

        Raises:
            UserError: there is none; names the nearest.
        """
        if name in self.modes:
            return self.modes[name]
        meant = did_you_mean(name, self.modes)
        raise UserError(f"Judge {self.name!r} has no mode {name!r}.{meant} It has: {', '.join(self.modes)}.")

    def decoding_of(self, mode: str) -> Decoding:
        """The judge's decoding, with the mode's own keys replacing it."""
        change = self.mode(mode).decoding.model_dump(exclude_unset=True)
        return Decoding.model_validate(self.decoding.model_dump() | change)

    def choices_of(self, mode: str, answers: int) -> tuple[str, ...] | None:
        """Labels to which the engine must be constrained when it answers in text; None if it answers freely."""
        spec = self.mode(mode)
        if spec.choices is None or not spec.constrained or spec.labels_decide:
            return None
        return tuple(spec.choices.verdict_of(answers))

    def labels_of(self, mode: str, answers: int) -> tuple[str, ...] | None:
        """Labels whose probabilities decide; None if the text decides."""
        spec = self.mode(mode)
        if spec.choices is None or not spec.labels_decide:
            return None
        return tuple(spec.choices.verdict_of(answers))


def judge_fingerprint(
    spec: JudgeSpec, mode: str, *, model_identity: str, engine_options: Mapping[str, Any], reference: str
) -> str:
    """SHA-256 (hex) of all that can change a verdict, and of nothing else (no name, licence, notes).

    Args:
        spec: the judge.
        mode: only its templates, parser and decoding count.
        model_identity: identifies the model (content, or name and revision), as known to the engine.
        engine_options: the engine's options that may change an answer; plain JSON values.
        reference: "use" or "ignore".
    """
    mode_spec = spec.mode(mode)
    other = {"description", "decoding", "prompt", "messages"}
    # What does not apply is left out, so that a key that is new to judge files does not make old judgments different.
    unused = set() if mode_spec.labels_decide else {"least_label_mass"}
    unused |= {"turns"} if mode_spec.turns is None else set()
    content = mode_spec.model_dump(mode="json", exclude=other | unused)
    templates = [inlined(template, spec.partial_items) for template in mode_spec.templates]
    return fingerprint(
        {
            "mode": content,
            "templates": templates,
            "roles": [message.role for message in mode_spec.messages],
            "decoding": spec.decoding_of(mode).model_dump(mode="json"),
            "context_length": spec.context_length,
            "model": model_identity,
            "engine_options": dict(engine_options),
            "reference": reference,
        }
    )
