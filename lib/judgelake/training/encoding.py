"""What makes the tokens: the same encoder that a judging task sends its prompts with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from judgelake.judges import Prompt


class TokenEncoder(Protocol):
    """What rows need of `judgelake.engine.Encoder`: training makes no token that inference would not."""

    def ids(self, prompt: Prompt) -> list[int]:
        """The ids of a prompt as the engine is sent it, BOS included where the tokenizer or the template adds it."""

    def answer_ids(self, answer: Prompt) -> list[int]:
        """The ids of what the model is to write; control strings of its material are text."""

    def text_of(self, ids: Sequence[int]) -> str:
        """The text that the engine makes of the ids of an answer."""

    def text_after(self, prompt: Prompt) -> str:
        """What the chat template writes of the answer already."""
