"""Judges whose faults are planted, on questions whose comparisons move together: what the instrument is tested on.

Every random choice is a uniform number that a comparison draws for itself or, with probability `clustering`, takes from
its question. So the comparisons of a question and all judges of it move together, and yet each comparison on its own
has exactly the planted probabilities: the truths below hold at any clustering.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from judgelake.measures.length import length_bin
from judgelake.measures.table import CELL, QUESTIONS, SEPARATOR, WHOLE, Buckets, Table, table_of

EACH = Buckets()
"""Each question is a bucket."""
A, B, TIE, FAILED = range(4)
SAID = np.array(["A", "B", "tie", "failed"])
# What a verdict under a swap rule is called: without one it is "none".
HEADLINE = np.array(["A", "B", "tie", "none"])
SIDES = np.array(["own", "other", "tie", "none"])
LENGTHS = np.array([400, 1600])
"""Characters of the longer answer, each as likely; the other one has 200."""
SHORT = 200


@dataclass(frozen=True, slots=True)
class World:
    """The comparisons, in `repeats` independent data sets at once, so that 500 of them are counted in one pass.

    The label names the longer answer with probability `longer_is_better` and the answer of the own family with
    `own_is_better` (not both above 0); else it is a tie with `ties`, and A or B as likely.
    """

    questions: int = 250
    comparisons: int = 6
    """Of each question."""
    clustering: float = 0.0
    ties: float = 0.2
    longer_is_better: float = 0.0
    own_is_better: float = 0.0
    repeats: int = 1

    @property
    def tied(self) -> float:
        """Share of labels that are a tie."""
        return self.ties * (1 - self.longer_is_better - self.own_is_better)

    @property
    def longer_named(self) -> float:
        """Share of labels that name the longer answer."""
        return (1 - self.tied + self.longer_is_better) / 2

    @property
    def own_named(self) -> float:
        """Share of labels that name the answer of the own family."""
        return (1 - self.tied + self.own_is_better) / 2


@dataclass(frozen=True, slots=True)
class Judge:
    """Shares of comparisons on which it looks at the place, the length or the family alone; at quality on the rest.

    There it gives the label with probability `accuracy` and either other verdict as likely. Each of its two judgments
    of a comparison fails with probability `fails`.
    """

    accuracy: float = 0.7
    favours_first: float = 0.0
    favours_second: float = 0.0
    favours_longer: float = 0.0
    favours_own: float = 0.0
    fails: float = 0.0

    @property
    def by_quality(self) -> float:
        """Share of comparisons on which it looks at quality."""
        return 1 - self.favours_first - self.favours_second - self.favours_longer - self.favours_own

    def agreement(self, world: World) -> float:
        """True share of its verdicts in the order AB that are the label."""
        by_place = (self.favours_first + self.favours_second) * (1 - world.tied) / 2
        pulled = self.favours_longer * world.longer_named + self.favours_own * world.own_named
        return by_place + pulled + self.by_quality * self.accuracy

    def win_share(self, named: float, tied: float, pull: float) -> float:
        """True share of wins of a side that it is pulled to, where so many labels name that side or tie."""
        wrong = (1 - self.accuracy) / 2
        at_quality = named * (self.accuracy + wrong / 2) + tied / 2 + (1 - named - tied) * wrong * 3 / 2
        return pull + (1 - pull - self.by_quality) / 2 + self.by_quality * at_quality

    def own_error_share(self, world: World) -> float:
        """True share of its errors that favour the own family."""
        not_own, other_named = 1 - world.own_named, 1 - world.own_named - world.tied
        at_random = self.favours_first + self.favours_second + self.favours_longer
        by_quality = self.by_quality * (1 - self.accuracy) * (other_named + world.tied / 2)
        return (self.favours_own * not_own + at_random / 2 * not_own + by_quality) / (1 - self.agreement(world))

    def length_slope(self, world: World) -> float:
        """True slope of its verdict in the order AB on the doublings of the ratio of lengths, within a label."""
        doublings = np.log2(LENGTHS / SHORT)
        size, square = float(doublings.mean()), float((doublings**2).mean())
        decided = 1 - world.tied
        # Within the label A, A is the longer one so often; within a tie half the time.
        longer = world.longer_named / decided
        covariance = decided * 2 * longer * (1 - longer) * size + world.tied * size / 2
        variance = square - decided * ((2 * longer - 1) * size) ** 2
        return self.favours_longer * covariance / variance


def both_say(judge: Judge, other: Judge, world: World) -> NDArray[np.float64]:
    """True joint distribution of the verdicts of two judges that look at quality alone, shape (3, 3): A, B, tie."""
    shared = world.clustering**2
    one, two = judge.accuracy, other.accuracy
    right = shared * min(one, two) + (1 - shared) * one * two
    wrong = shared * (1 - max(one, two)) + (1 - shared) * (1 - one) * (1 - two)
    wrong_alike = shared + (1 - shared) / 2
    joint = np.zeros((3, 3))
    for label, share in ((A, (1 - world.tied) / 2), (B, (1 - world.tied) / 2), (TIE, world.tied)):
        first, second = (verdict for verdict in (A, B, TIE) if verdict != label)
        joint[label, label] += share * right
        for verdict, opposite in ((first, second), (second, first)):
            joint[label, verdict] += share * (one - right) / 2
            joint[verdict, label] += share * (two - right) / 2
            joint[verdict, verdict] += share * wrong * wrong_alike / 2
            joint[verdict, opposite] += share * wrong * (1 - wrong_alike) / 2
    return joint


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """The outcome of every comparison by its place in `names`, shape (repeats, questions, comparisons)."""

    codes: NDArray[np.int64]
    names: list[str]

    @classmethod
    def of(cls, *parts: tuple[NDArray[np.int64], NDArray[np.str_]]) -> Observed:
        """From the parts of the outcome: each as codes, with what they stand for."""
        codes = np.zeros_like(parts[0][0])
        names = [""]
        for part, said in parts:
            codes = codes * len(said) + part
            names = [f"{name}{SEPARATOR}{text}" for name in names for text in said]
        return cls(codes, [name.removeprefix(SEPARATOR) for name in names])

    def cells(self, repeat: int, buckets: Buckets = EACH) -> pa.Table:
        """One cell a comparison of one repeat, as Spark would hand them to `table_of`."""
        _, questions, comparisons = self.codes.shape
        used, codes = np.unique(self.codes[repeat], return_inverse=True)
        names = pa.array([self.names[code] for code in used])
        place = np.repeat(np.arange(questions), comparisons)
        size = len(place)
        columns = {
            "group": np.zeros(size, dtype=np.int32),
            "slice": np.full(size, WHOLE, dtype=np.int32),
            "code": pa.nulls(size, pa.int32()),
            "outcome": pa.DictionaryArray.from_arrays(codes.ravel(), names).cast(pa.string()),
            # Neighbours are no more alike than others, so that any rule deals them out at random.
            "bucket": (place % (buckets.hashed or questions)).astype(np.int32),
            "n": np.ones(size, dtype=np.int64),
        }
        told = {"group": 0, "slice": WHOLE, "code": None, "outcome": QUESTIONS, "bucket": 0, "n": questions}
        cells = pa.table(columns, schema=CELL)
        return cells if buckets.tell_questions else pa.concat_tables([cells, pa.Table.from_pylist([told], schema=CELL)])

    def tables(self, buckets: Buckets = EACH) -> list[Table]:
        """The table of each repeat, as an evaluation makes it, without Spark."""
        return [table_of(self.cells(repeat, buckets), (), buckets) for repeat in range(len(self.codes))]


class Simulation:
    """The labels, lengths and families of a world, and the verdicts of judges on it."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self._rng = np.random.default_rng(seed)
        self._of_question: dict[str, NDArray[np.float64]] = {}
        self.a_is_longer = self._draw("longer") < 0.5
        self.length = (self._draw("length") * len(LENGTHS)).astype(np.int64)
        self.a_is_own = self._draw("own") < 0.5
        cause, tie = self._draw("cause"), self._draw("tie") < world.ties
        undecided = np.where(tie, TIE, np.where(self._draw("label") < 0.5, A, B))
        longer, own = np.where(self.a_is_longer, A, B), np.where(self.a_is_own, A, B)
        by_length = cause < world.longer_is_better
        by_family = ~by_length & (cause < world.longer_is_better + world.own_is_better)
        self.label = np.select([by_length, by_family], [longer, own], undecided)

    def pairs(self, judge: Judge) -> Observed:
        """Of the family pairs: label, verdict in the order AB and in BA."""
        own, reversed_ = self._verdicts(judge)
        return Observed.of((self.label, SAID), (own, SAID), (reversed_, SAID))

    def pairs_in_one_order(self, judge: Judge) -> Observed:
        """Of the family pairs, of a judge that is asked in the order AB alone."""
        not_asked = np.zeros_like(self.label), np.array(["not_asked"])
        return Observed.of((self.label, SAID), (self._verdicts(judge)[0], SAID), not_asked)

    def orders(self, judge: Judge) -> Observed:
        """Of the family orders: verdict in the order AB and in BA."""
        own, reversed_ = self._verdicts(judge)
        return Observed.of((own, SAID), (reversed_, SAID))

    def judge_pairs(self, judge: Judge, other: Judge) -> Observed:
        """Of the family judge_pairs: label and the verdict of each judge in the order AB."""
        own, of_other = self._verdicts(judge)[0], self._verdicts(other)[0]
        return Observed.of((self.label, SAID), (own, HEADLINE), (of_other, HEADLINE))

    def own_family(self, judge: Judge) -> Observed:
        """Of the family own_family: label and verdict in the order AB, as own, other or tie."""
        sided = partial(np.where, self.a_is_own)
        verdict = self._verdicts(judge)[0]
        swapped = [np.choose(said, [B, A, TIE, FAILED]) for said in (self.label, verdict)]
        return Observed.of((sided(self.label, swapped[0]), SIDES), (sided(verdict, swapped[1]), SIDES))

    def lengths(self, judge: Judge) -> Observed:
        """Of the family lengths: label, verdict in the order AB, and bin of the ratio of lengths."""
        bins = np.array([length_bin(chars, SHORT) for chars in LENGTHS] + [length_bin(SHORT, c) for c in LENGTHS])
        place = np.where(self.a_is_longer, self.length, self.length + len(LENGTHS))
        return Observed.of((self.label, SAID), (self._verdicts(judge)[0], HEADLINE), (place, bins))

    def _verdicts(self, judge: Judge) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Its verdicts shown as AB and as BA, both mapped to the original order."""
        longer, own = np.where(self.a_is_longer, A, B), np.where(self.a_is_own, A, B)
        wrong = (self.label + 1 + (self._draw("wrong") < 0.5)) % 3
        at_quality = np.where(self._draw("right") < judge.accuracy, self.label, wrong)
        shares = [judge.favours_first, judge.favours_second, judge.favours_longer, judge.favours_own]
        looks_at = np.searchsorted(np.cumsum(shares), self._draw("looks_at"), side="right")
        shown_ab = np.choose(looks_at, [A, B, longer, own, at_quality])
        shown_ba = np.choose(looks_at, [B, A, longer, own, at_quality])
        fails = [self._draw(order) < judge.fails for order in ("AB", "BA")]
        return np.where(fails[0], FAILED, shown_ab), np.where(fails[1], FAILED, shown_ba)

    def _draw(self, what: str) -> NDArray[np.float64]:
        """Uniform numbers, one a comparison: its own, or its question's, which is the same for all judges."""
        shape = (self.world.repeats, self.world.questions, self.world.comparisons)
        if what not in self._of_question:
            self._of_question[what] = self._rng.random((*shape[:2], 1))
        taken = self._rng.random(shape) < self.world.clustering
        return np.where(taken, self._of_question[what], self._rng.random(shape))
