"""What the labels say of each judge's indicators: the labelled verdicts, and the maps to probabilities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pyspark.sql import functions as F

from judgelake.jobs.evaluate import NATS, JudgeInfo
from judgelake.jobs.trust.columns import PREFIX
from judgelake.jobs.trust.config import Calibration
from judgelake.measures.families import CLASSES, Figure
from judgelake.trust import (
    BEFORE,
    INDICATORS,
    METHODS,
    Bin,
    CrossFitted,
    Labelled,
    Method,
    Temperature,
    calibration_figures,
    cross_fitted,
    indicator_figures,
    reliability_bins,
    why_not_calibrated,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# An indicator that is known for fewer of a judge's labelled verdicts does not represent them.
LEAST_SHARE = 0.5
NO_LABELS = "no verdict of this judge has a label"
NO_VALUES = "no labelled verdict has a value of it"
NOTHING_KNOWN = "no indicator is known for most labelled verdicts of this judge"


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """Probabilities of one method: the maps, and what they give the labelled verdicts."""

    method: Method
    maps: CrossFitted
    probabilities: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class JudgeTrust:
    """One judge's labelled verdicts by indicator, and its probabilities."""

    judge: JudgeInfo
    labelled: Mapping[str, Labelled]
    """By the name of the indicator: the labelled verdicts that have a value."""
    indicator: str | None
    """That of which the probability is made; None: none is known for enough verdicts."""
    fitted: tuple[Fitted, ...]
    """That of the job first; empty with a `reason`."""
    reason: str | None
    """Why there is no probability."""
    questions: int

    @property
    def chosen(self) -> Labelled | None:
        """The labelled verdicts that the probability is fitted on."""
        return None if self.indicator is None else self.labelled[self.indicator]

    @property
    def uncalibrated(self) -> NDArray[np.float64] | None:
        """The probabilities that the log-odds say themselves; None if there are no log-odds in nats."""
        if self.chosen is None or not _is_log_odds(self.indicator) or self.judge.log_odds != NATS:
            return None
        return Temperature(1.0).probability(self.chosen.values)

    def figures(self) -> Iterator[Figure]:
        """All figures of the judge."""
        for name, labelled in self.labelled.items():
            yield from indicator_figures(labelled, name, None if len(labelled.right) else NO_VALUES)
        if self.chosen is None:
            return
        if self.uncalibrated is not None:
            yield from calibration_figures(self.chosen, self.uncalibrated, subject_of(self.indicator, BEFORE))
        for one in self.fitted:
            subject = subject_of(self.indicator, one.method.value)
            yield from calibration_figures(self.chosen, one.probabilities, subject)

    def bins(self, probabilities: NDArray[np.float64], hashed: int | None) -> tuple[Bin, ...]:
        """The reliability diagram of probabilities of the chosen verdicts."""
        assert self.chosen is not None
        return reliability_bins(probabilities, self.chosen.right, self.chosen.buckets, hashed)


def subject_of(indicator: str | None, method: str) -> str:
    """The subject of a figure about probabilities: "margin, temperature"."""
    return f"{indicator}, {method}"


def _is_log_odds(indicator: str | None) -> bool:
    return any(one.name == indicator and one.is_log_odds for one in INDICATORS)


def judged(rows: DataFrame, judges: tuple[JudgeInfo, ...], wanted: Calibration) -> tuple[JudgeTrust, ...]:
    """What the labels say of each judge, in the order of the judges.

    Args:
        rows: of `with_indicators`.
        judges: all of them.
        wanted: how probabilities are made.
    """
    is_right = F.when(F.col("verdict").isin(*CLASSES), (F.col("verdict") == F.col("label")).cast("double"))
    columns = (F.col(PREFIX + one.name).alias(one.name) for one in INDICATORS)
    labelled = rows.where(F.col("label").isin(*CLASSES) & (F.col("verdict") != "not_asked"))
    table = labelled.select("judge_number", "question_key", "bucket", is_right.alias("right"), *columns).toArrow()
    found = {name: np.asarray(table[name].to_numpy(zero_copy_only=False)) for name in table.column_names}
    return tuple(_of_judge(judge, _chosen(found, found["judge_number"] == judge.number), wanted) for judge in judges)


def _chosen(columns: Mapping[str, NDArray[np.float64]], where: NDArray[np.bool_]) -> dict[str, NDArray[np.float64]]:
    return {name: column[where] for name, column in columns.items()}


def _of_judge(judge: JudgeInfo, columns: Mapping[str, NDArray[np.float64]], wanted: Calibration) -> JudgeTrust:
    right = columns["right"].astype(np.float64)
    labelled = {}
    for one in INDICATORS:
        values = columns[one.name].astype(np.float64)
        known = np.isfinite(values) & np.isfinite(right)
        questions, buckets = (columns[name][known].astype(np.int64) for name in ("question_key", "bucket"))
        labelled[one.name] = Labelled(values[known], right[known], questions, buckets, len(right))
    verdicts, asked = int(np.isfinite(right).sum()), len(np.unique(columns["question_key"]))
    enough = [name for name, of in labelled.items() if len(of.right) and len(of.right) >= LEAST_SHARE * verdicts]
    if not enough:
        return JudgeTrust(judge, labelled, None, (), NOTHING_KNOWN if verdicts else NO_LABELS, asked)
    fitted, reason = _fitted(enough[0], labelled[enough[0]], wanted)
    return JudgeTrust(judge, labelled, enough[0], fitted, reason, asked)


def _fitted(indicator: str, labelled: Labelled, wanted: Calibration) -> tuple[tuple[Fitted, ...], str | None]:
    """The probabilities by every method that fits the indicator, that of the job first; or why there are none."""
    methods = [one for one in METHODS if one is not Method.TEMPERATURE or _is_log_odds(indicator)]
    first = wanted.method or methods[0]
    if first not in methods:
        return (), f"a temperature is for log-odds, and {indicator} is none: set calibration.method to isotonic"
    reason = why_not_calibrated(labelled, wanted.least_questions, wanted.folds)
    if reason is not None:
        return (), reason
    made = []
    for method in (first, *(one for one in methods if one is not first)):
        maps = cross_fitted(labelled, method, wanted.folds)
        made.append(Fitted(method, maps, maps.probability(labelled.values, labelled.questions)))
    return tuple(made), None
