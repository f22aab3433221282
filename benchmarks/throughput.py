"""Requests per second of the judge job against raw `LLM.generate`, in turns on one machine, without start-up.

    python benchmarks/throughput.py --layers 4

Both run the same vLLM with the same options over the same prompts (JudgeLM's format, the small model), which are all
different: the job would ask equal ones once. The job's time is measured from its first request to its last answer, as
recorded in the judgments table; its engine steps and those of the raw run are the count of vLLM's metric
iteration_tokens_total. Prefix caching is off for both, so that a second round does not find the first one's prompts in
the cache.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from pyspark.sql import functions as F
from rich.console import Console
from rich.table import Table
from scratch import scratch_folder
from served import BLOCK_SIZE, counters, model_of

from judgelake.comparisons import comparison_from_record
from judgelake.config import load_config
from judgelake.engine import Launch, owner_of_this_driver, stop_engines, with_dtype_for_this_cpu
from judgelake.engine.server.environment import server_environment
from judgelake.jobs.ingest import IngestJob, ingest
from judgelake.jobs.judge import JudgeJob, judge
from judgelake.judges import load_judge, render
from judgelake.judges.catalog import built_in_folder
from judgelake.runtime import get_spark
from judgelake.sources import Files

CACHE_GIB = "2"
STEPS = "vllm:iteration_tokens_total_count"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the rounds and print one row for each number of output tokens."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    data = Path("../shared/data/pandalm/testset-v1.json")
    parser.add_argument("--data", type=Path, default=data, help="PandaLM's test set (default: %(default)s)")
    parser.add_argument("--requests", type=int, default=400, help="different prompts (default: %(default)s)")
    parser.add_argument("--both-orders", action="store_true", help="ask each comparison in both orders")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--tokens", type=int, nargs="+", default=[1, 8, 64], help="maximum numbers of output tokens, one row each"
    )
    parser.add_argument(
        "--stop",
        default="\n",
        help="stop text; one the model often writes makes output lengths unequal (default: line end)",
    )
    parser.add_argument("--layers", type=int, help="keep only this many layers of the model, for a quick run")
    arguments = parser.parse_args(argv)
    with scratch_folder() as folder:
        measure(arguments, folder, Console())
    return 0


def measure(arguments: argparse.Namespace, folder: Path, console: Console) -> None:
    """All rounds of all output lengths."""
    model = model_of(arguments.layers)
    job = job_of(folder, model, "both" if arguments.both_orders else "AB", arguments.stop)
    spark = get_spark(job.tables, app_name="judgelake throughput benchmark")
    try:
        ingest(spark, IngestJob(tables=job.tables), "pandalm", Files(inputs=(arguments.data,)))
        prompts = folder / "prompts.json"
        prompts.write_text(json.dumps(keep_different(spark, job, arguments.requests)), "utf-8")
        table = Table(
            "output tokens", "job/raw, requests per second", "job/raw, steps", "job, requests/s", "raw, requests/s"
        )
        with raw(job) as ask_raw:

            def turn_of_both(tokens: int, number: int) -> tuple[dict[str, float], dict[str, float]]:
                return through_the_job(spark, job, tokens, number), ask_raw(prompts, tokens, arguments.stop)

            turn_of_both(arguments.tokens[0], 0)  # warms both up
            for tokens in arguments.tokens:
                turns = [turn_of_both(tokens, number) for number in range(1, arguments.rounds + 1)]
                table.add_row(str(tokens), *figures(turns, arguments.requests))
                console.print(f"{tokens} tokens: {turns}", soft_wrap=True)
        console.print(table)
    finally:
        stop_engines(owner_of_this_driver())
        spark.stop()


def job_of(folder: Path, model: Path, orders: str, stop: str) -> JudgeJob:
    """JudgeLM's prompts over all comparisons in the given orders, with the given stop text."""
    judges = folder / "judges"
    judges.mkdir()
    file = yaml.safe_load(built_in_folder().joinpath("judgelm.yaml").read_text("utf-8"))
    file["decoding"]["stop"] = [stop]
    (judges / "judgelm.yaml").write_text(yaml.safe_dump(file), "utf-8")
    return load_config(
        JudgeJob,
        None,
        [
            "judge.name=judgelm",
            f"judge.folder={judges}",
            f"judge.model={model}",
            f"order.orders={orders}",
            "asking.give_up_after=1000000",
            "mlflow.enabled=false",
            f"tables.warehouse={folder / 'warehouse'}",
            'engine.options={"enable-prefix-caching": false}',
            f'engine.env={{VLLM_CPU_KVCACHE_SPACE: "{CACHE_GIB}"}}',
        ],
    )


def keep_different(spark: Any, job: JudgeJob, requests: int) -> list[str]:
    """The prompts that the job will ask, after all comparisons are deleted that would repeat one or are too many."""
    spec, orders = load_judge("judgelm"), orders_of(job)
    rows = spark.read.table(job.tables.comparisons).orderBy("comparison_id").collect()
    prompts: dict[str, None] = {}
    kept = []
    for row in rows:
        comparison = comparison_from_record(row.asDict(recursive=True))
        made = [render(spec, "pair", comparison, order).text for order in orders]
        if len(prompts) + len(made) <= requests and len({*made} - prompts.keys()) == len(made):
            prompts.update(dict.fromkeys(made))
            kept.append(row["comparison_id"])
    if len(prompts) < requests:
        raise SystemExit(f"The data has {len(prompts)} different prompts: lower --requests.")
    spark.read.table(job.tables.comparisons).where(~F.col("comparison_id").isin(kept)).createOrReplaceTempView("others")
    spark.sql(f"DELETE FROM {job.tables.comparisons} WHERE comparison_id IN (SELECT comparison_id FROM others)")
    return list(prompts)


def orders_of(job: JudgeJob) -> tuple[str, ...]:
    """The orders that each comparison is asked in."""
    return ("AB", "BA") if job.order.orders == "both" else ("AB",)


def through_the_job(spark: Any, job: JudgeJob, tokens: int, number: int) -> dict[str, float]:
    """One run of the judge job into a judgments table of its own: seconds from first request to last answer, steps."""
    tables = job.tables.model_copy(update={"judgments": f"judgments_{tokens}_{number}"})
    choice = job.judge.model_copy(update={"max_tokens": tokens})
    (before,) = counters(STEPS)
    judge(spark, job.model_copy(update={"tables": tables, "judge": choice}), console=Console(quiet=True))
    began = F.unix_micros("judged_at") - F.col("latency_ms") * 1000
    rows = spark.read.table(tables.judgments)
    row = rows.agg(
        ((F.max(F.unix_micros("judged_at")) - F.min(began)) / 1e6).alias("s"), F.sum("output_tokens").alias("tokens")
    ).first()
    (after,) = counters(STEPS)
    return {"seconds": row["s"], "steps": after - before, "output_tokens": row["tokens"]}


@contextmanager
def raw(job: JudgeJob) -> Iterator[Any]:
    """A process with `LLM` loaded with the same options; yields a function that runs one turn in it."""
    options = {
        "model": job.judge.model,
        "max_model_len": 2048,
        "enforce_eager": True,
        "block_size": BLOCK_SIZE,
        "enable_prefix_caching": False,
        "generation_config": "vllm",
        "dtype": with_dtype_for_this_cpu(job.engine).options.get("dtype", "auto"),
    }
    launch = Launch(job.engine, str(job.judge.model), None, 2048, (), os.getpid(), os.cpu_count() or 1)
    environment = server_environment(launch, Path(tempfile.gettempdir()), is_cpu=True)
    command = [sys.executable, str(Path(__file__).with_name("raw_generate.py")), json.dumps(options)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdout.readline()

    def turn(prompts: Path, tokens: int, stop: str) -> dict[str, float]:
        print(
            json.dumps({"prompts": str(prompts), "max_tokens": tokens, "stop": [stop]}), file=process.stdin, flush=True
        )
        result: dict[str, float] = json.loads(process.stdout.readline())
        return result

    try:
        yield turn
    finally:
        process.stdin.close()
        process.wait(60)


def figures(turns: Sequence[tuple[dict[str, float], dict[str, float]]], requests: int) -> list[str]:
    """Medians with their spread, ratios turn by turn."""

    def spread(values: Sequence[float], digits: int) -> str:
        return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"

    return [
        spread([raw_turn["seconds"] / job_turn["seconds"] for job_turn, raw_turn in turns], 2),
        spread([job_turn["steps"] / raw_turn["steps"] for job_turn, raw_turn in turns], 2),
        spread([requests / job_turn["seconds"] for job_turn, _ in turns], 1),
        spread([requests / raw_turn["seconds"] for _, raw_turn in turns], 1),
    ]


if __name__ == "__main__":
    raise SystemExit(main())
