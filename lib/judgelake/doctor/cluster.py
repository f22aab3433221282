"""Which engines a run would start where, found by a small stage before any money is spent."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from judgelake.asking import Slots, amounts_of, find_slots, profile_of
from judgelake.doctor.finding import Finding, Level, problem, warning
from judgelake.doctor.stack import check_model, check_vllm
from judgelake.jobs.judge import JudgeJob, resolve_judge

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass(frozen=True, slots=True)
class Look:
    """What a task looks up where an engine would run; picklable."""

    model: str

    def __call__(self) -> dict[str, Any]:
        """Findings by name, each with its level, what was found and how to fix it."""
        findings = {"vllm": check_vllm(), "model": check_model(self.model)}
        facts = {name: [finding.level.value, finding.found, finding.remedy] for name, finding in findings.items()}
        version = ".".join(map(str, sys.version_info[:3]))
        return {**facts, "python": version}


def run_cluster_doctor(spark: SparkSession, job: JudgeJob, console: Console) -> int:
    """Print where engines would start, with which GPUs, vLLM and model; returns 1 if one of them cannot start, else 0.

    Nothing is started. With `engine.url` there are no engines to start, and only the tasks are counted.

    Raises:
        UserError: the judge of the job is not valid, or the cluster has not the GPUs that `engine` wants.
    """
    judge = resolve_judge(job)
    profile = profile_of(amounts_of(spark, job.engine))
    with console.status("running a small stage on the cluster"):
        if job.engine.url is None:
            slots = find_slots(spark, Look(judge.model), job.engine, profile=profile)
        else:
            slots = find_slots(spark)
    if job.engine.url is not None:
        console.print(f"{slots.at_once} tasks at once ask {job.engine.url}; no engine is started.", highlight=False)
        return 0
    console.print(_table(slots))
    findings = list(cluster_findings(slots))
    for finding in findings:
        console.print(f"{finding.level}: {finding.found}. {finding.remedy}".strip(), markup=False, highlight=False)
    console.print(summary(slots), highlight=False)
    return 1 if any(finding.level is Level.PROBLEM for finding in findings) else 0


def summary(slots: Slots) -> str:
    """One sentence on the engines, their GPUs and the tasks that ask them."""
    hosts = len({place.host for place in slots.places})
    gpus = sum(len(place.gpus) for place in slots.places)
    of_gpus = f" with {gpus} GPUs" if gpus else " on their CPUs"
    engines = len(slots.places)
    return (
        f"{engines} engine{'s' * (engines != 1)} would start on {hosts} host{'s' * (hosts != 1)}{of_gpus}; "
        f"{slots.at_once} task{'s' * (slots.at_once != 1)} at once."
    )


def cluster_findings(slots: Slots) -> Iterator[Finding]:
    """What is wrong with the places, each kind of problem once with the hosts that have it."""
    seen: dict[tuple[str, str, str], list[str]] = {}
    for place in slots.places:
        for name in ("vllm", "model"):
            level, found, remedy = place.facts[name]
            if level != Level.OK.value:
                # Where an engine is to start, a missing vLLM is no longer a matter of taste.
                level = Level.PROBLEM.value if name == "vllm" else level
                seen.setdefault((level, found, remedy), []).append(place.host)
    for (level, found, remedy), hosts in seen.items():
        make = problem if level == Level.PROBLEM.value else warning
        yield make("cluster", f"{_some(hosts)}: {found}", remedy)
    pythons = {place.facts["python"] for place in slots.places}
    if len(pythons) > 1:
        yield problem("cluster", f"Python differs between hosts: {', '.join(sorted(pythons))}", "Use one version.")


def _some(hosts: list[str], most: int = 3) -> str:
    distinct = list(dict.fromkeys(hosts))
    more = len(distinct) - most
    return ", ".join(distinct[:most]) + (f" and {more} more" if more > 0 else "")


def _table(slots: Slots) -> Table:
    table = Table(show_edge=False, pad_edge=False)
    for heading in ("host", "executor", "GPUs", "vLLM", "model"):
        table.add_column(heading, overflow="fold")
    for place in slots.places:
        found = [place.facts[name][1].replace("[", r"\[") for name in ("vllm", "model")]
        table.add_row(place.host, str(place.executor), ", ".join(place.gpus) or "none", *found)
    return table
