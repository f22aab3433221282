"""The token ids that vLLM will see of a prompt, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judgelake.errors import UserError, in_one_line
from judgelake.judges import ControlPattern, JudgeSpec, Prompt, control_pattern, control_strings

if TYPE_CHECKING:
    from judgelake.engine import Encoder, Keys


@dataclass(frozen=True, slots=True)
class TokenView:
    """Shows prompts of one mode as the tokenizer of one model encodes them.

    `encoder` makes the ids that are sent, or says why texts are. `pattern` finds the control strings in the material.
    `context_length` is in tokens, of prompt and output together; `max_tokens` are those of the output.
    """

    tokenizer: Any
    encoder: Encoder | str
    pattern: ControlPattern
    model: str
    context_length: int
    max_tokens: int

    def of(self, prompt: Prompt) -> dict[str, Any]:
        """The keys `tokens` (their number), `token_ids`, and `warnings` (sentences) of a line.

        Raises:
            UserError: the model has no chat template, or the template rejects the messages.
        """
        from judgelake.engine import token_ids

        encoder = self.encoder
        if isinstance(encoder, str):
            ids = token_ids(self.tokenizer, prompt, self.model, keys=_keys())
        else:
            ids = encoder.ids(prompt)
        warnings = (self._doubled_bos(ids), self._too_long(len(ids)), self._controls_in(prompt))
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

    def _controls_in(self, prompt: Prompt) -> str | None:
        found = control_strings(prompt, self.pattern)
        if not found:
            return None
        named = f"The judged material holds control strings: {', '.join(map(repr, found))}."
        if isinstance(self.encoder, str):
            return f"{named} They act as such, because prompts are sent as text: {self.encoder}."
        return f"{named} In these ids they are only text; on a server that is sent texts they act as such."


def token_view(spec: JudgeSpec, mode: str, model: str | None) -> TokenView:
    """A view with the tokenizer of a model, which must be on this machine.

    Args:
        spec: the judge.
        mode: one of its modes.
        model: a folder, or a name on Hugging Face; None: the judge's own model.

    Raises:
        UserError: the mode asks a decision endpoint, transformers is missing, or there is no usable tokenizer here.
    """
    from judgelake.engine import TOKENIZER_FILES, shortest_context, tokenizer_folder

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
        included = " ".join(f"--include '{pattern}'" for pattern in TOKENIZER_FILES)
        raise UserError(
            f"The tokenizer of the model {name!r} is not on this machine: give --model the model's folder, or fetch "
            f"the tokenizer from Hugging Face with: hf download {name}{pinned} {included}"
        )
    tokenizer = _loaded(name, folder)
    encoder = _encoder(tokenizer, name)
    more = () if isinstance(encoder, str) else (encoder.pattern,)
    return TokenView(
        tokenizer=tokenizer,
        encoder=encoder,
        pattern=control_pattern(spec, mode, *more),
        model=name,
        context_length=shortest_context(folder, spec.context_length),
        max_tokens=spec.decoding_of(mode).max_tokens,
    )


def _keys() -> Keys:
    """How messages name the model, which an option of the command line gives here, and no config."""
    from judgelake.engine import Keys

    return Keys(model="--model", adapter=None)


def _encoder(tokenizer: Any, model: str) -> Encoder | str:
    from judgelake.engine import Encoder, UnsafeTokenizerError

    try:
        return Encoder(tokenizer, model, keys=_keys())
    except UnsafeTokenizerError as error:
        return f"the model's tokenizer cannot be used: {error}"


def _loaded(model: str, folder: Path) -> Any:
    from judgelake.engine import load_tokenizer, without_torch

    try:
        with without_torch():
            tokenizer = load_tokenizer(folder)
    except Exception as error:  # any error from a broken file
        raise UserError(
            f"The tokenizer of the model {model!r} in {folder} cannot be loaded: {in_one_line(error)}. Fix the folder, "
            "or give --model another."
        ) from error
    if tokenizer is None:
        raise UserError("--tokens needs the package transformers, which vLLM brings along: pip install transformers.")
    return tokenizer
