"""Judgments and labels of comparisons of two answers as observations: what `count_cells` counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from judgelake.errors import UserError
from judgelake.jobs.evaluate.config import EvaluateJob
from judgelake.jobs.evaluate.features import CONTROL_STRINGS, SliceNames, slices_column, stratum_column
from judgelake.jobs.evaluate.inputs import Inputs, JudgeInfo
from judgelake.jobs.evaluate.log_odds import log_odds_of
from judgelake.jobs.evaluate.observations.groups import Groups
from judgelake.jobs.evaluate.observations.judged import NAMED, column_of, named, said_in, times_of
from judgelake.jobs.evaluate.observations.observation import (
    BINS,
    LABELS,
    SAID,
    coded,
    comparison_observed,
    each_exploded,
    exploded,
    observed,
)
from judgelake.jobs.evaluate.observations.offsets import offset_observations
from judgelake.jobs.evaluate.verdicts import VOTES, both_orders, numbered, votes_of
from judgelake.measures import SCORED, SwapRule
from judgelake.measures.families import CLASSES, LONGEST_RATIO, NO_VOTES, STEPS_A_DOUBLING, VERDICTS, VOTE
from judgelake.trust.corrected import UNLABELLED

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

Counted = tuple["Column", tuple["Column | None", "Column"]]
"""A verdict, and how often and where its observation counts (`times_of`)."""
_VOTES = tuple(zip(CLASSES, VOTES, strict=True))


def pair_rows(
    inputs: Inputs, features: DataFrame, slices: SliceNames, job: EvaluateJob, *, has_masses: bool = False
) -> DataFrame:
    """One row per comparison of two answers and judge, with all that its observations are made from but the rules.

    `own`, `reversed`, and `by_average` if a rule needs it, are indices in `VERDICTS`; `label` is the one with the most
    votes, or "none", and `label_place` its index in `LABELS`; `votes` are all that count, in the format of
    `VotedCounts`: with every rule except each the label itself. `all_votes` are the numbers of votes whatever the rule,
    in the order of `CLASSES`; NULL without a label, and no column if there are no two labelers. The other rules'
    verdicts, and the slices by margin, are added by `judged_rows`. `has_masses`: see `both_orders`.
    """
    judged = numbered(inputs.judgments, inputs.judges)
    averaged = inputs.judges if SwapRule.AVERAGE in (job.swap_rules or ()) else None
    scored = None if averaged is None else [judge.number for judge in averaged if judge.gives_scores]
    log_odds = log_odds_of(judged, inputs.judges) if any(judge.log_odds for judge in inputs.judges) else None
    has_controls = CONTROL_STRINGS in slices.dimensions
    wide = both_orders(judged, scored=scored, log_odds=log_odds, has_controls=has_controls, has_masses=has_masses)
    pairs = features.where("size = 2").withColumn("slices", slices_column(slices))
    if inputs.labels is None:
        votes = {**{name: F.lit(0).cast("long") for name in VOTES}, "label_lead": F.lit(None).cast("double")}
        votes["is_split"] = F.lit(False)
        labeled = pairs.withColumns(votes)
    else:
        voted = pairs.join(votes_of(inputs.labels, job.labels), "comparison_id", "left")
        labeled = voted.fillna(0, list(VOTES)).fillna(False, "is_split")
        labeled = labeled if len(inputs.labelers) > 1 else labeled.drop("all_votes")
    rows = wide.join(labeled.hint("shuffle_hash"), "comparison_id").withColumn("label_place", _label())
    label = named("label_place", LABELS)
    return rows.withColumns({"label": label, "votes": _voted(_VOTES) if job.labels.rule == "each" else label})


def pair_observations(
    rows: DataFrame,
    inputs: Inputs,
    groups: Groups,
    job: EvaluateJob,
    offsets: Mapping[int, float],
    slices: SliceNames,
    *,
    in_one_pass: bool = True,
) -> DataFrame:
    """The families orders, offsets, pairs, scored_pairs, lengths, models, family_matrix and own_family.

    With two labelers or more also lengths_of_labelers and own_family_of_labelers, with all votes.

    Args:
        rows: of `judged_rows`.
        inputs: of the evaluation.
        groups: gets the groups of these families.
        job: with the swap rules that are used.
        offsets: the position offset of each judge that has one, by its number.
        slices: those of the evaluation.
        in_one_pass: over the rows; see `each_exploded`.
    """
    group = groups.by_judge("orders", inputs.judges)
    own, reversed_ = ((F.col(name), VERDICTS) for name in ("own", "reversed"))
    made = [observed(group, coded(own, reversed_), F.col("slices"))]
    made += offset_observations(inputs, groups, job, offsets)
    made += _labelled(groups.by_judge("pairs", inputs.judges), (own, reversed_), job)
    for rule in job.rules:
        if rule in SCORED:
            group = groups.by_judge("scored_pairs", inputs.judges, [rule.value] * len(inputs.judges))
            made += _labelled(group, ((F.col(column_of(rule)), VERDICTS),), job)
    said, labelled = said_in(rows), _label_of_models(job, slices, has_all_votes=len(inputs.labelers) > 1)
    for name, (n, when) in zip(said, times_of(*map(F.col, said)), strict=True):
        made.append(_lengths(groups.by_judge("lengths", inputs.judges), name, job, n, when))
        if len(inputs.labelers) > 1:
            group = groups.by_judge("lengths_of_labelers", inputs.judges)
            made.append(_lengths_of_labelers(group, F.col(NAMED[name]), n, when))
        made.append(_of_models(groups.by_judge("models", inputs.judges), F.col(NAMED[name]), n, when, labelled))
    made += _families(inputs, groups, job, said)
    return each_exploded(rows, made, in_one_pass=in_one_pass)


def _labelled(group: Column, said: Sequence[tuple[Column, Sequence[str]]], job: EvaluateJob) -> list[Column]:
    """The verdicts of a comparison with its label, or with each vote."""
    slices = F.col("slices")
    if job.labels.rule != "each":
        code = coded((F.col("label_place"), CLASSES), *said)
        return [observed(group, code, slices, when=F.col("label") != NO_VOTES)]
    made = [
        observed(group, coded((F.lit(place), CLASSES), *said), slices, F.col(votes))
        for place, (_, votes) in enumerate(_VOTES)
    ]
    return [*made, comparison_observed(group, slices, F.col("votes") != NO_VOTES)]


def _lengths(group: Column, said: str, job: EvaluateJob, n: Column | None, when: Column) -> Column:
    code: Column | list[Column] = coded((F.col("label_place"), LABELS), (F.col(said), SAID), (_length_bin(), BINS))
    if job.labels.rule == "each":
        code = [F.col("votes"), F.col(NAMED[said]), named(_length_bin(), BINS)]
    return observed(group, code, n=n, when=when & (F.col(NAMED[said]) != "not_asked"))


def _lengths_of_labelers(group: Column, verdict: Column, n: Column | None, when: Column) -> Column:
    parts = [*_all_votes(), verdict, named(_length_bin(), BINS)]
    return observed(group, parts, n=n, when=when & (verdict != "not_asked") & _has_votes())


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


def _of_models(
    group: Column,
    verdict: Column,
    n: Column | None = None,
    when: Column | None = None,
    further: Sequence[Column] = (),
) -> Column:
    """A game between the two models, in alphabetical order; what else its outcome names."""
    first, second = F.element_at("models", 1), F.element_at("models", 2)
    parts = [F.least(first, second), F.greatest(first, second), _winner(verdict), *further]
    stands = (verdict != "not_asked") & _has_two_models()
    return observed(group, parts, n=n, when=stands if when is None else stands & when)


def _winner(verdict: Column, otherwise: str = "failed") -> Column:
    in_order = F.element_at("models", 1) < F.element_at("models", 2)
    return (
        F.when(verdict.isin("A", "B"), F.when((verdict == "A") == in_order, "first").otherwise("second"))
        .when(verdict == "tie", "tie")
        .otherwise(otherwise)
    )


def _label_of_models(job: EvaluateJob, slices: SliceNames, *, has_all_votes: bool) -> list[Column]:
    """What the outcome of a judge's game says of the label, with the stratum if there are strata.

    Without one label the mean of the votes: left out, those with a label would not be a random part.
    """
    strata = job.corrected.strata
    label = _winner(F.col("label"), UNLABELLED)
    if has_all_votes:
        of_a, of_b, ties = (F.element_at("all_votes", place) for place in range(1, len(CLASSES) + 1))
        in_order = F.element_at("models", 1) < F.element_at("models", 2)
        share = (F.when(in_order, of_a).otherwise(of_b) + ties / 2) / F.greatest(of_a + of_b + ties, F.lit(1))
        is_divided = (F.col("label") == NO_VOTES) & F.coalesce(_has_votes(), F.lit(False))
        label = F.when(is_divided, F.round(share, 3).cast("string")).otherwise(label)
    return [label] if strata is None else [label, stratum_column(slices, strata)]


def _has_two_models() -> Column:
    first, second = F.element_at("models", 1), F.element_at("models", 2)
    return first.isNotNull() & second.isNotNull() & (first != second)


def _families(inputs: Inputs, groups: Groups, job: EvaluateJob, said: Sequence[str]) -> list[Column]:
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
    # Whether it was asked is the same for both orders of a rule that needs both.
    asked = F.col("verdict") != "not_asked"
    differ = asked & first.isNotNull() & second.isNotNull() & (first != second)
    matrix, verdicts = groups.by_judge("family_matrix", inputs.judges), [F.col(NAMED[name]) for name in said]
    counted = list(zip(verdicts, times_of(*verdicts), strict=True))
    made = [
        observed(matrix, [family, _sided(verdict, F.lit(is_first))], n=n, when=differ & when)
        for verdict, (n, when) in counted
        for family, is_first in ((first, True), (second, False))
    ]
    made.append(comparison_observed(matrix, when=differ))
    of_judges = [
        next((families.judges[name] for name in _names_of(judge) if name in families.judges), None)
        for judge in inputs.judges
    ]
    own = F.element_at(F.array(*(F.lit(family).cast("string") for family in of_judges)), F.col("judge_number") + 1)
    is_own = [F.coalesce(of == own, F.lit(False)) for of in (first, second)]
    group = groups.by_judge("own_family", inputs.judges, of_judges)
    made += _own_family(group, is_own, job, counted)
    if len(inputs.labelers) > 1:
        made += _own_family_of_labelers(
            groups.by_judge("own_family_of_labelers", inputs.judges, of_judges), is_own, counted
        )
    return made


def _own_family(
    group: Column, is_own: Sequence[Column], job: EvaluateJob, counted: Sequence[Counted]
) -> Iterator[Column]:
    """Comparisons with one answer of the judge's family; `is_own` says of the first and the second if it is."""
    is_first, is_second = is_own
    votes = _voted(_sided_votes(is_first)) if job.labels.rule == "each" else _sided(F.col("label"), is_first)
    for verdict, (n, when) in counted:
        stands = (verdict != "not_asked") & (is_first != is_second) & when
        yield observed(group, [votes, _sided(verdict, is_first)], n=n, when=stands)


def _own_family_of_labelers(group: Column, is_own: Sequence[Column], counted: Sequence[Counted]) -> Iterator[Column]:
    """The same with the number of votes of all labelers for either side."""
    is_first, is_second = is_own
    votes_a, votes_b, tie = _all_votes()
    own, other = (F.when(is_it, votes_a).otherwise(votes_b) for is_it in (is_first, ~is_first))
    for verdict, (n, when) in counted:
        stands = (verdict != "not_asked") & (is_first != is_second) & when & _has_votes()
        yield observed(group, [own, tie, other, _sided(verdict, is_first)], n=n, when=stands)


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
