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
from judgelake.sources import FORMATS, TABLE, Files, format_named

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DEFAULT_CONFIG = Path("conf/ingest.yaml")
EPILOG = """examples:
  %(prog)s --format judgelake --input mine.jsonl
  %(prog)s --format alpaca_eval --input outputs/*.json --pairs all
  %(prog)s --format mt_bench --input question.jsonl --answers model_answer/*.jsonl --baseline gpt-4
  %(prog)s --format pandalm --input testset-v1.json --judgments gpt-3.5-turbo-testset-v1.json
  %(prog)s --format judgelake --judgments said.jsonl --judges my_judges/
  %(prog)s --format table --input main.default.pairs --config conf/ingest.yaml

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
        # By now the rows are staged in the warehouse, unless they come from a table or are staged elsewhere.
        is_there = arguments.format != TABLE and job.staging is None
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
    return 0


def _files(arguments: argparse.Namespace) -> Files:
    given = [
        name
        for name in ("input", "labels", "answers", "annotations", "judgments", "judges", "reference", "baseline")
        if getattr(arguments, name)
    ]
    given += ["pairs"] if arguments.pairs else []
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
    parser.add_argument("--format", required=True, metavar="NAME", help=f"one of {', '.join([*FORMATS, TABLE])}")
    add_files = functools.partial(parser.add_argument, nargs="+", default=[], metavar="FILE")
    add_files("--input", help="files to read; for --format table: names or paths of tables")
    add_files("--labels", help=f"labels in separate files ({_formats_with('labels')})")
    add_files("--answers", help=f"the models' answers ({_formats_with('answers')})")
    add_files("--annotations", help=f"annotated pairs ({_formats_with('annotations')})")
    add_files("--judgments", help=f"from a judge that ran elsewhere ({_formats_with('judgments')})")
    own_judges = f"your own judge files, to parse raw outputs with ({_formats_with('judges')})"
    parser.add_argument("--judges", metavar="DIR", help=own_judges)
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
