"""Judgments and labels of comparisons of two answers as observations: what `count_cells` counts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from judgelake.errors import UserError
from judgelake.evaluating.features import SliceNames, margin_slices, slices_column
from judgelake.evaluating.groups import Groups
from judgelake.evaluating.inputs import Inputs, JudgeInfo
from judgelake.evaluating.observed import exploded, observed
from judgelake.evaluating.verdicts import VOTES, both_orders, numbered, votes_of
from judgelake.evaluation import (
    CLASSES,
    COMPARISONS,
    LONGEST_RATIO,
    NO_VOTES,
    SEPARATOR,
    STEPS_A_DOUBLING,
    VERDICTS,
    VOTE,
    EvaluateJob,
    SwapRule,
    headline_verdicts,
)

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

_VOTES = tuple(zip(CLASSES, VOTES, strict=True))


def pair_rows(inputs: Inputs, features: DataFrame, slices: SliceNames, job: EvaluateJob) -> DataFrame:
    """One row a comparison of two answers and judge, with all that its observations are made of.

    `own`, `reversed`, `average` are places in `VERDICTS`; `verdict` is the one of the headline's swap rule, "none"
    or "wrong" where it gives none, "not_asked" where it was not asked; `label` is that with the most votes, or "none";
    `votes` are all that count, as `VotedCounts` reads them: by every rule but each the label itself.
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
    rows = wide.join(labeled.hint("shuffle_hash"), "comparison_id")
    rule = headline_verdicts(job.swap_rules[0], job.failure_rule)
    place = (F.col("own") * len(VERDICTS) + F.col("reversed")) * len(VERDICTS) + F.col("average")
    return rows.withColumns(
        {
            "verdict": F.element_at(F.array(*map(F.lit, rule)), place + 1),
            "label": _label(),
            "votes": _voted(_VOTES) if job.labels.rule == "each" else _label(),
            "slices": F.concat("slices", margin_slices(slices)),
        }
    )


def pair_observations(rows: DataFrame, inputs: Inputs, groups: Groups, job: EvaluateJob) -> DataFrame:
    """The families orders, pairs, lengths, models, family_matrix and own_family of `pair_rows`."""
    by_judge = {name: groups.by_judge(name, inputs.judges) for name in ("orders", "pairs", "lengths", "models")}
    made = [observed(by_judge["orders"], [_spelled((), "own", "reversed")], F.col("slices"))]
    made += [
        observed(by_judge["pairs"], [_spelled((label,), "own", "reversed", "average")], F.col("slices"), F.col(votes))
        for label, votes in _VOTES
    ]
    if job.labels.rule == "each":
        is_labelled = F.col("votes") != NO_VOTES
        made.append(observed(by_judge["pairs"], [F.lit(COMPARISONS)], F.col("slices"), when=is_labelled))
    asked = F.col("verdict") != "not_asked"
    made.append(observed(by_judge["lengths"], [F.col("votes"), F.col("verdict"), _length_bin()], when=asked))
    made.append(_of_models(by_judge["models"], F.col("verdict")))
    made += _families(inputs, groups, job, asked)
    return exploded(rows, F.array(*made))


def judge_pair_observations(rows: DataFrame, inputs: Inputs, groups: Groups) -> DataFrame | None:
    """The family judge_pairs: the verdicts of every two judges on the comparisons asked of both; None for one judge."""
    if len(inputs.judges) < 2:
        return None
    asked = rows.where("verdict != 'not_asked'")
    # A map a comparison: looking two judges up in it is cheaper than joining the judgments with themselves.
    verdicts = F.map_from_entries(F.collect_list(F.struct("judge_number", "verdict"))).alias("verdicts")
    together = asked.groupBy("comparison_id", "question_key", "votes").agg(verdicts).where(F.size("verdicts") > 1)

    def of(first: int, second: int) -> Column:
        both = [F.try_element_at("verdicts", F.lit(number)) for number in (first, second)]
        group = F.lit(groups.number("judge_pairs", first, second))
        return observed(group, [F.col("votes"), *both], when=both[0].isNotNull() & both[1].isNotNull())

    numbers = [judge.number for judge in inputs.judges]
    return exploded(together, F.array(*(of(*two) for two in combinations(numbers, 2))))


def label_model_observations(features: DataFrame, inputs: Inputs, groups: Groups, job: EvaluateJob) -> DataFrame | None:
    """The family models as the labels see it: every vote is a game; None without labels."""
    if inputs.labels is None:
        return None
    rows = features.where("size = 2").join(votes_of(inputs.labels, job.labels), "comparison_id")
    group = F.lit(groups.number("models"))
    voted = F.explode(
        F.array(*(F.struct(F.lit(label).alias("vote"), F.col(votes).alias("votes")) for label, votes in _VOTES))
    )
    votes = rows.select("question_key", "models", voted.alias("v")).select("question_key", "models", "v.*")
    return exploded(votes, F.array(_of_models(group, F.col("vote"), F.col("votes"))))


def _spelled(first: tuple[str, ...], *codes: str) -> Column:
    """The parts `first` and the verdicts of the columns `codes`, joined: one look at a table of all there can be.

    Joining texts row by row was a third of what an evaluation of ten million judgments cost.
    """
    all_texts = [SEPARATOR.join((*first, *said)) for said in product(VERDICTS, repeat=len(codes))]
    place = F.col(codes[0])
    for code in codes[1:]:
        place = place * len(VERDICTS) + F.col(code)
    return F.element_at(F.array(*map(F.lit, all_texts)), place + 1)


def _voted(votes: Sequence[tuple[str, Column | str]]) -> Column:
    """Every vote, as `VotedCounts` reads them."""
    given = [
        F.array_repeat(F.lit(name), (F.col(times) if isinstance(times, str) else times).cast("int"))
        for name, times in votes
    ]
    every = F.concat(*given)
    return F.when(F.size(every) > 0, F.array_join(every, VOTE)).otherwise(NO_VOTES)


def _label() -> Column:
    """The label with more votes than any other, else "none"."""
    most = F.greatest(*VOTES)
    is_single = sum((F.col(name) == most).cast("int") for name in VOTES) == 1
    chosen = F.when(F.lit(False), None)
    for label, votes in _VOTES:
        chosen = chosen.when(F.col(votes) == most, label)
    return F.when(is_single & (most > 0), chosen).otherwise(NO_VOTES)


def _length_bin() -> Column:
    """log2 of the ratio of lengths in quarters; an empty answer counts as one character. As `length_bin` does it."""
    first, second = (F.greatest(F.element_at("chars", place), F.lit(1)) for place in (1, 2))
    steps = F.rint(F.log2(first / second) * STEPS_A_DOUBLING) / STEPS_A_DOUBLING
    # Plus zero: minus zero would be a bin of its own.
    bounded = F.greatest(F.least(steps, F.lit(float(LONGEST_RATIO))), F.lit(-float(LONGEST_RATIO))) + F.lit(0.0)
    return bounded.cast("string")


def _of_models(group: Column, verdict: Column, n: Column | None = None) -> Column:
    """A game between the two models, named in the order of the alphabet."""
    first, second = F.element_at("models", 1), F.element_at("models", 2)
    in_order = first < second
    winner = (
        F.when(verdict.isin("A", "B"), F.when((verdict == "A") == in_order, "first").otherwise("second"))
        .when(verdict == "tie", "tie")
        .otherwise("failed")
    )
    parts = [F.least(first, second), F.greatest(first, second), winner]
    stands = (verdict != "not_asked") & first.isNotNull() & second.isNotNull() & (first != second)
    return observed(group, parts, n=n, when=stands)


def _families(inputs: Inputs, groups: Groups, job: EvaluateJob, asked: Column) -> list[Column]:
    """Comparisons between models of different known families: of every judge, and of a judge with its own."""
    families = job.families
    names = sorted({name for judge in inputs.judges for name in _names_of(judge)})
    if unknown := sorted(set(families.judges) - set(names)):
        raise UserError(
            f"families.judges: {unknown[0]!r} is no judge or model asked here; there are {', '.join(names)}."
        )
    if not families.models:
        return []
    known = F.create_map(*(F.lit(item) for pair in families.models.items() for item in pair))
    first, second = (F.element_at(known, F.element_at("models", place)) for place in (1, 2))
    differ = asked & first.isNotNull() & second.isNotNull() & (first != second)
    of_judge = groups.by_judge("family_matrix", inputs.judges)
    made = [
        observed(of_judge, [family, _sided(F.col("verdict"), F.lit(is_first))], when=differ)
        for family, is_first in ((first, True), (second, False))
    ]
    for judge in inputs.judges:
        family = next((families.judges[name] for name in _names_of(judge) if name in families.judges), None)
        if family is None:
            continue
        is_first, is_second = (F.coalesce(of == family, F.lit(False)) for of in (first, second))
        stands = asked & (is_first != is_second) & (F.col("judge_number") == judge.number)
        group = F.lit(groups.number("own_family", judge.number, subject=family))
        votes = _voted(_sided_votes(is_first)) if job.labels.rule == "each" else _sided(F.col("label"), is_first)
        made.append(observed(group, [votes, _sided(F.col("verdict"), is_first)], when=stands))
    return made


def _names_of(judge: JudgeInfo) -> tuple[str, str]:
    """What a judge may be called in families.judges: its own name, or that of its model without the revision."""
    return judge.judge, judge.model_version.partition("@")[0]


def _sided_votes(own_is_first: Column) -> list[tuple[str, Column | str]]:
    """The votes as one side sees them; see `_sided`."""
    own, other = (
        F.when(is_own, F.col("votes_A")).otherwise(F.col("votes_B")) for is_own in (own_is_first, ~own_is_first)
    )
    return [("own", own), ("other", other), ("tie", "votes_tie")]


def _sided(verdict: Column, own_is_first: Column) -> Column:
    """A verdict as one side sees it: own, other, tie, none or wrong."""
    return (
        F.when(verdict.isin("tie", "none", "wrong"), verdict)
        .when((verdict == "A") == own_is_first, "own")
        .otherwise("other")
    )
