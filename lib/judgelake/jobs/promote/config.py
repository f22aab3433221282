"""`jobs/promote.py`: which registered model is promoted, on which labels, and what a candidate must reach."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, PositiveInt, field_validator, model_validator

from judgelake.config import Config, Mlflow, Tables
from judgelake.jobs.evaluate import EachOnce, EvaluateJob, JudgePairs, Labels, Slices, Versions
from judgelake.measures import FailureRule, SwapRule


class Thresholds(Config):
    """What a candidate must reach; null: not demanded. Shares and differences of shares, from 0 to 1."""

    most_fall: float = Field(default=0.02, ge=0, le=1)
    """Agreement with the labels, on the same comparisons as the champion's: the candidate's must be higher, and the
    lower end of the difference's 95 % interval above minus this much. 0: it must be higher for certain."""
    consistency: float | None = Field(default=0.6, ge=0, le=1)
    """The least share of comparisons with the same verdict in both orders: below it, the order decides more than
    two verdicts in five."""
    delta_bias: float | None = Field(default=0.1, ge=0, le=1)
    """The most by which one place is favoured over the other, in comparisons asked in both orders."""
    coverage: float | None = Field(default=0.95, ge=0, le=1)
    """The least share of judgments with a verdict: as the alert of the Databricks bundle."""
    slice_fall: float | None = Field(default=0.02, ge=0, le=1)
    """In no slice may the agreement be lower than the champion's by more than this for certain: with 95 % for all
    slices together."""
    first_above: Literal["best", "chance"] | None = "best"
    """Where there is no champion yet, the lower end of the agreement's interval must be above guessing (chance), or
    also above the best judge that reads nothing, such as the longer answer (best)."""


class HeldOut(Config):
    """How far the labels are kept apart from what was trained on."""

    least_questions: PositiveInt = 100
    """Of fewer questions with a label that both judged and neither was trained on, nothing is decided; the same holds
    for those that the deciding number rests on, and for those that were asked in both orders, if that is demanded."""
    unknown_training: Literal["refuse", "accept"] = "refuse"
    """What becomes of a candidate whose training examples are not known, such as a model that judgelake has not
    trained. accept: you know that no question of the labels was among them."""


class PromotionSlices(Slices):
    """Parts of the comparisons in which the candidate may not fall behind."""

    by: Annotated[tuple[str, ...], EachOnce] = ("source", "attributes.category", "length")
    """source, model_pair, turns, length, label_margin, or attributes.NAME."""


class PromoteJob(Config):
    """`jobs/promote.py`: from a candidate to a champion."""

    model: str = Field(pattern=r"^[^/:'\"]+$")
    """Name in MLflow's registry, whose aliases `candidate` and `champion` are meant."""
    where: str | None = None
    """SQL predicate on the comparisons, for example "source = 'people'"."""
    judgments_where: str | None = None
    """SQL predicate on the judgments, where a model was asked in several ways, for example "mode = 'pair'"."""
    versions: Versions = Versions()
    labels: Labels = Labels()
    swap_rule: SwapRule | None = None
    """How the verdicts of both orders become one, as the first of `swap_rules` of the evaluation. Null: what the
    data of both judges allow. both_right and strict decide nothing: one has no verdicts, so that failures cannot be
    told from them, and the other leaves out what is hard."""
    tie_margin: float = Field(default=0.0, ge=0)
    """The swap rules margin and centred: log-odds of at most this size are a tie."""
    failure_rule: Literal["wrong", "left_out"] = "wrong"
    """What a judgment without a verdict counts as. wrong: a candidate that fails on what is hard is not
    better for it."""
    slices: PromotionSlices = PromotionSlices()
    held_out: HeldOut = HeldOut()
    thresholds: Thresholds = Thresholds()
    model_cache: str | None = None
    """Folder of copies of models, as `engine.model_cache` of the judge job: used once for each version that is not a
    folder here, to know it by its content."""
    tables: Tables = Tables()
    mlflow: Mlflow = Mlflow()

    @field_validator("swap_rule")
    @classmethod
    def _gives_each_comparison_a_verdict(cls, rule: SwapRule | None) -> SwapRule | None:
        if rule in (SwapRule.BOTH_RIGHT, SwapRule.STRICT):
            raise ValueError(
                f"{rule} leaves comparisons without a verdict, so neither failures nor what is hard would count: take "
                "mean, or null for what the data allow"
            )
        return rule

    @model_validator(mode="after")
    def _has_a_registry(self) -> Self:
        if not self.mlflow.enabled:
            raise ValueError("mlflow.enabled: false leaves no registry in which to promote a model: set it to true")
        return self

    def evaluation(self) -> EvaluateJob:
        """The evaluation by which it is decided: of all judges that the judgments are narrowed to, in pairs."""
        return EvaluateJob(
            tables=self.tables,
            versions=self.versions,
            where=self.where,
            judgments_where=self.judgments_where,
            labels=self.labels,
            swap_rules=None if self.swap_rule is None else (self.swap_rule,),
            tie_margin=self.tie_margin,
            failure_rule=FailureRule(self.failure_rule),
            slices=self.slices,
            judge_pairs=JudgePairs(most=1, in_slices=True),
            report=None,
            cards=None,
            mlflow=self.mlflow,
        )
