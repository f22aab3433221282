"""Prompt templates: the sandboxed Jinja environment, and every filter that a judge file may use."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Mapping
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


FILTERS: dict[str, Callable[..., str]] = {
    "strip": strip,
    "without": without,
    "number_word": number_word,
    "tag_suffix": tag_suffix,
}
"""Filters of the templates in addition to Jinja's own, by the name a judge file uses."""


def problem(source: str, partials: Partials, names: Collection[str]) -> str | None:
    """Why a template cannot be used; None if it can.

    Invalid syntax, an unknown filter or partial, or a value that is not one of `names`.
    """
    try:
        # Before the partials are put in, so that the line is the template's own.
        environment().parse(source)
    except TemplateSyntaxError as error:
        return f"line {error.lineno}: {str(error.message).rstrip('.')}"
    try:
        compiled(source, partials)
        tree = environment().parse(inlined(source, partials))
    except TemplateError as error:
        return str(error).strip().rstrip(".")
    if any(True for _ in meta.find_referenced_templates(tree)):
        return 'a partial must be included as {% include "name" %} and in no other way'
    if (block := _unmarked_block(tree)) is not None:
        return f"{block} does not show what of its text is material: use {{% set name %}}...{{% endset %}} and a filter"
    unknown = sorted(meta.find_undeclared_variables(tree) - set(names) - set(environment().globals))
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
def compiled(source: str, partials: Partials) -> Template | str:
    """The template, compiled once per process; its text if it prints nothing but that.

    Raises:
        jinja2.TemplateError: it is not valid.
    """
    text = inlined(source, partials)
    template = environment().from_string(text)
    return template if any(mark in text for mark in ("{{", "{%", "{#")) else text


@lru_cache(maxsize=64)
def _any_of(tokens: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(token) for token in tokens))


class Printed(str):
    """What an expression printed; among the pieces of a rendered template it is recognised by its type."""

    __slots__ = ()

    def __str__(self) -> str:
        """Itself: generated code calls `str` on what it prints, which would otherwise make a plain text of it."""
        return self


class Environment(SandboxedEnvironment):
    """Jinja's sandbox, with a fast path for what templates use most: `loop.index` and the like."""

    def __init__(self, finalize: Callable[[Any], Any]) -> None:
        """An environment that applies `finalize` to whatever an expression prints."""
        super().__init__(
            undefined=StrictUndefined,
            keep_trailing_newline=True,
            autoescape=False,  # prompts are text for a model, not HTML
            finalize=finalize,
        )
        self.filters.update(FILTERS)
        # What they print is not the same the next time.
        del self.filters["random"], self.globals["lipsum"]

    def getattr(self, obj: Any, attribute: str) -> Any:
        """An attribute of a value, if it is a safe one."""
        if type(obj) is LoopContext and attribute in SAFE_IN_A_LOOP:
            return getattr(obj, attribute)
        return super().getattr(obj, attribute)


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The environment that renders."""
    return Environment(finalize=Printed)


def pieces_of(template: Template, values: Mapping[str, Any]) -> list[str]:
    """The pieces of the rendered template; one that an expression printed is a `Printed`.

    Raises:
        jinja2.TemplateError: the template uses a value that does not exist; also whatever it raises itself.
    """
    # As `Template.render`, but without merging the globals into a new chain of dicts for every prompt.
    context = template.new_context({**template.environment.globals, **values}, shared=True)
    return list(template.root_render_func(context))
