"""The gaps between the log-odds of both orders as observations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from judgelake.jobs.evaluate.config import EvaluateJob
from judgelake.jobs.evaluate.inputs import Inputs
from judgelake.jobs.evaluate.log_odds import centred_verdicts, gap_of_orders
from judgelake.jobs.evaluate.observations.groups import Groups
from judgelake.jobs.evaluate.observations.observation import comparison_observed, observed
from judgelake.jobs.evaluate.verdicts import NOT_ASKED
from judgelake.measures.families import DIFFERENT, GAP, LACKING, OFFSET_OUTCOMES, SAME, STEPS

if TYPE_CHECKING:
    from pyspark.sql import Column


def offset_observations(inputs: Inputs, groups: Groups, job: EvaluateJob, offsets: Mapping[int, float]) -> list[Column]:
    """The family offsets, of the judges that give log-odds."""
    if all(judge.log_odds is None for judge in inputs.judges):
        return []
    group = groups.by_judge("offsets", inputs.judges, [judge.log_odds for judge in inputs.judges])
    code = {name: F.lit(place) for place, name in enumerate(OFFSET_OUTCOMES)}
    gap, (own, reversed_) = gap_of_orders(), centred_verdicts(job.tie_margin, offsets)
    in_both = (F.col("own") != NOT_ASKED) & (F.col("reversed") != NOT_ASKED) & group.isNotNull()
    outcome = F.when(gap.isNull(), code[LACKING]).when(own == reversed_, code[SAME]).otherwise(code[DIFFERENT])
    return [
        observed(group, code[GAP], n=F.round(gap * STEPS), when=in_both & gap.isNotNull()),
        observed(group, outcome, when=in_both),
        # The sum of all `n` is no number of comparisons.
        comparison_observed(group, when=in_both),
    ]
