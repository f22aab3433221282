"""`judgelake parse`: reads raw outputs again, with a new parser or a new judge file."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from judgelake.cli.lines import Tally, read_records, write_record
from judgelake.comparisons import (
    LETTERS,
    Check,
    Failure,
    Reading,
    Status,
    integer_from,
    label_logprobs,
    optional,
    problem_of,
    text,
)
from judgelake.errors import UserError
from judgelake.judges import JudgeSpec, load_judge, parse

# A line may have more fields: the other fields stored of a call do not affect how its output is read.
FIELDS: dict[str, Check] = {
    "raw": text,
    "finish_reason": optional(text),
    "label_logprobs": optional(label_logprobs),
    "answers": integer_from(1, len(LETTERS)),
}
ABSENT = {"finish_reason": None, "label_logprobs": None}

EXAMPLES = """\
Reads {"raw"} lines; a line may also have "finish_reason" ("length": the output was cut), "label_logprobs" and
"answers". Prints {"status", "scores", "verdict", "reason"} for each, in the order in which the answers were SHOWN.
Exit code 2 if not a single line could be taken (invalid_input); an output without a verdict is taken.

examples:
  judgelake parse --judge judgelm --mode pair outputs.jsonl
  judgelake parse --judge judgelm --mode multi --answers 4 outputs.jsonl
  echo '{"raw": "8 7"}' | judgelake parse --judge judgelm --mode pair -
"""


def add(subcommands: Any, common: argparse.ArgumentParser) -> None:
    """Add the subcommand to the command line."""
    parser = subcommands.add_parser(
        "parse",
        parents=[common],
        help="read raw outputs of a judge",
        description="Read the raw outputs of a judge in a JSONL file.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--judge", required=True, metavar="NAME", help="see: judgelake judges")
    parser.add_argument("--mode", required=True, metavar="MODE", help="one of the judge's modes")
    parser.add_argument("--answers", type=int, metavar="N", help="answers shown; default: the fewest the mode takes")
    parser.add_argument("--judges", metavar="DIR", help="a folder of your own judge files, searched first")
    parser.add_argument("file", metavar="FILE.jsonl", help="raw outputs; - for standard input")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print one line per output."""
    spec = load_judge(arguments.judge, arguments.judges)
    fewest, most = spec.mode(arguments.mode).answers
    answers = fewest if arguments.answers is None else arguments.answers
    if not fewest <= answers <= most:
        raise UserError(f"--answers {answers}: mode {arguments.mode!r} takes {fewest} to {most}.")
    tally = Tally("output", arguments.file)
    for record in read_records(arguments.file):
        result = record if isinstance(record, Failure) else _read(spec, arguments.mode, record, answers)
        is_refused = isinstance(result, Failure) and result.status is Status.INVALID_INPUT
        tally.add(result.reason if isinstance(result, Failure) and is_refused else None)
        write_record(_line(result))
    tally.check()
    return 0


def _read(spec: JudgeSpec, mode: str, record: Mapping[str, Any], answers: int) -> Reading | Failure:
    problem = problem_of({**ABSENT, "answers": answers, **record}, FIELDS)
    if problem is not None:
        return Failure(Status.INVALID_INPUT, problem)
    return parse(
        spec,
        mode,
        record["raw"],
        answers=record.get("answers", answers),
        finish_reason=record.get("finish_reason"),
        label_logprobs=record.get("label_logprobs"),
    )


def _line(result: Reading | Failure) -> dict[str, Any]:
    if isinstance(result, Failure):
        return {"status": result.status.value, "scores": None, "verdict": None, "reason": result.reason}
    scores = None if result.scores is None else list(result.scores)
    return {"status": Status.OK.value, "scores": scores, "verdict": result.verdict, "reason": None}
