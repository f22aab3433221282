"""`make quickstart`: judge the shipped sample with the small model, evaluate the verdicts, and show the results.

The steps are those of a user: make a model available, ingest a file, judge, read the tables, evaluate.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from judgelake.config import Mlflow, Tables, load_config
from judgelake.engine import owner_of_this_driver, stop_engines
from judgelake.errors import UserError
from judgelake.jobs.evaluate import EvaluateJob, evaluate_and_report, show_headline
from judgelake.jobs.ingest import IngestJob, ingest
from judgelake.jobs.judge import JudgeJob, judge
from judgelake.lake import register
from judgelake.quickstart.show import (
    MODE,
    judged_pairs,
    show_next_commands,
    show_scope,
    show_statuses,
    show_verdicts,
)
from judgelake.quickstart.small_model import make_small_model
from judgelake.runtime import CommandParser, exit_code_of, get_spark, stop_spark
from judgelake.sources import Files

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

CONFIG = Path("conf/judge.yaml")
EVALUATION = Path("conf/evaluate.yaml")
SAMPLE = Path("samples/comparisons.jsonl")
MODEL = Path("models/smollm2-135m")
# Pairs of single answers: the sample's conversations and rows of three and more answers need other modes.
PAIRS = "source = 'judgelake sample' AND size(answers) = 2 AND answers[0].turns IS NULL"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the quickstart from the root of a checkout; returns the exit code."""
    parser = CommandParser(prog="make quickstart", description="Judge the shipped sample with a small model.")
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="a key of conf/judge.yaml, as for jobs/judge.py",
    )
    parser.add_argument("--debug", action="store_true", help="show the stack trace of an error")
    # Tokenizer threads of this process conflict with the fork of Spark's gateway, which causes long warnings.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    return exit_code_of(parser, lambda arguments: quickstart(Console(), arguments.set, debug=arguments.debug), argv)


def quickstart(console: Console, settings: Sequence[str] = (), *, debug: bool = False) -> int:
    """Make the model, ingest the sample, judge its pairs in both orders, and print the verdicts; nothing is repeated.

    Raises:
        UserError: this is not the root of a checkout.
    """
    if not SAMPLE.is_file() or not CONFIG.is_file():
        raise UserError(f"{SAMPLE} and {CONFIG} do not exist here: run the quickstart in the root of a checkout.")
    heading(console, 1, "a small judge model: SmolLM2-135M-Instruct")
    make_small_model(MODEL)
    job = quickstart_job(settings)
    heading(console, 2, f"the sample: {SAMPLE} into Delta tables in {job.tables.warehouse}/")
    spark = get_spark(job.tables, app_name="judgelake quickstart", debug=debug, one_command=True)
    try:
        ingest_sample(console, spark, job.tables)
        heading(console, 3, "the judge: vLLM serves the model, Spark asks it in both orders (starting takes a minute)")
        run = judge(spark, job, console=console)
        if not run.counts.judgments:
            console.print(
                "Everything was judged before, so nothing was asked. To start again, delete the warehouse folder."
            )
        # It would use memory although no more requests come.
        stop_engines(owner_of_this_driver())
        show_results(console, spark, job, run.judge.fingerprint)
    except KeyboardInterrupt:
        console.print("Stopped: what was judged so far is kept, `make quickstart` continues from there.")
        return 130
    finally:
        stop_engines(owner_of_this_driver())
        stop_spark(spark)
    return 0


def ingest_sample(console: Console, spark: SparkSession, tables: Tables) -> None:
    """Ingest the sample and print what is new and which part of it is judged."""
    done = ingest(spark, IngestJob(tables=tables), "judgelake", Files(inputs=(SAMPLE,)), strict=True)
    console.print(
        f"{done.comparisons_added} comparisons added, {done.comparisons_held} already existed; "
        f"{done.labels_added} gold labels added, {done.labels_held} already existed",
        highlight=False,
    )
    show_scope(console, spark.table(tables.comparisons), PAIRS)


def show_results(console: Console, spark: SparkSession, job: JudgeJob, judge_fingerprint: str) -> None:
    """Print the verdicts, their evaluation, and what to type next."""
    heading(console, 4, "the verdicts, from the Delta table")
    # A session of one command has no views.
    register(spark, job.tables, with_views=True)
    show_verdicts(console, judged_pairs(spark, job.tables, judge_fingerprint))
    show_statuses(console, spark, job.tables, judge_fingerprint)
    heading(console, 5, "evaluation: the verdicts compared with the sample's gold labels, with their uncertainty")
    show_headline(console, evaluate_and_report(spark, evaluation_job(job, judge_fingerprint)))
    show_next_commands(console)


def quickstart_job(settings: Sequence[str] = ()) -> JudgeJob:
    """The job of conf/judge.yaml with our own judge over the sample's pairs; `settings` override everything else."""
    asked = ("judge.name=chat", f"judge.mode={MODE}", f"judge.model={MODEL}", "order.orders=both")
    # So small a model prefers an answer by some 0.03 nats, and computing in bfloat16 moves its log-odds by as much.
    # And it would rather begin with another word: its labels have 0.20 to 0.56 of the probability (median 0.42), so by
    # the judge's own threshold of 0.5 most of its judgments had no verdict.
    own = (*asked, f'input.where="{PAIRS}"', "engine.options.dtype=float32", "judge.least_label_mass=0.1")
    return load_config(JudgeJob, CONFIG, (*own, *settings))


def evaluation_job(job: JudgeJob, judge_fingerprint: str) -> EvaluateJob:
    """The job of conf/evaluate.yaml over the quickstart's own judgments and tables."""
    own = load_config(EvaluateJob, EVALUATION)
    logged = Mlflow(enabled=job.mlflow.enabled, experiment=job.mlflow.experiment)
    changes = {"tables": job.tables, "mlflow": logged, "where": job.input.where}
    return own.model_copy(update={**changes, "judgments_where": f"judge_fingerprint = '{judge_fingerprint}'"})


def heading(console: Console, number: int, text: str) -> None:
    """Print which of the five steps begins."""
    console.print(f"\n[bold]{number}/5[/bold] {text}", highlight=False, soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
