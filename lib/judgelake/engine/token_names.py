"""A tokenizer's description with other names for its control tokens."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

# Nothing in a text is equal to a random name: 128 bits, of characters that no normalizer changes.
NAME_BYTES = 16


def with_names(description: dict[str, Any], names: Mapping[str, str], ids: Mapping[str, int]) -> dict[str, Any]:
    """A tokenizer's JSON in which control tokens have other names and the same ids, in the vocabulary too.

    Without the old names in the vocabulary, none of them can be made of pieces either.

    Args:
        description: the JSON.
        names: the new name of each control token.
        ids: of all added tokens. Those that keep their names enter the vocabulary too: the library numbers what it does
            not find there anew, behind the highest id, and so with that of a control token.
    """
    model = description["model"]
    changed = dict(model)
    if isinstance(model["vocab"], list):
        changed["vocab"] = _renamed_pieces(model["vocab"], names, ids)
    else:
        kept = {token: number for token, number in model["vocab"].items() if token not in names}
        changed["vocab"] = kept | {names.get(content, content): number for content, number in ids.items()}
    if model.get("unk_token") in names:
        changed["unk_token"] = names[model["unk_token"]]
    if "merges" in model:
        changed["merges"] = [merge for merge in model["merges"] if not _makes_one_of(merge, names)]
    added = [
        token | {"content": names.get(token["content"], token["content"])} for token in description["added_tokens"]
    ]
    return description | {"model": changed, "added_tokens": added, "truncation": None, "padding": None}


def _renamed_pieces(pieces: list[Any], names: Mapping[str, str], ids: Mapping[str, int]) -> list[Any]:
    """The pieces of a Unigram model, whose ids are their places."""
    by_id = {number: names.get(content, content) for content, number in ids.items()}
    longest = max([len(pieces) - 1, *by_id])
    # What fills a gap is never found either, as it has a random name.
    filled = [*pieces, *([f"x{secrets.token_hex(NAME_BYTES)}x", 0.0] for _ in range(longest + 1 - len(pieces)))]
    return [[by_id[place], piece[1]] if place in by_id else piece for place, piece in enumerate(filled)]


def _makes_one_of(merge: Any, names: Mapping[str, str]) -> bool:
    left, right = merge if isinstance(merge, list) else merge.split(" ", 1)
    return left in names or right in names or left + right in names
