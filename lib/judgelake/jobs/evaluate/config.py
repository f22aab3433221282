"""`jobs/evaluate.py`: which judgments are held against which labels, by which rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, Field, NonNegativeInt, PositiveInt, model_validator

from judgelake.config import Config, Mlflow, Tables
from judgelake.measures import FailureRule, SwapRule

ListT = TypeVar("ListT", bound=Sequence[str])


def _each_once(values: ListT) -> ListT:
    twice = [value for place, value in enumerate(values) if value in values[:place]]
    if twice:
        raise ValueError(f"{str(twice[0])!r} stands there twice")
    return values


# A standard error from 500 buckets is off by 3 % of itself, from 200 by 5 %; a figure of 1,000 takes twice the time.
BUCKETS = 500
# Three figures a pair and a few milliseconds, so that 200 are no weight beside what 20 judges take by themselves.
JUDGE_PAIRS = 200
GONE = {
    "replicates": "intervals come from leaving out buckets of questions, whose number is buckets: remove it",
    "seed": "nothing is drawn at random any more: remove it",
}
"""Keys of earlier versions, and what is so now."""

EachOnce = AfterValidator(_each_once)
"""A list whose items differ: of two that are the same, every figure would be made twice."""


class Pinned(Config):
    """Versions of the tables; null: the newest when the evaluation starts, then pinned."""

    comparisons: int | None = None
    judgments: int | None = None
    labels: int | None = None


class Labels(Config):
    """Which labels count, and how several become one."""

    kind: Literal["gold", "human", "teacher"] | None = None
    """Null: the only kind there is; with several kinds one must be chosen."""
    labelers: tuple[str, ...] = ()
    """Only these; empty: all of the kind."""
    rule: Literal["majority", "each", "unanimous", "mean"] = "majority"
    """majority: what more than half say, be it a verdict or scores. each: every vote counts. unanimous: only where all
    agree. mean: the mean of their scores (of verdicts the majority)."""
    tie_margin: float = Field(default=0.0, ge=0)
    """Labels that are scores: two answers whose scores differ by at most this much are a tie."""
    invalid_score: float | None = -1.0
    """A score that marks that none was given (JudgeLM's teacher: -1): such labels are left out and counted. Null: every
    score is one."""


class Slices(Config):
    """Parts of the comparisons that are looked at on their own."""

    by: Annotated[tuple[str, ...], EachOnce] = ("source", "attributes.category", "label_margin", "judge_margin")
    """source, model_pair, turns, length, label_margin, judge_margin, or attributes.NAME."""
    least: PositiveInt = 30
    """A slice of fewer comparisons is shown with its n and no rate."""
    most: PositiveInt = 50
    """Of each dimension the largest so many values; the others are counted as one, "(others)", and a value of that very
    name with them."""


class Families(Config):
    """Who is related to whom, for self-preference."""

    judges: dict[str, str] = Field(default_factory=dict)
    """Judge (its name, or name of the model asked) to family."""
    models: dict[str, str] = Field(default_factory=dict)
    """Model under judgment to family."""


class JudgePairs(Config):
    """Which judges are compared with each other."""

    most: NonNegativeInt = JUDGE_PAIRS
    """Of more pairs than that those in `always`, and as many of the others as there is room for: those nearest in rank,
    by the figure that stands for a judge."""
    always: tuple[tuple[str, str], ...] = ()
    """Pairs of judges, by the names that the evaluation gives them, that are compared in any case."""


class EvaluateJob(Config):
    """`jobs/evaluate.py`: judgments against labels."""

    tables: Tables = Tables()
    versions: Pinned = Pinned()
    where: str | None = None
    """SQL predicate on the comparisons, for example "source = 'pandalm'"."""
    judgments_where: str | None = None
    """SQL predicate on the judgments, for example "judge IN ('judgelm', 'gpt-3.5-turbo')"."""
    labels: Labels = Labels()
    swap_rules: Annotated[tuple[SwapRule, ...], EachOnce] = Field(
        default=(SwapRule.FIRST, SwapRule.STRICT, SwapRule.BOTH_RIGHT), min_length=1
    )
    """All are reported; the first is the one of the headline, of judges against each other and of win rates."""
    failure_rule: FailureRule = FailureRule.LEFT_OUT
    failure_score: float | None = None
    """Score of every answer of a failed judgment where failures are not left out (Auto-J's code: 5.0). Null: where a
    score is needed, a failed judgment is left out in any case."""
    slices: Slices = Slices()
    families: Families = Families()
    judge_pairs: JudgePairs = JudgePairs()
    buckets: int = Field(default=BUCKETS, ge=20, le=10_000)
    """For the intervals one bucket of questions is left out at a time. Up to so many questions each is a bucket of its
    own; more are dealt to so many buckets at random, by a hash of their names."""
    report: str | None = "artifacts/report.html"
    """Where the report goes; null: none."""
    cards: str | None = "artifacts/cards"
    """Folder of the judge cards; null: none."""
    mlflow: Mlflow = Mlflow()

    @model_validator(mode="before")
    @classmethod
    def _holds_nothing_that_is_gone(cls, data: Any) -> Any:
        if isinstance(data, dict):
            for key, advice in GONE.items():
                if key in data:
                    raise ValueError(f"{key} is no key any more: {advice}")
        return data

    @model_validator(mode="after")
    def _score_only_where_failures_count(self) -> EvaluateJob:
        if self.failure_score is not None and self.failure_rule is FailureRule.LEFT_OUT:
            raise ValueError(
                f"failure_score {self.failure_score:g} counts nothing while failure_rule is left_out: set failure_rule "
                "to tie or wrong, or failure_score to null"
            )
        return self
