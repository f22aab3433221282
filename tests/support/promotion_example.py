"""Evidence made by hand, without Spark: what a decision is made of, and what is told of it."""

from __future__ import annotations

from evaluation_example import evaluation, row

from judgelake.jobs.promote import Promotion, Thresholds
from judgelake.jobs.promote.config import HeldOut
from judgelake.jobs.promote.contenders import Contender
from judgelake.jobs.promote.decision import decide
from judgelake.jobs.promote.evidence import Evidence, Figures, Side
from judgelake.jobs.promote.held_out import Counts
from judgelake.jobs.promote.registry import Version

LEAST = HeldOut().least_questions
QUESTIONS = 400
"""Behind each figure, unless a test says otherwise."""
NEW, OLD = Side("new", "judge (new)"), Side("old", "judge (old)")


def of(metric, *numbers, side=NEW, rule="mean", **parts):
    known = {"clusters": QUESTIONS, "judge_fingerprint": side.fingerprint, "swap_rule": rule}
    return row(metric, *numbers, **known | parts)


def figures(
    agreement=(0.78, 0.74, 0.82),
    consistency=0.8,
    delta_bias=0.03,
    judged=990,
    side=NEW,
    in_both=QUESTIONS,
    questions=QUESTIONS,
    **baselines,
):
    trivial = {"baseline_chance": 0.5, "baseline_longer": 0.67} | baselines
    return Figures(
        of("agreement", *agreement, side=side, n=1000, asked=1000, clusters=questions),
        of("verdict_rate", judged / 1000, side=side, n=1000, asked=1000),
        None if consistency is None else of("consistency", consistency, side=side, rule=None, clusters=in_both),
        None if delta_bias is None else of("delta_bias", delta_bias, side=side, rule=None, clusters=in_both),
        tuple(of(metric, value, side=side) for metric, value in trivial.items()),
    )


def difference(*numbers, where="all", **parts):
    return of("agreement_difference", *numbers, subject=OLD.name, slice=where, **parts)


def in_slice(name, value, low, high, **parts):
    return difference(
        value, low / 2, high / 2, where=f"source={name}", simultaneous_low=low, simultaneous_high=high, **parts
    )


def against(gain=(0.04, 0.01, 0.07), slices=(), questions=QUESTIONS, **parts):
    whole = difference(*gain, clusters=questions)
    return Evidence(figures(**parts), figures((0.74, 0.70, 0.78), side=OLD), whole, tuple(slices))


def promotion(evidence):
    """A decision on version 3 of a judge, against version 2 if the evidence has a champion."""
    three, two = (Contender(alias, Version("judge", n), n) for alias, n in (("candidate", "3"), ("champion", "2")))
    counts = Counts(900, 30, {"candidate": 12, "champion": 0}, 858, QUESTIONS)
    made = evaluation([], swap_rules=["mean"], failure_rule="wrong")
    champion = None if evidence.champion is None else two
    return Promotion(three, champion, decide(evidence, Thresholds(), LEAST), evidence, counts, made, ("A note.",))
