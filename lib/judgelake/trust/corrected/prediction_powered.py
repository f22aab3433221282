"""A mean from a judge's values of many comparisons and the labels of a few (PPI++), clustered by question."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from judgelake.measures.families import Replicates, effective_clusters, ratio

# As if the label had been better than the verdict once, and worse once: where a few labels all agree with the judge,
# they do not show that it never errs.
UNSEEN_ERRORS = 2
# Where every comparison has a label, all verdicts and those with a label are the same, but for the order of additions.
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums over all comparisons with a verdict, and over those of them that have a label.

    Every field has shape (strata, 1 + buckets): in the data, and with each bucket of questions left out. Values are
    numbers such as 1 for a win, one half for a tie and 0 for a loss.
    """

    judged: Replicates
    """Comparisons with a verdict."""
    verdicts: Replicates
    """The sum of their values by the judge."""
    labelled: Replicates
    """Comparisons with a verdict and a label."""
    their_verdicts: Replicates
    """The sum of their values by the judge."""
    labels: Replicates
    """The sum of their values by the labels."""


@dataclass(frozen=True, slots=True)
class Corrected:
    """A corrected mean, and what it is made of."""

    mean: Replicates
    """In the data and with each bucket left out, the weight tuned anew; nan where it is undefined."""
    weight: float
    """How far the judge is used: 0 is the labels' own mean, 1 the judge's mean plus the labels' mean difference."""
    error: float
    """The standard error to first order, at least `least_error`."""
    labelling_error: float
    """What more labels would lower; its square is inverse to their number. At least what so few labels can show, even
    where they are all alike."""
    other_error: float
    """What only more judged comparisons would lower."""
    least_error: float
    """A standard error below which a smaller one is not believed; see `UNSEEN_ERRORS`."""


def corrected_mean(sums: Sums) -> Corrected:
    """The mean label of all comparisons with a verdict, estimated from all verdicts and the labels there are.

    sum over the strata of share * (labels' mean + weight * (mean of all verdicts - mean of the labelled verdicts)),
    where share is a stratum's share of the comparisons. One weight between 0 and 1 is tuned so that the variance over
    questions is smallest, and lowered by what tuning it gains by chance alone: without any relation between verdicts
    and labels it would still appear to gain one part in the number of questions.

    In every stratum the labelled comparisons must be a random part of all, else the mean is that of the labelled ones.
    Comparisons of one question may be dependent, whether labelled or not.

    Source: Angelopoulos, Duchi and Zrnic 2023, "PPI++: efficient prediction-powered inference" (arXiv 2311.01453),
    with the unlabelled comparisons and the labelled ones taken together, which is the same estimate with a weight
    larger by all / unlabelled; strata as in Fisch et al. 2024, "Stratified prediction-powered inference"
    (arXiv 2406.04291), but with one weight.
    """
    shares = ratio(sums.judged, sums.judged.sum(axis=0))
    by_labels, by_judge = ratio(sums.labels, sums.labelled), ratio(sums.verdicts, sums.judged)
    of_labelled = ratio(sums.their_verdicts, sums.labelled)
    plain, move = (shares * by_labels).sum(axis=0), (shares * (by_judge - of_labelled)).sum(axis=0)
    within = _Within.of(sums)
    of_labels = within.labels(sums, shares, by_labels)
    of_judge = within.verdicts(sums, by_judge, of_labelled, shares)
    weights = _weights(of_labels, of_judge, effective_clusters(sums.labelled.sum(axis=0), len(of_labels)))
    weight = float(weights[0])
    residual = within.labelling(sums, shares, by_labels, of_labelled, weight)
    error = _error(of_labels + weight * of_judge)
    of_labelling = min(error, _error(residual))
    rest, alone = error**2 - of_labelling**2, _error(of_labels)
    # Never more than the error of the labels alone, which needs no judge to be right.
    unseen = min(UNSEEN_ERRORS / (float(sums.labelled[:, 0].sum()) + UNSEEN_ERRORS) ** 2, max(0.0, alone**2 - rest))
    least, labelling = float(np.sqrt(rest + unseen)), float(np.sqrt(max(of_labelling**2, _least_variance(sums))))
    return Corrected(plain + weights * move, weight, max(error, least), labelling, float(np.sqrt(rest)), least)


def _least_variance(sums: Sums) -> float:
    """The least that the variance by labelling is taken to be where the number of labels needed is told.

    That of `UNSEEN_ERRORS`, but never more than that of the labels alone with one win and one loss added: labels that
    are all alike do not show that all others are.
    """
    n, wins = float(sums.labelled[:, 0].sum()), float(sums.labels[:, 0].sum())
    rate = (wins + 1) / (n + 2)
    return min(UNSEEN_ERRORS / (n + UNSEEN_ERRORS) ** 2, rate * (1 - rate) / n)


@dataclass(frozen=True, slots=True)
class _Within:
    """The sums within each bucket, shape (strata, buckets)."""

    judged: NDArray[np.float64]
    verdict: NDArray[np.float64]
    labelled: NDArray[np.float64]
    their_verdict: NDArray[np.float64]
    label: NDArray[np.float64]

    @classmethod
    def of(cls, sums: Sums) -> _Within:
        fields = (sums.judged, sums.verdicts, sums.labelled, sums.their_verdicts, sums.labels)
        return cls(*(one[:, :1] - one[:, 1:] for one in fields))

    def labels(self, sums: Sums, shares: Replicates, mean: Replicates) -> NDArray[np.float64]:
        """What each bucket changes in the labels' mean, to first order: shape (buckets,)."""
        about = (self.label - mean[:, :1] * self.labelled) / sums.labelled[:, :1]
        return np.asarray((shares[:, :1] * about).sum(axis=0) + self._shares(sums, shares, mean))

    def verdicts(
        self, sums: Sums, mean: Replicates, of_labelled: Replicates, shares: Replicates
    ) -> NDArray[np.float64]:
        """The same in the mean of all verdicts minus that of the labelled ones."""
        about = (self.verdict - mean[:, :1] * self.judged) / sums.judged[:, :1]
        about = about - (self.their_verdict - of_labelled[:, :1] * self.labelled) / sums.labelled[:, :1]
        return np.asarray((shares[:, :1] * about).sum(axis=0) + self._shares(sums, shares, mean - of_labelled))

    def labelling(
        self, sums: Sums, shares: Replicates, by_labels: Replicates, of_labelled: Replicates, weight: float
    ) -> NDArray[np.float64]:
        """The same in the labelled part alone: labels minus the weighted verdicts on the same comparisons."""
        mean = by_labels - weight * of_labelled
        about = self.label - weight * self.their_verdict - mean[:, :1] * self.labelled
        return np.asarray((shares[:, :1] * about / sums.labelled[:, :1]).sum(axis=0))

    def _shares(self, sums: Sums, shares: Replicates, mean: Replicates) -> NDArray[np.float64]:
        total = sums.judged[:, 0].sum()
        moved = (self.judged - shares[:, :1] * self.judged.sum(axis=0)) / total
        return np.asarray((mean[:, :1] * moved).sum(axis=0))


def _weights(of_labels: NDArray[np.float64], of_judge: NDArray[np.float64], clusters: float) -> Replicates:
    """The tuned weight in the data and without each bucket."""
    products = [(one * other) for one, other in ((of_labels, of_judge), (of_judge, of_judge), (of_labels, of_labels))]
    both, judge, labels = (np.concatenate([[one.sum()], one.sum() - one]) for one in products)
    judge = np.where(judge > ROUNDING * labels, judge, 0.0)
    slope = np.nan_to_num(ratio(-both, judge))
    explained = np.minimum(1.0, np.nan_to_num(ratio(both * both, judge * labels)))
    by_chance = ratio(1 - explained, explained * max(1.0, clusters - 2))
    kept = np.maximum(0.0, 1 - np.where(explained > 0, by_chance, 1.0))
    weights: Replicates = np.clip(slope * kept, 0.0, 1.0)
    return weights


def _error(changes: NDArray[np.float64]) -> float:
    buckets = len(changes)
    return float(np.sqrt(buckets / max(1, buckets - 1) * np.square(changes).sum()))
