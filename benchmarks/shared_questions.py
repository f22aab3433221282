"""What the job computes of prompts that share questions, and whether its engine ever waits: 40 questions x 20 pairs.

    python benchmarks/shared_questions.py

AlpacaEval's questions with pairs of its models' answers, in JudgeLM's format, the small model with prefix caching, one
output token each. The comparisons are written in the order of the file, in a random one, and one answer pair after the
other, so that no question has neighbours. Tokens computed are prompt tokens less those found in the prefix cache; the
least possible is what a cache that forgets nothing computes: each beginning of whole blocks once, and all of a prompt
that is no whole block. The engine is starved when it computes nothing while the job still has requests.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from scratch import scratch_folder
from served import BLOCK_SIZE, counters, model_of

from judgelake.comparisons import comparison_from_record
from judgelake.config import load_config
from judgelake.engine import load_encoder, owner_of_this_driver, stop_engines
from judgelake.jobs.judge import JudgeJob, judge
from judgelake.judges import load_judge, render
from judgelake.lake import create_tables
from judgelake.runtime import get_spark

PROMPT, FOUND = "vllm:prompt_tokens_total", "vllm:prefix_cache_hits_total"
RUNNING, DONE = "vllm:num_requests_running", "vllm:request_success_total"
SAMPLE_S = 0.05
Pair = tuple[int, int, int]
"""A question and two answers by their numbers."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the job once for each order of the input and print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    data = Path("../shared/data/alpaca_eval/outputs")
    parser.add_argument("--data", type=Path, default=data, help="folder of model outputs (default: %(default)s)")
    parser.add_argument("--questions", type=int, default=40)
    parser.add_argument("--pairs", type=int, default=20, help="pairs a question (default: %(default)s)")
    parser.add_argument("--layers", type=int, help="keep only this many layers of the model, for a quick run")
    arguments = parser.parse_args(argv)
    with scratch_folder() as folder:
        measure(arguments, folder, Console())
    return 0


def measure(arguments: argparse.Namespace, folder: Path, console: Console) -> None:
    """All orders of the input, one after the other, each with an engine of its own: its cache is empty at first."""
    answers = [json.loads(path.read_text("utf-8")) for path in sorted(arguments.data.glob("*.json"))]
    pairs = list(itertools.islice(itertools.combinations(range(len(answers)), 2), arguments.pairs))
    rows: list[Pair] = [(question, *pair) for question in range(arguments.questions) for pair in pairs]
    shuffled = random.Random(0).sample(rows, len(rows))
    scattered = sorted(rows, key=lambda row: row[1:])
    model = model_of(arguments.layers)
    table = Table("order of the input", "tokens computed / least", "starved, share of the time", "requests/s")
    for name, ordered in (("file", rows), ("random", shuffled), ("pair by pair", scattered)):
        figures = of_one_order(folder / name, model, answers, ordered)
        console.print(f"{name}: {figures}", soft_wrap=True)
        table.add_row(
            name,
            f"{figures['computed'] / figures['least']:.4f}",
            f"{figures['starved']:.1%}",
            f"{figures['rate']:.1f}",
        )
    console.print(table)


def of_one_order(folder: Path, model: Path, answers: Sequence[Any], rows: Sequence[Pair]) -> dict[str, float]:
    """The figures of one run."""
    job = load_config(
        JudgeJob,
        None,
        [
            "judge.name=judgelm",
            "judge.max_tokens=1",
            f"judge.model={model}",
            "order.orders=AB",
            "asking.give_up_after=1000000",
            "mlflow.enabled=false",
            f"tables.warehouse={folder / 'warehouse'}",
            'engine.env={VLLM_CPU_KVCACHE_SPACE: "2"}',
        ],
    )
    spark = get_spark(job.tables, app_name="judgelake benchmark of shared questions")
    try:
        create_tables(spark, job.tables)
        written = spark.createDataFrame(
            [comparison(answers, row) for row in rows], spark.table(job.tables.comparisons).schema
        )
        # One partition keeps the order.
        written.coalesce(1).write.format("delta").mode("append").saveAsTable(job.tables.comparisons)
        with Watch() as watch:
            judge(spark, job, console=Console(quiet=True))
            prompt, found = counters(PROMPT, FOUND)
        least = least_tokens(ids_of_prompts(spark, job, model))
    finally:
        stop_engines(owner_of_this_driver())
        spark.stop()
    return {"computed": prompt - found, "least": least, "prompt": prompt, **watch.figures(len(rows))}


def comparison(answers: Sequence[Any], row: Pair) -> dict[str, Any]:
    """A comparison of the answers of two models to one question."""
    question, *shown = row
    return {
        "comparison_id": "-".join(map(str, row)),
        "question_id": str(question),
        "messages": [{"role": "user", "content": answers[0][question]["instruction"]}],
        "input": None,
        "answers": [
            {"model": answers[one][question]["generator"], "text": answers[one][question]["output"], "turns": None}
            for one in shown
        ],
        "reference": None,
        "rubric": None,
        "source": "alpaca_eval",
        "attributes": {},
    }


def ids_of_prompts(spark: Any, job: JudgeJob, model: Path) -> list[list[int]]:
    """The token ids of all prompts, as the job sends them."""
    encoder = load_encoder(model, str(model))
    spec = load_judge("judgelm")
    rows = spark.read.table(job.tables.comparisons).collect()
    comparisons = (comparison_from_record(row.asDict(recursive=True)) for row in rows)
    return [encoder.ids(render(spec, "pair", one, "AB")) for one in comparisons]


def least_tokens(prompts: Iterable[Sequence[int]]) -> int:
    """What a prefix cache that forgets nothing has to compute; of a prompt that it knows whole, the last block."""
    numbers: dict[tuple[int, tuple[int, ...]], int] = {}
    least = 0
    for ids in prompts:
        beginning = 0
        whole = (len(ids) - 1) // BLOCK_SIZE
        for block in range(whole):
            key = (beginning, tuple(ids[block * BLOCK_SIZE : (block + 1) * BLOCK_SIZE]))
            least += 0 if key in numbers else BLOCK_SIZE
            beginning = numbers.setdefault(key, len(numbers) + 1)
        least += len(ids) - whole * BLOCK_SIZE
    return least


class Watch:
    """Asks the server all the time whether it computes."""

    def __init__(self) -> None:
        """Begin when used as a context."""
        self._samples: list[tuple[float, float, float]] = []
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        """Look in a thread."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Look no longer."""
        self._end.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._end.wait(SAMPLE_S):
            running, done = counters(RUNNING, DONE)
            self._samples.append((time.perf_counter(), running, done))

    def figures(self, requests: int) -> dict[str, float]:
        """The share of samples without a running request, from the first with one to the last answer; and the rate."""
        first = next(place for place, (_, running, _) in enumerate(self._samples) if running)
        last = next(place for place, (_, _, done) in enumerate(self._samples) if done >= requests)
        between = self._samples[first : last + 1]
        idle = sum(1 for _, running, done in between if not running and done < requests)
        return {"starved": idle / len(between), "rate": requests / (between[-1][0] - between[0][0])}


if __name__ == "__main__":
    raise SystemExit(main())
