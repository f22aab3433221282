"""Runs all checks and prints a table of their findings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from judgelake.config import Tables
from judgelake.doctor.finding import Finding, Level
from judgelake.doctor.leftovers import check_leftovers
from judgelake.doctor.machine import check_disk, check_gpu, check_java, check_memory, check_python, check_shared_memory
from judgelake.doctor.stack import (
    check_configured_model,
    check_delta,
    check_mlflow,
    check_model,
    check_spark,
    check_vllm,
    check_warehouse,
    installed,
)

STYLES = {Level.OK: "green", Level.WARNING: "yellow", Level.PROBLEM: "bold red"}


def run_doctor(tables: Tables, model: str | None, console: Console, config: str | Path | None = None) -> int:
    """Check everything a run needs and print a table of what was found and how to fix it.

    Args:
        tables: the warehouse that will be used.
        model: the judge's model, a folder or a Hugging Face name; None checks the model of `config`.
        console: where the table is printed.
        config: a job's YAML file; None if there is none.

    Returns:
        1 when there is a problem, else 0; warnings do not count.
    """
    with console.status("checking"):
        findings = list(all_findings(tables, model, config))
    table = Table(show_edge=False, pad_edge=False)
    for heading in ("", "checked", "found", "how to fix it"):
        table.add_column(heading, overflow="fold")
    for finding in findings:
        style = STYLES[finding.level]
        table.add_row(f"[{style}]{finding.level}[/]", finding.subject, _plain(finding.found), _plain(finding.remedy))
    console.print(table)
    problems = sum(finding.level is Level.PROBLEM for finding in findings)
    noun = "problem" if problems == 1 else "problems"
    console.print(f"{problems} {noun} to fix." if problems else "Ready.", highlight=False)
    return 1 if problems else 0


def all_findings(tables: Tables, model: str | None, config: str | Path | None = None) -> Iterator[Finding]:
    """The findings of all checks, cheap checks first; Spark is only started if Java and the packages are installed."""
    yield check_python()
    java, spark = check_java(), check_spark()
    yield java
    yield spark
    if Level.PROBLEM not in (java.level, spark.level):
        yield check_delta(tables)
    yield check_warehouse(tables)
    yield check_vllm()
    yield check_gpu(needs_gpu=installed("vllm") is not None)
    yield check_model(model) if model is not None or config is None else check_configured_model(config)
    yield check_mlflow()
    yield check_memory()
    yield check_shared_memory()
    yield check_disk(tables.warehouse or ".")
    yield check_leftovers()


def _plain(text: str) -> str:
    # Square brackets in a message are not markup.
    return text.replace("[", r"\[")
