"""Prompt templates: one sandboxed Jinja environment, and every filter that a judge file may use."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, meta, nodes
from jinja2.runtime import LoopContext
from jinja2.sandbox import SandboxedEnvironment

NUMBER_WORDS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)

# 48 bits: to find a text with its own digits takes 2^48 attempts.
SUFFIX_DIGITS = 12

INCLUDE = re.compile(r"""\{%\s*include\s+(?P<quote>["'])(?P<name>[^"']+)(?P=quote)\s*%\}""")

SAFE_IN_A_LOOP = frozenset(("index", "index0", "first", "last", "length", "revindex", "revindex0"))

Partials = tuple[tuple[str, str], ...]
Spans = tuple[tuple[int, int], ...]
"""Parts of a text: the first character of each, and the one after its last. Ascending, none empty, none adjacent."""


def strip(text: str) -> str:
    """The text without white space at both ends."""
    return text.strip()


def without(text: str, tokens: Iterable[str]) -> str:
    """The text with all of the tokens removed, in one pass: a token that only a removal creates stays."""
    return _any_of(tuple(tokens)).sub("", text)


def number_word(number: int) -> str:
    """The English word for a number from 0 to 19."""
    return NUMBER_WORDS[number]


def tag_suffix(material: Any, *more: Any) -> str:
    """Twelve hexadecimal digits that material cannot hold: of the SHA-256 of its own text, and of more before it.

    So a tag with them is only ever closed by the template. They depend on nothing else, so that prompts which begin
    with equal material begin alike.

    Args:
        material: a text, a list of texts, of messages, or of an answer's turns.
        more: further material, such as the question.
    """
    return hashlib.sha256("\0".join(map(_text_of, (*more, material))).encode()).hexdigest()[:SUFFIX_DIGITS]


def _text_of(material: Any) -> str:
    if isinstance(material, str):
        return material
    if isinstance(material, Mapping):
        return str(material["content"] if "content" in material else material["text"])
    return "\0".join(map(_text_of, material or ()))


FILTERS = {"strip": strip, "without": without, "number_word": number_word, "tag_suffix": tag_suffix}
"""Filters of the templates in addition to Jinja's own, by the name a judge file uses."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A rendered template, and which parts of it are material: all that an expression (`{{ ... }}`) printed.

    The rest is what the template itself says. Text that a template captures (`{% set name %}...{% endset %}`, a macro)
    is material as a whole where it is printed, also its fixed words.
    """

    text: str
    material: Spans


def rendered(source: str, partials: Partials, values: Mapping[str, Any]) -> Rendered:
    """The rendered template; it and what it includes are compiled once per process.

    Inserted values are text and never rendered again, whatever braces they contain.

    Raises:
        jinja2.TemplateError: the template is not valid, or uses a value that does not exist.
    """
    template = _compiled(source, partials)
    if isinstance(template, str):
        return Rendered(template, ())
    # As `Template.render`, but without merging the globals into a new chain of dicts for every prompt.
    context = template.new_context({**_global_values(), **values}, shared=True)
    pieces = list(template.root_render_func(context))
    return Rendered("".join(pieces), _spans(pieces))


def _spans(pieces: Iterable[str]) -> Spans:
    spans: list[tuple[int, int]] = []
    place = begin = end = 0
    for piece in pieces:
        after = place + len(piece)
        if type(piece) is _Printed and piece:
            if place != end:
                if begin != end:
                    spans.append((begin, end))
                begin = place
            end = after
        place = after
    return (*spans, (begin, end)) if begin != end else tuple(spans)


def problem(source: str, partials: Partials, names: Collection[str]) -> str | None:
    """Why a template cannot be used; None if it can.

    Invalid syntax, an unknown filter or partial, or a value that is not one of `names`.
    """
    try:
        # Before the partials are put in, so that the line is the template's own.
        _environment().parse(source)
    except TemplateSyntaxError as error:
        return f"line {error.lineno}: {str(error.message).rstrip('.')}"
    try:
        _compiled(source, partials)
        tree = _environment().parse(inlined(source, partials))
    except TemplateError as error:
        return str(error).strip().rstrip(".")
    if any(True for _ in meta.find_referenced_templates(tree)):
        return 'a partial must be included as {% include "name" %} and in no other way'
    if (block := _unmarked_block(tree)) is not None:
        return f"{block} does not show what of its text is material: use {{% set name %}}...{{% endset %}} and a filter"
    unknown = sorted(meta.find_undeclared_variables(tree) - set(names) - set(_environment().globals))
    if unknown:
        return f"it uses {unknown[0]!r}, which is not one of its values: {', '.join(names)}"
    return None


def _unmarked_block(tree: nodes.Template) -> str | None:
    """A block that prints without an expression, so that its material could not be told from the template."""
    if tree.find(nodes.FilterBlock) is not None:
        return "{% filter %}"
    if tree.find(nodes.CallBlock) is not None:
        return "{% call %}"
    if any(loop.recursive for loop in tree.find_all(nodes.For)):
        return "a recursive {% for %}"
    return None


@lru_cache(maxsize=1024)
def inlined(source: str, partials: Partials) -> str:
    """The template with every `{% include "name" %}` replaced by the partial of that name.

    Done here and not by Jinja, which would look up and set up each partial again in every rendering (half of
    the time of a prompt), and so that a fingerprint covers exactly what is rendered.

    Raises:
        jinja2.TemplateError: no such partial, or one that includes itself.
    """
    known = dict(partials)

    def replace(text: str, inside: tuple[str, ...]) -> str:
        def partial(match: re.Match[str]) -> str:
            name = match.group("name")
            if name not in known:
                raise TemplateError(f"it includes {name!r}, which is not one of the partials")
            if name in inside:
                raise TemplateError(f"the partial {name!r} includes itself")
            return replace(known[name], (*inside, name))

        return INCLUDE.sub(partial, text)

    return replace(source, ())


@lru_cache(maxsize=1024)
def _compiled(source: str, partials: Partials) -> Template | str:
    text = inlined(source, partials)
    template = _environment().from_string(text)
    return template if any(mark in text for mark in ("{{", "{%", "{#")) else text


@lru_cache(maxsize=64)
def _any_of(tokens: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(token) for token in tokens))


class _Printed(str):
    """What an expression printed; among the pieces of a rendered template it is recognised by its type."""

    __slots__ = ()

    def __str__(self) -> str:
        """Itself: generated code calls `str` on what it prints, which would otherwise make a plain text of it."""
        return self


class _Environment(SandboxedEnvironment):
    """Jinja's sandbox, with a fast path for what templates use most: `loop.index` and the like."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """An attribute of a value, if it is a safe one."""
        if type(obj) is LoopContext and attribute in SAFE_IN_A_LOOP:
            return getattr(obj, attribute)
        return super().getattr(obj, attribute)


@lru_cache(maxsize=1)
def _global_values() -> Mapping[str, Any]:
    return dict(_environment().globals)


@lru_cache(maxsize=1)
def _environment() -> SandboxedEnvironment:
    environment = _Environment(
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # prompts are text for a model, not HTML
        finalize=_Printed,
    )
    environment.filters.update(FILTERS)
    return environment
