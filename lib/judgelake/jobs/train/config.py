"""`jobs/train.py`: which judge is trained on which examples, by which recipe, and where it goes."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from judgelake.config import Config, Mlflow, Tables
from judgelake.trainer import Recipe
from judgelake.training import Head, Style

SWAP = 0.5
Reference = Literal["use", "ignore"]
"""Whether the reference is shown to a model that is validated."""


class TrainMlflow(Mlflow):
    """What a training logs in addition."""

    log_model: bool = True
    """Whether the weights are logged; a registered model's always are."""
    register_as: str | None = Field(default=None, pattern=r"^[^/:'\"]+$")
    """Name in MLflow's registry; the new version gets the alias `candidate`. Null: the model is not registered."""


class TrainedJudge(Config):
    """Which judge's prompts and targets are learned, and by which model."""

    name: str
    mode: str = "pair"
    folder: str | None = None
    """A folder with your own judge files, searched before the built-in ones."""
    base: str
    """The model to train: a folder, a name on Hugging Face, or an address as in `judge.model` of the judge job."""
    revision: str | None = None
    """Commit, tag or branch of a name on Hugging Face."""


class Examples(Config):
    """Which examples are trained and validated on."""

    version: int | None = None
    """Version of the table; null: the newest at the start of the training, which a training that goes on
    in the same folder reads again."""
    where: str | None = None
    """SQL predicate on the table, for example "source = 'alpaca_eval'"."""
    limit: PositiveInt | None = None
    """The first N training examples by example_id."""
    validation: NonNegativeInt = 200
    """The first N examples of the split validation by example_id, judged in both orders at every validation; 0: none,
    and the last weights are kept."""
    validated_with: Reference = "ignore"
    """Whether a validation shows the reference, where an example has one; then its label is the one made with it."""
    prompts_at_once: PositiveInt = 16
    """Prompts of a validation that are computed at once."""


class SampledJudgments(Config):
    """Which of the judge's own judgments of the training examples are learned.

    They are those in the table `judgments` by the judge and mode that are trained. Their texts are learned as they
    stand, in the orders in which they were asked, as many with A as their verdict as with B.
    """

    where: str | None = None
    """SQL predicate on the judgments, for example "judge_fingerprint = '...'", where they are by several judges."""
    version: int | None = None
    """Version of the table; null: as `examples.version`."""
    most: PositiveInt = 1
    """Judgments of an example in one order that are learned, with dpo pairs; of more a hash decides."""


class RowChoices(Config):
    """How an example becomes a row of tokens."""

    head: Head = "generation"
    """generation: the judge's output, token by token. Two baselines, which no engine serves as a judge: classification,
    a head for first, second or tie, and regression, one for the score of one answer or the difference of two."""
    sampled: SampledJudgments | None = None
    """Null: the judgments in the examples are learned. Else those of the judge itself that agree with them; with
    `recipe.dpo`, pairs of one that agrees and one that does not."""
    swap: float = Field(default=SWAP, ge=0, le=1)
    """Probability that the answers are shown in the reversed order, in each epoch anew (JudgeLM: swap augmentation)."""
    reference: float = Field(default=0.0, ge=0, le=1)
    """Probability that the reference is shown, in each epoch anew (JudgeLM: reference support at 0.5; its complement is
    reference drop)."""
    reference_mode: str | None = None
    """The judge's mode that shows the reference; null: the same mode."""
    style: Style = Style.VERDICT_ONLY
    """verdict_only, verdict_first (then the reasons), reasons_first, thinking_first (the reasons as thinking), or soft:
    the label alone, learned as the teacher's probabilities of all labels."""
    max_tokens: PositiveInt = 2048
    """Tokens of prompt and target together."""
    over_long: Literal["trim", "leave_out"] = "trim"
    """trim: answers are cut equally, with a mark. leave_out: the example gives no row. The target is never cut."""
    most_left_out: float = Field(default=0.01, ge=0, le=1)
    """Share of the rows that may be left out or at fault (`training.Audit`); above it nothing is trained."""


class TrainJob(Config):
    """`jobs/train.py`: from examples to a model."""

    judge: TrainedJudge
    examples: Examples = Examples()
    rows: RowChoices = RowChoices()
    recipe: Recipe = Recipe()
    processes: PositiveInt = 1
    """One for each GPU, or one on CPU: on this machine, or with `launch: spark` on all executors together."""
    launch: Literal["torchrun", "spark", "spark_driver"] = "torchrun"
    """torchrun: processes of this machine, after Spark has stopped. spark: a barrier stage on the executors, by
    pyspark's TorchDistributor; `output` and the base must be at the same path on all machines. spark_driver: the same
    on the driver's GPUs, as Spark knows them."""
    most_flips: float = Field(default=0.02, ge=0, le=1)
    """With LoRA: the share of the validation's verdicts that merging the adapter into the weights may change; above it
    the model is not registered. Registering it therefore needs a validation."""
    output: str = "models/trained"
    """Folder of the rows, checkpoints and the model; the same folder goes on with a training that was stopped."""
    tables: Tables = Tables()
    mlflow: TrainMlflow = TrainMlflow()

    @model_validator(mode="after")
    def _own_judgments_are_texts(self) -> Self:
        rows, has_pairs = self.rows, self.recipe.dpo is not None
        if has_pairs and rows.head != "generation":
            raise ValueError(
                f"recipe.dpo prefers one text to another, and a head for {rows.head} writes none: set rows.head: "
                "generation, or recipe.dpo: null"
            )
        if has_pairs and rows.sampled is None:
            raise ValueError(
                "recipe.dpo learns from pairs of the judge's own judgments: set rows.sampled: {} for those of this "
                "judge and mode, or recipe.dpo: null"
            )
        if rows.sampled is not None and rows.head != "generation":
            raise ValueError(
                f"rows.sampled are texts, of which a head for {rows.head} learns nothing: set rows.head: generation, "
                "or rows.sampled: null"
            )
        given = {"style": rows.style is not Style.VERDICT_ONLY, "swap": rows.swap != SWAP, "reference": rows.reference}
        for name in (name for name, is_given in given.items() if is_given and rows.sampled is not None):
            raise ValueError(
                f"rows.{name} is {getattr(rows, name)}, but the judge's own judgments are learned as they were asked "
                "and written: leave the key out, or set rows.sampled: null"
            )
        return self

    @model_validator(mode="after")
    def _what_is_registered_can_judge(self) -> Self:
        is_registered = self.mlflow.enabled and self.mlflow.register_as is not None
        if is_registered and self.rows.head != "generation":
            raise ValueError(
                f"a model with a head for {self.rows.head} is a baseline, which the judge job cannot ask: set "
                "mlflow.register_as: null"
            )
        if self.recipe.lora is not None and is_registered and not self.examples.validation:
            raise ValueError(
                "a merged adapter is not registered without a validation, which counts the verdicts that merging "
                "changes: set examples.validation above 0, or mlflow.register_as: null"
            )
        return self
