"""`jobs/evaluate.py`: which judgments are compared with which labels, by which rules."""

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
        raise ValueError(f"{str(twice[0])!r} is listed twice")
    return values


# A standard error from 500 buckets is off by 3 % of itself, from 200 by 5 %; a figure from 1,000 takes twice the time.
BUCKETS = 500
# The paper recommends 0.2 for experts, but with two classes and three labelers who are right in 80 % a coin loses only
# 18 comparisons in 100 more than it wins, and passes. 0.1 suits such labelers too.
EPSILON = 0.1
# Three figures and a few milliseconds per pair: 200 pairs cost little compared with the figures of 20 judges.
JUDGE_PAIRS = 200
GONE = {
    "replicates": "intervals come from leaving out buckets of questions, whose number is buckets: remove it",
    "seed": "nothing is random any more: remove it",
}
"""Keys of earlier versions, and what replaced them."""

OF_NO_COMPARISON = ("label_margin", "judge_margin", "control_strings")
"""Dimensions of a label or judgment: a comparison without a label has no place in them, or one for each judge."""

EachOnce = AfterValidator(_each_once)
"""A list of different items: with an item listed twice, every figure would be computed twice."""


class Versions(Config):
    """Versions of the tables; null: the newest at the start of the evaluation, then pinned."""

    comparisons: int | None = None
    judgments: int | None = None
    labels: int | None = None


class Labels(Config):
    """Which labels count, and how several become one."""

    kind: Literal["gold", "human", "teacher"] | None = None
    """Null: the only kind in the table; if there are several, one must be chosen."""
    labelers: tuple[str, ...] = ()
    """Only these; empty: all of the kind."""
    rule: Literal["majority", "each", "unanimous", "mean"] = "majority"
    """majority: what more than half say, verdict or scores. each: every vote counts. unanimous: only where all agree.
    mean: the mean of their scores (for verdicts the majority)."""
    tie_margin: float = Field(default=0.0, ge=0)
    """Labels that are scores: two answers whose scores differ by at most this much are a tie."""
    invalid_score: float | None = -1.0
    """The score that means "no score" (JudgeLM's teacher: -1): such labels are left out and counted. Null: every score
    is valid."""
    epsilon: float = Field(default=EPSILON, ge=0, le=1)
    """Alternative annotator test: how much less often than a labeler a judge may agree with the other labelers to stand
    in for one, since labelers cost more: 0.2 for experts, 0.15 for skilled people, 0.1 for a crowd."""


class Slices(Config):
    """Parts of the comparisons that get their own figures."""

    by: Annotated[tuple[str, ...], EachOnce] = (
        *("source", "attributes.category", "label_margin", "judge_margin", "control_strings"),
    )
    """source, model_pair, turns, length, label_margin, judge_margin, control_strings, or attributes.NAME."""
    least: PositiveInt = 30
    """A slice of fewer comparisons is shown with its n but without a rate."""
    most: PositiveInt = 50
    """The number of values of each dimension, the largest first; the rest are one slice "(others)", which includes a
    value of exactly that name."""


class Families(Config):
    """Who is related to whom, for self-preference."""

    judges: dict[str, str] = Field(default_factory=dict)
    """Judge (its name, or the name of its model) to family."""
    models: dict[str, str] = Field(default_factory=dict)
    """Model under judgment to family."""


class JudgePairs(Config):
    """Which judges are compared with each other."""

    most: NonNegativeInt = JUDGE_PAIRS
    """If there are more pairs than this: those in `always`, then those nearest in rank by the judges' main figure, up
    to this number."""
    always: tuple[tuple[str, str], ...] = ()
    """Pairs of judges, by their names in the evaluation, that are always compared."""
    in_slices: bool = False
    """Whether they are also compared in each slice, apart from those of a judgment (judge_margin, control_strings)."""


class Corrected(Config):
    """Win rates corrected by labels, for judgments of more comparisons than have a label."""

    half_width: float = Field(default=0.03, gt=0, lt=0.5)
    """The wanted 95 % interval to each side, as a share: 0.03 is three points. How many labels it needs is reported."""
    strata: str | None = None
    """A dimension of `slices.by` that is of the comparisons (source, attributes.NAME): set it where the share of
    labelled comparisons differs by it. Within each of its values these must be a random part. Null: they are a random
    part of all."""


class EvaluateJob(Config):
    """`jobs/evaluate.py`: judgments against labels."""

    tables: Tables = Tables()
    versions: Versions = Versions()
    where: str | None = None
    """SQL predicate on the comparisons, for example "source = 'pandalm'"."""
    judgments_where: str | None = None
    """SQL predicate on the judgments, for example "judge IN ('judgelm', 'gpt-3.5-turbo')"."""
    labels: Labels = Labels()
    swap_rules: Annotated[tuple[SwapRule, ...], EachOnce] | None = Field(default=None, min_length=1)
    """All are reported; the first is used for the headline, for comparing judges with each other and for win rates.
    Null: chosen from the data, the same for all judges (`headline.chosen_rules`)."""
    tie_margin: float = Field(default=0.0, ge=0)
    """The swap rules margin and centred: log-odds of at most this size are a tie. In nats, or in score points for a
    judge that gives scores and no log-probabilities."""
    failure_rule: FailureRule = FailureRule.LEFT_OUT
    failure_score: float | None = None
    """Score of every answer of a failed judgment where failures are not left out (Auto-J's code: 5.0). Null: where a
    score is needed, a failed judgment is always left out."""
    slices: Slices = Slices()
    families: Families = Families()
    judge_pairs: JudgePairs = JudgePairs()
    corrected: Corrected = Corrected()
    buckets: int = Field(default=BUCKETS, ge=20, le=10_000)
    """For the intervals one bucket of questions is left out at a time. With at most this many questions each question
    is a bucket; more questions are assigned to this many buckets by a hash of their names."""
    report: str | None = "artifacts/report.html"
    """Path of the report; null: none."""
    cards: str | None = "artifacts/cards"
    """Folder of the judge cards; null: none."""
    mlflow: Mlflow = Mlflow()

    @model_validator(mode="before")
    @classmethod
    def _holds_nothing_that_is_gone(cls, data: Any) -> Any:
        if isinstance(data, dict):
            for key, advice in GONE.items():
                if key in data:
                    raise ValueError(f"{key} is not a key any more: {advice}")
        return data

    @property
    def rules(self) -> tuple[SwapRule, ...]:
        """The swap rules, the headline's first. An evaluation sets `swap_rules`; before that it is the first order."""
        return self.swap_rules or (SwapRule.FIRST,)

    @property
    def headline(self) -> SwapRule:
        """The swap rule of the headline."""
        return self.rules[0]

    @model_validator(mode="after")
    def _strata_are_a_dimension(self) -> EvaluateJob:
        strata = self.corrected.strata
        if strata is not None and (strata not in self.slices.by or strata in OF_NO_COMPARISON):
            known = [name for name in self.slices.by if name not in OF_NO_COMPARISON]
            raise ValueError(
                f"corrected.strata: {strata!r} is not a dimension of the comparisons in slices.by; expected "
                f"{', '.join(known) or 'one that is added there'}"
            )
        return self

    @model_validator(mode="after")
    def _score_only_where_failures_count(self) -> EvaluateJob:
        if self.failure_score is not None and self.failure_rule is FailureRule.LEFT_OUT:
            raise ValueError(
                f"failure_score {self.failure_score:g} has no effect while failure_rule is left_out: set failure_rule "
                "to tie or wrong, or failure_score to null"
            )
        return self
