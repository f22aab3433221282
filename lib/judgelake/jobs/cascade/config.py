"""`jobs/cascade.py`: which judges decide in which order, and by what their thresholds are chosen."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, PositiveFloat, field_validator, model_validator

from judgelake.config import Config, Tables
from judgelake.jobs.evaluate import EvaluateJob, Labels, Versions


class Stage(Config):
    """One judge of a cascade."""

    judge: str
    """Its name in the judgments, or at least the first eight characters of its fingerprint."""
    ask: str | None = None
    """The YAML file of the judge job that asks it, for `--run`: its tables are those of the cascade, and of its input
    only what the cascade leaves it."""
    cost: PositiveFloat | None = None
    """Of one comparison, in any unit, the same for all stages. Null for all: the tokens of its judgments, or, where not
    all are known, a call."""
    delta_share: PositiveFloat = 1.0
    """Its part of `risk.delta`, in proportion to those of the others: more for the judge that is to decide most."""


class Risk(Config):
    """A promise: what is decided disagrees with the labels in at most a share alpha, with certainty 1 - delta."""

    alpha: float = Field(default=0.15, gt=0, lt=1)
    """The largest share of verdicts that may disagree with the labels."""
    delta: float = Field(default=0.1, gt=0, lt=1)
    """The probability with which the promise may be broken, over all stages together."""


class Budget(Config):
    """What may be spent, instead of a promise; at most one of them."""

    share: float | None = Field(default=None, ge=0, le=1)
    """The share of the comparisons that a stage gets which it may pass on."""
    cost: PositiveFloat | None = None
    """What a comparison may cost on average, in the unit of the stages' costs."""


class CascadeJob(Config):
    """`jobs/cascade.py`: a chain of judges, each asked only for what those before it leave."""

    name: str = Field(default="cascade", min_length=1)
    """The name under which the thresholds are kept, and by which `--run` finds them."""
    stages: tuple[Stage, ...] = Field(min_length=1)
    """The judges, the cheapest first."""
    risk: Risk = Risk()
    budget: Budget = Budget()
    """With one of its keys the thresholds are chosen by it, and nothing is promised."""
    cost_unit: str | None = None
    """The unit of `stages.cost`, for texts: dollars, seconds."""
    where: str | None = None
    """SQL predicate on the comparisons, for example "source = 'people'"."""
    judgments_where: str | None = None
    """SQL predicate on the judgments from which thresholds are chosen, for example "mode = 'pair-logprobs'"."""
    versions: Versions = Versions()
    """Versions of the tables from which thresholds are chosen; null: the newest, then pinned."""
    labels: Labels = Labels()
    picture: str | None = "artifacts/cascade.png"
    """Path of the plot of the cost curve; null: none."""
    tables: Tables = Tables()

    @field_validator("labels")
    @classmethod
    def _has_one_label_a_comparison(cls, labels: Labels) -> Labels:
        if labels.rule == "each":
            raise ValueError("a comparison needs one label: set labels.rule to majority, unanimous or mean, not each")
        return labels

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        names = [stage.judge for stage in self.stages]
        if twice := next((name for place, name in enumerate(names) if name in names[:place]), None):
            raise ValueError(f"stages: the judge {twice!r} is listed twice; what it leaves it would leave again")
        if len({stage.cost is None for stage in self.stages}) > 1:
            raise ValueError("stages: give the cost of each stage in one unit, or of none")
        if self.budget.share is not None and self.budget.cost is not None:
            raise ValueError("budget: set share or cost, not both")
        return self

    @property
    def chosen_by(self) -> Literal["risk", "share", "cost"]:
        """What the thresholds are chosen by."""
        return "share" if self.budget.share is not None else "risk" if self.budget.cost is None else "cost"

    def evaluation(self) -> EvaluateJob:
        """The evaluation whose comparisons, judgments and labels the thresholds are chosen from."""
        return EvaluateJob(
            tables=self.tables,
            versions=self.versions,
            where=self.where,
            judgments_where=self.judgments_where,
            labels=self.labels,
        )
