"""How a model is trained: what is learned at which rate, in which batches, and when it is looked at."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from judgelake.config import Config


class Lora(Config):
    """Low-rank adapters on all linear layers but the output layer; the model's own weights stay as they are."""

    rank: PositiveInt = 16
    alpha: PositiveFloat = 32.0
    """The adapter's output is multiplied by alpha / rank."""
    dropout: float = Field(default=0.0, ge=0, lt=1)


class Dpo(Config):
    """Direct preference optimisation (arXiv 2305.18290) on pairs of the judge's own judgments."""

    beta: PositiveFloat = 0.1
    """How strongly the trained weights are held to those before the first step: the higher, the closer they stay."""


class Recipe(Config):
    """Everything that decides what is learned from given rows.

    A learning rate for LoRA is about ten times that for all weights (arXiv 2106.09685 and 2405.09673: 1e-4 to 5e-4
    against 1e-5 to 5e-5).
    """

    lora: Lora | None = None
    """Null: all weights are trained."""
    dpo: Dpo | None = None
    """Null: the targets are learned, token by token. Else to prefer the one judgment of a pair to the other; a learning
    rate is then about a tenth of what it is otherwise."""
    learning_rate: PositiveFloat = 2e-5
    batch_rows: PositiveInt = 128
    """Rows of a step, over all processes; the loss is a mean over all target tokens of the step. With dpo a pair is one
    row, and the loss is a mean over pairs."""
    rows_at_once: PositiveInt = 1
    """Rows that a process computes at once. It changes memory and speed, not what is learned."""
    epochs: PositiveInt = 3
    warm_up: float = Field(default=0.03, ge=0, lt=1)
    """Share of the steps in which the learning rate rises to its full value."""
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    """How the learning rate goes on after the warm-up: to 0, or constant."""
    weight_decay: NonNegativeFloat = 0.0
    most_gradient: PositiveFloat = 1.0
    """The norm to which larger gradients are shortened."""
    bf16: bool = True
    """Whether is computed in bfloat16; the trained weights are kept in float32 in either case."""
    gradient_checkpointing: bool = False
    """Whether activations are computed again in the backward pass: a third more time, a fraction of the memory."""
    group_by_length: bool = False
    """Whether rows of similar length share a step, which saves padding; it changes the order of the rows."""
    seed: int = 0
    """Seed of the order of the rows and of LoRA's first weights."""
    evaluate_steps: PositiveInt | None = None
    """Steps between two validations, each with a checkpoint; null: ten times in the training."""
    patience: PositiveInt | None = None
    """Stop after so many validations in a row without a better one; null: never."""
    checkpoints: PositiveInt = 2
    """The number of checkpoints that are kept; the best one is kept in addition."""

    @property
    def scheduler(self) -> str:
        """The name of the schedule in transformers."""
        return "constant_with_warmup" if self.schedule == "constant" else self.schedule
