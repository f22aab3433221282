"""The indicators of reliability as columns of `judged_rows`, and the probabilities made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from judgelake.comparisons import TIE
from judgelake.jobs.evaluate import FAILED, NOT_ASKED, OWN_ODDS, Inputs, JudgeInfo, centred_odds, mean_odds
from judgelake.jobs.evaluate import repeated_requests as requests_of
from judgelake.trust import INDICATORS, Calibrator, CrossFitted, Isotonic, Temperature

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

NO_ODDS = "the judge gives neither log-probabilities of labels nor scores"
ONE_ORDER = "asked in one order only"
NO_ODDS_HERE = "an order has no log-odds"
NO_SIDE = "a tie is no side of the log-odds"
NO_OFFSET = "the judge's position offset is not known, since no comparison has log-odds in both orders"
NO_MASS = "the judge does not decide by the probability of labels"
MASS_UNKNOWN = "the probability of the labels was not stored"
NO_VERDICT_IN_ONE = "an order has no verdict"
ASKED_ONCE = "asked once"
NO_PAIR = "fewer than two of the answers have a verdict"
PREFIX = "indicator_"


def with_indicators(rows: DataFrame, inputs: Inputs, offsets: Mapping[int, float]) -> DataFrame:
    """The rows with a column `indicator_NAME` for each indicator, and the maps `indicators` and `unknown`.

    Args:
        rows: of `judged_rows`, of pairs with masses.
        inputs: of the evaluation.
        offsets: the position offset of each judge that has one, by its number.
    """
    rows = _with_repeats(rows, inputs)
    columns = {
        **_of_odds(rows, inputs.judges, offsets),
        "label_mass": _of_mass(inputs.judges),
        "orders_agree": _of_orders(),
        "repeats_agree": (
            F.when(F.col("repeat_pairs") > 0, 1 - F.col("repeat_differing") / F.col("repeat_pairs")),
            F.when(F.col("repeat_pairs").isNull(), ASKED_ONCE).otherwise(NO_PAIR),
        ),
    }
    names = [one.name for one in INDICATORS]
    rows = rows.withColumns({PREFIX + name: columns[name][0].cast("double") for name in names})
    values = {name: F.col(PREFIX + name) for name in names}
    reasons = {name: F.when(values[name].isNull(), columns[name][1]) for name in names}
    return rows.withColumns({"indicators": _without_null(values), "unknown": _without_null(reasons)})


def _without_null(columns: Mapping[str, Column]) -> Column:
    every = F.create_map(*(part for name, value in columns.items() for part in (F.lit(name), value)))
    return F.map_filter(every, lambda _, value: value.isNotNull())


def _is(judges: Sequence[JudgeInfo]) -> Column:
    return F.col("judge_number").isin([judge.number for judge in judges])


def _of_odds(
    rows: DataFrame, judges: Sequence[JudgeInfo], offsets: Mapping[int, float]
) -> dict[str, tuple[Column, Column]]:
    """Value and reason of the indicators that are log-odds."""
    if OWN_ODDS not in rows.columns:
        nothing = F.lit(None).cast("double"), F.lit(NO_ODDS)
        return {"margin": nothing, "centred": nothing}
    gives = _is([judge for judge in judges if judge.log_odds is not None])
    in_both = (F.col("own") != NOT_ASKED) & (F.col("reversed") != NOT_ASKED)
    is_tie = F.col("verdict") == TIE
    of_margin = F.when(~gives, NO_ODDS).when(~in_both, ONE_ORDER).when(is_tie, NO_SIDE).otherwise(NO_ODDS_HERE)
    has_offset = F.col("judge_number").isin([*offsets])
    of_centred = F.when(~gives, NO_ODDS).when(~has_offset, NO_OFFSET).when(is_tie, NO_SIDE).otherwise(NO_ODDS_HERE)
    return {
        "margin": (_for_the_verdict(mean_odds()), of_margin),
        "centred": (_for_the_verdict(centred_odds(offsets)), of_centred),
    }


def _for_the_verdict(odds: Column) -> Column:
    """Log-odds of A over B as those of the verdict: below 0 where one order gave the verdict and both say otherwise."""
    verdict = F.col("verdict")
    return F.when(verdict == "A", odds).when(verdict == "B", -odds)


def _of_mass(judges: Sequence[JudgeInfo]) -> tuple[Column, Column]:
    decides = _is([judge for judge in judges if judge.decides_by_probability])
    return F.least("own_mass", "reversed_mass"), F.when(decides, MASS_UNKNOWN).otherwise(NO_MASS)


def _of_orders() -> tuple[Column, Column]:
    own, reversed_ = F.col("own"), F.col("reversed")
    is_one = (own == NOT_ASKED) | (reversed_ == NOT_ASKED)
    agree = F.when((own < FAILED) & (reversed_ < FAILED), (own == reversed_).cast("int"))
    return agree, F.when(is_one, ONE_ORDER).otherwise(NO_VERDICT_IN_ONE)


def _with_repeats(rows: DataFrame, inputs: Inputs) -> DataFrame:
    requests = requests_of(inputs)
    if requests is None:
        return rows.withColumns({name: F.lit(None).cast("long") for name in ("repeat_pairs", "repeat_differing")})
    both = {"repeat_pairs": F.sum("pairs"), "repeat_differing": F.sum("differing")}
    of_comparison = requests.groupBy("comparison_id", "judge_number").agg(
        *(of.alias(name) for name, of in both.items())
    )
    return rows.join(of_comparison, ["comparison_id", "judge_number"], "left")


def fold_column(folds: int) -> Column:
    """The fold of each row's question, as `trust.fold_of`."""
    return F.pmod("question_key", F.lit(folds))


def probability_column(fitted: Mapping[int, tuple[str, CrossFitted]]) -> Column:
    """The probability of each row's verdict, by the map that was fitted without the labels of its question.

    Args:
        fitted: the indicator and the maps of each judge that has some, by its number.
    """
    branches = [
        ((F.col("judge_number") == judge) & (fold_column(len(of.calibrators)) == fold), _probability(one, calibrator))
        for judge, (one, of) in fitted.items()
        for fold, calibrator in enumerate(of.calibrators)
    ]
    nothing = F.lit(None).cast("double")
    return reduce(lambda rest, branch: F.when(branch[0], branch[1]).otherwise(rest), branches, nothing)


def _probability(indicator: str, calibrator: Calibrator) -> Column:
    value = F.col(PREFIX + indicator)
    match calibrator:
        case Temperature(temperature=temperature):
            found = 1 / (1 + F.exp(-value / temperature))
        case Isotonic(starts=starts, levels=levels):
            below = F.size(F.filter(F.array(*map(F.lit, starts)), lambda start: start <= value))
            found = F.element_at(F.array(*map(F.lit, levels)), F.greatest(F.lit(1), below))
        case _:
            raise TypeError(f"{type(calibrator).__name__} has no column here: add it beside its class.")
    return F.when(value.isNotNull(), found)
