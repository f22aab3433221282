"""Judgments and labels of comparisons of two answers as observations: what `count_cells` counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from judgelake.errors import UserError
from judgelake.jobs.evaluate.config import EvaluateJob
from judgelake.jobs.evaluate.features import SliceNames, margin_slices, slices_column
from judgelake.jobs.evaluate.inputs import Inputs, JudgeInfo
from judgelake.jobs.evaluate.observations.groups import Groups
from judgelake.jobs.evaluate.observations.observation import (
    BINS,
    LABELS,
    SAID,
    coded,
    comparison_observed,
    exploded,
    observed,
)
from judgelake.jobs.evaluate.verdicts import VOTES, both_orders, numbered, votes_of
from judgelake.measures import SwapRule
from judgelake.measures.families import (
    CLASSES,
    LONGEST_RATIO,
    NO_VOTES,
    STEPS_A_DOUBLING,
    VERDICTS,
    VOTE,
    headline_verdicts,
)

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

_VOTES = tuple(zip(CLASSES, VOTES, strict=True))


def pair_rows(inputs: Inputs, features: DataFrame, slices: SliceNames, job: EvaluateJob) -> DataFrame:
    """One row per comparison of two answers and judge, with everything its observations are made from.

    `own`, `reversed`, `average` are indices in `VERDICTS`; `verdict` is that of the headline's swap rule, "none" or
    "wrong" if the rule gives none, "not_asked" if it was not asked, and `said` its index in `SAID`; `label` is the one
    with the most votes, or "none", and `label_place` its index in `LABELS`; `votes` are all that count, in the format
    of `VotedCounts`: with every rule except each the label itself. `all_votes` are the numbers of votes whatever the
    rule, in the order of `CLASSES`; NULL without a label, and no column if there are no two labelers.
    """
    judged = numbered(inputs.judgments, inputs.judges)
    averaged = inputs.judges if SwapRule.AVERAGE in job.swap_rules else ()
    scored = [judge.number for judge in averaged if judge.gives_scores]
    wide = both_orders(judged, scored=scored, margin_of_own=job.swap_rules[0] is not SwapRule.SECOND)
    pairs = features.where("size = 2").withColumn("slices", slices_column(slices))
    if inputs.labels is None:
        votes = {**{name: F.lit(0).cast("long") for name in VOTES}, "label_lead": F.lit(None).cast("double")}
        votes["is_split"] = F.lit(False)
        labeled = pairs.withColumns(votes)
    else:
        voted = pairs.join(votes_of(inputs.labels, job.labels), "comparison_id", "left")
        labeled = voted.fillna(0, list(VOTES)).fillna(False, "is_split")
        labeled = labeled if len(inputs.labelers) > 1 else labeled.drop("all_votes")
    rows = wide.join(labeled.hint("shuffle_hash"), "comparison_id")
    rule = [SAID.index(verdict) for verdict in headline_verdicts(job.swap_rules[0], job.failure_rule)]
    place = (F.col("own") * len(VERDICTS) + F.col("reversed")) * len(VERDICTS) + F.col("average")
    placed = rows.withColumns({"said": F.element_at(F.array(*map(F.lit, rule)), place + 1), "label_place": _label()})
    names = {"verdict": _named("said", SAID), "label": _named("label_place", LABELS)}
    return placed.withColumns(
        {
            **names,
            "votes": _voted(_VOTES) if job.labels.rule == "each" else names["label"],
            "slices": F.concat("slices", margin_slices(slices)),
        }
    )


def pair_observations(rows: DataFrame, inputs: Inputs, groups: Groups, job: EvaluateJob) -> DataFrame:
    """The families orders, pairs, lengths, models, family_matrix and own_family of `pair_rows`.

    With two labelers or more also lengths_of_labelers and own_family_of_labelers, with all votes.
    """
    by_judge = {name: groups.by_judge(name, inputs.judges) for name in ("orders", "pairs", "lengths", "models")}
    own, reversed_, average = ((F.col(name), VERDICTS) for name in ("own", "reversed", "average"))
    asked, slices = F.col("verdict") != "not_asked", F.col("slices")
    made = [observed(by_judge["orders"], coded(own, reversed_), slices)]
    if job.labels.rule == "each":
        for place, (_, votes) in enumerate(_VOTES):
            code = coded((F.lit(place), CLASSES), own, reversed_, average)
            made.append(observed(by_judge["pairs"], code, slices, F.col(votes)))
        made.append(comparison_observed(by_judge["pairs"], slices, F.col("votes") != NO_VOTES))
        bins = _named(_length_bin(), BINS)
        made.append(observed(by_judge["lengths"], [F.col("votes"), F.col("verdict"), bins], when=asked))
    else:
        code = coded((F.col("label_place"), CLASSES), own, reversed_, average)
        made.append(observed(by_judge["pairs"], code, slices, when=F.col("label") != NO_VOTES))
        code = coded((F.col("label_place"), LABELS), (F.col("said"), SAID), (_length_bin(), BINS))
        made.append(observed(by_judge["lengths"], code, when=asked))
    if len(inputs.labelers) > 1:
        parts = [*_all_votes(), F.col("verdict"), _named(_length_bin(), BINS)]
        of_labelers = groups.by_judge("lengths_of_labelers", inputs.judges)
        made.append(observed(of_labelers, parts, when=asked & _has_votes()))
    made.append(_of_models(by_judge["models"], F.col("verdict")))
    made += _families(inputs, groups, job, asked)
    return exploded(rows, F.array(*made))


def label_model_observations(features: DataFrame, inputs: Inputs, groups: Groups, job: EvaluateJob) -> DataFrame | None:
    """The family models according to the labels: every vote is a game; None without labels."""
    if inputs.labels is None:
        return None
    rows = features.where("size = 2").join(votes_of(inputs.labels, job.labels), "comparison_id")
    group = F.lit(groups.number("models"))
    voted = F.explode(
        F.array(*(F.struct(F.lit(label).alias("vote"), F.col(votes).alias("votes")) for label, votes in _VOTES))
    )
    known = ("bucket", "question_key", "models")
    votes = rows.select(*known, voted.alias("v")).select(*known, "v.*")
    games = exploded(votes, F.array(_of_models(group, F.col("vote"), F.col("votes"))))
    if job.labels.rule != "each":
        return games
    is_labelled = sum(F.col(votes) for votes in VOTES) > 0
    return games.unionByName(exploded(rows, F.array(comparison_observed(group, when=_has_two_models() & is_labelled))))


def _all_votes() -> list[Column]:
    return [F.element_at("all_votes", place).cast("string") for place in range(1, len(CLASSES) + 1)]


def _has_votes() -> Column:
    return F.exists("all_votes", lambda votes: votes > 0)


def _voted(votes: Sequence[tuple[str, Column | str]]) -> Column:
    """Every vote, in the format of `VotedCounts`."""
    given = [
        F.array_repeat(F.lit(name), (F.col(times) if isinstance(times, str) else times).cast("int"))
        for name, times in votes
    ]
    every = F.concat(*given)
    return F.when(F.size(every) > 0, F.array_join(every, VOTE)).otherwise(NO_VOTES)


def _named(place: Column | str, names: Sequence[str]) -> Column:
    """The name at an index, by one table lookup: comparing texts row by row would cost far more."""
    found = F.col(place) if isinstance(place, str) else place
    return F.element_at(F.array(*map(F.lit, names)), found + 1)


def _label() -> Column:
    """The index in `LABELS` of the label with more votes than any other, else of none."""
    most = F.greatest(*VOTES)
    is_single = sum((F.col(name) == most).cast("int") for name in VOTES) == 1
    chosen = F.when(~is_single | (most <= 0), LABELS.index(NO_VOTES))
    for label, votes in _VOTES:
        chosen = chosen.when(F.col(votes) == most, LABELS.index(label))
    return chosen


def _length_bin() -> Column:
    """The index in `BINS` of log2 of the ratio of lengths; an empty answer counts as one character. As `length_bin`."""
    first, second = (F.greatest(F.element_at("chars", place), F.lit(1)) for place in (1, 2))
    steps, longest = F.rint(F.log2(first / second) * STEPS_A_DOUBLING), LONGEST_RATIO * STEPS_A_DOUBLING
    return (F.greatest(F.least(steps, F.lit(float(longest))), F.lit(-float(longest))) + longest).cast("int")


def _of_models(group: Column, verdict: Column, n: Column | None = None) -> Column:
    """A game between the two models, in alphabetical order."""
    first, second = F.element_at("models", 1), F.element_at("models", 2)
    in_order = first < second
    winner = (
        F.when(verdict.isin("A", "B"), F.when((verdict == "A") == in_order, "first").otherwise("second"))
        .when(verdict == "tie", "tie")
        .otherwise("failed")
    )
    parts = [F.least(first, second), F.greatest(first, second), winner]
    return observed(group, parts, n=n, when=(verdict != "not_asked") & _has_two_models())


def _has_two_models() -> Column:
    first, second = F.element_at("models", 1), F.element_at("models", 2)
    return first.isNotNull() & second.isNotNull() & (first != second)


def _families(inputs: Inputs, groups: Groups, job: EvaluateJob, asked: Column) -> list[Column]:
    """Comparisons between models of different known families: for every judge, and of a judge's own with others."""
    families = job.families
    names = sorted({name for judge in inputs.judges for name in _names_of(judge)})
    if unknown := sorted(set(families.judges) - set(names)):
        raise UserError(
            f"families.judges: {unknown[0]!r} is not a judge or its model here; there are {', '.join(names)}."
        )
    if not families.models:
        return []
    known = F.create_map(*(F.lit(item) for pair in families.models.items() for item in pair))
    first, second = (F.element_at(known, F.element_at("models", place)) for place in (1, 2))
    differ = asked & first.isNotNull() & second.isNotNull() & (first != second)
    matrix = groups.by_judge("family_matrix", inputs.judges)
    made = [
        observed(matrix, [family, _sided(F.col("verdict"), F.lit(is_first))], when=differ)
        for family, is_first in ((first, True), (second, False))
    ]
    made.append(comparison_observed(matrix, when=differ))
    of_judges = [
        next((families.judges[name] for name in _names_of(judge) if name in families.judges), None)
        for judge in inputs.judges
    ]
    group = groups.by_judge("own_family", inputs.judges, of_judges)
    own = F.element_at(F.array(*(F.lit(family).cast("string") for family in of_judges)), F.col("judge_number") + 1)
    is_first, is_second = (F.coalesce(of == own, F.lit(False)) for of in (first, second))
    votes = _voted(_sided_votes(is_first)) if job.labels.rule == "each" else _sided(F.col("label"), is_first)
    stands, said = asked & (is_first != is_second), _sided(F.col("verdict"), is_first)
    made.append(observed(group, [votes, said], when=stands))
    if len(inputs.labelers) > 1:
        of_labelers = groups.by_judge("own_family_of_labelers", inputs.judges, of_judges)
        first, second, tie = _all_votes()
        own, other = (F.when(is_own, first).otherwise(second) for is_own in (is_first, ~is_first))
        made.append(observed(of_labelers, [own, tie, other, said], when=stands & _has_votes()))
    return made


def _names_of(judge: JudgeInfo) -> tuple[str, str]:
    """The names of a judge in families.judges: its name, or that of its model without the revision."""
    return judge.judge, judge.model_version.partition("@")[0]


def _sided_votes(own_is_first: Column) -> list[tuple[str, Column | str]]:
    """The votes seen from one side; see `_sided`."""
    own, other = (
        F.when(is_own, F.col("votes_A")).otherwise(F.col("votes_B")) for is_own in (own_is_first, ~own_is_first)
    )
    return [("own", own), ("other", other), ("tie", "votes_tie")]


def _sided(verdict: Column, own_is_first: Column) -> Column:
    """A verdict seen from one side: own, other, tie, none or wrong."""
    return (
        F.when(verdict.isin("tie", "none", "wrong"), verdict)
        .when((verdict == "A") == own_is_first, "own")
        .otherwise("other")
    )
