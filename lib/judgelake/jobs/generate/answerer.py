"""A model that answers, as the driver resolved it, and the prompt with which it is asked a question."""

from __future__ import annotations

import re
from dataclasses import dataclass

from jinja2 import TemplateError

from judgelake.asking import changing_answers, find_model
from judgelake.comparisons import Failure, Message, Status
from judgelake.config import fingerprint
from judgelake.engine import (
    CommitOf,
    Keys,
    ResolvedAdapter,
    ResolvedModel,
    Say,
    chat_template,
    check_options,
    commit_of,
    max_model_len,
    say_on_stderr,
    shortest_context,
    with_dtype_for_this_cpu,
)
from judgelake.errors import UserError
from judgelake.generation import Seed
from judgelake.jobs.generate.config import AnsweringModel
from judgelake.judges import Decoding, Prompt, filled_template, template_problem

VALUES = ("question", "input", "system")
"""What a template may use."""
# How messages about engines name their group of keys, of which each model has one here.
ENGINE = re.compile(r"(?<![/\w.-])(?=engine\.[a-z])")


@dataclass(frozen=True, slots=True)
class Answerer:
    """A model with its prompt and sampling, ready to be asked; small and picklable."""

    name: str
    weights: ResolvedModel
    adapter: ResolvedAdapter | None
    model_version: str
    fingerprint: str
    decoding: Decoding
    context_length: int
    system: str | None = None
    template: str | None = None
    is_served: bool = False
    chat_template: str | None = None
    decides: bool = False
    """Never: answers are texts."""

    @property
    def model(self) -> str:
        """Local folder, address with its version, or name on Hugging Face or on the server."""
        return self.weights.model

    @property
    def revision(self) -> str | None:
        """Commit of a model on Hugging Face."""
        return self.weights.revision

    @property
    def is_asked_in_chats(self) -> bool:
        """Whether its prompts are chats."""
        return self.template is None

    def prompt(self, seed: Seed) -> Prompt | Failure:
        """The prompt of a question, or why this model cannot be asked it."""
        return self._chat(seed) if self.template is None else self._completion(seed, self.template)

    def _chat(self, seed: Seed) -> Prompt:
        asked = list(seed.messages)
        # Chat templates know one system message, at the beginning.
        own = asked.pop(0).content if asked[0].role == "system" else None
        system = "\n\n".join(text for text in (self.system, own) if text)
        head = [Message("system", system)] if system else []
        first = next(place for place, message in enumerate(asked) if message.role == "user")
        if seed.input:
            asked[first] = Message("user", f"{asked[first].content}\n\n{seed.input}")
        of_system = (((len(system) - len(own), len(system)),) if own else (),) if head else ()
        material = (((0, len(message.content)),) if message.content else () for message in asked)
        return Prompt(messages=(*head, *asked), material=(*of_system, *material))

    def _completion(self, seed: Seed, template: str) -> Prompt | Failure:
        if [message.role for message in seed.messages] != ["user"]:
            return Failure(
                Status.INVALID_INPUT, f"the template of {self.name!r} takes one user message, not a conversation"
            )
        values = {"question": seed.messages[0].content, "input": seed.input, "system": self.system}
        try:
            whole = filled_template(template, (), values)
        except TemplateError as error:
            raise UserError(f"The template of the model {self.name!r} cannot be filled: {error}.") from error
        return Prompt(text=whole.text, material=(whole.material,))


def resolve_answerer(
    model: AnsweringModel, place: int, *, commit_of: CommitOf | None = commit_of, say: Say | None = None
) -> Answerer:
    """Resolve a model of the config and fingerprint it.

    Args:
        model: as the config names it.
        place: among the models, from 0; for messages.
        commit_of: asks for the commit of a name on Hugging Face.
        say: takes lines about a model that is read from elsewhere; None writes them to stderr.

    Raises:
        UserError: there is no such model, an engine option is not accepted, or the template cannot be used.
    """
    if model.template is not None and (problem := template_problem(model.template, (), VALUES)) is not None:
        raise UserError(f"models.{place}.template ({model.name!r}) cannot be used: {problem}.")
    engine = settled(model).engine
    is_served, keys, say = engine.url is not None, Keys.below(f"models.{place}"), say or say_on_stderr
    try:
        if not is_served:
            check_options(engine.options, keys)
        found = find_model(model.model, model.revision, model.adapter, engine, commit_of=commit_of, say=say, keys=keys)
    except UserError as error:
        raise UserError(in_terms_of(place, str(error))) from error
    context = shortest_context(found.weights.folder, model.context_length, max_model_len(engine.options))
    content = {
        "model": found.identity,
        "engine_options": changing_answers(engine),
        "decoding": model.decoding.model_dump(mode="json"),
        "context_length": context,
        "system": model.system,
        "template": model.template,
    }
    return Answerer(
        name=model.name,
        weights=found.weights,
        adapter=found.adapter,
        model_version=found.identity,
        fingerprint=fingerprint(content),
        decoding=model.decoding,
        context_length=context,
        system=model.system,
        template=model.template,
        is_served=is_served,
        chat_template=None if is_served else chat_template(engine.options),
    )


def settled(model: AnsweringModel) -> AnsweringModel:
    """The model with this machine's decisions written into it, before anything is identified by its content."""
    return model.model_copy(update={"engine": with_dtype_for_this_cpu(model.engine)})


def in_terms_of(place: int, message: str) -> str:
    """A message about the engine of a model, whose group of keys is below the model's here."""
    return ENGINE.sub(f"models.{place}.", message)
