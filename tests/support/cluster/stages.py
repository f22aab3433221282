"""The stages of an application by Spark's event log: what each did, and which GPUs its tasks took."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Stage:
    """One finished stage. `operations` are the names of what its RDDs do, in one text."""

    number: int
    tasks: int
    gpus_a_task: float
    operations: str


def written_to(folder: Path) -> dict[str, str]:
    """The settings by which Spark writes its event log to a folder, as one readable file for each application."""
    log = "spark.eventLog"
    return {
        f"{log}.enabled": "true",
        f"{log}.dir": folder.as_uri(),
        f"{log}.rolling.enabled": "false",
        f"{log}.compress": "false",
    }


def read_stages(folder: Path) -> list[Stage]:
    """The stages of the applications that wrote their event log to this folder."""
    stages = []
    for log in sorted(folder.iterdir()):
        gpus = {0: 0.0}
        for event in map(json.loads, log.read_text("utf-8").splitlines()):
            if event["Event"] == "SparkListenerResourceProfileAdded":
                amounts = event["Task Resource Requests"].get("gpu", {})
                gpus[event["Resource Profile Id"]] = amounts.get("Amount", 0.0)
            if event["Event"] == "SparkListenerStageCompleted":
                stage = event["Stage Info"]
                operations = " ".join(f"{rdd['Name']} {rdd.get('Scope', '')}" for rdd in stage["RDD Info"])
                taken = gpus[stage["Resource Profile Id"]]
                stages.append(Stage(stage["Stage ID"], stage["Number of Tasks"], taken, operations))
    return stages
