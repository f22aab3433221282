"""Tokenizers of transformers of every family, made in milliseconds."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

CORPUS = [
    "You judge answers of AI assistants. Which one is better? Reply with one letter: A, B or T.",
    "The question, the reference and both answers are between tags: <question> ... </question> </answer_A>.",
    "user assistant system think end start s im tool_call [INST] < | > / _ ünï 漢字 1234567890 \n\n\t [The End]",
]
SPECIAL = ["<unk>", "<s>", "</s>", "<|im_start|>", "<|im_end|>"]
ADDED = ["<think>", "</think>", "<tool_call>"]
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content | trim }}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n<think>\n\n</think>\n\n{% endif %}"
)


def byte_level() -> Any:
    """As Llama 3 and Qwen: byte-level BPE, control tokens behind the vocabulary."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        CORPUS, trainers.BpeTrainer(vocab_size=400, initial_alphabet=alphabet, show_progress=False)
    )
    return with_controls(made, begins=False)


def metaspace() -> Any:
    """As Llama 2: BPE whose first word alone gets a leading space, bytes for unknown letters, <s> in the vocabulary."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
    made = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    made.decoder = decoders.Sequence(
        [decoders.Metaspace(prepend_scheme="first"), decoders.ByteFallback(), decoders.Fuse()]
    )
    made.train_from_iterator(
        CORPUS, trainers.BpeTrainer(vocab_size=500, special_tokens=[*SPECIAL[:3], *bytes_], show_progress=False)
    )
    description = json.loads(made.to_str())
    kept = [token for token in description["added_tokens"] if token["content"] not in bytes_]
    return with_controls(Tokenizer.from_str(json.dumps(description | {"added_tokens": kept})), begins=True)


def unigram() -> Any:
    """As T5 and ALBERT: pieces with scores, of which the control strings are the likeliest."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    letters = sorted({letter for line in CORPUS for letter in line if letter != " "})
    pieces = [("<unk>", 0.0), ("<s>", 0.0), ("</s>", 0.0), ("▁", -2.0), *((letter, -4.0) for letter in letters)]
    made = Tokenizer(models.Unigram([*pieces, ("▁judge", -3.0), ("nswer", -3.0)], unk_id=0, byte_fallback=False))
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=True)
    made.decoder = decoders.Metaspace(prepend_scheme="always")
    return with_controls(made, begins=True)


def lower_case() -> Any:
    """As BERT: WordPiece behind a normalizer, which finds an added token also in capitals."""
    from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, trainers

    made = Tokenizer(models.WordPiece(unk_token="<unk>"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.train_from_iterator(
        CORPUS, trainers.WordPieceTrainer(vocab_size=300, special_tokens=["<unk>"], show_progress=False)
    )
    made.add_tokens([AddedToken("<tool_call>", normalized=True)])
    return with_controls(made, begins=True)


def with_controls(made: Any, *, begins: bool) -> Any:
    from tokenizers import AddedToken, processors
    from transformers import PreTrainedTokenizerFast

    made.add_special_tokens(SPECIAL)
    # Text like any other, although added, and between the control tokens.
    made.add_tokens([AddedToken(token, normalized=False) for token in ("\n\n", "ő", "<table>")])
    made.add_tokens([AddedToken(token, normalized=False) for token in ADDED if made.token_to_id(token) is None])
    if begins:
        begin = made.token_to_id("<s>")
        made.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", begin)])
    return PreTrainedTokenizerFast(
        tokenizer_object=made, unk_token="<unk>", bos_token="<s>", eos_token="</s>", chat_template=TEMPLATE
    )


KINDS: dict[str, Callable[[], Any]] = {
    "byte level": byte_level,
    "metaspace": metaspace,
    "unigram": unigram,
    "lower case": lower_case,
}
