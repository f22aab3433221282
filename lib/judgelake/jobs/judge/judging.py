"""How a judge is asked, and what its answers become: the judge's side of the asking machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa

from judgelake.asking import Asked, Request, Row, Target, ask_of, outcome_rows, with_answer
from judgelake.comparisons import Failure, Reading, margin_of, mass_of, own_label, to_own_order
from judgelake.engine import Ask, Encoder, Reply
from judgelake.jobs.judge.resolve import Judge
from judgelake.judges import Prompt, control_pattern, control_strings, parse, verdict_name
from judgelake.lake import JUDGMENT, without

KEY = "judgment_id"
OF_THE_RUN = ("run_id", "judge", "judge_fingerprint", "model_version", "mode", "chunk", "engine")
"""Columns that are the same in all judgments of a task."""
OF_A_REQUEST = (KEY, "comparison_id", "question_id", "shown_order", "repeat", "content_sha256", "trimmed")
OF_A_ROW = without(JUDGMENT, *OF_THE_RUN).names


def target_of(judge: Judge, judgments: str) -> Target:
    """The judgments of a judge in the table of that name."""
    return Target(judgments, JUDGMENT, KEY, "judge_fingerprint", judge.fingerprint, "judged_at", "raw_output")


@dataclass(frozen=True, slots=True)
class Judging:
    """Makes calls of requests, and judgments of replies."""

    judge: Judge

    @property
    def schema(self) -> pa.Schema:
        """Of a judgment."""
        return JUDGMENT

    @property
    def key(self) -> str:
        """The column with a judgment's id."""
        return KEY

    def of_the_run(self, run_id: str) -> Mapping[str, str]:
        """The columns that are the same in all judgments of the run, by name."""
        return {
            "run_id": run_id,
            "judge": self.judge.spec.name,
            "judge_fingerprint": self.judge.fingerprint,
            "model_version": self.judge.model_version,
            "mode": self.judge.mode,
        }

    def asked(self, request: Request, encoder: Encoder | None) -> tuple[Asked, Ask]:
        """What is sent for a request."""
        row = request[0]
        prompt: Prompt = row["prompt"]
        more = () if encoder is None else (encoder.pattern,)
        pattern = control_pattern(self.judge.spec, self.judge.mode, *more)
        answers = len(row["shown_order"])
        ask = ask_of(
            row,
            encoder,
            decoding=self.judge.decoding,
            choices=self.judge.spec.choices_of(self.judge.mode, answers),
            labels=self.judge.spec.labels_of(self.judge.mode, answers),
            decides=self.judge.decides,
        )
        return Asked(request, control_strings(prompt, pattern)), ask

    def read(self, row: Row, reply: Reply | Failure) -> Reading | Failure:
        """The parsed reply, in shown order."""
        reply = with_answer(reply)
        if isinstance(reply, Failure):
            return reply
        return parse(
            self.judge.spec,
            self.judge.mode,
            reply.text,
            answers=len(row["shown_order"]),
            finish_reason=reply.finish_reason,
            label_logprobs=reply.label_logprobs,
            bounded_labels=reply.bounded_labels,
            is_mass_known=reply.is_mass_known,
            has_thinking_apart=bool(reply.thinking),
        )

    def _bounded(self, reply: Reply, shown_order: str) -> list[str] | None:
        """The labels of which only a bound is known, by what they mean in the comparison's original order."""
        choices = self.judge.spec.mode(self.judge.mode).choices
        if reply.label_logprobs is None or choices is None:
            return None
        meaning = choices.verdict_of(len(shown_order))
        return [own_label(verdict_name(meaning[label]), shown_order) for label in reply.bounded_labels]

    def _mass(self, reply: Reply) -> float | None:
        return mass_of(reply.label_logprobs, reply.bounded_labels) if reply.is_mass_known else None

    def results(self, asked: Asked, reply: Reply | Failure, result: Reading | Failure) -> Iterator[Row]:
        """One judgment for every row of the request, in its comparison's original order; without shared columns."""
        now = datetime.now(UTC)
        answered = None if isinstance(reply, Failure) else reply
        for row, of_call in outcome_rows(asked, reply, result):
            own = Reading() if isinstance(result, Failure) else to_own_order(result, row["shown_order"])
            yield {
                **of_call,
                **{name: row[name] for name in OF_A_REQUEST},
                "control_strings": asked.control_strings,
                "scores": own.scores,
                "verdict": own.verdict,
                "verdict_logprobs": None if own.logprobs is None else list(own.logprobs.items()),
                "bounded_labels": None if answered is None else self._bounded(answered, row["shown_order"]),
                "margin": margin_of(own.logprobs),
                "label_mass": None if answered is None else self._mass(answered),
                "judged_at": now,
            }

    def known(self, row: Row) -> Row:
        """The judgment of a request that is not asked: its comparison is invalid, or its prompt too long."""
        known = {name: row.get(name) for name in OF_A_ROW}
        return {**known, "error": row["reason"], "judged_at": datetime.now(UTC)}
