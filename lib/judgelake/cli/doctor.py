"""`judgelake doctor`: what is wrong with this machine, and how to fix it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from judgelake.cli.sql import add_config, config_of, tables_of

if TYPE_CHECKING:
    from rich.console import Console

EXAMPLES = """\
Exit code 1 if there is a problem; warnings do not count. Nothing is changed.

examples:
  judgelake doctor
  judgelake doctor --model models/smollm2-135m
  spark-submit --properties-file conf/spark/standalone-gpu.conf jobs/doctor.py --cluster --config conf/judge.yaml
"""


def add(subcommands: Any, common: argparse.ArgumentParser) -> None:
    """Add the subcommand to the command line."""
    parser = subcommands.add_parser(
        "doctor",
        parents=[common],
        help="check this machine (starts Spark: a few seconds)",
        description="Check Java, Spark, Delta, vLLM, GPU, model, MLflow's store, disk, memory and left-over engines.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--model", help="a judge's model to check: a folder, or a Hugging Face name (default: the one the config names)"
    )
    parser.add_argument(
        "--cluster",
        action="store_true",
        help="run a small stage on the session's cluster: how many engines the judge job would start, where, and with "
        "which GPUs, vLLM and model",
    )
    add_config(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the findings; returns 1 if there is a problem.

    Raises:
        UserError: with --cluster, the config is not one of the judge job.
    """
    from rich.console import Console

    from judgelake.doctor import run_doctor

    if arguments.cluster:
        return _run_on_cluster(arguments, Console())
    return run_doctor(tables_of(arguments.config), arguments.model, Console(), config_of(arguments.config))


def _run_on_cluster(arguments: argparse.Namespace, console: Console) -> int:
    from judgelake.config import load_config
    from judgelake.doctor import run_cluster_doctor
    from judgelake.jobs.judge import JudgeJob
    from judgelake.runtime import get_spark, stop_spark

    model = [] if arguments.model is None else [f"judge.model={arguments.model}"]
    job = load_config(JudgeJob, config_of(arguments.config), model)
    spark = get_spark(job.tables, app_name="judgelake doctor", debug=arguments.debug)
    try:
        return run_cluster_doctor(spark, job, console)
    finally:
        stop_spark(spark)
