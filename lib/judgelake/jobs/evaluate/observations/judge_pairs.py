"""Which judges are compared with each other, and their verdicts on the same comparisons as observations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from judgelake.errors import UserError
from judgelake.jobs.evaluate.config import JudgePairs
from judgelake.jobs.evaluate.inputs import Inputs, JudgeInfo
from judgelake.jobs.evaluate.observations.groups import Groups
from judgelake.jobs.evaluate.observations.judged import named, said_in, times_of
from judgelake.jobs.evaluate.observations.observation import LABELS, SAID, coded, exploded, observed
from judgelake.measures.families import WHOLE

if TYPE_CHECKING:
    from pyspark.sql import Column

Pair = tuple[int, int]
"""The numbers of two judges, the lower one first."""

# A verdict takes three bits: its index in `SAID` plus one, since 0 means no verdict. This many fit into a BIGINT.
BITS = 3
JUDGES_A_WORD = 20


def all_pairs(judges: Sequence[JudgeInfo], wanted: JudgePairs) -> tuple[Pair, ...] | None:
    """Every pair of judges; None if there are more than wanted, so that `nearest_pairs` must choose."""
    if comb(len(judges), 2) > wanted.most:
        return None
    return tuple(combinations(range(len(judges)), 2))


def nearest_pairs(judges: Sequence[JudgeInfo], wanted: JudgePairs, standing: Mapping[int, float]) -> tuple[Pair, ...]:
    """The pairs that are always wanted, and of the others those nearest in rank.

    Args:
        judges: all of the evaluation.
        wanted: how many pairs, and which always.
        standing: number of a judge to its main figure; judges without one are last.

    Raises:
        UserError: `wanted.always` names a judge that does not exist, or one twice.
    """
    chosen = dict.fromkeys(always_pairs(judges, wanted))
    by_rank = sorted(
        range(len(judges)), key=lambda number: (number not in standing, -standing.get(number, 0.0), number)
    )
    apart = ((place, place + steps) for steps in range(1, len(judges)) for place in range(len(judges) - steps))
    for places in apart:
        if len(chosen) >= wanted.most:
            break
        first, second = sorted(by_rank[place] for place in places)
        chosen[first, second] = None
    return tuple(sorted(chosen))


def always_pairs(judges: Sequence[JudgeInfo], wanted: JudgePairs) -> Iterable[Pair]:
    """The pairs that are always wanted, as numbers.

    Raises:
        UserError: one of the judges does not exist, or a pair names one judge twice.
    """
    numbers = {judge.name: judge.number for judge in judges}
    for pair in wanted.always:
        if unknown := [name for name in pair if name not in numbers]:
            some = ", ".join(sorted(numbers)[:20])
            raise UserError(
                f"judge_pairs.always: there is no judge {unknown[0]!r} in this evaluation; there are {some}."
            )
        first, second = sorted(numbers[name] for name in pair)
        if first == second:
            raise UserError(f"judge_pairs.always: {pair[0]!r} cannot be compared with itself; name two judges.")
        yield first, second


def judge_pair_observations(
    rows: DataFrame,
    inputs: Inputs,
    groups: Groups,
    pairs: Sequence[Pair],
    rule: str,
    *,
    slices: Sequence[int] = (),
    is_summed: bool = False,
) -> DataFrame | None:
    """The family judge_pairs: the verdicts of two judges on the comparisons asked of both; None without pairs.

    The verdicts on a comparison are packed into a few numbers, from which one row per pair is made: joining the
    judgments with themselves, or a column per pair, costs far more and has limits.

    Args:
        rows: of `judged_rows`; two verdicts of a judge are compared with those of the other in the same order.
        inputs: of the evaluation.
        groups: gets a group for each pair.
        pairs: those to compare.
        rule: of the labels.
        slices: the numbers of the slices in which the judges are also compared; only such as are of a comparison or its
            label, whoever judges it.
        is_summed: whether equal observations become one (`_summed`); only where nobody needs their questions, and
            without `slices`.
    """
    if not pairs:
        return None
    of_pair = [groups.number("judge_pairs", *pair) for pair in pairs]
    slots = {number: slot for slot, number in enumerate(sorted({number for pair in pairs for number in pair}))}
    slot = [slots.get(judge.number) for judge in inputs.judges]
    asked = rows.where("verdict != 'not_asked'").withColumn("slot", _looked_up(slot, F.col("judge_number")))
    said = said_in(rows)
    together = _together(asked.where("slot IS NOT NULL"), said, len(slots), rule, slices)
    each = together.withColumn("pair", F.explode(F.sequence(F.lit(0), F.lit(len(pairs) - 1))))
    sides = [(side, [slots[pair[place]] for pair in pairs]) for place, side in enumerate(("first", "second"))]
    unpacked = each.withColumns({f"{side}_{name}": _unpacked(of, name) for side, of in sides for name in said})
    # Whether a judge was asked is the same for both orders of a rule that needs both.
    both = unpacked.where("first_said > 0 AND second_said > 0")
    outcomes = [_sides_of(name) for name in said]
    times = times_of(*(first * (len(SAID) + 1) + second for first, second in outcomes))
    if is_summed and rule != "each" and not slices:
        both = _summed(both, [_code(*sides) for sides in outcomes], times, len(pairs))
        return exploded(both, F.array(observed(_looked_up(of_pair, F.col("pair")), F.col("code"), n=F.col("n"))))
    group, in_slices = _looked_up(of_pair, F.col("pair")), F.col("slices") if slices else None
    made = [
        observed(group, _code(*sides) if rule != "each" else _named(*sides), in_slices, n, when)
        for sides, (n, when) in zip(outcomes, times, strict=True)
    ]
    return exploded(both, F.array(*made))


def _together(rows: DataFrame, said: Sequence[str], slots: int, rule: str, slices: Sequence[int]) -> DataFrame:
    """The verdicts on each comparison that two judges or more were asked, in `words_` and the column's name.

    Where slices are wanted, `slices` are those of them that the comparison is in, and the whole.
    """
    words = [
        F.array(*(_word(number, name) for number in range(-(-slots // JUDGES_A_WORD)))).alias(f"words_{name}")
        for name in said
    ]
    same = ("comparison_id", "bucket", "question_key", "votes" if rule == "each" else "label_place")
    if slices:
        wanted = F.array_intersect("slices", F.array(*map(F.lit, (WHOLE, *slices))))
        # The same for all judges.
        words.append(F.min(F.array_sort(wanted)).alias("slices"))
    return rows.groupBy(*same).agg(*words, F.count("*").alias("judges")).where("judges > 1")


def _summed(
    rows: DataFrame, codes: Sequence[Column], times: Sequence[tuple[Column | None, Column]], pairs: int
) -> DataFrame:
    """The rows of equal `bucket`, `pair` and `code` as one, with their number `n`; their question is not known.

    They are grouped by one number that is all three: of 20 judges each comparison gives 190 rows, and an evaluation
    that groups these by the columns of an observation took 359 s instead of 246 for a million comparisons.

    Args:
        rows: with `bucket` and `pair`.
        codes: of the outcome in each order of the headline's rule.
        times: how often and where each counts; see `times_of`.
        pairs: the number of pairs.
    """
    of_outcome = len(LABELS) * len(SAID) ** 2
    place = F.col("bucket").cast("long") * pairs + F.col("pair")
    made = [
        rows.where(when).select(
            (place * of_outcome + code).alias("packed"), (F.lit(1) if n is None else n).cast("long").alias("n")
        )
        for code, (n, when) in zip(codes, times, strict=True)
    ]
    summed = reduce(DataFrame.unionByName, made).groupBy("packed").agg(F.sum("n").alias("n"))
    parts = {
        "bucket": f"packed div {of_outcome * pairs}",
        "pair": f"packed div {of_outcome} % {pairs}",
        "code": f"packed % {of_outcome}",
    }
    numbers = [F.expr(part).cast("int").alias(name) for name, part in parts.items()]
    return summed.select(*numbers, F.lit(None).cast("long").alias("question_key"), "n")


def _sides_of(said: str) -> tuple[Column, Column]:
    """The verdicts of both judges, each its index in `SAID` plus one."""
    return F.col(f"first_{said}"), F.col(f"second_{said}")


def _code(first: Column, second: Column) -> Column:
    return coded((F.col("label_place"), LABELS), (first - 1, SAID), (second - 1, SAID))


def _named(first: Column, second: Column) -> list[Column]:
    return [F.col("votes"), named(first - 1, SAID), named(second - 1, SAID)]


def _looked_up(numbers: Sequence[int | None], place: Column) -> Column:
    return F.element_at(F.array(*(F.lit(number).cast("int") for number in numbers)), place + 1)


def _word(number: int, said: str) -> Column:
    """The verdicts of the judges in the slots of one word, packed: each shifted to its slot."""
    shifted = F.expr(f"shiftleft(CAST({said} + 1 AS BIGINT), CAST({BITS} * (slot % {JUDGES_A_WORD}) AS INT))")
    return F.coalesce(F.sum(F.when(F.floor(F.col("slot") / JUDGES_A_WORD) == number, shifted)), F.lit(0).cast("long"))


def _unpacked(slots: Sequence[int], said: str) -> Column:
    """The verdict in the slot of each pair, its index in `SAID` plus one; 0 without a verdict."""
    places = [divmod(slot, JUDGES_A_WORD) for slot in slots]
    word = F.element_at(f"words_{said}", _looked_up([word + 1 for word, _ in places], F.col("pair")))
    shift = _looked_up([BITS * place for _, place in places], F.col("pair"))
    return F.call_function("shiftright", word, shift).bitwiseAND(F.lit(7).cast("long")).cast("int")
