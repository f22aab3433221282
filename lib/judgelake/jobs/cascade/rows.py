"""Chosen thresholds and the cost curve as rows of the table cascades, and the way back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from judgelake.config import fingerprint
from judgelake.errors import UserError, did_you_mean
from judgelake.jobs.cascade.choosing import Chosen
from judgelake.jobs.cascade.config import CascadeJob
from judgelake.jobs.cascade.judged import StageJudge, names_fingerprint
from judgelake.lake import replace_rows
from judgelake.trust.cascade import Point

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

OF_THE_CHOICE = ("name", "stages", "risk", "budget", "where", "judgments_where", "labels")
"""Keys that change what is chosen."""
NOT_OF_A_STAGE = {"ask"}


@dataclass(frozen=True, slots=True)
class StoredStage:
    """A stage as it was chosen."""

    judge: StageJudge
    threshold: float | None
    """None: it decides nothing."""
    calls: float


@dataclass(frozen=True, slots=True)
class Stored:
    """Thresholds that were chosen."""

    cascade_id: str
    stages: tuple[StoredStage, ...]
    promise: str | None


def cascade_id_of(job: CascadeJob, chosen: Chosen) -> str:
    """A hash of what decides over the thresholds, so that a repeated choice replaces its rows."""
    content = job.model_dump(mode="json", include={*OF_THE_CHOICE})
    content["stages"] = [{k: v for k, v in one.items() if k not in NOT_OF_A_STAGE} for one in content["stages"]]
    judges = [judge.fingerprint for judge in chosen.evidence.judges]
    versions = {name: list(of) for name, of in chosen.evidence.versions.items()}
    return fingerprint({"job": content, "judges": judges, "versions": versions})[:32]


def write_rows(spark: SparkSession, job: CascadeJob, chosen: Chosen) -> str:
    """Replace the rows of this choice by these, in one commit; returns its id."""
    cascade_id, evidence = cascade_id_of(job, chosen), chosen.evidence
    shared = {
        "cascade_id": cascade_id,
        "name": job.name,
        "chosen_by": job.chosen_by,
        "alpha": job.risk.alpha if job.chosen_by == "risk" else None,
        "delta": job.risk.delta if job.chosen_by == "risk" else None,
        "cost_unit": evidence.cost_unit,
        "comparisons": evidence.labelled.comparisons,
        "questions": evidence.questions,
        "label_kind": evidence.label_kind,
        **{f"{name}_version": version for name, (_, version) in evidence.versions.items()},
        "computed_at": datetime.now(UTC),
    }
    rows = [_row(chosen, chosen.point, is_chosen=True), *(_row(chosen, point) for point in chosen.curve)]
    columns = spark.read.table(job.tables.cascades).schema
    data = [tuple({**shared, **row}.get(name) for name in columns.fieldNames()) for row in rows]
    replace_rows(spark.createDataFrame(data, columns), job.tables.cascades, "cascade_id", cascade_id)
    return cascade_id


def _row(chosen: Chosen, point: Point, *, is_chosen: bool = False) -> dict[str, Any]:
    return {
        "is_chosen": is_chosen,
        "stages": [_stage(chosen, point, place, is_chosen=is_chosen) for place in range(len(point.thresholds))],
        "decided": point.decided,
        "agreement": point.agreement,
        "right_of_all": point.right,
        "cost": point.cost,
        "promise": chosen.promise if is_chosen else None,
    }


def _stage(chosen: Chosen, point: Point, place: int, *, is_chosen: bool) -> dict[str, Any]:
    judge, threshold = chosen.evidence.judges[place], point.thresholds[place]
    stage = {
        "judge": judge.judge,
        "judge_fingerprint": judge.fingerprint,
        "position_offset": judge.offset,
        "takes_both_orders": judge.takes_both_orders,
        # Below any reliability: the stage decides all that it has a verdict on.
        "threshold": None if threshold == math.inf else max(threshold, 0.0),
        "coverage": point.coverage[place],
        "calls": point.calls[place],
        "agreement": point.agreements[place],
        "cost": chosen.evidence.costs[place],
    }
    tested = None if chosen.tested is None or not is_chosen else chosen.tested[place]
    names = ("delta", "labels_reached", "labels_decided", "labels_wrong", "bound", "reason")
    of: tuple[Any, ...] = (None,) * len(names)
    if tested is not None:
        of = (tested.delta, tested.reached, tested.decided, tested.errors, tested.bound, tested.reason)
    return {**stage, **dict(zip(names, of, strict=True))}


def newest_stored(spark: SparkSession, job: CascadeJob) -> Stored:
    """The thresholds that were chosen last under the name of the job.

    Raises:
        UserError: none were, they are of other judges than the stages name, or they decide nothing.
    """
    table = spark.read.table(job.tables.cascades).where("is_chosen")
    found = table.where(table["name"] == job.name).orderBy("computed_at", ascending=False).first()
    if found is None:
        known = [row["name"] for row in table.select("name").distinct().collect()]
        raise UserError(
            f"No thresholds were chosen for a cascade {job.name!r} in {job.tables.cascades!r}."
            f"{did_you_mean(job.name, known)} Choose them first: the same command without --run."
        )
    stages = tuple(_stored(place, stage) for place, stage in enumerate(found["stages"]))
    wanted = [stage.judge for stage in job.stages]
    kept = [stage.judge for stage in stages]
    if len(wanted) != len(kept) or not all(map(_is_named, kept, wanted)):
        raise UserError(
            f"The thresholds of {job.name!r} were chosen for {', '.join(one.judge for one in kept)}, and the stages "
            f"are {', '.join(wanted)}: choose again without --run, or give this cascade another name."
        )
    if all(stage.threshold is None for stage in stages):
        raise UserError(f"The cascade {job.name!r} decides nothing, so there is nothing to run: {found['promise']}")
    return Stored(found["cascade_id"], stages, found["promise"])


def _is_named(judge: StageJudge, name: str) -> bool:
    return name in (judge.judge, judge.judge.partition(" (")[0]) or names_fingerprint(name, judge.fingerprint)


def _stored(place: int, row: Any) -> StoredStage:
    judge = StageJudge(
        place, row["judge"], row["judge_fingerprint"], row["takes_both_orders"], row["position_offset"] or 0.0
    )
    return StoredStage(judge, row["threshold"], row["calls"])
