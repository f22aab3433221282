"""A tokenizer of transformers whose tokens are words: quick to make, and easy to count by hand."""

from __future__ import annotations

from pathlib import Path


def save_word_tokenizer(folder: Path, text: str, chat_template: str | None = None) -> Path:
    """Save a tokenizer that knows the words of a text, with a model's config beside it; returns the folder."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    ids = {word: number for number, word in enumerate(["<unk>", *dict.fromkeys(text.split())])}
    words = Tokenizer(models.WordLevel(ids, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, unk_token="<unk>")
    tokenizer.chat_template = chat_template
    tokenizer.save_pretrained(folder)
    (folder / "config.json").write_text('{"model_type": "llama"}', "utf-8")
    # Imports all that a load needs, before a test takes away the library that downloads.
    AutoTokenizer.from_pretrained(folder)
    return folder
