"""What a Spark task does with its rows of a plan: ask each prompt once, and give every request its judgment."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from judgelake.comparisons import Failure, Reading, Status, margin_of, mass_of, own_label, to_own_order
from judgelake.engine import Ask, AskerFactory, Encoder, Endpoint, Engine, Reply
from judgelake.errors import RunError
from judgelake.jobs.judge.encoding import ids_of
from judgelake.jobs.judge.executor import Opened, open_asker
from judgelake.jobs.judge.progress import SAY_NOTHING_OF_THE_SET_UP, ProgressSender, Reporter
from judgelake.jobs.judge.recovery import Limits, Recovery
from judgelake.jobs.judge.resolve import Judge
from judgelake.jobs.judge.task_error import marked_errors
from judgelake.jobs.judge.window import Window
from judgelake.judges import Prompt, control_pattern, control_strings, parse, verdict_name
from judgelake.lake import JUDGMENT, as_batch

# Rows are passed to Spark at least this often, so that progress is visible and memory stays bounded.
FLUSH_SECONDS = 1.0
MOST_OF_A_REASON = 500

Row = dict[str, Any]
Request = tuple[Row, ...]
"""Rows of a plan with the same prompt and repeat: asked once, each gets the answer."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, with the control strings in the material of its prompt."""

    rows: Request
    control_strings: list[str]


@dataclass(frozen=True, slots=True)
class AskingTask:
    """Answers the rows of one partition; picklable, runs inside Spark's Python workers.

    `give_up_after` is None if there were verdicts in this run, or most of the job's work was done before it: then a
    difficult partition does not stop it.
    """

    judge: Judge
    engine: Engine
    run_id: str
    window: Window
    give_up_after: int | None
    progress: Reporter
    asker: AskerFactory | None = None
    endpoint: Endpoint | None = None

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Turn rows of a plan, sorted so that equal prompts are neighbours, into rows of `JUDGMENT`."""
        with marked_errors():
            yield from self._judgments(batches)

    def _judgments(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        requests = requests_of(row for batch in batches for row in batch.to_pylist())
        first = next(requests, None)
        if first is None:
            return
        with ProgressSender(self.progress) as sender:
            watch = FirstOutcomes(self.give_up_after, sender.all_fail_alike)
            engine = _EngineOfTask(self, Prompt.from_stored(first[0]["prompt"]), sender)
            asks = self._asks(itertools.chain([first], requests), engine)
            with closing(Recovery[Asked](engine.open, engine.alone, engine.limits).answers(asks)) as stream:
                for answered in stream:
                    judged = [(asked, reply, self._read(asked.rows[0], reply)) for asked, reply in answered]
                    rows = (row for item in judged for row in self._rows(*item))
                    batch = as_batch(rows, JUDGMENT, {**self.of_the_run(), "engine": engine.name})
                    sender.send(_report(batch))
                    watch.look_at(result for _, _, result in judged)
                    yield batch
            watch.end()

    def of_the_run(self) -> dict[str, str]:
        """The columns that are the same in all judgments of the run, by name."""
        return {
            "run_id": self.run_id,
            "judge": self.judge.spec.name,
            "judge_fingerprint": self.judge.fingerprint,
            "model_version": self.judge.model_version,
            "mode": self.judge.mode,
        }

    def _asks(self, requests: Iterable[Request], engine: _EngineOfTask) -> Iterator[tuple[Asked, Ask]]:
        """The requests in order; the first is only made once the engine is open."""
        encoder = engine.encoder
        more = () if encoder is None else (encoder.pattern,)
        pattern = control_pattern(self.judge.spec, self.judge.mode, *more)
        for rows in requests:
            prompt = Prompt.from_stored(rows[0]["prompt"])
            yield Asked(rows, control_strings(prompt, pattern)), self._ask(rows[0], prompt, ids_of(encoder, prompt))

    def _ask(self, row: Row, prompt: Prompt, ids: Sequence[int] | None) -> Ask:
        answers = len(row["shown_order"])
        return Ask(
            prompt=prompt,
            decoding=self.judge.decoding,
            choices=self.judge.spec.choices_of(self.judge.mode, answers),
            labels=self.judge.spec.labels_of(self.judge.mode, answers),
            cost_bytes=row["prompt_bytes"],
            repeat=row["repeat"],
            decides=self.judge.spec.mode(self.judge.mode).verdict_from == "decision",
            ids=ids,
        )

    def _read(self, row: Row, reply: Reply | Failure) -> Reading | Failure:
        """The parsed reply, in shown order."""
        if isinstance(reply, Failure):
            return reply
        if (failure := reply.without_answer()) is not None:
            return failure
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

    def _rows(self, asked: Asked, reply: Reply | Failure, result: Reading | Failure) -> Iterator[Row]:
        """One judgment for every row of the request, in its comparison's original order; without shared columns."""
        now = datetime.now(UTC)
        answered = None if isinstance(reply, Failure) else reply
        # The tokens were spent once, so only the first row of a shared prompt carries them.
        for spent, row in zip(itertools.chain([answered], itertools.repeat(None)), asked.rows, strict=False):
            own = Reading() if isinstance(result, Failure) else to_own_order(result, row["shown_order"])
            failure = result if isinstance(result, Failure) else None
            yield {
                "judgment_id": row["judgment_id"],
                "comparison_id": row["comparison_id"],
                "question_id": row["question_id"],
                "shown_order": row["shown_order"],
                "repeat": row["repeat"],
                "content_sha256": row["content_sha256"],
                "prompt_sha256": row["prompt_sha256"],
                "trimmed": row["trimmed"],
                "control_strings": asked.control_strings,
                "prompt_sent_as": None if answered is None else "ids" if answered.sent_ids else "text",
                "raw_output": None if answered is None else answered.text,
                "thinking": None if answered is None else answered.thinking or None,
                "finish_reason": None if answered is None else answered.finish_reason,
                "status": "ok" if failure is None else failure.status.value,
                "error": None if failure is None else failure.reason,
                "scores": own.scores,
                "verdict": own.verdict,
                "verdict_logprobs": None if own.logprobs is None else list(own.logprobs.items()),
                "bounded_labels": None if answered is None else self._bounded(answered, row["shown_order"]),
                "margin": margin_of(own.logprobs),
                "label_mass": None if answered is None else self._mass(answered),
                "prompt_tokens": None if spent is None else spent.prompt_tokens,
                "cached_tokens": None if spent is None else spent.cached_tokens,
                "output_tokens": None if spent is None else spent.output_tokens,
                "latency_ms": None if answered is None else answered.latency_ms,
                "attempt": row["attempt"],
                "chunk": row["chunk"],
                "judged_at": now,
            }


class _EngineOfTask:
    """What answers a task's requests: opened at first and after each death of an engine."""

    def __init__(self, task: AskingTask, first: Prompt, sender: ProgressSender) -> None:
        self._task, self._first, self._sender = task, first, sender
        self._opened: Opened | None = None

    def open(self) -> AskerFactory:
        task = self._task
        self._opened = open_asker(task.judge, task.engine, task.asker, task.endpoint, self._first)
        self._sender.send({"engines": {key: asdict(note) for key, note in self._opened.notes.items()}})
        return self._opened.factory

    def alone(self) -> AbstractContextManager[None]:
        return nullcontext() if self._opened is None else self._opened.alone()

    def limits(self) -> Limits:
        window, own = self._task.window, None if self._opened is None else self._opened.own
        return Limits(window.requests_at(own), window.bytes_at(own), FLUSH_SECONDS)

    @property
    def name(self) -> str | None:
        return None if self._opened is None else self._opened.name

    @property
    def encoder(self) -> Encoder | None:
        return None if self._opened is None else self._opened.encoder


class FirstOutcomes:
    """Stops a task whose first requests all fail with one status: a misconfiguration must not waste a night.

    One difficult question may fill a whole task, so the outcomes of all tasks decide if they are known. A task that
    ends before so many stops if no request of the run got through, so that a short run stores none either.
    """

    def __init__(self, most: int | None, of_all_tasks: Callable[[int], bool | None] = lambda _: None) -> None:
        """Watch for `most` failures; None means no limit.

        Args:
            most: failures of one kind that stop the task.
            of_all_tasks: returns whether the first outcomes of all tasks are at least so many failures of one kind,
                or all of the run and failed calls or too long; None if that is not known.
        """
        self._most = most
        self._of_all_tasks = of_all_tasks
        self._failures: list[Failure] = []
        self._excused: list[Failure] = []

    def look_at(self, results: Iterable[Reading | Failure]) -> None:
        """Count results as they arrive.

        Raises:
            RunError: that many failed, all with one status and without any verdict.
        """
        for result in results:
            if self._most is None:
                return
            if isinstance(result, Failure) and result.status in SAY_NOTHING_OF_THE_SET_UP:
                self._excused.append(result)
                continue
            if not isinstance(result, Failure) or (self._failures and result.status is not self._failures[0].status):
                self._most = None
                return
            self._failures.append(result)
            if len(self._failures) < self._most:
                continue
            if self._of_all_tasks(self._most) is False:
                self._most = None
            else:
                raise all_fail_alike(len(self._failures), result.status.value, result.reason)

    def end(self) -> None:
        """The task has no more requests.

        Raises:
            RunError: all of its requests failed with one status, and those of all other tasks too.
        """
        alike = self._failures or self._excused
        if self._most is not None and alike and self._of_all_tasks(self._most):
            raise all_fail_alike(len(alike), alike[-1].status.value, alike[-1].reason)


ADVICE = {
    Status.CONTEXT_OVERFLOW: "Serve the model with a longer context, or set overflow: trim, and run again",
    **dict.fromkeys(
        (Status.ENGINE_ERROR, Status.TIMEOUT),
        "Fix the server, or what engine and decoding ask of it, and run again: all are asked again",
    ),
}


def all_fail_alike(count: int, status: str, reason: str | None) -> RunError:
    """The error of a run whose first requests all failed alike, with what to do about it."""
    because = "" if reason is None else f", the last because: {reason}"
    prompts = "Look at the judge's prompts with `judgelake prompts`, or raise asking.give_up_after"
    advice = ADVICE.get(Status(status), prompts)
    return RunError(
        f"The first {count:,} requests all ended in {status}{because}. Nothing of this chunk was written. {advice}."
    )


def requests_of(rows: Iterable[Row]) -> Iterator[Request]:
    """Neighbouring rows with the same prompt and repeat as one request; a row that occurs twice counts once."""
    for _, same in itertools.groupby(rows, key=lambda row: (row["prompt_sha256"], row["repeat"])):
        yield tuple({row["judgment_id"]: row for row in same}.values())


def _report(judgments: pa.RecordBatch) -> dict[str, Any]:
    counts = judgments.column("status").value_counts().to_pylist()
    failures = zip(judgments.column("status").to_pylist(), judgments.column("error").to_pylist(), strict=True)
    reasons = [error for status, error in failures if error and status not in SAY_NOTHING_OF_THE_SET_UP]
    return {
        "reason": reasons[-1][:MOST_OF_A_REASON] if reasons else None,
        "statuses": {count["values"]: count["counts"] for count in counts},
        "prompt_tokens": judgments.column("prompt_tokens").sum().as_py() or 0,
        "output_tokens": judgments.column("output_tokens").sum().as_py() or 0,
    }
