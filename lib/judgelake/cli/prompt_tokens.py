"""The token ids that vLLM will see of a prompt, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judgelake.comparisons import Comparison
from judgelake.errors import UserError, in_one_line
from judgelake.judges import JudgeSpec, ModeSpec, Prompt

TOKENIZER_FILES = "--include '*.json' --include '*.jinja' --include '*.model' --include '*.txt'"


@dataclass(frozen=True, slots=True)
class TokenView:
    """Shows prompts of one mode as the tokenizer of one model encodes them.

    `special` holds the ids of its special tokens, see `special_ids`. `context_length` is in tokens, of prompt and
    output together; `max_tokens` are those of the output.
    """

    tokenizer: Any
    special: frozenset[int]
    model: str
    context_length: int
    max_tokens: int

    def of(self, prompt: Prompt, material: Sequence[str]) -> dict[str, Any]:
        """The keys `tokens` (their number), `token_ids`, and `warnings` (sentences) of a line.

        Args:
            prompt: what the judge is asked.
            material: the texts of the comparison that the prompt shows.

        Raises:
            UserError: the model has no chat template, or the template rejects the messages.
        """
        from judgelake.engine import token_ids

        ids = token_ids(self.tokenizer, prompt, self.model)
        warnings = (self._doubled_bos(ids), self._too_long(len(ids)), self._special_in(material))
        return {"tokens": len(ids), "token_ids": ids, "warnings": [said for said in warnings if said is not None]}

    def _doubled_bos(self, ids: Sequence[int]) -> str | None:
        bos = self.tokenizer.bos_token_id
        if bos is None or list(ids[:2]) != [bos, bos]:
            return None
        return (
            f"The prompt begins with two BOS tokens ({self.tokenizer.bos_token!r}): remove the one that the template "
            "of the judge or of the model adds."
        )

    def _too_long(self, tokens: int) -> str | None:
        if tokens + self.max_tokens <= self.context_length:
            return None
        return (
            f"The prompt's {tokens} tokens and at most {self.max_tokens} of the output are more than the context of "
            f"{self.context_length} tokens."
        )

    def _special_in(self, material: Sequence[str]) -> str | None:
        found = [token for text in material for token in self._special_tokens(text)]
        if not found:
            return None
        return (
            f"The judged material holds strings that the tokenizer turns into special tokens ({len(found)}): "
            f"{', '.join(repr(token) for token in dict.fromkeys(found))}."
        )

    def _special_tokens(self, text: str) -> list[str]:
        """The special tokens of a text, as often as they occur; that of unknown words only where it is spelled out."""
        ids = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        names: list[str] = self.tokenizer.convert_ids_to_tokens([number for number in ids if number in self.special])
        unknown = self.tokenizer.unk_token
        return names + [unknown] * (text.count(unknown) if unknown else 0)


def special_ids(tokenizer: Any) -> frozenset[int]:
    """The ids of a tokenizer's special tokens, without that of unknown words, which any text may contain."""
    added = {number for number, token in tokenizer.added_tokens_decoder.items() if token.special}
    return frozenset(added | set(tokenizer.all_special_ids)) - {tokenizer.unk_token_id}


def material_of(comparison: Comparison, mode: ModeSpec, reference: str) -> list[str]:
    """The texts of a comparison that a mode shows: conversation, input, answers, and its reference and rubric.

    Args:
        comparison: what is judged.
        mode: the judge's mode.
        reference: "use" or "ignore".
    """
    texts: list[str | None] = [message.content for message in comparison.messages]
    texts.append(comparison.input)
    for answer in comparison.answers:
        texts += answer.turns or (answer.text,)
    if mode.reference == "anchor" or (reference == "use" and mode.reference != "none"):
        texts.append(comparison.reference)
    if mode.rubric != "none" and comparison.rubric is not None:
        texts += [comparison.rubric.criteria, *(comparison.rubric.scores or ())]
    return [text for text in texts if text]


def token_view(spec: JudgeSpec, mode: str, model: str | None) -> TokenView:
    """A view with the tokenizer of a model, which must be on this machine.

    Args:
        spec: the judge.
        mode: one of its modes.
        model: a folder, or a name on Hugging Face; None: the judge's own model.

    Raises:
        UserError: the mode asks a decision endpoint, transformers is missing, or there is no usable tokenizer here.
    """
    from judgelake.engine import most_positions, tokenizer_folder

    if spec.mode(mode).verdict_from == "decision":
        raise UserError(
            f"Mode {mode!r} of judge {spec.name!r} asks a decision endpoint, where the server writes the prompt, so "
            "--tokens cannot show it: leave --tokens out."
        )
    # A revision belongs only to the model that it was written for.
    name, revision = (spec.model, spec.revision) if model is None else (model, None)
    folder = tokenizer_folder(name, revision)
    if folder is None:
        pinned = "" if revision is None else f" --revision {revision}"
        raise UserError(
            f"The tokenizer of the model {name!r} is not on this machine: give --model the model's folder, or fetch "
            f"the tokenizer from Hugging Face with: hf download {name}{pinned} {TOKENIZER_FILES}"
        )
    own = most_positions(folder)
    tokenizer = _loaded(name, folder)
    return TokenView(
        tokenizer=tokenizer,
        special=special_ids(tokenizer),
        model=name,
        context_length=spec.context_length if own is None else min(own, spec.context_length),
        max_tokens=spec.decoding_of(mode).max_tokens,
    )


def _loaded(model: str, folder: Path) -> Any:
    from judgelake.engine import load_tokenizer

    try:
        tokenizer = load_tokenizer(folder)
    except Exception as error:  # any error from a broken file
        raise UserError(
            f"The tokenizer of the model {model!r} in {folder} cannot be loaded: {in_one_line(error)}. Fix the folder, "
            "or give --model another."
        ) from error
    if tokenizer is None:
        raise UserError("--tokens needs the package transformers, which vLLM brings along: pip install transformers.")
    return tokenizer
