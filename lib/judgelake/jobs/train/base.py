"""The model that a job trains: its folder, its tokens for the end and for padding, and its licence."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from judgelake.engine import (
    Encoder,
    Keys,
    Say,
    UnsafeTokenizerError,
    end_token,
    ending_ids,
    load_encoder,
    most_positions,
    resolve_model,
)
from judgelake.errors import UserError, in_one_line
from judgelake.jobs.train.config import TrainedJudge

FRONT_MATTER = "---"
NO_TOKEN = -1
"""The end token of a model that writes nothing."""
# A training puts no adapter on its base, and has no engine whose cache could be set.
KEYS = Keys(model="judge.base", adapter=None, model_cache="XDG_CACHE_HOME")


@dataclass(frozen=True, slots=True)
class Base:
    """A model to train, on this machine.

    `model` is its name as given, `identity` names its content. `licence` is what its card says, None if it says none.
    """

    model: str
    identity: str
    folder: Path
    encoder: Encoder
    end_token: int
    pad_token: int
    licence: str | None
    positions: int | None = None
    """The most tokens that it reads at once, as its config says; None: no limit is named."""


def base_of(chosen: TrainedJudge, say: Say, *, is_chat: bool, generates: bool = True) -> Base:
    """Find the base, download it if it is a name on Hugging Face, and load its tokenizer.

    Args:
        chosen: the base, among other things.
        say: takes lines about what is read from elsewhere.
        is_chat: whether the judge's prompts are chats.
        generates: whether the model is to write, so that it needs an end token.

    Raises:
        UserError: it cannot be had, or its tokenizer lacks what a training needs.
    """
    found = resolve_model(chosen.base, chosen.revision, say=say, keys=KEYS)
    folder = found.folder or _downloaded(found.model, found.revision)
    try:
        encoder = load_encoder(folder, chosen.base, keys=KEYS)
    except UnsafeTokenizerError as error:
        raise UserError(
            f"The tokenizer of the base {chosen.base!r} cannot be trained with: {error}. Name another base."
        ) from error
    end = end_token(encoder, folder, is_chat=is_chat) if generates else NO_TOKEN
    pad = padding_token(encoder.tokenizer, ending_ids(encoder, folder))
    licence, positions = licence_of(folder), most_positions(folder)
    return Base(found.model, found.identity, folder, encoder, end, pad, licence, positions)


def padding_token(tokenizer: Any, ends: Collection[int]) -> int:
    """A token to pad with that ends nothing: the tokenizer's own, its unknown token, or the first other one.

    Its value does not matter, since padding is masked. Were it an end token, a mask made from the ids would hide the
    ends of the targets too.
    """
    candidates = (tokenizer.pad_token_id, tokenizer.unk_token_id, *range(len(ends) + 1))
    return next(int(token) for token in candidates if token is not None and token not in ends)


def licence_of(folder: Path) -> str | None:
    """The licence that the model's card names; None if there is no card or none in it.

    Of a licence of its own ("other") its name, as hubs have it beside; of several all of them, joined by AND.
    """
    try:
        head, mark, rest = (folder / "README.md").read_text("utf-8").partition(FRONT_MATTER)
    except (OSError, UnicodeDecodeError):
        return None
    if head.strip() or not mark:
        return None
    try:
        card = yaml.safe_load(rest.partition(FRONT_MATTER)[0])
    except yaml.YAMLError:
        return None
    if not isinstance(card, dict) or not card.get("license"):
        return None
    listed = card["license"] if isinstance(card["license"], list) else [card["license"]]
    return " AND ".join(str(card.get("license_name") or one) if one == "other" else str(one) for one in listed)


def _downloaded(name: str, revision: str | None) -> Path:
    try:
        from huggingface_hub import snapshot_download

        return Path(snapshot_download(name, revision=revision))
    except Exception as error:  # huggingface_hub and its network raise many kinds
        raise UserError(
            f"The base {name!r} is neither a folder nor to be had from Hugging Face: {in_one_line(error)}. Name a "
            "folder with the model in judge.base."
        ) from error
