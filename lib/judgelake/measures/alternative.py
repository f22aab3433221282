"""The alternative annotator test: may a judge stand in for any of the labelers?

Each labeler is left out in turn, and the judge and the labeler compete for agreeing with the others. Source of all that
is here: Calderon, Reichart and Dror 2025, "The alternative annotator test for LLM-as-a-judge", arXiv 2501.10970,
section 3. Two things differ from the paper: the standard error keeps the comparisons of a question together, where the
paper's paired t-test takes them as independent (with one comparison a question both are the same), and where all
comparisons of a labeler have the same outcome, an exact bound takes the place of t, which does not exist.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from judgelake.measures.figure import Figure
from judgelake.measures.statistics.interval import (
    LEAST_CLUSTERS,
    ROUNDING_ERROR,
    Replicates,
    effective_clusters,
    jackknife_error,
    ratio,
)
from judgelake.measures.table import SEPARATOR, Table

RESULTS = ("judge", "labeler", "both")
"""Who agrees with more of the other labelers of a comparison; both, if with as many."""
LEAST_LABELERS = 3
MOST_TESTED = 100
"""The test has a row for each labeler."""
LEAST_COMPARISONS = 30
"""Of a labeler, as the paper asks for the t-test: with fewer it is not tested."""
SIGNIFICANCE = 0.05
TOO_FEW = (
    f"the test needs {LEAST_LABELERS} to {MOST_TESTED} labelers, each with {LEAST_COMPARISONS} or more comparisons in "
    "common with another labeler and the judge"
)


@dataclass(frozen=True, slots=True, eq=False)
class Competition:
    """The judge and one labeler: how many comparisons each outcome has; arrays of 1 + replicates."""

    judge: Replicates
    labeler: Replicates
    both: Replicates

    @property
    def base(self) -> Replicates:
        """All comparisons."""
        return self.judge + self.labeler + self.both

    @property
    def advantage(self) -> Replicates:
        """rho^f: share of comparisons on which the judge agrees with the others at least as well as the labeler."""
        return ratio(self.judge + self.both, self.base)

    def p_value(self, epsilon: float, questions: int, hashed: int | None = None) -> float:
        """One-sided p-value under "the labeler's advantage exceeds the judge's by epsilon or more".

        With d the share of comparisons that the labeler alone wins minus that which the judge alone wins, which is
        rho^h - rho^f: t = (d - epsilon) / error. If d is the same in every comparison there is no error; then a mean of
        epsilon or more needs a share of at least (epsilon - d) / (1 - d) with another outcome, and the p-value is the
        chance that no question shows one. 1 with a single question.

        Args:
            epsilon: the penalty on labelers for what they cost.
            questions: of the table.
            hashed: the number of buckets that questions were assigned to at random; None: each is one question.
        """
        lost = ratio(self.labeler - self.judge, self.base)
        in_use = self.base < self.base[0]
        clusters = effective_clusters(self.base, min(questions, int(self.base[0])), hashed)
        if min(clusters, in_use.sum()) < LEAST_CLUSTERS or not np.isfinite(lost[in_use]).all():
            return 1.0
        in_use[0] = True
        error, value = jackknife_error(lost[in_use]), float(lost[0])
        if error > ROUNDING_ERROR:
            degrees = min(clusters, in_use.sum() - 1) - 1
            return float(stdtr(degrees, (value - epsilon) / error))
        return float(((1 - epsilon) / (1 - value)) ** clusters) if value < epsilon else 1.0


def figures(table: Table, epsilon: float) -> Iterator[Figure]:
    """winning_rate (omega), advantage_probability (rho), and advantage_over_labeler with each labeler as the subject.

    omega is the share of the labelers tested for which it is shown that the judge agrees with the others as well as the
    labeler does, or nearly so (Benjamini and Yekutieli's correction at 5 %); at least one half: the judge passes. rho
    is the mean over these labelers of the share of comparisons on which the judge agrees at least as well. `n` of
    omega is the labelers tested, `asked` those with a comparison in common.

    Args:
        table: outcomes are a labeler and one of `RESULTS`, joined by `SEPARATOR`: one for each label of a comparison
            that has two or more, if the judge has a verdict that counts.
        epsilon: the penalty on labelers for what they cost: 0.2 for experts, 0.15 for skilled people, 0.1 for a crowd
            (the paper's recommendations).
    """
    known = competitions(table)
    tested = {name: one for name, one in known.items() if one.base[0] >= LEAST_COMPARISONS}
    if len(tested) < LEAST_LABELERS or len(known) > MOST_TESTED:
        yield Figure("winning_rate", None, 0, len(known), reason=TOO_FEW)
        yield Figure("advantage_probability", None, 0, reason=TOO_FEW)
        return
    p_values = [one.p_value(epsilon, table.questions, table.hashed) for one in tested.values()]
    from scipy import stats  # takes a second to import, which few evaluations need

    is_won = stats.false_discovery_control(p_values, method="by") <= SIGNIFICANCE
    base = np.sum([one.base for one in tested.values()], axis=0)
    yield Figure("winning_rate", np.full(len(base), is_won.mean()), len(tested), len(known))
    advantage: NDArray[np.float64] = np.mean([one.advantage for one in tested.values()], axis=0)
    yield Figure("advantage_probability", advantage, int(base[0]), base=base)
    for name, one in tested.items():
        yield Figure("advantage_over_labeler", one.advantage, int(one.base[0]), subject=name, base=one.base)


def competitions(table: Table) -> Mapping[str, Competition]:
    """Labeler to the judge's competition with this labeler, in alphabetical order; see `figures`."""
    replicates = next((len(count) for count in table.counts.values()), 1)
    found: dict[str, dict[str, Replicates]] = {}
    for outcome, count in table.counts.items():
        name, _, result = outcome.rpartition(SEPARATOR)
        of_labeler = found.setdefault(name, {one: np.zeros(replicates) for one in RESULTS})
        of_labeler[result] = of_labeler[result] + count
    return {name: Competition(**found[name]) for name in sorted(found)}
