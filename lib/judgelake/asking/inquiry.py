"""What a job brings to be asked: how its rows become requests, and what outcomes mean. The machine knows no more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa

from judgelake.comparisons import Failure
from judgelake.engine import Ask, Encoder, Reply, ResolvedAdapter, ResolvedModel

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Row = dict[str, Any]
Request = tuple[Row, ...]
"""Rows with the same prompt and repeat: asked once, each gets the answer."""


@dataclass(frozen=True, slots=True)
class Target:
    """The table that takes the results of a job, and the columns by which the machine finds them again.

    In addition to the named columns it has run_id, chunk, engine, attempt, status, error and the counts of tokens,
    prompt_tokens and output_tokens.
    """

    table: str
    schema: pa.Schema
    key: str
    """The column with the id of a result's request."""
    fingerprint_column: str
    fingerprint: str
    """Of what answers; part of every request's id."""
    time_column: str
    """The column with the time of a result."""
    answer_column: str
    """The column that is NULL where the model did not answer."""

    def of_this_model(self, results: DataFrame) -> DataFrame:
        """Those of the table's rows that answer the same requests."""
        return results.where(results[self.fingerprint_column] == self.fingerprint)


@dataclass(frozen=True, slots=True)
class Named:
    """A request as it is planned, known from data alone.

    Attributes:
        request_id: its id.
        prompt_bytes: about those of its prompt; None if it is known that nothing can be asked.
        sort_key: the same for equal prompts of a question and equal repeats, with the same beginning for prompts that
            begin alike.
    """

    request_id: str
    prompt_bytes: int | None
    sort_key: str = ""


@dataclass(frozen=True, slots=True)
class NamedRow:
    """A row of the input as it is planned: its requests begin like those of all rows of its question."""

    question_key: int
    requests: tuple[Named, ...]


class Requester(Protocol):
    """How a row of the input becomes requests; picklable, runs inside Spark's Python workers."""

    @property
    def schema(self) -> pa.Schema:
        """Of a request in a table.

        Its key, question_key, row_hash, prompt, prompt_sha256, prompt_bytes, repeat, attempt, status and reason.
        `prompt` is the stored form of a `Prompt`. `status` is NULL if it is to be asked; else it and `reason` say why
        not, and `prompt` is NULL. More columns are passed on.
        """
        ...

    def named(self, record: Mapping[str, Any]) -> NamedRow:
        """The row's question, and all its requests."""
        ...

    @property
    def question_columns(self) -> tuple[str, ...]:
        """The columns of the input that say which question a row has."""
        ...

    def question_key(self, record: Mapping[str, Any]) -> int:
        """The key of the question that a row with these values in `question_columns` has."""
        ...

    def content_in_question(self, record: Mapping[str, Any]) -> str:
        """What differs between rows of a question; rows that make equal prompts have equal content."""
        ...

    def requests(self, record: Mapping[str, Any], attempts: Mapping[int, int]) -> Iterator[Row]:
        """Those of its requests whose place in `named` is in `attempts`: `schema` without question_key and row_hash.

        `prompt` is a `Prompt`.
        """
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, with the control strings in the material of its prompt."""

    rows: Request
    control_strings: list[str]


class Interpreter(Protocol):
    """What is asked for a request, and what an outcome means; picklable, runs inside Spark's Python workers."""

    @property
    def schema(self) -> pa.Schema:
        """Of a result: a row of the target."""
        ...

    @property
    def key(self) -> str:
        """The column with the id of a request, in requests as in results."""
        ...

    def of_the_run(self, run_id: str) -> Mapping[str, str]:
        """The columns that are the same in all results of a run, by name, except chunk and engine."""
        ...

    def asked(self, request: Request, encoder: Encoder | None) -> tuple[Asked, Ask]:
        """What is sent for a request; `encoder` makes the ids of its prompt, None: its text is sent."""
        ...

    def read(self, row: Row, reply: Reply | Failure) -> Any | Failure:
        """What the outcome means for a row of the request, or why it means nothing."""
        ...

    def results(self, asked: Asked, reply: Reply | Failure, result: Any | Failure) -> Iterator[Row]:
        """A row of `schema` for each row of the request, without the shared columns."""
        ...

    def known(self, row: Row) -> Row:
        """The result of a request that is not asked, without the shared columns."""
        ...


class AskedModel(Protocol):
    """The model that is asked, as the driver resolved it; small and picklable."""

    @property
    def model(self) -> str:
        """Local folder, address with its version, or name on Hugging Face or on the server."""
        ...

    @property
    def revision(self) -> str | None:
        """Commit of a model on Hugging Face."""
        ...

    @property
    def weights(self) -> ResolvedModel:
        """The model's files."""
        ...

    @property
    def adapter(self) -> ResolvedAdapter | None:
        """What is put on them."""
        ...

    @property
    def context_length(self) -> int:
        """Tokens of prompt and output together."""
        ...

    @property
    def is_served(self) -> bool:
        """Whether the model is a name on a server that is already running."""
        ...

    @property
    def chat_template(self) -> str | None:
        """Given to a server that is started; None: the model's own."""
        ...

    @property
    def is_asked_in_chats(self) -> bool:
        """Whether prompts are chats."""
        ...

    @property
    def decides(self) -> bool:
        """Whether a decision endpoint is asked."""
        ...
