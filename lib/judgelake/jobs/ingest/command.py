"""The command `judgelake-ingest` and `jobs/ingest.py`: arguments, one call, the summary at the end."""

from __future__ import annotations

import argparse
import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from judgelake.config import load_config
from judgelake.errors import UserError
from judgelake.jobs.ingest.config import IngestJob
from judgelake.jobs.ingest.job import Ingested, ingest
from judgelake.runtime import CommandParser, add_job_arguments, config_path, exit_code_of, get_spark
from judgelake.sources import FORMATS, TABLE, Files, format_named, format_offered, read_here

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DEFAULT_CONFIG = Path("conf/ingest.yaml")
OF_ROWS = ("input", "labels", "answers", "annotations", "judgments")
OPTIONS = (*OF_ROWS, "judges", "judge", "mode", "order", "reference", "baseline", "pairs")
EPILOG = """examples:
  %(prog)s --format judgelake --input mine.jsonl
  %(prog)s --format alpaca_eval --input outputs/*.json --pairs all
  %(prog)s --format mt_bench --input question.jsonl --answers model_answer/*.jsonl --baseline gpt-4
  %(prog)s --format pandalm --input testset-v1.json --judgments gpt-3.5-turbo-testset-v1.json
  %(prog)s --format judgelake --judgments said.jsonl --judges my_judges/
  %(prog)s --format judgelm --input judgelm_train_100k.jsonl
  %(prog)s --format arena --input chatbot_arena_conversations.parquet
  %(prog)s --format openai_batch --judgments batch_output.jsonl --judge judgelm --mode pair
  %(prog)s --format table --input main.default.pairs --config conf/ingest.yaml
  %(prog)s --format table --input 'votes/*.csv.gz' --config votes.yaml

docs/formats.md has one command for every layout.

a line of judgments in the format judgelake holds comparison_id, judge, shown_order, and what the judge said:
  {"comparison_id": "c1", "judge": "gpt-x", "shown_order": "BA", "verdict": "A"}    A, B, ..., tie: in original order
  {"comparison_id": "c1", "judge": "gpt-x", "shown_order": "AB", "scores": [8, 7]}  one per answer: in original order
  {"comparison_id": "c1", "judge": "judgelm", "mode": "pair", "shown_order": "BA", "raw_output": "7 8"}
      read by the parser of that judge file (list them with: judgelake judges), in the order shown
  {"comparison_id": "c1", "judge": "gpt-x", "shown_order": "AB", "verdict": null, "error": "refused"}  it failed
it may also hold model_version, mode, repeat, finish_reason, verdict_logprobs, and raw_output next to a verdict.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    return exit_code_of(_parser(), _command, argv)


def _command(arguments: argparse.Namespace) -> int:
    job = load_config(IngestJob, config_path(arguments, DEFAULT_CONFIG), arguments.set)
    files = _files(arguments)
    console = Console(highlight=False)

    def session() -> SparkSession:
        # By now the rows are staged in the warehouse, unless Spark is to read them or they are staged elsewhere.
        is_read = arguments.format != TABLE or len(read_here(arguments.input)) == len(arguments.input)
        is_there = is_read and job.staging is None
        return get_spark(job.tables, "judgelake ingest", debug=arguments.debug, one_command=is_there)

    with console.status("Reading.") as status:
        done = ingest(
            session,
            job,
            arguments.format,
            files,
            strict=arguments.strict,
            say=status.update if console.is_terminal else console.print,
        )
    _report(console, done, job, has_judgments=bool(files.judgments))
    if not done.taken:
        raise _nothing_taken(done, arguments)
    return 0


def _nothing_taken(done: Ingested, arguments: argparse.Namespace) -> UserError:
    """The error of an ingest that has not taken one row: a job that goes on after it would judge nothing."""
    given = [(name, getattr(arguments, name)) for name in OF_ROWS if getattr(arguments, name)]
    offered = (format_offered(files, f"--format {arguments.format} --{name}") for name, files in given)
    guess = next((offer for offer in offered if offer), "")
    if not done.rejected:
        counted = "row" if arguments.format == TABLE else format_named(arguments.format).counted
        return UserError(f"Nothing was ingested: there is no {counted} in {', '.join(given[0][1])}.{guess}")
    if not guess and arguments.format != TABLE:
        guess = f" Columns of your own come in with --format {TABLE} and a config that names them."
    return UserError(
        f"Nothing was ingested: every row was rejected ({done.rejected:,}). The first: {done.examples[0]}.{guess}"
    )


def _files(arguments: argparse.Namespace) -> Files:
    given = [name for name in OPTIONS if getattr(arguments, name)]
    if arguments.format is None:
        files = [file for name in OF_ROWS for file in getattr(arguments, name)]
        raise UserError(f"--format is missing: one of {', '.join([*FORMATS, TABLE])}.{format_offered(files)}")
    if arguments.format == TABLE:
        if given != ["input"]:
            raise UserError("--format table needs --input and accepts nothing else; the config names its columns.")
        return Files(tables=tuple(arguments.input))
    chosen = format_named(arguments.format)
    chosen.check(given)
    if arguments.judges and not arguments.judgments:
        raise UserError("--judges names the judge files that parse raw outputs, so it needs --judgments.")
    if arguments.pairs and arguments.baseline:
        raise UserError("--pairs and --baseline exclude each other: all pairs, or each against one model.")
    return Files(
        inputs=_paths(arguments.input),
        labels=_paths(arguments.labels),
        answers=_paths(arguments.answers),
        annotations=_paths(arguments.annotations),
        judgments=_paths(arguments.judgments),
        judges=Path(arguments.judges) if arguments.judges else None,
        judge=arguments.judge,
        mode=arguments.mode,
        order=arguments.order,
        reference=Path(arguments.reference) if arguments.reference else None,
        pairs=arguments.pairs or "all",
        baseline=arguments.baseline,
    )


def _paths(names: Sequence[str]) -> tuple[Path, ...]:
    return tuple(Path(name) for name in names)


def _report(console: Console, done: Ingested, job: IngestJob, has_judgments: bool) -> None:
    table = Table("", "added", "already there", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    table.add_row("comparisons", f"{done.comparisons_added:,}", f"{done.comparisons_held:,}")
    table.add_row("labels", f"{done.labels_added:,}", f"{done.labels_held:,}")
    if has_judgments:
        table.add_row("judgments", f"{done.judgments_added:,}", f"{done.judgments_held:,}")
    if done.learned_added or done.learned_held:
        table.add_row("training examples", f"{done.learned_added:,}", f"{done.learned_held:,}")
    if done.rejected:
        table.add_row("rejected rows", f"{done.rejected_added:,}", f"{done.rejected - done.rejected_added:,}")
    console.print(table)
    for line in done.examples:
        console.print(f"  rejected: {escape(line)}", soft_wrap=True)
    if done.rejected > len(done.examples):
        console.print(f"  ... and {done.rejected - len(done.examples):,} more in the table {job.tables.rejected_rows}")


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(
        prog="judgelake-ingest",
        description="Bring comparisons, labels and judgments into the lake's tables. Ingesting twice changes nothing.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--format", metavar="NAME", help=f"one of {', '.join([*FORMATS, TABLE])}")
    add_files = functools.partial(parser.add_argument, nargs="+", default=[], metavar="FILE")
    add_files("--input", help="files to read; for --format table: tables, files, folders or patterns")
    add_files("--labels", help=f"labels in separate files ({_formats_with('labels')})")
    add_files("--answers", help=f"the models' answers ({_formats_with('answers')})")
    add_files("--annotations", help=f"annotated pairs ({_formats_with('annotations')})")
    add_files("--judgments", help=f"from a judge that ran elsewhere ({_formats_with('judgments')})")
    own_judges = f"your own judge files, to parse raw outputs with ({_formats_with('judges')})"
    parser.add_argument("--judges", metavar="DIR", help=own_judges)
    parser.add_argument("--judge", metavar="NAME", help=f"the judge that gave the outputs ({_formats_with('judge')})")
    parser.add_argument("--mode", metavar="MODE", help=f"the judge's mode ({_formats_with('mode')})")
    parser.add_argument(
        "--order", metavar="AB", help=f"the order in which the answers were shown ({_formats_with('order')})"
    )
    parser.add_argument("--reference", metavar="FILE", help=f"reference answers ({_formats_with('reference')})")
    parser.add_argument(
        "--pairs",
        choices=("all", "together", "alone"),
        help="how several models' answers are compared: every pair (default), all in one comparison, or one at a time",
    )
    parser.add_argument("--baseline", metavar="MODEL", help="compare every other model with this one, shown first")
    parser.add_argument("--strict", action="store_true", help="a rejected row is an error: nothing is written, exit 2")
    add_job_arguments(parser, DEFAULT_CONFIG, "tables.comparisons=name")
    return parser


def _formats_with(option: str) -> str:
    return ", ".join(name for name, one in FORMATS.items() if option in (*one.takes, *one.needs))
