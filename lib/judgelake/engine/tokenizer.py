"""The token ids that vLLM makes of a prompt, by the model's tokenizer on this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from judgelake.engine.keys import JUDGE, Keys
from judgelake.errors import UserError, in_one_line
from judgelake.judges import Prompt

SIGNS_OF_A_TOKENIZER = (
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "vocab.json",
    "vocab.txt",
    "tekken.json",
)
"""A folder with a tokenizer has at least one of them."""
SPARK_WORKERS = ("pyspark.daemon", "pyspark.worker")
NO_ADVICE = "TRANSFORMERS_NO_ADVISORY_WARNINGS"


def tokenizer_folder(model: str, revision: str | None = None, *, is_served: bool = False) -> Path | None:
    """Where a model's tokenizer is on this machine: its folder, or its place in the local cache of Hugging Face.

    None if there is none, also in a folder of a model without its tokenizer. Saves the seconds of importing
    transformers then, and never downloads.

    Args:
        model: the model's folder or name.
        revision: commit, branch or tag on Hugging Face; None: the branch main.
        is_served: whether the name is one by which a server knows the model; a folder that only happens to match it
            is ignored.
    """
    folder = Path(model)
    if is_served or not folder.is_dir():
        return cached_tokenizer_folder(model, revision)
    return folder if any((folder / name).is_file() for name in SIGNS_OF_A_TOKENIZER) else None


def cached_tokenizer_folder(name: str, revision: str | None = None) -> Path | None:
    """Where the tokenizer of a model on Hugging Face is in the local cache; None if it is not there.

    Args:
        name: the model's name; a name that Hugging Face could not have is in no cache.
        revision: commit, branch or tag; None: the branch main.
    """
    try:
        from huggingface_hub import try_to_load_from_cache
    except ImportError:
        return None
    try:
        cached = try_to_load_from_cache(name, "tokenizer_config.json", revision=revision)
    except ValueError:
        return None
    return Path(cached).parent if isinstance(cached, str) else None


@lru_cache(maxsize=4)
def load_tokenizer(folder: Path) -> Any:
    """The tokenizer of transformers in a folder, as vLLM loads it; None if transformers is not installed.

    Raises:
        Exception: any error from a broken file. Code that comes with a model is not run: a ValueError.
    """
    if find_spec("transformers") is None:
        return None
    with without_torch() if _is_spark_worker() else nullcontext():
        from transformers import AutoTokenizer  # takes seconds

        # Where trust is left open, transformers asks on the terminal.
        return AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)


def _is_spark_worker() -> bool:
    spec = sys.modules["__main__"].__spec__
    return spec is not None and spec.name in SPARK_WORKERS


@contextmanager
def without_torch() -> Iterator[None]:
    """Context in which transformers is imported as if torch were not installed; nothing changes if either is loaded.

    A tokenizer needs no torch, and of its import most of the time and memory are torch's: 894 MiB and 5.4 seconds of a
    core against 126 MiB and 1.1. Only for processes of our own, such as each of an executor's Python workers: models
    of transformers cannot be used in the process any more, for which a notebook may want them.
    """
    if not {"torch", "transformers"}.isdisjoint(sys.modules):
        yield
        return
    sys.modules["torch"] = None  # type: ignore[assignment]  # how Python is told that a module cannot be imported
    given = os.environ.get(NO_ADVICE)
    # Else transformers says that models are not available.
    os.environ[NO_ADVICE] = "1"
    try:
        yield
    finally:
        del sys.modules["torch"]
        if given is None:
            del os.environ[NO_ADVICE]
        else:
            os.environ[NO_ADVICE] = given


def token_ids(
    tokenizer: Any,
    prompt: Prompt,
    model: str,
    chat_template: str | None = None,
    template_values: Mapping[str, Any] | None = None,
    keys: Keys = JUDGE,
) -> list[int]:
    """The ids of a prompt as vLLM's servers make them of its text (0.32: renderers/hf.py and the openai protocols).

    A completion is encoded with the special tokens that the tokenizer adds, such as BOS. A chat is what its template
    writes, with nothing added, and then the beginning of an answer; or it ends with the answer that its last message
    begins. Control strings in the material become control tokens; see `Encoder`.

    Args:
        tokenizer: a tokenizer of transformers.
        prompt: what the judge is asked.
        model: its name, for messages.
        chat_template: replaces the model's own.
        template_values: further values for the template.
        keys: of the job's config.

    Raises:
        UserError: the model has no chat template, or the template rejects the messages.
    """
    if prompt.messages is None:
        return list(tokenizer(prompt.text)["input_ids"])
    how = {"return_dict": True, **(template_values or {})}
    return list(_of_template(tokenizer, prompt, model, chat_template, how, keys)["input_ids"])


def chat_text(
    tokenizer: Any,
    prompt: Prompt,
    model: str,
    chat_template: str | None = None,
    template_values: Mapping[str, Any] | None = None,
    keys: Keys = JUDGE,
) -> str:
    """The text that a chat template makes of a chat; arguments and errors as in `token_ids`."""
    how = {"tokenize": False, **(template_values or {})}
    return str(_of_template(tokenizer, prompt, model, chat_template, how, keys))


def _of_template(
    tokenizer: Any, prompt: Prompt, model: str, chat_template: str | None, how: Mapping[str, Any], keys: Keys
) -> Any:
    messages = [{"role": message.role, "content": message.content} for message in prompt.messages or ()]
    begun = prompt.is_continued
    end = {"add_generation_prompt": not begun} | ({"continue_final_message": True} if begun else {})
    try:
        return tokenizer.apply_chat_template(messages, chat_template=chat_template, **end, **how)
    except Exception as error:  # the model's template is third-party code
        raise UserError(
            f"The chat template of model {model!r} does not accept this judge's messages: {in_one_line(error)}. "
            f"Set {keys.model} to an instruct model{keys.or_chat_template}."
        ) from error
