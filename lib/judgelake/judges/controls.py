"""Strings in judged material that a model or a judge could take for more than text: found, and broken on request."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from judgelake.judges.outlines import Spans
from judgelake.judges.prompt import Prompt
from judgelake.judges.spec import JudgeSpec
from judgelake.judges.templates import inlined

# Sources: chat templates and tokenizer_config.json of the models on Hugging Face, and the harmony format.
OF_FAMILIES = (
    r"<\|/?[\w▁:-]{1,40}\|?>",  # ChatML, Qwen, Llama 3, Phi, GLM, Command R, harmony (gpt-oss), Falcon, Gemma 4
    r"<[\w▁:-]{1,40}\|>",  # Gemma 4
    r"<｜[^｜<>\n]{1,40}｜>",  # DeepSeek, Hunyuan
    r"</?(?:s|bos|eos|pad|unk|mask|sep|cls|eod|sop|eop|eoh|eoa)>",  # Llama 2, Mistral 7B, Gemma, T5, ChatGLM, InternLM
    r"<(?:start|end)_of_(?:turn|image)>",  # Gemma
    r"<</?SYS>>|\[/?INST\]",  # Llama 2, Mistral
    r"\[/?(?:SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_RESULTS|TOOL_CONTENT|TOOL_CALLS|THINK|ARGS|CALL_ID)\]",  # Mistral
    r"\[(?:gMASK|sMASK|MASK|CLS|SEP|PAD|UNK|BOS|EOS|EOT|EOD)\]",  # ChatGLM, BERT, Kimi
    r"\[\|(?:system|user|assistant|tool|endofturn)\|\]",  # EXAONE
    r"</?(?:think|thinking|tool_call|tool_response|tools)>|</?seed:[a-z_]{1,20}>",  # Qwen3, DeepSeek-R1, Seed-OSS
    r"<(?:unused|reserved_|extra_id_)\d{1,4}>|\[unused\d{1,4}\]",  # Gemma, Baichuan, T5, BERT
    r"◁/?think▷",  # Kimi-VL
)
"""Forms of the control strings of well-known families, for servers whose tokenizer is not at hand."""

CLOSING_TAG = re.compile(r"</([A-Za-z][\w.:-]*)")
CLOSING_BRACKET = re.compile(r"\[(?:The End|END)\b[^\]{\n]*")
NAME_REST = "_-.:"
SIGNS = "<[◁"
"""Each of the forms above begins with one of these."""


@dataclass(frozen=True, slots=True)
class ControlPattern:
    """Finds control strings. A text without any of its `signs` has none; None: it is not known how they begin."""

    pattern: re.Pattern[str]
    signs: str | None = None

    def is_in(self, text: str) -> bool:
        """Whether a text has a control string; where its signs are known, most have not even one of these."""
        may_be = self.signs is None or any(sign in text for sign in self.signs)
        return may_be and self.pattern.search(text) is not None


def control_pattern(spec: JudgeSpec, mode: str, *more: str) -> ControlPattern:
    """Matches control strings of well-known models, and what closes a part of the mode's own prompt.

    Args:
        spec: the judge.
        mode: one of its modes.
        more: further patterns, such as that of one tokenizer.
    """
    return _pattern(tuple(inlined(template, spec.partial_items) for template in spec.mode(mode).templates), more)


@lru_cache(maxsize=64)
def _pattern(templates: tuple[str, ...], more: tuple[str, ...]) -> ControlPattern:
    pattern = re.compile("|".join([*more, *OF_FAMILIES, *_closing(templates)]))
    return ControlPattern(pattern, None if more else SIGNS)


def _closing(templates: Iterable[str]) -> list[str]:
    """Patterns of closing tags and bracketed ends, up to the first place that an expression fills."""
    names, brackets = set(), set()
    for template in templates:
        names |= {name.rstrip(NAME_REST) for name in CLOSING_TAG.findall(template)}
        brackets |= {bracket.rstrip() for bracket in CLOSING_BRACKET.findall(template)}
    tags = [rf"</(?:{'|'.join(sorted(names))})[\w.:-]{{0,40}}\s?>"] if names else []
    return tags + [re.escape(bracket) + r"[^\[\]\n]{0,60}\]" for bracket in sorted(brackets)]


def control_strings(prompt: Prompt, pattern: ControlPattern) -> list[str]:
    """The distinct control strings in a prompt's material, in their order; the template's own do not count."""
    texts = prompt.material_texts()
    # One search in place of one for each of a dozen texts: nearly all prompts have none. What matches in a text matches
    # in all of them together too.
    if not pattern.is_in("\n".join(texts)):
        return []
    return list(dict.fromkeys(found for text in texts for found in _matches(text, pattern.pattern)))


def _matches(text: str, pattern: re.Pattern[str]) -> list[str]:
    return [match.group() for match in pattern.finditer(text)]


def neutralised(prompt: Prompt, pattern: ControlPattern) -> Prompt:
    """The prompt with a space after the first character of each control string in its material.

    Visible to whoever reads the prompt, and enough for no tokenizer to see the string; nothing else changes.
    """
    if not control_strings(prompt, pattern):
        return prompt
    broken = [_broken(part, spans, pattern.pattern) for part, spans in zip(prompt.parts, prompt.material, strict=True)]
    return replace(prompt.with_parts(part for part, _ in broken), material=tuple(spans for _, spans in broken))


def _broken(part: str, spans: Spans, pattern: re.Pattern[str]) -> tuple[str, Spans]:
    pieces: list[str] = []
    moved: list[tuple[int, int]] = []
    place = added = 0
    for start, end in spans:
        text = part[start:end]
        # A string may stand within a longer one, and be seen only once that is broken.
        while pattern.search(text):
            text = pattern.sub(lambda match: f"{match.group()[0]} {match.group()[1:]}", text)
        pieces += [part[place:start], text]
        moved.append((start + added, start + added + len(text)))
        place, added = end, added + len(text) - (end - start)
    return "".join([*pieces, part[place:]]), tuple(moved)
