"""What a finished model said to the prompts of its validation: written by the trainer, read by the job."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from judgelake.comparisons import Failure, Reading, Status
from judgelake.trainer.prompts import LabelledPrompt


def write_predictions(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    """Write one JSON object a line: `example_id`, `order`, `label`, `shown_verdict`, `failure`, and more."""
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8")


def figures_of_predictions(path: Path) -> dict[str, tuple[float, int]]:
    """The figures of the written answers, each with its n; see `agreement.counted_figures`."""
    from judgelake.trainer.agreement import counted_figures  # scipy

    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    prompts = [LabelledPrompt(line["example_id"], line["order"], line["label"], ()) for line in lines]
    return counted_figures(prompts, [_reading(line) for line in lines])


def _reading(line: Mapping[str, Any]) -> Reading | Failure:
    if line["failure"] is None:
        return Reading(verdict=line["shown_verdict"])
    return Failure(Status.UNPARSEABLE, line["failure"])
