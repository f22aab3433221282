"""`judgelake prompts`: shows every prompt a judge would get, before a GPU-hour is spent."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from typing import Any

from judgelake.cli.lines import Tally, read_records, write_record
from judgelake.comparisons import LETTERS, Comparison, Failure, Status, comparison_from_record, orders_of
from judgelake.errors import UserError
from judgelake.judges import JudgeSpec, load_judge, render

# A line of our JSONL may contain labels of its comparison; a prompt never shows them.
ALSO = ("labels",)

EXAMPLES = """\
Prints one line per comparison: {"comparison_id", "order", "prompt"}, where prompt is a text, or a list of
messages for a chat judge; or {"comparison_id", "order", "status", "reason"} if the mode cannot judge it. Exit code 2
if not a single comparison has a prompt.

examples:
  judgelake prompts --judge judgelm --mode pair comparisons.jsonl
  judgelake prompts --judge judgelm --mode pair --order BA --reference ignore comparisons.jsonl
  judgelake prompts --judge mine --mode single --judges my_judges/ - < comparisons.jsonl
"""


def add(subcommands: Any, common: argparse.ArgumentParser) -> None:
    """Add the subcommand to the command line."""
    parser = subcommands.add_parser(
        "prompts",
        parents=[common],
        help="print the prompts a judge would get",
        description="Print the prompts a judge would get for the comparisons of a JSONL file.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--judge", required=True, metavar="NAME", help="see: judgelake judges")
    parser.add_argument("--mode", required=True, metavar="MODE", help="one of the judge's modes")
    parser.add_argument(
        "--order",
        default="AB",
        help="AB: the original order (default); BA: reversed, also for more than two answers; CAB: as given",
    )
    parser.add_argument("--reference", default="use", choices=("use", "ignore"), help="default: use")
    parser.add_argument("--judges", metavar="DIR", help="a folder of your own judge files, searched first")
    parser.add_argument("file", metavar="FILE.jsonl", help="comparisons in our JSONL; - for standard input")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print one line per comparison."""
    spec = load_judge(arguments.judge, arguments.judges)
    spec.mode(arguments.mode)
    spec.require_prompt()
    if not re.fullmatch(r"[A-Z]+", arguments.order):
        raise UserError(f"--order {arguments.order!r}: expected AB, BA, or the letters of all answers, such as CAB.")
    tally = Tally("prompt", arguments.file)
    for record in read_records(arguments.file):
        line = _line(spec, record, arguments)
        tally.add(line.get("reason"))
        write_record(line)
    tally.check()
    return 0


def _line(spec: JudgeSpec, record: Mapping[str, Any] | Failure, arguments: argparse.Namespace) -> dict[str, Any]:
    comparison = record if isinstance(record, Failure) else comparison_from_record(record, also=ALSO)
    if isinstance(comparison, Failure):
        name = None if isinstance(record, Failure) else record.get("comparison_id")
        return _failed(name if isinstance(name, str) else None, None, comparison)
    order = _order(arguments.order, len(comparison.answers))
    prompt = order if isinstance(order, Failure) else _prompt(spec, comparison, order, arguments)
    if isinstance(order, Failure) or isinstance(prompt, Failure):
        failure = order if isinstance(order, Failure) else prompt
        return _failed(comparison.comparison_id, None if isinstance(order, Failure) else order, failure)
    return {"comparison_id": comparison.comparison_id, "order": order, "prompt": prompt}


def _prompt(spec: JudgeSpec, comparison: Comparison, order: str, arguments: argparse.Namespace) -> Any:
    prompt = render(spec, arguments.mode, comparison, order, arguments.reference)
    return prompt if isinstance(prompt, Failure) else prompt.to_record()


def _order(wanted: str, answers: int) -> str | Failure:
    original, reverse = orders_of(answers)
    if wanted in ("AB", "BA"):
        return original if wanted == "AB" else reverse
    if "".join(sorted(wanted)) != LETTERS[:answers]:
        return Failure(Status.INVALID_INPUT, f"{wanted!r} is not an order of {answers} answers")
    return wanted


def _failed(comparison_id: str | None, order: str | None, failure: Failure) -> dict[str, Any]:
    return {"comparison_id": comparison_id, "order": order, "status": failure.status.value, "reason": failure.reason}
