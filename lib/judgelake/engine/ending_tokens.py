"""The tokens at which vLLM ends an answer, and the one of them that a judge in training is taught."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from judgelake.engine.encoder import Encoder
from judgelake.errors import UserError, in_one_line

ASKED, ANSWERED = "?", "x"


def ending_ids(encoder: Encoder, folder: Path) -> frozenset[int]:
    """The ids at which vLLM (0.32) ends an answer: the tokenizer's end token, and those of generation_config.json."""
    try:
        given: Any = json.loads((folder / "generation_config.json").read_text("utf-8")).get("eos_token_id")
    except (OSError, ValueError, AttributeError):
        given = None
    listed = given if isinstance(given, list) else [given]
    return frozenset(one for one in (encoder.tokenizer.eos_token_id, *listed) if isinstance(one, int))


def end_token(encoder: Encoder, folder: Path, *, is_chat: bool) -> int:
    """The id that ends what a judge learns to write: the engine stops there.

    In a chat it is the first token behind an answer that the chat template writes and the engine ends at; in a
    completion the tokenizer's end token.

    Args:
        encoder: of the model that is trained.
        folder: of that model, with its generation_config.json.
        is_chat: whether the judge's prompts are chats.

    Raises:
        UserError: there is none, so that a trained judge would never stop.
    """
    ending = ending_ids(encoder, folder)
    own = encoder.tokenizer.eos_token_id
    found = _behind_an_answer(encoder) if is_chat else [own]
    end = next((one for one in found if one in ending), None)
    if end is None:
        what = "the token with which its chat template ends an answer" if is_chat else "an end token"
        raise UserError(
            f"The model {encoder.model!r} does not stop at {what}: name that token as eos_token in its "
            "tokenizer_config.json, or list its id under eos_token_id in its generation_config.json."
        )
    return int(end)


def _behind_an_answer(encoder: Encoder) -> list[int]:
    messages = [{"role": "user", "content": ASKED}, {"role": "assistant", "content": ANSWERED}]
    values = {"tokenize": False, **encoder.template_values}
    try:
        text = str(encoder.tokenizer.apply_chat_template(messages, chat_template=encoder.chat_template, **values))
    except Exception as error:  # the model's template is third-party code
        raise UserError(
            f"The chat template of model {encoder.model!r} does not accept a user's message and an answer: "
            f"{in_one_line(error)}. Train an instruct model, or a judge whose prompts are completions."
        ) from error
    behind = text.rpartition(ANSWERED)[2]
    return list(encoder.tokenizer(behind, add_special_tokens=False)["input_ids"])
