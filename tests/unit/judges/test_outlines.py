"""Outlines of templates: filled, they are what Jinja renders, and a template that looks into a text has none."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2.defaults import DEFAULT_FILTERS, DEFAULT_TESTS
from markupsafe import Markup

from judgelake.judges.outlines import form_of, outline_for, outline_of, rendered
from judgelake.judges.templates import FILTERS, compiled, pieces_of

TEXT = st.lists(st.sampled_from(["a", "1", " ", "\n", "<OR>", "é", "{{ x }}"]), max_size=4).map("".join)
VALUES = st.fixed_dictionaries(
    {
        "x": TEXT,
        "maybe": st.none() | TEXT,
        "texts": st.lists(TEXT, max_size=3),
        "messages": st.lists(
            st.fixed_dictionaries({"role": st.sampled_from(["user", "system"]), "content": TEXT}), max_size=3
        ),
    }
)
OF_ANY_TEXT = [
    pytest.param("{{ x }}", id="printed"),
    pytest.param("a{{ x }}{{ x }}b{{ texts | length }}{{ maybe or 'no' }}c", id="beside each other"),
    pytest.param("{% for t in texts %}{{ loop.index }}: {{ t }}\n{% endfor %}", id="in a loop"),
    pytest.param("{% if maybe is not none %}[{{ maybe }}]{% endif %}.", id="only where there is one"),
    pytest.param("{{ x if x else 'empty' }}{{ '!' if not x }}", id="only where it is not empty"),
    pytest.param(
        "{% for m in messages %}{% if m.role == 'user' %}U{% endif %}{{ m.content }}{% endfor %}", id="by role"
    ),
    pytest.param("{% set both = texts + [x] %}{{ both | length }}{{ both[-1] }}", id="in another list"),
    pytest.param(
        "{% set n = (texts | tag_suffix(x)) %}<a_{{ n }}>{{ texts | length }}</a_{{ n }}>", id="with their suffix"
    ),
    pytest.param(
        "{% set y = [x] %}{% set n = (y | tag_suffix) %}{% set y = y.append(x) or y %}{{ n }}{{ y | length }}",
        id="with the suffix of a list that is longer later",
    ),
    pytest.param("{{ messages | tag_suffix }}{{ x | strip | without(['a', '<OR>']) }}", id="through our filters"),
]
OF_THIS_TEXT = [
    pytest.param("{{ x | length }}", id="its length"),
    pytest.param("{{ x | upper }}{{ x | trim }}{{ x | escape }}", id="through a filter of Jinja"),
    pytest.param("{{ x | strip or 'blank' }}", id="empty or not once it is stripped"),
    pytest.param("{% if x == 'a' %}A{% endif %}", id="compared"),
    pytest.param("{% if 'a' in x %}A{% endif %}{% if x in ['a', '1'] %}B{% endif %}", id="searched"),
    pytest.param("{{ x ~ '!' }}", id="joined to another"),
    pytest.param("{{ texts | join(', ') }}{{ x }}", id="joined to others"),
    pytest.param("{{ '%s' % x }}{{ '{}'.format(x) }}", id="formatted"),
    pytest.param("{{ x.split('<OR>')[0] }}", id="divided"),
    pytest.param("{% for letter in x %}[{{ letter }}]{% endfor %}", id="letter by letter"),
    pytest.param("{% set y %}({{ x }}){% endset %}{{ y }}", id="captured"),
    pytest.param("{% macro m(y) %}({{ y }}){% endmacro %}{{ m(x) }}", id="in a macro"),
    pytest.param("{{ x is string }}{{ x is iterable }}{{ x is sequence }}{{ x is mapping }}", id="asked for its type"),
    pytest.param("{{ x.upper is defined }}", id="asked for its methods"),
    pytest.param("{{ {x: 1}[x] }}", id="as a key"),
    pytest.param(
        "{{ x | float }}{% if x | float(2) > 0.5 %}!{% endif %}{{ [x] | map('float') | sum }}", id="as a number"
    ),
    pytest.param("{{ x is sameas x }}{{ texts | select('sameas', x) | list | length }}", id="as an object"),
    pytest.param("{{ [x, texts | map('strip')] | tag_suffix }}", id="beside what can be read once, in a list"),
    pytest.param("{{ texts | map('strip') | tag_suffix(x) }}", id="beside what can be read once"),
    pytest.param("{{ [x, {'a': 'b'}.values()] | tag_suffix }}", id="beside the values of a dict"),
]
ITERATORS = frozenset(
    ("batch", "items", "map", "reject", "rejectattr", "reverse", "select", "selectattr", "slice", "unique")
)
"""Filters of Jinja that make what prints as an address unless it is read."""


def by_jinja(source: str, values: dict[str, Any]) -> object:
    template = compiled(source, ())
    assert not isinstance(template, str)
    return outline_of(pieces_of(template, values)).filled([])


@pytest.mark.parametrize("source", OF_ANY_TEXT)
@settings(deadline=None, max_examples=25)
@given(values=VALUES)
def test_an_outline_filled_is_what_jinja_renders(source: str, values: dict[str, Any]) -> None:
    assert outline_for(source, (), form_of(values, [])) is not None
    assert rendered(source, (), values) == by_jinja(source, values)


@pytest.mark.parametrize("source", OF_THIS_TEXT)
@settings(deadline=None, max_examples=25)
@given(values=VALUES)
def test_a_template_that_looks_into_a_text_has_no_outline(source: str, values: dict[str, Any]) -> None:
    if values["texts"]:
        assert outline_for(source, (), form_of(values, [])) is None
    assert rendered(source, (), values) == by_jinja(source, values)


@settings(deadline=None, max_examples=25)
@given(VALUES, VALUES)
def test_values_of_one_form_differ_in_texts_alone(first: dict[str, Any], second: dict[str, Any]) -> None:
    texts, others = [], []
    is_same = form_of(first, texts) == form_of(second, others)
    places = [bool(text) for text in texts] == [bool(text) for text in others]
    assert not is_same or (places and (first == second) is (texts == others))


def outcome_of(render: Callable[..., object], *arguments: object) -> object:
    try:
        return render(*arguments)
    except Exception as error:  # which one is what is compared
        return type(error)


def check_alike(source: str) -> None:
    # Of one form, so that the second fills the outline that the first has made.
    for x in ("3.5", "<b>7 a</b> {{ x }}"):
        values = {"x": x, "texts": [x, "b"]}
        expected = outcome_of(by_jinja, source, values)
        assert outcome_of(rendered, source, (), values) == expected, (source, x)


@pytest.mark.parametrize("name", sorted({*DEFAULT_FILTERS, *FILTERS} - {"random"}))
def test_every_filter_makes_of_a_text_what_it_makes_in_jinja(name: str) -> None:
    read = " | list" if name in ITERATORS else ""
    for value in (f"x | {name}", f"x | {name}(1)", f"x | {name}(x)", f"[x] | {name}", f"[x, texts] | {name}(x)"):
        check_alike(f"a{{{{ {value}{read} }}}}b")


@pytest.mark.parametrize("name", sorted(DEFAULT_TESTS))
def test_every_test_says_of_a_text_what_it_says_in_jinja(name: str) -> None:
    for claim in (
        f"x is {name}",
        f"x is {name}(x)",
        f"x is {name}(texts[0])",
        f"[x] | select('{name}') | list | length",
    ):
        check_alike(f"a{{{{ {claim} }}}}b")


def test_values_that_are_equal_but_not_the_same_are_told_apart() -> None:
    for same in ([1, True, 1.0], [0, False, 0.0, -0.0], [{1: "a"}, {True: "a"}]):
        for value in same:
            assert rendered("{{ value }}", (), {"value": value}).text == str(value)


@pytest.mark.parametrize("value", [Markup("<b>"), 1.5, {1: "a"}, {"role": Markup("user")}, range(2)], ids=repr)
def test_a_form_keeps_no_value_of_a_type_it_does_not_know(value: object) -> None:
    form = form_of({"value": value}, [])
    assert outline_for("{{ value }}", (), form) is None
    assert repr(value) not in repr(form)
    assert rendered("{{ value }}", (), {"value": value}) == by_jinja("{{ value }}", {"value": value})


@pytest.mark.parametrize(
    "source",
    [
        "{% set last = messages.pop() %}{{ messages | length }}{{ last.content | trim }}",
        "{% set gone = messages[0].update(content='c') %}{{ messages[0].content }}{{ messages[1].content | upper }}",
        "{% set gone = scores[0].append('c') %}{{ scores[0] | join }}",
    ],
)
def test_a_template_changes_nothing_that_it_is_given(source: str) -> None:
    values = {"messages": [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}], "scores": (["a"],)}
    before = copy.deepcopy(values)
    first = rendered(source, (), values)
    assert values == before
    assert rendered(source, (), values) == first == by_jinja(source, values)
