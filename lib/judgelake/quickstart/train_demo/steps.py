"""The steps of the demo, one after the other in one session; each finds what an earlier run has done."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from judgelake.config import load_config
from judgelake.errors import RunError, UserError
from judgelake.jobs.evaluate import Evaluated, EvaluateJob, evaluate_and_report, show_headline
from judgelake.jobs.generate import main as generate
from judgelake.jobs.ingest import main as ingest
from judgelake.jobs.judge import JudgeJob, judge, report
from judgelake.jobs.promote import Evidence, PromoteJob, Side, evidence_of, promote, show
from judgelake.jobs.train import main as train
from judgelake.lake import register
from judgelake.quickstart.show import judged_pairs, verdict_table
from judgelake.quickstart.train_demo.before_after import show_before_after
from judgelake.quickstart.train_demo.demo import BASE, NAME, PAIRS, Command, Demo
from judgelake.runtime import CANDIDATE, CHAMPION

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

STEPS = 8
JUDGE, EVALUATE, PROMOTE = (Path(f"conf/{job}.yaml") for job in ("judge", "evaluate", "promote"))


class JobError(Exception):
    """A job that has already said why it failed."""

    def __init__(self, code: int) -> None:
        """`code` is its exit code."""
        super().__init__(f"exit code {code}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Running:
    """A demo that runs."""

    console: Console
    spark: SparkSession
    demo: Demo

    def carry_out(self, file: Path) -> None:
        """All steps from the files of the demo's parts to the verdicts on a file.

        Args:
            file: comparisons in judgelake's JSONL, which the judge that comes of it judges.

        Raises:
            JobError: a job ended with an error.
            UserError, RunError: so did one that is called as a function.
        """
        demo = self.demo
        with self._step(2, "comparisons and labels into Delta tables: what is learned, and what tests it"):
            self._command(ingest, demo.ingesting(demo.learned_file, "learn"))
            self._command(ingest, demo.ingesting(demo.tested_file, "test"))
        with self._step(3, "training examples of the labels, and what would be learned"):
            self._command(generate, demo.examples())
            self._command(train, demo.training(dry_run=True))
        with self._step(4, "training; the model becomes the candidate in the registry"):
            self._command(train, demo.training())
        with self._step(5, "the base and the candidate judge the test in both orders (vLLM starts once for each)"):
            base = self._judged(demo.judging(BASE, "test"))
            trained = self._judged(demo.judging(f"models:/{NAME}@{CANDIDATE}", "test"))
        with self._step(6, "evaluation: both compared with the test's labels"):
            evaluated = self._evaluated(demo.evaluation((base, trained)))
        with self._step(7, "promotion by the thresholds of conf/promote.yaml, none of them changed for the demo"):
            alias = self._promoted(demo.promotion())
        with self._step(8, f"the {alias} judges a file: {file}"):
            self._file(file, alias)
        self._heading("before and after: the same pairs, whose questions were not learned")
        show_before_after(self.console, _evidence(evaluated, base, trained), BASE, f"{NAME}@{alias}")

    @contextmanager
    def _step(self, number: int, text: str) -> Iterator[None]:
        begun = time.monotonic()
        self._heading(f"{number}/{STEPS} {text}")
        yield
        self._say(f"({time.monotonic() - begun:,.0f} s)")

    def _heading(self, text: str) -> None:
        self.console.print(Text(f"\n{text}", style="bold"), soft_wrap=True)

    def _say(self, line: str) -> None:
        self.console.print(line, markup=False, highlight=False, soft_wrap=True)

    @contextmanager
    def _status(self) -> Iterator[Callable[[str], None]]:
        """Takes the progress of a job: in a terminal one line that changes, elsewhere a line each."""
        with self.console.status("Reading.") as status:
            yield status.update if self.console.is_terminal else self._say

    def _command(self, main: Callable[[Sequence[str]], int], command: Command) -> None:
        """Run a job as its command; it joins the session that is there."""
        self._typed(command)
        if code := main(command.arguments):
            raise JobError(code)

    def _typed(self, command: Command) -> None:
        self.console.print(Text(f"$ {command}", style="cyan"), soft_wrap=True)

    def _judged(self, command: Command) -> str:
        """Judge; returns the judge's fingerprint. Not as a command, which would end the engine that goes on judging."""
        self._typed(command)
        run = judge(self.spark, load_config(JudgeJob, JUDGE, command.settings), console=self.console)
        report(self.console, run)
        return run.judge.fingerprint

    def _evaluated(self, command: Command) -> Evaluated:
        self._typed(command)
        with self._status() as say:
            done = evaluate_and_report(self.spark, load_config(EvaluateJob, EVALUATE, command.settings), say)
        show_headline(self.console, done)
        return done

    def _promoted(self, command: Command) -> str:
        """Promote; returns the alias of the version that judges from now on. A refusal is a result like another."""
        self._typed(command)
        try:
            with self._status() as say:
                found = promote(self.spark, load_config(PromoteJob, PROMOTE, command.settings), say)
        except (UserError, RunError) as reason:
            self._say(f"The candidate does not become champion: {reason}")
            return CANDIDATE
        if found is None:
            self._say(f"The candidate of {NAME} is its champion already.")
            return CHAMPION
        show(self.console, found)
        return CHAMPION if found.is_promoted else CANDIDATE

    def _file(self, file: Path, alias: str) -> None:
        self._command(ingest, self.demo.ingesting(file, "file"))
        command = self.demo.judging(f"models:/{NAME}@{alias}", "file", f"input.where={PAIRS}")
        fingerprint = self._judged(command)
        tables = load_config(JudgeJob, JUDGE, command.settings).tables
        register(self.spark, tables, with_views=True)
        self.console.print(verdict_table(judged_pairs(self.spark, tables, fingerprint)))


def _evidence(evaluated: Evaluated, base: str, trained: str) -> Evidence:
    """The trained judge beside the base, from the rows of one evaluation of both."""
    evaluation = evaluated.evaluation
    names = {one.fingerprint: one.name for one in evaluation.inputs.judges}
    sides = [Side(one, names[one]) for one in (trained, base)]
    return evidence_of(evaluation.rows, evaluation.job.headline.value, sides[0], sides[1])
