"""Which questions are near-duplicates of others: MinHash over word sequences, by Spark ML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from judgelake.jobs.generate.config import NearDuplicates

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

# Scripts that write no spaces between words: each of their signs counts as a word.
UNSPACED = r"\p{IsHan}\p{IsHiragana}\p{IsKatakana}\p{IsThai}"
WORD = rf"([{UNSPACED}]|[\p{{L}}\p{{N}}&&[^{UNSPACED}]]+)"
# Word sequences are numbered by a hash of so many values, so that few of a question get the same number.
NUMBERS = 2**20


def grouped(new: DataFrame, held: DataFrame, settings: NearDuplicates) -> DataFrame:
    """The new seeds that are near-duplicates, each with the group that it belongs to: seed_id and question_group.

    Of two near-duplicates the earlier is the one that is in the table, or else the one with the smaller id. A seed
    without an earlier one is kept; every other goes to the group of the first that it is near to. So no two seeds that
    are kept are near-duplicates of each other.

    Args:
        new: seeds none of which is in the table.
        held: the seeds table as it is.
        settings: how near is too near.
    """
    if settings.similarity is None:
        return new.where("false").select("seed_id", F.lit("").alias("question_group"))
    fresh = _sequences(new.select("*", F.col("seed_id").alias("question_group")), settings.words, is_new=True)
    known = _sequences(held, settings.words, is_new=False)
    return _ends_of_chains(_nearest_earlier(fresh, fresh.unionByName(known), settings))


def _sequences(seeds: DataFrame, words: int, *, is_new: bool) -> DataFrame:
    """Seeds with the word sequences of all that is asked; without those that have no word."""
    contents = F.transform("messages", lambda message: message.content)
    text = F.lower(F.concat_ws("\n", contents, F.col("input")))
    listed = seeds.select(
        "seed_id",
        "question_group",
        F.lit(is_new).alias("is_new"),
        F.regexp_extract_all(text, F.lit(WORD), F.lit(1)).alias("words"),
    )
    # A question of fewer words is one sequence.
    last = F.greatest(F.size("words") - F.lit(words - 1), F.lit(1))
    places = F.sequence(F.lit(1), last)
    sequences = F.transform(places, lambda place: F.concat_ws(" ", F.slice("words", place, F.lit(words))))
    return listed.where(F.size("words") > 0).withColumn("sequences", sequences).drop("words")


def _nearest_earlier(fresh: DataFrame, all_seeds: DataFrame, settings: NearDuplicates) -> DataFrame:
    """The new seeds with an earlier near-duplicate: seed_id, and the group of the earliest one as `parent`."""
    from pyspark.ml.feature import HashingTF, MinHashLSH

    numbered = HashingTF(binary=True, numFeatures=NUMBERS, inputCol="sequences", outputCol="numbers")
    hashes = MinHashLSH(inputCol="numbers", outputCol="hashes", numHashTables=settings.hash_tables, seed=settings.seed)
    left, right = numbered.transform(fresh), numbered.transform(all_seeds)
    # The similarity is a decimal number, and its complement is not exact.
    farthest = 1.0 - (settings.similarity or 0.0) + 1e-9
    pairs = hashes.fit(left).approxSimilarityJoin(left, right, farthest)
    is_earlier = ~F.col("datasetB.is_new") | (F.col("datasetB.seed_id") < F.col("datasetA.seed_id"))
    order: Column = F.struct("datasetB.is_new", "datasetB.seed_id")
    return (
        pairs.where(is_earlier & (F.col("datasetA.seed_id") != F.col("datasetB.seed_id")))
        .groupBy(F.col("datasetA.seed_id").alias("seed_id"))
        .agg(F.min_by("datasetB.question_group", order).alias("parent"))
    )


def _ends_of_chains(parents: DataFrame) -> DataFrame:
    """Each seed with the group at the end of its chain of parents; a chain of n is followed in log2(n) steps."""
    here = parents.localCheckpoint()
    if here.isEmpty():
        return here.select("seed_id", F.col("parent").alias("question_group"))
    while True:
        above = here.select(F.col("seed_id").alias("parent"), F.col("parent").alias("next"))
        joined = here.join(above, "parent", "left").localCheckpoint()
        if joined.where("next IS NOT NULL").isEmpty():
            return joined.select("seed_id", F.col("parent").alias("question_group"))
        here = joined.select("seed_id", F.coalesce("next", "parent").alias("parent"))
