"""A judge card as Markdown, with nothing in it that a renderer could take for a link, markup or a heading."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from judgelake.markdown import bullets
from judgelake.measures import Result, Scale, metric_named
from judgelake.report import inert
from judgelake.report.comparable import MOST_LABELERS_NAMED
from judgelake.report.conclusions import conclusions_of
from judgelake.report.content import BothOrders, Confusion, JudgeSection, Missing, ReportContent, Rules
from judgelake.report.glossary import FAILURE_RULES, LABEL_RULES, SWAP_RULES, headline_sentence
from judgelake.report.numbers import (
    NOT_KNOWN,
    bounds_text,
    count_text,
    interval_text,
    odds_tie_text,
    reason_text,
    tie_margin_text,
    value_text,
)

# What Markdown, or GitHub's, acts on within a line. Addresses too: GitHub makes links of them without any markup.
ACTING = re.compile(r"[\\`*_{}\[\]<>&~$#|]")
ADDRESS = re.compile(r"://|www\.|@", re.IGNORECASE)
# At the start of a line: a list or the underline of a heading.
LIST_MARK = re.compile(r"^(?P<before>\d{0,9})(?P<mark>[-+=.)])")
BACKTICKS = re.compile("`+")
LONGEST_SENTENCE = 400
HEADS = ("Measure", "Swap rule", "Value", "95 % interval", "n", "Questions", "Coverage")
# A vertical bar ends a cell of a table even within code; this one looks alike and does not.
BAR = "\u00a6"


def code(text: str) -> str:
    """A text as code, on one line and cut like a name: no renderer interprets markup, HTML or addresses there."""
    inside = inert.name(text).replace("|", BAR)
    longest = max((len(run) for run in BACKTICKS.findall(inside)), default=0)
    fence = "`" * (longest + 1)
    # A space within each fence, which renderers take off again, where a backtick would touch it.
    pad = " " if inside.startswith("`") or inside.endswith("`") else ""
    return f"{fence}{pad}{inside}{pad}{fence}"


def prose(sentence: str) -> str:
    """A sentence as plain text, on one line; one that contains an address is written as code."""
    one_line = " ".join(sentence[: LONGEST_SENTENCE + 1].split())
    if len(sentence) > LONGEST_SENTENCE:
        one_line = one_line[:LONGEST_SENTENCE] + "…"
    text = inert.cleaned(one_line)
    if ADDRESS.search(text):
        return code(text)
    return LIST_MARK.sub(r"\g<before>\\\g<mark>", ACTING.sub(r"\\\g<0>", text))


def markdown_of(section: JudgeSection, content: ReportContent) -> str:
    """The whole card."""
    blocks = [
        *_what_it_is(section),
        *_held_against(content),
        *_figures("Agreement with the labels", section.headline),
        *_confusion(section.confusion),
        *_figures("Both orders", _order_rows(section.both_orders)),
        *(block for family in section.families for block in _figures(prose(family.title), family.rows)),
        *_found(section),
        *_left_out(section, content),
        *_not_tested(section, content),
    ]
    return "\n\n".join(blocks) + "\n"


def _what_it_is(section: JudgeSection) -> Iterator[str]:
    yield f"# Judge card: {code(section.name)}"
    facts = {
        "Judge": section.judge,
        "Model": section.model,
        "Model version": section.model_version,
        "Mode": section.mode,
        "Fingerprint": section.fingerprint,
    }
    yield bullets(f"{name}: {NOT_KNOWN if text is None else code(text)}" for name, text in facts.items())
    if section.log_odds:
        yield f"Its log-odds are made of {prose(section.log_odds)}."
    if section.is_imported:
        yield "Imported: the judgments were made elsewhere. Prompt, decoding and model are as stated in their file."


def _held_against(content: ReportContent) -> Iterator[str]:
    rules = content.rules
    yield "## What it was compared with"
    tables = [
        f"{prose(one.role)}: {code(one.name)}, version {NOT_KNOWN if one.version is None else one.version}"
        for one in content.tables
    ]
    kind = f"{code(rules.label_kind)}, " if rules.label_kind else ""
    margin = tie_margin_text(rules.tie_margin)
    tie = f"; {margin}" if margin else ""
    named = ", ".join(map(code, rules.labelers[:MOST_LABELERS_NAMED]))
    others = len(rules.labelers) - MOST_LABELERS_NAMED
    more = f" and {count_text(others)} others" if others > 0 else ""
    labelers = f" Labelers: {named}{more}." if rules.labelers else ""
    buckets = f", leaving out one at a time (in at most {count_text(rules.buckets)} buckets)" if rules.buckets else ""
    wheres = (("comparisons", rules.where), ("judgments", rules.judgments_where))
    yield bullets(
        [
            *(tables or ["Tables: not recorded"]),
            *(f"Only {what} where {code(where)}" for what, where in wheres if where),
            f"Labels: {kind}{_meant(rules.label_rule, LABEL_RULES)}{tie}.{labelers}",
            *(
                f"Swap rule {_meant(rule, SWAP_RULES)}{odds_tie_text(rule, rules.odds_tie_margin)}"
                for rule in rules.swap_rules
            ),
            *(prose(headline_sentence(rule, rules.why_headline)) for rule in rules.swap_rules[:1]),
            f"A judgment without a verdict: {_meant(rules.failure_rule, FAILURE_RULES)}{_failure_score(rules)}",
            f"Intervals: 95 %, all judgments of one question as one unit{buckets}",
            f"Computed {content.computed_at.isoformat()}, run {code(content.run_id)}"
            + (f", {code(content.software)}" if content.software else ""),
        ]
    )


def _failure_score(rules: Rules) -> str:
    return "" if rules.failure_score is None else f"; each of its answers scores {prose(f'{rules.failure_score:g}')}"


def _meant(rule: str, meanings: dict[str, str]) -> str:
    return f"{code(rule)}: {prose(meanings[rule])}" if rule in meanings else code(rule)


def _order_rows(orders: BothOrders | Missing) -> tuple[Result, ...] | Missing:
    if isinstance(orders, Missing):
        return orders
    position = (orders.position_bias,) if orders.position_bias else ()
    return (orders.consistency, orders.bias_first, orders.bias_second, *position, *orders.others)


def _figures(title: str, rows: Sequence[Result] | Missing) -> Iterator[str]:
    yield f"## {title}"
    if isinstance(rows, Missing):
        yield f"Not known: {prose(rows.reason)}."
    elif not rows:
        yield "Not known: no figure was computed."
    else:
        yield table(HEADS, map(_cells, rows))


def _cells(row: Result) -> tuple[str, ...]:
    title = prose(metric_named(row.metric).title)
    value = value_text(row.value, row.scale)
    reason = reason_text(row)
    lacking = f"{NOT_KNOWN}: {prose(reason)}" if reason else NOT_KNOWN
    return (
        title if row.subject is None else f"{title}, {code(row.subject)}",
        code(row.swap_rule) if row.swap_rule else "",
        value or lacking,
        (interval_text(row) or f"none: {prose(reason or NOT_KNOWN)}") if value else "",
        count_text(row.n),
        NOT_KNOWN if row.clusters is None else count_text(row.clusters),
        _coverage(row),
    )


def _coverage(row: Result) -> str:
    if row.asked is None:
        return "does not apply"
    bounds = bounds_text(row)
    share = f"{value_text(row.coverage, Scale.RATE) or NOT_KNOWN} of {count_text(row.asked)}"
    return f"{share}; {bounds}" if bounds else share


def _confusion(confusion: Confusion | Missing) -> Iterator[str]:
    if isinstance(confusion, Missing):
        return
    rule = f", swap rule {code(confusion.swap_rule)}" if confusion.swap_rule else ""
    yield f"Labels (rows) by verdicts{rule}:"
    heads = ("", *map(code, confusion.verdicts))
    rows = zip(confusion.labels, confusion.counts, strict=True)
    yield table(heads, ((code(label), *map(count_text, counts)) for label, counts in rows))


def _found(section: JudgeSection) -> Iterator[str]:
    yield "## What was found, and what was not"
    sentences = []
    for one in conclusions_of(section):
        about = f"{code(one.subject)}: " if one.subject else ""
        sentences.append(about + prose(one.sentence))
    yield bullets(sentences) if sentences else "No bias was measured, so this card says nothing about biases."


def _left_out(section: JudgeSection, content: ReportContent) -> Iterator[str]:
    yield "## What is not counted"
    counts = [*section.failures, *content.left_out]
    lines = [f"{code(one.name)}: {count_text(one.n)}" + (f" ({prose(one.why)})" if one.why else "") for one in counts]
    yield bullets(lines) if lines else "Nothing was reported as left out."


def _not_tested(section: JudgeSection, content: ReportContent) -> Iterator[str]:
    yield "## What was not tested"
    sentences = [prose(sentence) for sentence in (*section.not_tested, *content.not_tested)]
    yield bullets(sentences) if sentences else "Nothing was listed. That does not mean that everything was tested."


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
