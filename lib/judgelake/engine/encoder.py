"""A prompt as token ids in which judged material is text and nothing else, whatever control strings it holds.

A tokenizer recognises its special and added tokens anywhere in a text. Here they are recognised only in what the
templates wrote: of the judge, and of the chat.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from judgelake.engine.keys import JUDGE, Keys
from judgelake.engine.token_names import NAME_BYTES, with_names
from judgelake.engine.tokenizer import chat_text, load_tokenizer, token_ids
from judgelake.errors import in_one_line
from judgelake.judges import Prompt

# Added tokens that are text like any other: white space, single letters (DeepSeek), and the HTML elements of Gemma.
HTML = r"</?(?:table|caption|thead|tbody|tfoot|tr|th|td|h[1-6]|blockquote|strong|em|b|i|u|s|sub|sup|code)>"
ORDINARY = re.compile(rf"[\s▁]*|.{{1,2}}|\w.*|.*\w|{HTML}", re.DOTALL)
# A byte of a letter that is not in the vocabulary.
BYTE = re.compile("<0x[0-9A-Fa-f]{2}>")
SAMPLE = 'Answer "A" is better:\n\n1. it\'s ünï, 漢字 and 🙂 \t(42%)\n'
HARMONY_MODEL = "gpt_oss"
# How tokens of SentencePiece show a space.
SPACE = "▁"


class UnsafeTokenizerError(Exception):
    """A tokenizer with which control strings in a text cannot be kept apart from control tokens."""


@dataclass(frozen=True, eq=False)
class Encoder:
    """Makes the ids of prompts with one model's tokenizer.

    They are those that transformers and vLLM make of the text, if the material holds no control string. If it does,
    its text is encoded by a second tokenizer, the same but that its control tokens have random names, which only what
    the templates wrote is given. So everything else (normalizer, the boundaries of words, what is added at the
    beginning) remains the model's own.

    Raises:
        UnsafeTokenizerError: when made, if the tokenizer is not one of the library `tokenizers`, or of a kind it cannot
            rename the tokens of.
    """

    tokenizer: Any
    model: str
    chat_template: str | None = None
    template_values: Mapping[str, Any] = field(default_factory=dict)
    keys: Keys = JUDGE

    def __post_init__(self) -> None:
        """Check that the second tokenizer sees no control string, and all else as the first does."""
        seen = self._second.encode("".join(self.controls), add_special_tokens=False).ids
        if not frozenset(seen).isdisjoint(self.control_ids - {self.tokenizer.unk_token_id}):
            raise UnsafeTokenizerError("its vocabulary makes control tokens of plain text")
        if self._second.encode(SAMPLE).ids != list(self.tokenizer(SAMPLE)["input_ids"]):
            raise UnsafeTokenizerError("with other names for its control tokens it encodes plain text differently")
        # The random names are chosen now: threads that share an encoder must not each choose their own.
        assert self._core

    @cached_property
    def controls(self) -> dict[str, int]:
        """The control strings and their ids."""
        added = self._backend.get_added_tokens_decoder().items()
        return {
            str(token.content): number
            for number, token in added
            if not BYTE.fullmatch(token.content) and (token.special or not is_ordinary(token.content))
        }

    @cached_property
    def control_ids(self) -> frozenset[int]:
        """The ids of all control tokens."""
        return frozenset(self.controls.values())

    @cached_property
    def pattern(self) -> str:
        """A pattern of all control strings, the longest first as tokenizers match them."""
        return any_of(self.controls)

    def ids(self, prompt: Prompt) -> list[int]:
        """The token ids of a prompt; raises as `token_ids`."""
        if not self._touches(prompt):
            return self.ids_of_text(prompt)
        hidden, cores = self._hidden(prompt)
        is_chat = hidden.messages is not None
        text = self._chat_text(hidden) if is_chat else hidden.text or ""
        text = self._matcher.sub(lambda match: self._names[match.group()], text)
        text = self._core.sub(lambda match: cores[int(match.group(1))], text)
        return list(self._second.encode(text, add_special_tokens=not is_chat).ids)

    def answer_ids(self, answer: Prompt) -> list[int]:
        """The ids of what a model is to write after a prompt: nothing is added, at its beginning or at its end.

        Control strings become control tokens only outside of the answer's material, as in prompts.

        Args:
            answer: a text, with the places of its material.
        """
        text = answer.text or ""
        pieces, place = [], 0
        for start, end in (*(answer.material[0] if answer.material else ()), (len(text), len(text))):
            named = self._matcher.sub(lambda match: self._names[match.group()], text[place:start])
            pieces += [named, text[start:end]]
            place = end
        text = "".join(pieces)
        for before, ids_before in self._before_an_answer:
            together = self._second.encode(before + text, add_special_tokens=False).ids
            if together[: len(ids_before)] == ids_before:
                return list(together[len(ids_before) :])
        return list(self._second.encode(text, add_special_tokens=False).ids)

    def text_of(self, ids: Sequence[int]) -> str:
        """The text that a server makes of the ids of an answer: without special tokens."""
        return str(self.tokenizer.decode(list(ids), skip_special_tokens=True))

    def ids_of_text(self, prompt: Prompt) -> list[int]:
        """The ids that a server makes of the prompt sent as text; raises as `token_ids`."""
        return token_ids(self.tokenizer, prompt, self.model, self.chat_template, self.template_values, self.keys)

    def text_after(self, prompt: Prompt) -> str:
        """What is written of the answer already: by the chat template after the last message, and a begun answer."""
        if prompt.messages is None:
            return ""
        parts = [f"{self._prefix}{number}x" for number in range(len(prompt.parts))]
        if prompt.is_continued:
            parts[-1] = prompt.parts[-1]
        return self._core.split(self._chat_text(prompt.with_parts(parts)))[-1]

    def _chat_text(self, prompt: Prompt) -> str:
        return chat_text(self.tokenizer, prompt, self.model, self.chat_template, self.template_values, self.keys)

    def _touches(self, prompt: Prompt) -> bool:
        """Whether a control string is in the material, or partly in it."""
        for part, spans in zip(prompt.parts, prompt.material, strict=False):
            for match in self._matcher.finditer(part):
                if any(start < match.end() and match.start() < end for start, end in spans):
                    return True
        if not self._is_normalized or not any(prompt.material):
            return False
        # Also across the ends of the material; a control string of the template alone only costs time.
        normal = self._backend.normalizer.normalize_str
        return any(self._normal_matcher.search(normal(part)) for part in prompt.parts)

    def _hidden(self, prompt: Prompt) -> tuple[Prompt, list[str]]:
        """The prompt with a placeholder for each piece of material, and those pieces.

        So no template can be influenced by what is in them. White space at the ends stays, as chat templates cut it.
        """
        cores: list[str] = []
        parts = []
        material = [*prompt.material, *[()] * (len(prompt.parts) - len(prompt.material))]
        for part, spans in zip(prompt.parts, material, strict=True):
            place, pieces = 0, []
            for start, end in spans:
                text = part[start:end]
                core = text.strip()
                pieces.append(part[place:start])
                pieces.append(text.replace(core, f"{self._prefix}{len(cores)}x", 1) if core else text)
                cores += [core] if core else []
                place = end
            parts.append("".join([*pieces, part[place:]]))
        return prompt.with_parts(parts), cores

    @cached_property
    def _backend(self) -> Any:
        backend = getattr(self.tokenizer, "backend_tokenizer", None)
        if backend is None:
            raise UnsafeTokenizerError("it is not a tokenizer of the library tokenizers")
        return backend

    @cached_property
    def _matcher(self) -> re.Pattern[str]:
        return re.compile(self.pattern)

    @cached_property
    def _normal_matcher(self) -> re.Pattern[str]:
        """Finds control strings in normalized text, where tokenizers look for them by their normalized names."""
        normal = self._backend.normalizer.normalize_str
        return re.compile(any_of({*self.controls, *filter(None, map(normal, self.controls))}))

    @cached_property
    def _is_normalized(self) -> bool:
        added = self._backend.get_added_tokens_decoder().values()
        return self._backend.normalizer is not None and any(t.normalized and t.content in self.controls for t in added)

    @cached_property
    def _names(self) -> dict[str, str]:
        # No letters at the ends: a token that must be a single word would not be found beside another.
        return {content: f"<{secrets.token_hex(NAME_BYTES)}>" for content in self.controls}

    @cached_property
    def _before_an_answer(self) -> list[tuple[str, list[int]]]:
        """Texts, with their ids, behind which a word has no space as tokenizers add it at the beginning of a text."""
        added = self._backend.get_added_tokens_decoder().values()
        plain = (token.content for token in added if not (token.rstrip or token.single_word))
        names = (self._names[content] for content in plain if content in self.controls)
        found = []
        for before in (*islice(names, 1), ":", "\n"):
            ids = self._second.encode(before, add_special_tokens=False).ids
            together = self._second.encode(f"{before}8", add_special_tokens=False).ids
            is_apart = together[: len(ids)] == ids and len(together) > len(ids)
            if is_apart and not (self._second.id_to_token(together[len(ids)]) or SPACE).startswith(SPACE):
                found.append((before, ids))
        return found

    @cached_property
    def _prefix(self) -> str:
        return f"x{secrets.token_hex(NAME_BYTES)}m"

    @cached_property
    def _core(self) -> re.Pattern[str]:
        return re.compile(rf"{self._prefix}([0-9]+)x")

    @cached_property
    def _second(self) -> Any:
        from tokenizers import Tokenizer

        description = json.loads(self._backend.to_str())
        ids = {str(token.content): number for number, token in self._backend.get_added_tokens_decoder().items()}
        renamed = with_names(description, self._names, ids)
        try:
            second = Tokenizer.from_str(json.dumps(renamed))
        except Exception as error:  # the library raises no kind of its own
            raise UnsafeTokenizerError(f"its control tokens cannot be renamed ({in_one_line(error)})") from error
        if any(second.token_to_id(self._names.get(content, content)) != number for content, number in ids.items()):
            raise UnsafeTokenizerError("its control tokens cannot be renamed")
        return second


@lru_cache(maxsize=4)
def load_encoder(
    folder: Path, model: str, chat_template: str | None = None, template_values: str = "{}", keys: Keys = JUDGE
) -> Encoder:
    """An encoder with the tokenizer in a folder, made once per process: the first takes seconds.

    Args:
        folder: where the tokenizer is.
        model: its model's name, for messages.
        chat_template: replaces the model's own.
        template_values: further values for the template, as JSON.
        keys: of the job's config.

    Raises:
        UnsafeTokenizerError: see `Encoder`; or transformers is not installed, or cannot load the tokenizer.
    """
    try:
        tokenizer = load_tokenizer(folder)
    except Exception as error:  # any error from a broken file, or from the code that comes with a model
        raise UnsafeTokenizerError(f"it cannot be loaded ({in_one_line(error)})") from error
    if tokenizer is None:
        raise UnsafeTokenizerError("the package transformers is missing")
    return Encoder(tokenizer, model, chat_template, json.loads(template_values), keys)


def writes_chats_by_template(folder: Path) -> bool:
    """Whether vLLM (0.32) makes a chat by its chat template; that of gpt-oss it writes with the library of harmony."""
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return True
    return not isinstance(config, dict) or config.get("model_type") != HARMONY_MODEL


def is_ordinary(content: str) -> bool:
    """Whether an added token that is not special is text like any other, which an answer may well contain."""
    return ORDINARY.fullmatch(content) is not None


def any_of(strings: Iterable[str]) -> str:
    """A pattern that matches any of the strings, the longest first; nothing if there are none."""
    return "|".join(re.escape(text) for text in sorted(strings, key=len, reverse=True)) or "(?!)"
