"""`jobs/trust.py`: which verdicts, which labels, and how a probability is made."""

from __future__ import annotations

from pydantic import Field, PositiveInt, field_validator

from judgelake.config import Config, Mlflow, Tables
from judgelake.jobs.evaluate import BUCKETS, EvaluateJob, JudgePairs, Labels, Slices, Versions
from judgelake.measures import SwapRule
from judgelake.trust import Method

WITHOUT_A_VERDICT = {
    SwapRule.STRICT: "leaves out comparisons whose orders differ, which are those to be doubted",
    SwapRule.BOTH_RIGHT: "gives no verdict where the orders differ",
    SwapRule.MEAN: "counts each order one half, so a comparison has two verdicts",
}


class Calibration(Config):
    """How the probability that a verdict agrees with the label is made."""

    method: Method | None = None
    """temperature: for log-odds alone, one number to fit. isotonic: a rising step function, for any indicator. Null:
    temperature where the indicator is log-odds, else isotonic."""
    folds: int = Field(default=5, ge=2, le=20)
    """The labels of one fold of the questions at a time are left out, and its verdicts get their probability from the
    others."""
    least_questions: PositiveInt = 100
    """With fewer labelled questions there is no probability."""


class TrustJob(Config):
    """`jobs/trust.py`: from stored judgments and labels to how far each verdict can be relied on."""

    tables: Tables = Tables()
    versions: Versions = Versions()
    where: str | None = None
    """SQL predicate on the comparisons, for example "source = 'pandalm'"."""
    judgments_where: str | None = None
    """SQL predicate on the judgments, for example "judge IN ('judgelm', 'gpt-3.5-turbo')"."""
    labels: Labels = Labels()
    swap_rule: SwapRule | None = None
    """How the verdicts of both orders become the one that is relied on. Null: margin, centred or first, what the data
    allow."""
    tie_margin: float = Field(default=0.0, ge=0)
    """The swap rules margin and centred: log-odds of at most this size are a tie. In nats, or in score points for a
    judge that gives scores and no log-probabilities."""
    calibration: Calibration = Calibration()
    buckets: int = Field(default=BUCKETS, ge=20, le=10_000)
    """For the intervals one bucket of questions is left out at a time, as in the evaluation."""
    pictures: str | None = "artifacts/trust"
    """Folder for a picture of each judge; null: none."""
    mlflow: Mlflow = Mlflow()

    @field_validator("swap_rule")
    @classmethod
    def _gives_one_verdict(cls, rule: SwapRule | None) -> SwapRule | None:
        if rule in WITHOUT_A_VERDICT:
            raise ValueError(f"{rule} {WITHOUT_A_VERDICT[rule]}: take first, or null for what the data allow")
        return rule

    @field_validator("labels")
    @classmethod
    def _has_one_label(cls, labels: Labels) -> Labels:
        if labels.rule == "each":
            raise ValueError(
                "rule each gives a comparison several labels, and a verdict is right or wrong: take majority"
            )
        return labels

    def evaluation(self) -> EvaluateJob:
        """The evaluation whose rules for orders, labels and intervals apply."""
        return EvaluateJob(
            tables=self.tables,
            versions=self.versions,
            where=self.where,
            judgments_where=self.judgments_where,
            labels=self.labels,
            swap_rules=None if self.swap_rule is None else (self.swap_rule,),
            tie_margin=self.tie_margin,
            slices=Slices(by=()),
            judge_pairs=JudgePairs(most=0),
            buckets=self.buckets,
            report=None,
            cards=None,
            mlflow=self.mlflow,
        )
