"""The card a judge version is published with: what it is, what it was compared with, what was found and what not."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from judgelake.measures import Result
from judgelake.report import inert
from judgelake.report.card_markdown import markdown_of
from judgelake.report.comparable import MOST_LABELERS_NAMED
from judgelake.report.conclusions import conclusions_of
from judgelake.report.content import BothOrders, Count, JudgeSection, Missing, ReportContent

SCHEMA = "judgelake/judge-card"
SCHEMA_VERSION = 1
"""Rises when a key is renamed, removed or changes its meaning; new keys leave it as it is."""


@dataclass(frozen=True, slots=True)
class JudgeCard:
    """What is known of one judge from one evaluation."""

    section: JudgeSection
    content: ReportContent

    def to_json(self) -> str:
        """The card as JSON, keys sorted, numbers as they were computed.

        A figure without a number is null with its `reason`. A number that is not finite is null too: JSON has none.
        Texts are complete, except characters that act on others (`inert.cleaned`).
        """
        return json.dumps(self.to_dict(), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"

    def to_markdown(self) -> str:
        """The card as Markdown; texts from tables are written as code, so that none of them is a link or a heading."""
        return markdown_of(self.section, self.content)

    def to_dict(self) -> dict[str, Any]:
        """What `to_json` writes."""
        section, content = self.section, self.content
        return {
            "schema": SCHEMA,
            "schema_version": SCHEMA_VERSION,
            "judge": {
                "name": _text(section.name),
                "judge": _text(section.judge),
                "fingerprint": _text(section.fingerprint),
                "model": _text(section.model),
                "model_version": _text(section.model_version),
                "mode": _text(section.mode),
                "log_odds": _text(section.log_odds),
                "is_imported": section.is_imported,
            },
            "evaluation": {
                "run_id": _text(content.run_id),
                "computed_at": content.computed_at.isoformat(),
                "software": _text(content.software),
                "tables": [
                    {"role": _text(one.role), "name": _text(one.name), "version": one.version} for one in content.tables
                ],
                "rules": _rules(content),
            },
            "headline": _rows(section.headline),
            "baselines": _rows(section.baselines),
            "both_orders": _both_orders(section.both_orders),
            "confusion": _confusion(section),
            "further": [{"title": _text(one.title), **_rows(one.rows)} for one in section.families],
            "findings": _findings(section),
            "failures": _counts(section.failures),
            "left_out": _counts(content.left_out),
            "not_tested": [_text(sentence) for sentence in (*section.not_tested, *content.not_tested)],
        }


def judge_card(section: JudgeSection, content: ReportContent) -> JudgeCard:
    """The card of one judge.

    Args:
        section: the judge, one of `content.judges`.
        content: the evaluation: its tables, rules, what it left out and what it did not test.
    """
    return JudgeCard(section, content)


def _text(text: str | None) -> str | None:
    return None if text is None else inert.cleaned(text)


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value


def _row(row: Result) -> dict[str, Any]:
    return {
        "metric": _text(row.metric),
        "subject": _text(row.subject),
        "swap_rule": _text(row.swap_rule),
        "unit": row.scale.value,
        "value": _number(row.value),
        "low": _number(row.low),
        "high": _number(row.high),
        "detectable": _number(row.detectable),
        "reason": _text(row.reason),
        "n": row.n,
        "asked": row.asked,
        "questions": row.clusters,
        "coverage": _number(row.coverage),
        "if_wrong": _number(row.if_failures_wrong),
        "if_right": _number(row.if_failures_right),
    }


def _rows(rows: tuple[Result, ...] | Missing) -> dict[str, Any]:
    if isinstance(rows, Missing):
        return {"rows": [], "reason": _text(rows.reason)}
    return {"rows": [_row(row) for row in rows], "reason": None}


def _both_orders(orders: BothOrders | Missing) -> dict[str, Any]:
    if isinstance(orders, Missing):
        return _rows(orders)
    position = (orders.position_bias,) if orders.position_bias else ()
    return _rows((orders.consistency, orders.bias_first, orders.bias_second, *position, *orders.others))


def _confusion(section: JudgeSection) -> dict[str, Any]:
    confusion = section.confusion
    if isinstance(confusion, Missing):
        return {"labels": [], "verdicts": [], "counts": [], "swap_rule": None, "reason": _text(confusion.reason)}
    return {
        "labels": [_text(label) for label in confusion.labels],
        "verdicts": [_text(verdict) for verdict in confusion.verdicts],
        "counts": [list(row) for row in confusion.counts],
        "swap_rule": _text(confusion.swap_rule),
        "reason": None,
    }


def _findings(section: JudgeSection) -> list[dict[str, Any]]:
    return [
        {
            "metric": _text(one.metric),
            "subject": _text(one.subject),
            "swap_rule": _text(one.swap_rule),
            "found": one.found,
            "sentence": _text(one.sentence),
        }
        for one in conclusions_of(section)
    ]


def _rules(content: ReportContent) -> dict[str, Any]:
    rules = content.rules
    return {
        "swap_rules": [_text(rule) for rule in rules.swap_rules],
        "odds_tie_margin": _number(rules.odds_tie_margin),
        "headline_because": _text(rules.why_headline),
        "failure_rule": _text(rules.failure_rule),
        "failure_score": _number(rules.failure_score),
        "label_kind": _text(rules.label_kind),
        "label_rule": _text(rules.label_rule),
        "labelers": [_text(labeler) for labeler in rules.labelers[:MOST_LABELERS_NAMED]],
        "labelers_in_all": len(rules.labelers),
        "tie_margin": rules.tie_margin,
        "epsilon": rules.epsilon,
        "confidence": 0.95,
        "buckets": rules.buckets,
        "where": _text(rules.where),
        "judgments_where": _text(rules.judgments_where),
    }


def _counts(counts: tuple[Count, ...]) -> list[dict[str, Any]]:
    return [{"what": _text(one.name), "n": one.n, "why": _text(one.why)} for one in counts]
