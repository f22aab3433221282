"""`make train-demo`: from labels to a judge of one's own on a CPU, compared with its base, which judges a file.

The steps are those of docs/train.md, each the job that a user would call; what one has done is not done again.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from judgelake.config import Tables
from judgelake.engine import owner_of_this_driver, stop_engines
from judgelake.errors import UserError
from judgelake.quickstart.small_model import make_small_model
from judgelake.quickstart.train_demo.demo import BASE, NAME, RECIPE, Demo
from judgelake.quickstart.train_demo.labelled import read_labelled
from judgelake.quickstart.train_demo.parts import Parts, parted
from judgelake.quickstart.train_demo.steps import STEPS, JobError, Running
from judgelake.quickstart.train_demo.store import TRACKING, use_own_store
from judgelake.runtime import CommandParser, exit_code_of, get_spark, stop_spark

SAMPLE = Path("samples/comparisons.jsonl")
UNLABELLED = Path("samples/unlabelled.jsonl")
FOLDER = Path("train-demo")
# Minutes of training and of judging on two cores; a promotion needs 100 questions.
MOST_LEARNED, MOST_TESTED = 200, 120
EPILOG = """examples:
  %(prog)s
  %(prog)s LABELS=annotations.json FORMAT=alpaca_eval ARGS="--folder alpaca-demo"
  %(prog)s LABELS=annotations.json FORMAT=alpaca_eval TEST=pairs.jsonl TEST_FORMAT=autoj ARGS="--folder other"
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo from the root of a checkout; returns the exit code."""
    # Tokenizer threads of this process conflict with the fork of Spark's gateway, which causes long warnings.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    return exit_code_of(demo_parser(), lambda arguments: train_demo(Console(), arguments), argv)


def train_demo(console: Console, arguments: argparse.Namespace) -> int:
    """Read and part the labels, then run the jobs; returns the exit code.

    Raises:
        UserError: this is not the root of a checkout, or something that was given cannot be used.
        RunError: a job could not finish.
    """
    if not RECIPE.is_file():
        raise UserError(f"{RECIPE} does not exist here: run the demo in the root of a checkout.")
    if not arguments.file.is_file():
        raise UserError(f"There is no file {str(arguments.file)!r} to judge: correct --file.")
    parts = _parts(console, arguments)
    demo = Demo(arguments.folder, len(parts.learned), tuple(arguments.set))
    demo.keep(parts)
    make_small_model(BASE)
    address = use_own_store(demo.folder)
    console.print(Text(f"$ export {TRACKING}={address}", style="cyan"), soft_wrap=True)
    learn = Tables(warehouse=demo.warehouse("learn"))
    spark = get_spark(learn, "judgelake train-demo", debug=arguments.debug, one_command=True)
    try:
        Running(console, spark, demo).carry_out(arguments.file)
    except JobError as failed:
        return failed.code
    except KeyboardInterrupt:
        console.print("Stopped: what is done so far is kept, the same command continues from there.")
        return 130
    finally:
        stop_engines(owner_of_this_driver())
        stop_spark(spark)
    _show_next(console, demo, address)
    return 0


def _parts(console: Console, arguments: argparse.Namespace) -> Parts:
    """What is learned and what tests it, with a line on where it is from."""
    names = ", ".join(map(str, arguments.labels))
    console.print(Text(f"1/{STEPS} labels: from {names}", style="bold"), soft_wrap=True)
    read = read_labelled(arguments.format, arguments.labels)
    console.print(f"{read.text}.", highlight=False, soft_wrap=True)
    tests = None
    if arguments.test:
        others = read_labelled(arguments.test_format or arguments.format, arguments.test)
        console.print(f"To test with: {others.text}.", highlight=False, soft_wrap=True)
        tests = others.pairs
    most = {"most_learned": arguments.most_learned, "most_tested": arguments.most_tested}
    parts = parted(read.pairs, tests, **most)
    console.print(
        f"{len(parts.learned):,} are learned, {len(parts.tested):,} of {parts.questions:,} other questions test it.",
        highlight=False,
        soft_wrap=True,
    )
    return parts


def _show_next(console: Console, demo: Demo, address: str) -> None:
    """Print where everything is, and what to type next."""
    console.print("\n[bold]What next[/bold]")
    lines = (
        f"All of it is in {demo.folder}/, the report in {demo.report}; delete the folder to start again.",
        f"See the runs and the model in MLflow: .venv/bin/mlflow ui --backend-store-uri {address}",
        "Your own labels: make train-demo LABELS=mine.jsonl ARGS='--folder mine'; step by step: docs/train.md",
    )
    for line in lines:
        console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def demo_parser() -> argparse.ArgumentParser:
    """The arguments of the demo."""
    parser = CommandParser(
        prog="make train-demo",
        description=f"Train {BASE} on labels, compare it with its base on other labels, promote it as {NAME} if it is "
        "better, and judge a file with it; on a CPU, in a folder of its own.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_labels(parser)
    parser.add_argument(
        "--file",
        type=Path,
        default=UNLABELLED,
        metavar="FILE",
        help=f"comparisons that are judged at the end, as in {UNLABELLED}",
    )
    parser.add_argument("--folder", type=Path, default=FOLDER, metavar="DIR", help=f"of the demo (default: {FOLDER})")
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="a key of the training, as for jobs/train.py, e.g. recipe.epochs=3",
    )
    parser.add_argument("--debug", action="store_true", help="show the stack trace of an error")
    return parser


def _add_labels(parser: argparse.ArgumentParser) -> None:
    """Where both sides come from, and how much of each is used."""
    parser.add_argument("--labels", nargs="+", type=Path, default=[SAMPLE], metavar="FILE", help="labelled comparisons")
    parser.add_argument("--format", default="judgelake", metavar="NAME", help="their layout, see docs/formats.md")
    parser.add_argument(
        "--test",
        nargs="+",
        type=Path,
        default=[],
        metavar="FILE",
        help="labels to test with; without them half of the questions of --labels",
    )
    parser.add_argument("--test-format", metavar="NAME", help="their layout; default: that of --labels")
    parser.add_argument(
        "--most-learned",
        type=_positive,
        default=MOST_LEARNED,
        metavar="N",
        help=f"at most so many pairs are learned (default: {MOST_LEARNED})",
    )
    parser.add_argument(
        "--most-tested",
        type=_positive,
        default=MOST_TESTED,
        metavar="N",
        help=f"at most so many pairs test it (default: {MOST_TESTED})",
    )


if __name__ == "__main__":
    sys.exit(main())
