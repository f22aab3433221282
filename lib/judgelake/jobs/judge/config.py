"""`jobs/judge.py`: which judge judges what, in which orders, and how it is asked."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, PositiveInt, model_validator

from judgelake.asking import Asking
from judgelake.config import Config, Mlflow, Tables
from judgelake.engine import Engine

# Of 1,000 comparisons 100 estimate the gap between a judge's two orders, for a tenth of what one order costs.
DEFAULT_BOTH_SHARE = 0.1


class JudgeMlflow(Mlflow):
    """What a run of the judge job logs in addition."""

    sample_rows: int = Field(default=20, ge=0)
    """Number of judgments logged as a table, for a first look."""


class JudgeChoice(Config):
    """Which judge, in which mode, with which model."""

    name: str
    mode: str = "pair"
    folder: str | None = None
    """A folder with your own judge files, searched before the built-in ones."""
    model: str | None = None
    """Model name or local folder that replaces the judge's own."""
    revision: str | None = None
    """Commit, tag or branch of a model on Hugging Face, resolved to a commit by the driver; null: the judge's own, or
    main."""
    adapter: str | None = None
    """LoRA adapter on the model: a folder, a name on Hugging Face (also name@revision), or an address like `model`."""
    reference: Literal["use", "ignore"] = "use"
    """Whether a comparison's reference is shown, if the mode has a place for it."""
    max_tokens: PositiveInt | None = None
    """Output tokens; replaces the judge's own value."""
    temperature: float | None = Field(default=None, ge=0)
    """Replaces the judge's own value. Above 0 the repeats of a request differ: samples, of which a judge can learn."""
    omit_temperature: bool = False
    """Whether no temperature is sent, for models that refuse it; they sample by their own."""
    context_length: PositiveInt | None = None
    """Context in tokens; replaces the judge's own value."""
    least_label_mass: float | None = Field(default=None, ge=0, le=1)
    """Probability that all labels must have together in a mode that decides by log-probabilities; replaces the judge's
    own value. Modes that decide by the text have none."""

    @model_validator(mode="after")
    def _has_a_temperature_or_none(self) -> Self:
        if self.omit_temperature and self.temperature is not None:
            raise ValueError(
                f"omit_temperature sends no temperature, and temperature is {self.temperature:g}: leave one of them out"
            )
        return self


class Input(Config):
    """Which comparisons are judged."""

    version: int | None = None
    """Version of the comparisons table; null: the newest at the start of the run, then pinned."""
    where: str | None = None
    """SQL predicate on the comparisons table."""
    limit: PositiveInt | None = None
    """The first N comparisons by comparison_id."""


class Order(Config):
    """The orders in which the answers are shown, and how often each is asked."""

    orders: Literal["AB", "BA", "both", "mixed"] = "both"
    """AB: the original order; BA: reversed (also for n answers); both: needed to measure position bias.

    mixed: one of the two for each comparison, chosen by a hash of its id, and both for a share of the comparisons.
    """
    both_share: float | None = Field(default=None, ge=0, le=1)
    """Only with mixed: share of the comparisons asked in both orders; null: `DEFAULT_BOTH_SHARE`."""
    permutations: int = Field(default=0, ge=0)
    """Further distinct random orders for each comparison with three or more answers."""
    seed: int = 0
    """Seed of the random orders; the same seed gives the same orders in every run."""
    repeats: PositiveInt = 1
    """How often an identical request is asked; more than 1 is only useful with a temperature above 0."""

    @model_validator(mode="after")
    def _has_a_share_only_if_mixed(self) -> Self:
        if self.both_share is not None and self.orders != "mixed":
            raise ValueError(f"both_share is only for orders: mixed, and orders is {self.orders}: change one of them")
        return self

    @property
    def share_in_both(self) -> float:
        """Share of the comparisons asked in the original and in the reversed order."""
        if self.orders == "mixed":
            return DEFAULT_BOTH_SHARE if self.both_share is None else self.both_share
        return 1.0 if self.orders == "both" else 0.0


class JudgeJob(Config):
    """`jobs/judge.py`: one judge over one table."""

    judge: JudgeChoice
    input: Input = Input()
    order: Order = Order()
    overflow: Literal["fail", "trim"] = "fail"
    """How a prompt that is too long is handled.

    fail: the server refuses it, which makes a context_overflow row. trim: its answers are cut equally, with a mark, by
    the judge's tokenizer and context_length; without that tokenizer the job is refused.
    """
    hardening: Literal["ids", "neutralise"] = "ids"
    """How control strings in judged material are kept from acting as such.

    ids: prompts are sent as token ids, in which material is text, wherever the model's tokenizer is on the executors
    and the server is a vLLM that makes the same ids; elsewhere as text. neutralise: in addition they are broken in the
    prompt by a space, for servers that take only text; these are other prompts, so other judgments.
    """
    engine: Engine = Engine()
    asking: Asking = Asking()
    tables: Tables = Tables()
    mlflow: JudgeMlflow = JudgeMlflow()
