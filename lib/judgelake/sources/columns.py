"""The mapping of any table in the config: what each of its columns holds."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from judgelake.comparisons import letter_or_tie
from judgelake.config import Config

TABLE = "table"
"""The name of the format that is not a file format."""

Use = Literal["text", "name", "number", "value"]


class LabelColumns(Config):
    """Columns that hold one labeler's verdict or scores."""

    labeler: str | None = None
    """Name of the labeler, as it will appear in the labels table."""
    labeler_column: str | None = None
    """Instead of `labeler`: the column with the labeler's name, where several people voted."""
    kind: Literal["human", "teacher", "gold"] = "human"
    verdict: str | None = None
    """Column of the verdict; a row with NULL in it has no such label."""
    verdicts: dict[str, str] = Field(default={})
    """What the column's values mean, for example {"1": A, "2": B, "0": tie}; empty: they are already A, B, tie."""
    one_hot: dict[str, str] = Field(default={})
    """Instead of `verdict`: columns of which exactly one is 1 or true, each with the verdict that it means."""
    constant: str | None = None
    """Instead of `verdict`: the verdict of every row, where the table says it by the order of its columns."""
    scores: tuple[str, ...] = ()
    """Columns of the scores, one per answer: numbers, or numbers written as text."""

    @field_validator("verdicts", mode="before")
    @classmethod
    def _keys_as_text(cls, value: Any) -> Any:
        """The keys as YAML's 1 and true would be written in quotes."""
        if not isinstance(value, dict):
            return value
        return {str(key).lower() if isinstance(key, bool) else str(key): meant for key, meant in value.items()}

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if (self.labeler is None) == (self.labeler_column is None):
            raise ValueError("give either labeler (a name) or labeler_column (the column with the names)")
        given = [key for key in ("verdict", "one_hot", "constant") if getattr(self, key)]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} exclude each other: the verdict is in one place")
        if not given and not self.scores:
            raise ValueError("a label needs verdict, one_hot, constant or scores")
        meant = [*self.verdicts.values(), *self.one_hot.values(), *([self.constant] if self.constant else [])]
        wrong = next((verdict for verdict in meant if letter_or_tie(verdict) is not None), None)
        if wrong is not None:
            raise ValueError(f"{wrong!r} is not a verdict: expected a letter (A is the first answer) or tie")
        return self


class Columns(Config):
    """What each column of a table holds. A name that is null means there is no such column."""

    question: str = "question"
    """Column of the question: text, or a list of messages that ends with the user's."""
    input: str | None = None
    """Further text the instruction works on."""
    answers: tuple[str, ...] = Field(default=("answer_a", "answer_b"), min_length=1)
    """One column per answer, in the order A, B, ...: text, or a list with the assistant's turns."""
    conversations: tuple[str, ...] = ()
    """Instead of `question` and `answers`: columns with whole conversations, one per answer, which ends each."""
    models: tuple[str, ...] = ()
    """Columns with the names of the models that answered, one per answer; empty: not known."""
    reference: str | None = None
    criteria: str | None = None
    """The rubric's criterion."""
    descriptions: tuple[str, ...] = ()
    """Five columns that describe the rubric's scores 1 to 5."""
    comparison_id: str | None = None
    """Null: derived from the content."""
    question_id: str | None = None
    source: str = TABLE
    """Value of the comparisons' `source`."""
    attributes: dict[str, str] = Field(default={})
    """Attribute to column. Ids and attributes are names: numbers, booleans and dates are converted to text."""
    labels: tuple[LabelColumns, ...] = ()


def columns_needed(columns: Columns) -> dict[str, Use]:
    """The table's columns that the mapping names, with what each is used for.

    text: text or a list of messages; name: text, or what is converted to text; number: numbers or text; value: a
    single value that a label is read from.
    """
    texts = [*_of_answers(columns), columns.input, *columns.models, columns.reference, columns.criteria]
    values = [[label.labeler_column, label.verdict, *label.one_hot] for label in columns.labels]
    return {
        **{name: "name" for name in names_of(columns) if name is not None},
        **{name: "number" for label in columns.labels for name in label.scores},
        **{name: "value" for names in values for name in names if name is not None},
        # Last, because it is the strictest use of a column that is used twice.
        **{name: "text" for name in (*texts, *columns.descriptions) if name is not None},
    }


def names_of(columns: Columns) -> tuple[str | None, ...]:
    """The columns of ids and attributes."""
    return (columns.comparison_id, columns.question_id, *columns.attributes.values())


def texts_kept_empty(columns: Columns) -> frozenset[str]:
    """The columns in which an empty CSV cell is an empty text; in all others it means that there is nothing."""
    return frozenset((*_of_answers(columns), *columns.descriptions))


def _of_answers(columns: Columns) -> tuple[str, ...]:
    return columns.conversations or (columns.question, *columns.answers)
