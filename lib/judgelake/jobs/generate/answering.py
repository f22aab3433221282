"""How a model is asked for answers, and what its replies become: this job's side of the asking machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa

from judgelake.api import CUT_WHILE_THINKING, Ending, ending_of
from judgelake.asking import Asked, Request, Row, Target, ask_of, outcome_rows, with_answer
from judgelake.comparisons import Failure, Status
from judgelake.engine import Ask, Encoder, Reply
from judgelake.jobs.generate.answerer import Answerer
from judgelake.jobs.generate.requests import KEY
from judgelake.judges import without_thinking
from judgelake.lake import GENERATED_ANSWER, without

OF_THE_RUN = ("run_id", "answerer", "answerer_fingerprint", "model_version", "chunk", "engine")
OF_A_REQUEST = (KEY, "seed_id", "sample")
OF_A_ROW = without(GENERATED_ANSWER, *OF_THE_RUN).names
TOO_LONG = "the answer was cut off at max_tokens"
EMPTY = "the model wrote nothing"


def target_of(answerer: Answerer, table: str) -> Target:
    """The answers of a model in the table of that name."""
    fingerprint = answerer.fingerprint
    return Target(table, GENERATED_ANSWER, KEY, "answerer_fingerprint", fingerprint, "answered_at", "raw_output")


@dataclass(frozen=True, slots=True)
class Answering:
    """Makes calls of requests, and answers of replies."""

    answerer: Answerer

    @property
    def schema(self) -> pa.Schema:
        """Of an answer."""
        return GENERATED_ANSWER

    @property
    def key(self) -> str:
        """The column with an answer's id."""
        return KEY

    def of_the_run(self, run_id: str) -> Mapping[str, str]:
        """The columns that are the same in all answers of the run, by name."""
        return {
            "run_id": run_id,
            "answerer": self.answerer.name,
            "answerer_fingerprint": self.answerer.fingerprint,
            "model_version": self.answerer.model_version,
        }

    def asked(self, request: Request, encoder: Encoder | None) -> tuple[Asked, Ask]:
        """What is sent for a request."""
        return Asked(request, []), ask_of(request[0], encoder, decoding=self.answerer.decoding)

    def read(self, row: Row, reply: Reply | Failure) -> str | Failure:
        """The answer, without thinking; a `Failure` if there is no whole answer."""
        reply = with_answer(reply)
        if isinstance(reply, Failure):
            return reply
        answer = without_thinking(reply.text)
        if answer is None:
            return Failure(Status.TRUNCATED, CUT_WHILE_THINKING)
        if ending_of(reply.finish_reason) is Ending.CUT:
            return Failure(Status.TRUNCATED, TOO_LONG)
        return answer.strip() or Failure(Status.UNPARSEABLE, EMPTY)

    def results(self, asked: Asked, reply: Reply | Failure, result: str | Failure) -> Iterator[Row]:
        """One row for each row of the request, without the shared columns."""
        now = datetime.now(UTC)
        answer = _beginning(reply) if isinstance(result, Failure) else result
        for row, of_call in outcome_rows(asked, reply, result):
            yield {**of_call, **{name: row[name] for name in OF_A_REQUEST}, "answer": answer, "answered_at": now}

    def known(self, row: Row) -> Row:
        """The result of a request that is not asked: its seed is invalid, or this model cannot be asked it."""
        known = {name: row.get(name) for name in OF_A_ROW}
        return {**known, "error": row["reason"], "answered_at": datetime.now(UTC)}


def _beginning(reply: Reply | Failure) -> str | None:
    """What there is of an answer that was cut off."""
    said = None if isinstance(reply, Failure) else without_thinking(reply.text)
    return said.strip() or None if said is not None else None
