"""How a task sends its prompts: as token ids where it has the model's tokenizer and the server takes them."""

from __future__ import annotations

import json
from array import array
from typing import Any

from judgelake.asking.inquiry import AskedModel
from judgelake.engine import (
    Encoder,
    Engine,
    Sending,
    UnsafeTokenizerError,
    field_of_texts,
    has_reasoning_parser,
    load_encoder,
    template_values,
    tokenizer_folder,
    writes_chats_by_template,
)
from judgelake.errors import UserError
from judgelake.judges import Prompt, has_thinking_marks, opened_thinking


def encoder_of(asked: AskedModel, engine: Engine, model: str) -> Encoder | str:
    """What makes the ids of a model's prompts, or why they are sent as text; takes seconds once per process.

    Args:
        asked: the model.
        engine: what answers.
        model: the folder of the model on this machine, or its name.
    """
    if asked.decides:
        return "a decision endpoint takes texts"
    if (name := field_of_texts(engine)) is not None:
        return f"engine.body.{name} may mean another thing with token ids"
    folder = tokenizer_folder(model, asked.revision, is_served=asked.is_served)
    if folder is None:
        return "the model's tokenizer is not on this machine"
    if asked.is_asked_in_chats and not writes_chats_by_template(folder):
        return "vLLM writes the chats of this model without its chat template"
    given: dict[str, Any] = {} if asked.is_served else template_values(engine.options)
    given |= engine.body.get("chat_template_kwargs") or {}
    template = engine.body.get("chat_template") or asked.chat_template
    try:
        return load_encoder(folder, asked.model, template, json.dumps(given, sort_keys=True), asked.weights.keys)
    except UnsafeTokenizerError as error:
        return f"the model's tokenizer cannot be used: {error}"


def sending_of(asked: AskedModel, engine: Engine, encoder: Encoder, first: Prompt) -> Sending | str:
    """How a client sends the ids of prompts such as this one, or why it cannot."""
    try:
        ids = tuple(encoder.ids_of_text(first))
        opened = opened_thinking(encoder.text_after(first))
    except UserError as error:
        return str(error)
    # Of a server that is already running nobody knows whether it takes thinking out of the answers to chats.
    splits = has_thinking_marks(encoder.controls) if asked.is_served else has_reasoning_parser(engine.options)
    return Sending(first, ids, opened, splits_thinking=splits)


def ids_of(encoder: Encoder | None, prompt: Prompt) -> array[int] | None:
    """The ids of a prompt; None if its text is sent, also one that the chat template rejects, as the server will."""
    try:
        # Two windows of requests wait in memory, and a tuple takes nine times the bytes of the text.
        return None if encoder is None else array("I", encoder.ids(prompt))
    except UserError:
        return None
