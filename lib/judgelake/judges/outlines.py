"""Templates as comparisons fill them: what a template says itself is found once, by Jinja, and not for every prompt.

Jinja takes ten times as long as it takes to join the same pieces. So a template is rendered once with holes in place of
all texts, and the result, an outline, is filled for each comparison of the same form: as many texts in the same places,
the same ones of them empty. A hole can be printed, tested for being empty, and given to a filter of our own; a template
that does anything else with a text has no outline, and Jinja renders it every time, with copies of the lists and dicts:
a template that changes them changes nothing for the next prompt.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NoReturn

from jinja2 import Template

from judgelake.judges.templates import FILTERS, Environment, Partials, Printed, compiled, inlined, pieces_of

Spans = tuple[tuple[int, int], ...]
"""Parts of a text: the first character of each, and the one after its last. Ascending, none empty, none adjacent."""

ROLE = "role"
"""The key of a text that templates compare with others, so that it is part of a form."""
TEXT, EMPTY = object(), object()
"""In a form, in place of a text."""
UNKNOWN = object()
"""In a form, in place of a value of any other type, so that the form has no outline."""
PLAIN = frozenset((str, int, float, bool, type(None)))
"""Types of values that a filter finds the same each time, and that cannot change."""

Form = Any
"""What of values is no text: their structure, numbers and roles, with `TEXT` and `EMPTY` in place of texts.

A number stands beside its type: 1 and True are equal, but do not print alike.
"""
Run = int | tuple[int | str, ...]
"""Printed without a word of the template in between: the number of a text, or several of these and fixed texts."""


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
    template = compiled(source, partials)
    if isinstance(template, str):
        return Rendered(template, ())
    texts: list[str] = []
    outline = outline_for(source, partials, form_of(values, texts))
    if outline is None:
        outline, texts = outline_of(pieces_of(template, {name: _copied(value) for name, value in values.items()})), []
    return outline.filled(texts)


@dataclass(frozen=True, slots=True)
class Outline:
    """What a template says, and what is printed in between."""

    parts: tuple[tuple[str, Spans, Run], ...]
    """Fixed text, which of it an expression printed, and what follows it."""
    end: str
    """Fixed text after all of them."""
    material_of_end: Spans
    computed: tuple[tuple[Callable[..., str], tuple[Any, ...]], ...] = ()
    """Further texts, numbered after those that are given: what filters make of others."""

    def filled(self, texts: list[str]) -> Rendered:
        """The prompt with these texts, to which those that are computed are added."""
        for function, arguments in self.computed:
            texts.append(function(*(_known(argument, texts) for argument in arguments)))
        pieces: list[str] = []
        spans: list[tuple[int, int]] = []
        place = 0
        for fixed, material, run in self.parts:
            printed = texts[run] if isinstance(run, int) else _joined(run, texts)
            spans += [(place + start, place + after) for start, after in material]
            begin = place + len(fixed)
            place = begin + len(printed)
            if printed:
                spans.append((begin, place))
            pieces += (fixed, printed)
        spans += [(place + start, place + after) for start, after in self.material_of_end]
        return Rendered("".join((*pieces, self.end)), tuple(spans))


def _joined(run: Iterable[int | str], texts: list[str]) -> str:
    return "".join(one if isinstance(one, str) else texts[one] for one in run)


def outline_of(pieces: Iterable[str], computed: Iterable[Any] = ()) -> Outline:
    """The outline in the pieces of a rendered template."""
    parts: list[tuple[str, Spans, Run]] = []
    fixed = ""
    material: Spans = ()
    # Between the words of the template; what is printed side by side is one part of the material.
    for is_printed, side_by_side in itertools.groupby(
        filter(None, pieces), key=lambda piece: isinstance(piece, Printed)
    ):
        run: list[int | str] = [
            piece.number if isinstance(piece, _PrintedHole) else str.__str__(piece) for piece in side_by_side
        ]
        if all(isinstance(one, str) for one in run):
            text = _joined(run, [])
            material += ((len(fixed), len(fixed) + len(text)),) if is_printed else ()
            fixed += text
        else:
            only = run[0] if len(run) == 1 else None
            parts.append((fixed, material, only if isinstance(only, int) else tuple(run)))
            fixed, material = "", ()
    return Outline(tuple(parts), fixed, material, tuple(computed))


def form_of(value: Any, texts: list[str]) -> Form:
    """The form of values of a template; adds their texts to `texts`, in order."""
    kind = type(value)
    if kind is str:
        texts.append(value)
        return TEXT if value else EMPTY
    if kind is list or kind is tuple:
        return kind, *[form_of(item, texts) for item in value]
    if kind is dict:
        return kind, *[(key, _form_of_item(key, item, texts)) for key, item in value.items()]
    return (kind, value) if kind is int or kind is bool or value is None else UNKNOWN


def _form_of_item(key: Any, item: Any, texts: list[str]) -> Form:
    if type(key) is not str:
        return UNKNOWN
    return (str, item) if key == ROLE and type(item) is str else form_of(item, texts)


@lru_cache(maxsize=1024)
def outline_for(source: str, partials: Partials, form: Form) -> Outline | None:
    """The outline of a template for values of one form; None if it does more with a text than a hole can answer."""
    trace = _Trace()
    try:
        pieces = pieces_of(_tracing(source, partials), trace.values_of(form))
    except Exception:  # a template can do anything with a hole; what is wrong with it Jinja says when it renders it
        return None
    return None if trace.is_spoilt else outline_of(pieces, trace.computed)


@dataclass(slots=True)
class _Trace:
    """The holes of one rendering."""

    holes: list[_Hole] = field(default_factory=list)
    """Each in the place of its number."""
    computed: list[tuple[Callable[..., str], tuple[Any, ...]]] = field(default_factory=list)
    is_spoilt: bool = False
    """A hole was used in a way that only its text can answer; whoever did it may have caught the exception."""

    def values_of(self, form: Form) -> Any:
        """Values of a form, with holes in place of its texts, numbered as `form_of` finds them."""
        if form is TEXT or form is EMPTY:
            return self.hole(is_empty=form is EMPTY)
        if form is UNKNOWN:
            raise TypeError("only the value itself can answer this")
        kind, *items = form
        if kind is dict:
            return {key: self.values_of(item) for key, item in items}
        return items[0] if kind in PLAIN else kind(self.values_of(item) for item in items)

    def hole(self, *, is_empty: bool | None) -> _Hole:
        self.holes.append(_Hole(self, len(self.holes), is_empty))
        return self.holes[-1]


class _Hole:
    """In place of a text that is not known: all that does not hold for any text spoils the trace."""

    __slots__ = ("_is_empty", "_number", "_trace")

    def __init__(self, trace: _Trace, number: int, is_empty: bool | None) -> None:
        self._trace, self._number, self._is_empty = trace, number, is_empty

    def __bool__(self) -> bool:
        if self._is_empty is None:
            self._spoil()
        return not self._is_empty

    def _spoil(self, *_: Any) -> NoReturn:
        self._trace.is_spoilt = True
        raise TypeError("only its text can answer this")

    # What Python would answer without an error, or Jinja would take an error of for an answer.
    __str__ = __repr__ = __format__ = __hash__ = __eq__ = __ne__ = _spoil
    __len__ = __iter__ = __contains__ = __getitem__ = __getattr__ = _spoil
    __float__ = __int__ = __index__ = __complex__ = _spoil
    __class__ = property(_spoil)


class _PrintedHole(Printed):
    """A hole among the pieces of a rendered template."""

    __slots__ = ("number",)
    number: int


def _finalized(value: Any) -> Printed:
    if type(value) is not _Hole:
        return Printed(value)
    # Of what is empty no piece is left.
    printed = _PrintedHole("?")
    printed.number = value._number
    return printed


def _captured(pieces: Iterable[str]) -> str:
    """A text that a template captures: with a hole in it nothing would be known of it any more."""
    known = list(pieces)
    if any(type(piece) is _PrintedHole for piece in known):
        raise TypeError("a captured text has a hole")
    return "".join(known)


def _deferred(function: Callable[..., str]) -> Callable[..., Any]:
    """A filter that makes another hole of holes."""

    def filtered(*arguments: Any) -> Any:
        hole = next(_holes_in(arguments), None)
        if hole is None:
            return function(*arguments)
        trace = hole._trace
        # Copies: a list that a template makes may be longer later.
        trace.computed.append((function, tuple(_known(argument, trace.holes) for argument in arguments)))
        return trace.hole(is_empty=None)

    return filtered


def _holes_in(value: Any) -> Iterator[_Hole]:
    if type(value) is _Hole:
        yield value
    elif type(value) in (list, tuple, dict):
        for item in value.values() if type(value) is dict else value:
            yield from _holes_in(item)


def _known(value: Any, texts: Sequence[Any]) -> Any:
    """A copy of an argument of a filter with texts in place of its holes.

    Raises:
        TypeError: a part of it, such as a generator, may be read only once or have holes that cannot be seen.
    """
    kind = type(value)
    if kind is _Hole:
        return texts[value._number]
    if kind is dict:
        return {key: _known(item, texts) for key, item in value.items()}
    if kind is list or kind is tuple:
        return kind(_known(item, texts) for item in value)
    if kind not in PLAIN:
        raise TypeError("only a copy of an argument can be kept")
    return value


def _copied(value: Any) -> Any:
    if type(value) is dict:
        return {key: _copied(item) for key, item in value.items()}
    return type(value)(map(_copied, value)) if type(value) in (list, tuple) else value


def _same_object(*_: Any) -> NoReturn:
    raise TypeError("only the values themselves can answer this")


class _TracingEnvironment(Environment):
    concat = staticmethod(_captured)


@lru_cache(maxsize=1)
def _tracing_environment() -> Environment:
    environment = _TracingEnvironment(finalize=_finalized)
    environment.filters.update({name: _deferred(function) for name, function in FILTERS.items()})
    environment.tests["sameas"] = _same_object
    return environment


@lru_cache(maxsize=1024)
def _tracing(source: str, partials: Partials) -> Template:
    return _tracing_environment().from_string(inlined(source, partials))
