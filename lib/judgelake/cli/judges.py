"""`judgelake judges`: the list of judges, and one of them in detail."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import Any

from judgelake.judges import JudgeSpec, judge_file, list_judges, load_judge

HEADINGS = ("name", "modes", "model", "family", "thinks", "licence", "source", "prompt")
ON_A_TERMINAL = ("name", "modes", "family", "thinks", "prompt", "licence", "source")
"""Columns that fit into a hundred characters; the model and the whole address are in the details."""

LICENCE_WIDTH = len("CC-BY-NC-4.0")
SHARES = {"modes": 5, "source": 3}
"""Of the width that the other columns leave: of a hundred characters, enough that no name of a mode is broken."""

VERDICTS = {"logprobs": "by log-probabilities", "decision": "by a decision endpoint"}

EXAMPLES = """\
Prints a table on a terminal; elsewhere tab-separated lines with a header line. The column prompt says "included", or
"withheld" if its licence forbids that: the file describes the judge and reads its outputs; you add the prompt.
With a name: that judge's file, model, source, notes and modes.

examples:
  judgelake judges
  judgelake judges prometheus-2
  judgelake judges --judges my_judges/ | cut -f1,2
"""


def add(subcommands: Any, common: argparse.ArgumentParser) -> None:
    """Add the subcommand to the command line."""
    parser = subcommands.add_parser(
        "judges",
        parents=[common],
        help="list the judges",
        description="List the judges: first those in your own folder, then the built-in ones.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="show this judge in detail")
    parser.add_argument("--judges", metavar="DIR", help="a folder of your own judge files, listed first")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print one line per judge, or one judge in detail."""
    if arguments.name is not None:
        spec = load_judge(arguments.name, arguments.judges)
        print("\n".join(_details(spec, str(judge_file(arguments.name, arguments.judges)))))
        return 0
    rows = [_row(spec) for spec in list_judges(arguments.judges)]
    if sys.stdout.isatty():
        _print_table(rows)
    else:
        for row in (HEADINGS, *rows):
            print("\t".join(row))
    return 0


def _row(spec: JudgeSpec) -> tuple[str, ...]:
    source = "our own" if spec.source is None else spec.source.url
    thinks = "yes" if spec.thinks else "no"
    prompt = "included" if spec.withheld is None else "withheld"
    return spec.name, ", ".join(spec.modes), spec.model, spec.family, thinks, spec.licence, source, prompt


def _details(spec: JudgeSpec, path: str) -> Iterator[str]:
    source = "our own" if spec.source is None else f"{spec.source.url} {spec.source.file or ''}".rstrip()
    facts = {
        "name": spec.name,
        "description": spec.description,
        "file": path,
        "model": spec.model if spec.revision is None else f"{spec.model}@{spec.revision}",
        "family": spec.family,
        "thinks": "yes" if spec.thinks else "no",
        "context": f"{spec.context_length} tokens",
        "licence": spec.licence,
        "source": source,
        "prompt": "included" if spec.withheld is None else f"withheld: {spec.withheld}",
    }
    yield from (f"{heading + ':':<13}{text}" for heading, text in facts.items())
    if spec.notes:
        yield from ("notes:", *(f"  {line}" for line in spec.notes.splitlines()))
    for name, mode in spec.modes.items():
        fewest, most = mode.answers
        yield f"mode {name}:" + (f" {mode.description}" if mode.description else "")
        yield f"  answers: {fewest if fewest == most else f'{fewest} to {most}'}"
        yield f"  reference: {mode.reference}, rubric: {mode.rubric}"
        yield f"  verdict: {mode.parser.get('kind') or VERDICTS[mode.verdict_from]}"
        yield f"  decoding: {_given(spec.decoding_of(name).model_dump(mode='json'))}"


def _given(options: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in options.items() if value not in (None, []))


def _print_table(rows: list[tuple[str, ...]]) -> None:
    # Only needed on a terminal; the import takes a tenth of a second.
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, padding=0, expand=True, caption="One judge in detail: judgelake judges NAME")
    for heading in ON_A_TERMINAL:
        is_whole = heading in ("name", "thinks", "prompt")
        most = LICENCE_WIDTH if heading == "licence" else None
        table.add_column(heading, overflow="fold", no_wrap=is_whole, max_width=most, ratio=SHARES.get(heading))
    for row in rows:
        cells = dict(zip(HEADINGS, row, strict=True))
        cells["source"] = "/".join(cells["source"].rsplit("/", 2)[-2:])
        table.add_row(*(cells[heading] for heading in ON_A_TERMINAL))
    Console().print(table)
