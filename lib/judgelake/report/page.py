"""The report as one HTML page: no script, no address outside it, and every text from tables inert."""

from __future__ import annotations

from functools import lru_cache
from html import escape
from importlib import resources

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from judgelake.report import (
    baselines,
    beside_labelers,
    between,
    comparable,
    conclusions,
    disagreements,
    findings,
    glossary,
    inert,
    numbers,
    pictures,
    tables,
    views,
)
from judgelake.report.content import Missing, ReportContent

NOTEBOOK_HEIGHT_PX = 900


def render_page(content: ReportContent) -> str:
    """One self-contained HTML file, UTF-8.

    It loads nothing and runs nothing (its content security policy forbids both), so it can be sent, kept and opened
    anywhere. Texts are cut at `inert.LONGEST_TEXT` and `inert.LONGEST_NAME` with a visible mark, and at most
    `disagreements.MOST_DISAGREEMENTS` disagreements are shown. Parts without data give the reason.
    """
    return _rendered(content, has_contents=True)


def notebook_html(content: ReportContent, height_px: int = NOTEBOOK_HEIGHT_PX) -> str:
    """The report for one cell of a notebook, for `displayHTML` or `IPython.display.HTML`.

    The page is in a sandboxed frame: its style does not affect the notebook, nor the notebook's style the page.

    Args:
        content: what the report shows.
        height_px: of the frame; the page scrolls inside.
    """
    # Within a frame made from text, a link to a part of the page would open the notebook itself: no contents list.
    page = escape(_rendered(content, has_contents=False), quote=True)
    # The div keeps IPython from suggesting another class for HTML that begins with a frame.
    return (
        f'<div><iframe title="Evaluation report" sandbox="" srcdoc="{page}" '
        f'style="width:100%;height:{height_px}px;border:0"></iframe></div>'
    )


def _rendered(content: ReportContent, *, has_contents: bool) -> str:
    return (
        _environment()
        .get_template("page.html.jinja")
        .render(
            content=content,
            # Our own file, never text from a table: the only value that is put into the page unescaped.
            style=Markup(_own_file("style.css")),
            has_contents=has_contents,
        )
    )


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(lambda name: _own_file("templates", name)),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=inert.shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.tests["missing"] = lambda value: isinstance(value, Missing)
    environment.filters["name"] = inert.name
    environment.filters["count"] = numbers.count_text
    environment.filters["p"] = numbers.p_text
    environment.globals["odds_tie_text"] = numbers.odds_tie_text
    environment.filters["tie_margin"] = numbers.tie_margin_text
    modules = (
        baselines,
        beside_labelers,
        between,
        comparable,
        conclusions,
        disagreements,
        findings,
        glossary,
        inert,
        pictures,
        tables,
        views,
    )
    environment.globals.update({module.__name__.rsplit(".", 1)[-1]: module for module in modules})
    return environment


def _own_file(*names: str) -> str:
    return resources.files("judgelake.report").joinpath(*names).read_text("utf-8")
