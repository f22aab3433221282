"""What is known of a comparison besides its verdicts: question, bucket, models, lengths, and its slices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyspark.sql import Window
from pyspark.sql import functions as F

from judgelake.errors import UserError
from judgelake.jobs.evaluate.config import Slices
from judgelake.measures.families import ROUNDING, SEPARATOR, WHOLE, Buckets

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

OTHERS = "(others)"
ATTRIBUTE = "attributes."
CONTROL_STRINGS = "control_strings"
MARGINS = {
    "label_margin": (("below 1", 0.0), ("1 to below 2", 1.0), ("2 to below 4", 2.0), ("4 and more", 4.0)),
    "judge_margin": (
        ("below 0.5 nats", 0.0),
        ("0.5 to below 1 nats", 0.5),
        ("1 to below 2 nats", 1.0),
        ("2 to below 4 nats", 2.0),
        ("4 nats and more", 4.0),
    ),
    CONTROL_STRINGS: (("none", 0.0), ("no answer", 1.0), ("sent as ids", 2.0), ("sent as text", 3.0)),
}
"""Dimensions of a judgment or label, not of a comparison, in bins with their lower ends: how clear it is, and how a
prompt with control strings in its material was sent, as far as an answer tells."""
OF_A_JUDGE = ("judge_margin", CONTROL_STRINGS)
"""Dimensions of a judgment: two judges have one comparison in different slices."""
MARGIN_COLUMNS = {"label_margin": "label_lead", "judge_margin": "margin", CONTROL_STRINGS: "controls"}
# The relative error of an approximate count of questions, and how many times the wanted number are listed for it.
COUNT_ERROR = 0.02
ROOM = 1.5
QUESTIONS_PLACE = -1


@dataclass(frozen=True, slots=True)
class SliceNames:
    """The slices of an evaluation: number to (dimension, value); `WHOLE` is everything."""

    names: tuple[tuple[str, str], ...] = ()
    dimensions: tuple[str, ...] = ()
    """All that were asked for; the index of one is the number of its column in `features_of`."""

    def number(self, dimension: str, value: str) -> int:
        """The number of a slice."""
        return WHOLE + 1 + self.names.index((dimension, value))

    def name(self, number: int) -> str:
        """The slice as in the metrics table: all, or dimension=value."""
        return "all" if number == WHOLE else "=".join(self.names[number - WHOLE - 1])

    def values(self, dimension: str) -> list[str]:
        """The values of one dimension."""
        return [value for name, value in self.names if name == dimension]

    @property
    def numbers(self) -> range:
        """All slices, `WHOLE` first."""
        return range(WHOLE, WHOLE + 1 + len(self.names))

    @property
    def of_comparisons(self) -> list[int]:
        """The slices that a comparison is in whoever judges it."""
        return [WHOLE + 1 + place for place, (dimension, _) in enumerate(self.names) if dimension not in OF_A_JUDGE]


def features_of(comparisons: DataFrame, dimensions: Sequence[str]) -> DataFrame:
    """comparison_id, question, question_key, size, models, chars and a column per dimension.

    `question_key` is a hash of the question's name, `size` the number of answers, `chars` the length of each.

    Raises:
        UserError: there is no such dimension.
    """
    have = comparisons.columns
    question = F.coalesce("question_id", "comparison_id") if "question_id" in have else F.col("comparison_id")
    answers = comparisons.select(F.explode("answers").alias("a")).select("a.*").columns

    def model(answer: Column) -> Column:
        # A name is part of an outcome, whose parts are separated by this character.
        return F.translate(answer.model, SEPARATOR, " ") if "model" in answers else F.lit(None).cast("string")

    def chars(answer: Column) -> Column:
        turns = F.array_join(answer.turns, "") if "turns" in answers else F.lit("")
        return F.length(F.concat(F.coalesce(answer.text, F.lit("")), F.coalesce(turns, F.lit(""))))

    base = comparisons.withColumns(
        {
            "question": question.cast("string"),
            "question_key": F.xxhash64(question),
            "size": F.size("answers"),
            "models": F.transform("answers", model),
            "chars": F.transform("answers", chars),
        }
    )
    values = [_dimension(base, dimension) for dimension in dimensions]
    known = [
        *map(F.col, ("question", "question_key", "size", "models", "chars")),
        *(value.alias(_column(place)) for place, value in enumerate(values) if value is not None),
    ]
    # A table filled by other tools may contain an id twice; one row is kept, the same in every evaluation.
    kept = base.groupBy("comparison_id").agg(F.min(F.struct(*known)).alias("kept"))
    return kept.select("comparison_id", "kept.*")


@dataclass(frozen=True, slots=True)
class Survey:
    """What must be known of all comparisons before anything is counted."""

    comparisons: int
    most_answers: int
    slices: SliceNames
    buckets: Buckets


def survey(features: DataFrame, slices: Slices, most_buckets: int) -> Survey:
    """Find the slices, and put the questions into buckets.

    The largest values of each dimension are slices, the rest is combined as `OTHERS`, including a value of exactly that
    name, since there can be only one slice of a name.

    Args:
        features: rows of `features_of`.
        slices: the dimensions that are asked for.
        most_buckets: with at most this many questions, each is a bucket.
    """
    count = F.approx_count_distinct("question_key", COUNT_ERROR)
    found: Any = features.agg(F.count("*"), F.max("size"), count).first()
    comparisons, most_answers, questions = found
    is_few = questions <= ROOM * most_buckets
    values = _values(features, slices, most_buckets if is_few else 0)
    names = values.get(QUESTIONS_PLACE, [])
    if is_few and len(names) <= most_buckets:
        buckets = Buckets(tuple(names))
    else:
        may_be_one_each = comparisons <= questions * (1 + 5 * COUNT_ERROR)
        several = features.groupBy("question_key").count().where("count > 1")
        buckets = Buckets(hashed=most_buckets, is_one_comparison_each=may_be_one_each and several.isEmpty())
    return Survey(comparisons, most_answers, _slice_names(values, slices), buckets)


def bucket_column(buckets: Buckets) -> Column:
    """The bucket of each comparison's question."""
    if buckets.hashed is not None:
        return F.pmod("question_key", F.lit(buckets.hashed)).cast("int")
    places = F.create_map(*(F.lit(item) for place, name in enumerate(buckets.names) for item in (name, place)))
    return F.element_at(places, F.col("question")).cast("int")


def _values(features: DataFrame, slices: Slices, most_questions: int) -> dict[int, list[str]]:
    """The largest values of each dimension, by its index; and the names of questions, unless none are wanted."""
    columns = {place: _column(place) for place, dimension in enumerate(slices.by) if dimension not in MARGINS}
    if most_questions:
        columns[QUESTIONS_PLACE] = "question"
    if not columns:
        return {}
    given = F.array(
        *(F.struct(F.lit(place).alias("place"), F.col(name).alias("value")) for place, name in columns.items())
    )
    counts = features.select(F.explode(given).alias("given")).select("given.*").where("value IS NOT NULL")
    counts = counts.groupBy("place", "value").count()
    # One more than are named, to see whether there are others, and one for a value named like `OTHERS`.
    most = max(slices.most + 2, most_questions + 1)
    rank = F.row_number().over(Window.partitionBy("place").orderBy(F.desc("count"), "value"))
    rows: list[Any] = counts.withColumn("rank", rank).where(F.col("rank") <= most).collect()
    found: dict[int, list[str]] = {}
    for row in sorted(rows, key=lambda row: row["rank"]):
        found.setdefault(row["place"], []).append(row["value"])
    return found


def _slice_names(values: Mapping[int, Sequence[str]], slices: Slices) -> SliceNames:
    names: list[tuple[str, str]] = []
    for place, dimension in enumerate(slices.by):
        if dimension in MARGINS:
            names += [(dimension, value) for value, _ in MARGINS[dimension]]
            continue
        known = values.get(place, [])
        named = [value for value in known if value != OTHERS][: slices.most]
        names += [(dimension, value) for value in named]
        if len(known) > len(named):
            names.append((dimension, OTHERS))
    return SliceNames(tuple(names), slices.by)


def slices_column(slices: SliceNames) -> Column:
    """The numbers of a comparison's slices, `WHOLE` first."""
    dimensions = dict.fromkeys(name for name, _ in slices.names if name not in MARGINS)
    return F.array_compact(F.array(F.lit(WHOLE), *(_number(slices, dimension) for dimension in dimensions)))


def stratum_column(slices: SliceNames, dimension: str) -> Column:
    """The slice of a comparison in one dimension, as text; that of all without a value is empty."""
    has_values = bool(slices.values(dimension))
    return F.coalesce(_number(slices, dimension).cast("string"), F.lit("")) if has_values else F.lit("")


def margin_slices(slices: SliceNames) -> Column:
    """The numbers of the slices of a row's `label_lead`, `margin` and, if it is a dimension, `controls`."""
    found = []
    for dimension in dict.fromkeys(name for name, _ in slices.names if name in MARGINS):
        value = F.col(MARGIN_COLUMNS[dimension])
        number = F.lit(None).cast("int")
        for name, begin in MARGINS[dimension]:
            number = F.when(value >= begin - ROUNDING, slices.number(dimension, name)).otherwise(number)
        found.append(number)
    return F.array_compact(F.array(*found)) if found else F.array().cast("array<int>")


def _number(slices: SliceNames, dimension: str) -> Column:
    values = slices.values(dimension)
    known = F.create_map(*(F.lit(item) for value in values for item in (value, slices.number(dimension, value))))
    others = F.lit(slices.number(dimension, OTHERS)) if OTHERS in values else F.lit(None).cast("int")
    value = F.col(_column(slices.dimensions.index(dimension)))
    return F.when(value.isNotNull(), F.coalesce(F.element_at(known, value), others))


def _column(place: int) -> str:
    # By number: names of attributes may differ only in punctuation or case, and Spark would take them as the same.
    return f"slice_{place}"


def _dimension(base: DataFrame, dimension: str) -> Column | None:
    if dimension in MARGINS:
        return None
    if dimension.startswith(ATTRIBUTE):
        if "attributes" not in base.columns:
            return F.lit(None).cast("string")
        return F.element_at("attributes", F.lit(dimension.removeprefix(ATTRIBUTE)))
    known = {
        "source": F.col("source") if "source" in base.columns else F.lit(None).cast("string"),
        "model_pair": F.when(F.forall("models", lambda m: m.isNotNull()), F.array_join(F.array_sort("models"), " / ")),
        "turns": F.size(F.filter("messages", lambda message: message.role == "user")).cast("string"),
        "length": _length(F.aggregate("chars", F.lit(0), lambda total, n: total + n) / F.greatest("size", F.lit(1))),
    }
    if dimension not in known:
        raise UserError(
            f"slices.by: {dimension!r} is not a dimension; expected {', '.join([*known, *MARGINS])} or attributes.NAME."
        )
    return known[dimension]


def _length(mean_chars: Column) -> Column:
    """Mean characters per answer, in powers of four: length bins with the same meaning in every table."""
    return (
        F.when(mean_chars < 64, "0 to 63 characters")
        .when(mean_chars < 256, "64 to 255 characters")
        .when(mean_chars < 1024, "256 to 1023 characters")
        .when(mean_chars < 4096, "1024 to 4095 characters")
        .otherwise("4096 characters and more")
    )
