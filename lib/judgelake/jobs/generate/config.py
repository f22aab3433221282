"""`jobs/generate.py`: which questions, which models answer them, and how answers become comparisons."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, NonNegativeFloat, PositiveInt, model_validator

from judgelake.asking import Asking
from judgelake.comparisons import LETTERS
from judgelake.config import Config, Mlflow, Tables
from judgelake.engine import Engine
from judgelake.generation import Agreement, Reasons, SeedColumns
from judgelake.judges import Decoding


class SeedSource(Config):
    """Where questions come from: files, or a table that Spark reads."""

    format: str = "table"
    """The layout of a row: alpaca, dolly, sharegpt, judgelake, or table with a mapping."""
    files: tuple[str, ...] = ()
    """Files, folders or patterns, read by the driver."""
    table: str | None = None
    """Instead of `files`: a table of the catalog, or a Delta or Parquet address, read by the executors."""
    columns: SeedColumns | None = None
    """For the format table: what each column holds; null: only `question`."""
    source: str | None = None
    """Name of the source in all tables; null: that of the format."""
    licence: str | None = None
    """Of the rows that name none; it goes with every row that is made of them."""
    language: str | None = None
    """Of the rows that name none."""
    category: str | None = None
    """Of the rows that name none."""
    references: bool = True
    """Whether the answers of the source are taken as references."""

    @model_validator(mode="after")
    def _is_in_one_place(self) -> Self:
        if bool(self.files) == (self.table is not None):
            raise ValueError("name either files or a table")
        if self.columns is not None and self.format != "table":
            raise ValueError(f"columns is for format: table, and format is {self.format}: change one of them")
        return self


class NearDuplicates(Config):
    """How near-duplicates are found: by the share of word sequences that two questions have in common."""

    similarity: float | None = Field(default=0.8, gt=0, le=1)
    """Jaccard similarity of the word sequences from which on one of two questions is left out; null: none is."""
    words: PositiveInt = 3
    """Words in a sequence."""
    hash_tables: PositiveInt = 8
    """Of MinHash: with 8, a pair of similarity 0.8 is overlooked once in 400,000 times."""
    seed: int = 0
    """Of the hashes."""


class SeedStep(Config):
    """Which questions become seeds."""

    sources: tuple[SeedSource, ...] = ()
    least_characters: PositiveInt = 1
    """Of messages and input together; shorter ones are rejected."""
    most_characters: PositiveInt | None = 16_000
    """Likewise; longer ones are rejected. Null: none is."""
    near_duplicates: NearDuplicates = NearDuplicates()


class Prices(Config):
    """What a model costs, for --dry-run, all in one currency; a price that is null is not counted."""

    input: NonNegativeFloat | None = None
    """Per million tokens of prompts."""
    output: NonNegativeFloat | None = None
    """Per million tokens of output."""
    gpu_hour: NonNegativeFloat | None = None
    """Per hour of one GPU."""


class AnsweringModel(Config):
    """One model that answers, and how it is asked."""

    name: str = Field(min_length=1)
    """Its name in all tables. Two entries may have the same model, with other sampling or another prompt."""
    model: str
    """Local folder, Hugging Face name, address, or its name at engine.url."""
    revision: str | None = None
    """Commit, tag or branch of a model on Hugging Face."""
    adapter: str | None = None
    """LoRA adapter on the model."""
    system: str | None = None
    """System prompt; null: none."""
    template: str | None = None
    """For models without a chat template: the whole prompt, in Jinja, with {{ question }}, {{ input }}, {{ system }}.
    Null: the question is sent as a chat. Only questions of one user turn fit it."""
    decoding: Decoding = Decoding()
    """How it samples; `max_tokens` are those of an answer."""
    samples: PositiveInt = 1
    """Answers to each question; more than 1 is only useful with a temperature above 0."""
    context_length: PositiveInt = 4096
    """Tokens of question and answer together."""
    engine: Engine = Engine()
    """What answers: a given address, or a vLLM on each executor."""
    prices: Prices = Prices()

    @model_validator(mode="after")
    def _samples_differ(self) -> Self:
        if self.samples > 1 and self.decoding.temperature == 0:
            raise ValueError(f"samples is {self.samples}, but at temperature 0 all are the same: raise the temperature")
        if self.decoding.max_tokens >= self.context_length:
            raise ValueError(
                f"decoding.max_tokens ({self.decoding.max_tokens}) leaves no room for a question in context_length "
                f"({self.context_length}): lower it"
            )
        return self


class AnswerStep(Config):
    """Which seeds are answered, of those that are near-duplicates of none."""

    where: str | None = None
    """SQL predicate on the seeds table."""
    limit: PositiveInt | None = None
    """The first N seeds by seed_id, which is a hash."""


class ComparisonStep(Config):
    """How the answers to one question become comparisons, and which are left out."""

    how: Literal["random", "all", "baseline", "together"] = "random"
    """random: `pairs` pairs a question, in which all models stand equally often; all: every pair; baseline: each model
    against one; together: all answers to a question in one comparison."""
    pairs: PositiveInt = 1
    """For random: pairs a question."""
    baseline: str | None = None
    """For baseline: the name of the model that all others are compared with."""
    reference_model: str | None = None
    """Name of the model whose answer is the reference of questions that have none; it is not compared with others."""
    most_characters: PositiveInt | None = 16_000
    """Of an answer; a longer one is left out. Null: none is."""
    refusals: bool = False
    """Whether answers that decline to answer are used; see `generation.refusal_in`."""
    seed: int = 0
    """Of the choice of pairs and of the order of answers."""

    @model_validator(mode="after")
    def _has_a_baseline_where_needed(self) -> Self:
        if (self.how == "baseline") != (self.baseline is not None):
            raise ValueError(f"baseline names a model where how is baseline, and how is {self.how}: change one of them")
        if self.baseline is not None and self.baseline == self.reference_model:
            raise ValueError(f"{self.baseline!r} is baseline and reference_model: the reference is not compared")
        return self


class Labels(Config):
    """Whose labels of the comparisons are learned."""

    labeler: str | None = None
    """Null: the verdict of most labelers."""
    referenced_labeler: str | None = None
    """Who labeled with sight of the reference."""
    holds_with_reference: bool = False
    """Whether the first label is true however the judge is asked, and so teaches the prompt with the reference too."""
    invalid_score: float | None = -1.0
    """What a source writes where its labeler gave no score."""


class Teacher(Config):
    """Whose judgments of the comparisons are learned; the judge job has made them, or they were imported."""

    name: str = Field(min_length=1)
    """Its name in the examples; those of labels have the labeler's, or "majority" for the verdict of most."""
    judged: str | None = None
    """SQL predicate on the judgments: those of one judge in one mode, made without sight of a reference."""
    referenced: str | None = None
    """Likewise those made with sight of the reference; null: none were."""
    labels: Labels | None = None
    """Instead of `judged`: labels are learned."""
    agreement: Agreement = "agree"
    """agree: only what gets the same verdict in both orders; first: the original order alone counts; mean: the label
    with the highest mean log-probability over both orders, for judges that decide by log-probabilities."""
    reasons: Reasons | None = None
    """Where in the output the reasons are: after_first_line or before_last_line; null: they are not learned."""
    licence: str | None = None
    """The terms on which the teacher's outputs may be used; joined to the licence of the question."""
    prices: Prices = Prices()

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if (self.judged is None) == (self.labels is None):
            raise ValueError("give either judged (a predicate on judgments) or labels")
        if self.referenced is not None and self.labels is not None:
            raise ValueError("referenced is for judgments: of labels set labels.referenced_labeler")
        return self


class ExampleStep(Config):
    """How judgments and labels of comparisons become training examples."""

    table: str | None = None
    """Comparisons that were judged or labeled; null: tables.generated_comparisons."""
    teachers: tuple[Teacher, ...] = ()
    validation_share: float = Field(default=0.05, ge=0, le=1)
    """Share of the groups of near-duplicate questions that are for validation, by a hash of the group."""
    most_train: PositiveInt | None = None
    """Examples for training of each teacher, the first by a hash; null: all."""
    most_validation: PositiveInt | None = None
    """Examples for validation, likewise."""
    seed: int = 0
    """Of the split."""


class SampleStep(Config):
    """A sample of the comparisons for people to label: those of `examples.table`."""

    comparisons: PositiveInt = 100
    """In the sample, chosen by a hash so that all models are in it about equally often; the same for each labeler."""
    labelers: tuple[Annotated[str, Field(pattern=r"^\w[\w .@-]*$")], ...] = ()
    """Who labels: each gets a sheet of their own, in an order of their own. Empty: one sheet with room for a name."""
    unlabelled_by: Literal["gold", "human", "teacher"] | None = None
    """Comparisons that have a label of this kind are left out, for a sheet of the next ones. Null: none are."""
    references: bool = False
    """Whether the reference answers are shown."""
    folder: str = "sample"
    """Where the sheets go, on this machine; those that are there stay as they are."""
    seed: int = 0
    """Of the sample and of the orders in which comparisons and answers are shown."""


class GenerateJob(Config):
    """`jobs/generate.py`: seeds, answers of several models, comparisons of them, and training examples."""

    seeds: SeedStep = SeedStep()
    models: tuple[AnsweringModel, ...] = ()
    answers: AnswerStep = AnswerStep()
    comparisons: ComparisonStep = ComparisonStep()
    examples: ExampleStep = ExampleStep()
    sample: SampleStep = SampleStep()
    asking: Asking = Asking()
    staging: str | None = None
    """Folder for staged rows that this machine and the executors can both access; null: in the warehouse folder."""
    tables: Tables = Tables()
    mlflow: Mlflow = Mlflow()

    @model_validator(mode="after")
    def _names_models_that_there_are(self) -> Self:
        names = [model.name for model in self.models]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"models: {twice!r} is the name of two of them: name each by what is different about it")
        if self.comparisons.how == "together" and len(set(names) - {self.comparisons.reference_model}) > len(LETTERS):
            raise ValueError(
                f"comparisons.how: together takes at most {len(LETTERS)} models, and there are {len(names)}"
            )
        for key in ("baseline", "reference_model"):
            named = getattr(self.comparisons, key)
            if named is not None and self.models and named not in names:
                raise ValueError(
                    f"comparisons.{key} is {named!r}, which none of the models is called: {', '.join(names)}"
                )
        return self
