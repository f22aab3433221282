"""`judgelake prompts`: shows every prompt a judge would get, before a GPU-hour is spent."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from typing import Any

from judgelake.cli.lines import Tally, read_records, write_record
from judgelake.cli.prompt_tokens import TokenView, material_of, token_view
from judgelake.comparisons import LETTERS, Failure, Status, comparison_from_record, orders_of
from judgelake.errors import UserError
from judgelake.judges import JudgeSpec, load_judge, render

# A line of our JSONL may contain labels of its comparison; a prompt never shows them.
ALSO = ("labels",)

EXAMPLES = """\
Prints one line per comparison: {"comparison_id", "order", "prompt"}, where prompt is a text, or a list of
messages for a chat judge; or {"comparison_id", "order", "status", "reason"} if the mode cannot judge it. Exit code 2
if not a single comparison has a prompt.

With --tokens each line with a prompt also has "tokens" (their number), "token_ids" as vLLM's server will make them, and
"warnings": sentences about a doubled BOS, a prompt that does not fit, and special tokens in the judged material. The
tokenizer is that of --model, or of the judge's model: a folder, or a name in the local cache of Hugging Face; nothing
is downloaded.

examples:
  judgelake prompts --judge judgelm --mode pair comparisons.jsonl
  judgelake prompts --judge judgelm --mode pair --order BA --reference ignore comparisons.jsonl
  judgelake prompts --judge mine --mode single --judges my_judges/ - < comparisons.jsonl
  judgelake prompts --judge chat --mode pair --tokens --model models/smollm2-135m comparisons.jsonl
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
    parser.add_argument("--tokens", action="store_true", help="also print the token ids, with warnings")
    parser.add_argument("--model", metavar="FOLDER_OR_NAME", help="whose tokenizer; default: that of the judge's model")
    parser.add_argument("file", metavar="FILE.jsonl", help="comparisons in our JSONL; - for standard input")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print one line per comparison."""
    spec = load_judge(arguments.judge, arguments.judges)
    spec.mode(arguments.mode)
    spec.require_prompt()
    if not re.fullmatch(r"[A-Z]+", arguments.order):
        raise UserError(f"--order {arguments.order!r}: expected AB, BA, or the letters of all answers, such as CAB.")
    if arguments.model is not None and not arguments.tokens:
        raise UserError("--model names the tokenizer of --tokens: add --tokens, or leave --model out.")
    view = token_view(spec, arguments.mode, arguments.model) if arguments.tokens else None
    tally = Tally("prompt", arguments.file)
    for record in read_records(arguments.file):
        line = _line(spec, record, arguments, view)
        tally.add(line.get("reason"))
        write_record(line)
    tally.check()
    return 0


def _line(
    spec: JudgeSpec, record: Mapping[str, Any] | Failure, arguments: argparse.Namespace, view: TokenView | None
) -> dict[str, Any]:
    comparison = record if isinstance(record, Failure) else comparison_from_record(record, also=ALSO)
    if isinstance(comparison, Failure):
        name = None if isinstance(record, Failure) else record.get("comparison_id")
        return _failed(name if isinstance(name, str) else None, None, comparison)
    order = _order(arguments.order, len(comparison.answers))
    if isinstance(order, Failure):
        return _failed(comparison.comparison_id, None, order)
    prompt = render(spec, arguments.mode, comparison, order, arguments.reference)
    if isinstance(prompt, Failure):
        return _failed(comparison.comparison_id, order, prompt)
    line = {"comparison_id": comparison.comparison_id, "order": order, "prompt": prompt.to_record()}
    if view is None:
        return line
    return line | view.of(prompt, material_of(comparison, spec.mode(arguments.mode), arguments.reference))


def _order(wanted: str, answers: int) -> str | Failure:
    original, reverse = orders_of(answers)
    if wanted in ("AB", "BA"):
        return original if wanted == "AB" else reverse
    if "".join(sorted(wanted)) != LETTERS[:answers]:
        return Failure(Status.INVALID_INPUT, f"{wanted!r} is not an order of {answers} answers")
    return wanted


def _failed(comparison_id: str | None, order: str | None, failure: Failure) -> dict[str, Any]:
    return {"comparison_id": comparison_id, "order": order, "status": failure.status.value, "reason": failure.reason}
