"""Outlines of templates: filled, they are what Jinja renders, and a template that looks into a text has none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgelake.judges.outlines import form_of, outline_for, outline_of, rendered
from judgelake.judges.templates import compiled, pieces_of

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
]


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
