"""The probability that a verdict agrees with the label, from an indicator, fitted on labelled verdicts.

It is fitted crosswise: the verdicts of a question get their probability from a map that was fitted without the labels
of a fifth of the questions, that question among them. So no question is in fit and test, and a verdict without a label
gets its probability in the same way as one with a label.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression, minimize_scalar
from scipy.special import expit

Floats = NDArray[np.float64]

# Beyond these a probability is 0.5, or 1, for any log-odds that a judge gives.
COLDEST, HOTTEST = 1e-3, 1e3


class Method(StrEnum):
    """How an indicator becomes a probability."""

    TEMPERATURE = "temperature"
    """1 / (1 + exp(-value / T)): one number to fit, for log-odds alone; one half at 0."""
    ISOTONIC = "isotonic"
    """The step function that fits best among all that rise with the value; for any indicator."""


METHODS = tuple(Method)


class Calibrator(Protocol):
    """A map from the values of an indicator to probabilities, which never falls."""

    def probability(self, values: Floats) -> Floats:
        """The probabilities, of the shape of the values."""


@dataclass(frozen=True, slots=True)
class Temperature:
    """Log-odds divided by a temperature: above 1 the judge is less often right than it says.

    Source: Guo et al. 2017, "On calibration of modern neural networks".
    """

    temperature: float

    @classmethod
    def fit(cls, values: Floats, right: Floats) -> Temperature:
        """The temperature of the highest likelihood, from `COLDEST` to `HOTTEST`; both arrays of shape (n,)."""

        def loss(log_temperature: float) -> float:
            scaled = values / np.exp(log_temperature)
            return float(np.mean(np.logaddexp(0, -scaled) * right + np.logaddexp(0, scaled) * (1 - right)))

        found = minimize_scalar(loss, bounds=(np.log(COLDEST), np.log(HOTTEST)), method="bounded")
        return cls(float(np.exp(found.x)))

    def probability(self, values: Floats) -> Floats:
        """See `Method.TEMPERATURE`."""
        found: Floats = expit(values / self.temperature)
        return found


@dataclass(frozen=True, slots=True)
class Isotonic:
    """A rising step function: from each of `starts` on the probability is that of the same place in `levels`.

    Below the first start it is the first level. No level is nearer to 0 or 1 than 1 / (n + 2) for n labels (Laplace's
    rule of succession), since a few verdicts that were all right do not show that none is wrong.

    Source: Zadrozny and Elkan 2002, "Transforming classifier scores into accurate multiclass probability estimates".
    """

    starts: tuple[float, ...]
    levels: tuple[float, ...]

    @classmethod
    def fit(cls, values: Floats, right: Floats) -> Isotonic:
        """The least-squares fit by pooling adjacent violators; both arrays of shape (n,), n at least 1."""
        starts, place, size = np.unique(values, return_inverse=True, return_counts=True)
        shares = np.bincount(place, weights=right) / size
        fitted = isotonic_regression(shares, weights=size.astype(np.float64)).x
        is_first = np.concatenate([[True], np.diff(fitted) > 0])
        least = 1 / (len(values) + 2)
        levels = np.clip(fitted[is_first], least, 1 - least)
        return cls(tuple(map(float, starts[is_first])), tuple(map(float, levels)))

    def probability(self, values: Floats) -> Floats:
        """See the class."""
        places = np.searchsorted(np.array(self.starts), values, side="right") - 1
        found: Floats = np.array(self.levels)[np.maximum(places, 0)]
        return found


FIT: dict[Method, Callable[[Floats, Floats], Calibrator]] = {
    Method.TEMPERATURE: Temperature.fit,
    Method.ISOTONIC: Isotonic.fit,
}


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Labelled verdicts of one judge with a value of an indicator; all arrays of shape (n,)."""

    values: Floats
    right: Floats
    """1 where the verdict agrees with the label, else 0."""
    questions: NDArray[np.int64]
    """A hash of the question's name."""
    buckets: NDArray[np.int64]
    """The bucket of the question, for intervals."""
    asked: int
    """Labelled comparisons that the judge was asked, with or without a verdict and a value."""

    def where(self, chosen: NDArray[np.bool_]) -> Labelled:
        """Those that are chosen."""
        values, right = self.values[chosen], self.right[chosen]
        return Labelled(values, right, self.questions[chosen], self.buckets[chosen], self.asked)


@dataclass(frozen=True, slots=True, eq=False)
class CrossFitted:
    """One map for each fold of the questions, fitted on the labels of all other folds."""

    calibrators: tuple[Calibrator, ...]

    def probability(self, values: Floats, questions: NDArray[np.int64]) -> Floats:
        """The probabilities of verdicts by the maps that know no label of their question; arrays of shape (n,)."""
        folds, found = fold_of(questions, len(self.calibrators)), np.empty(len(values))
        for fold, calibrator in enumerate(self.calibrators):
            found[folds == fold] = calibrator.probability(values[folds == fold])
        return found


def fold_of(questions: NDArray[np.int64], folds: int) -> NDArray[np.int64]:
    """The fold of each question, by the hash of its name."""
    found: NDArray[np.int64] = np.mod(questions, folds)
    return found


def cross_fitted(labelled: Labelled, method: Method, folds: int) -> CrossFitted:
    """The maps of all folds; `why_not_calibrated` must have no objection."""
    fold = fold_of(labelled.questions, folds)
    others = (labelled.where(fold != one) for one in range(folds))
    return CrossFitted(tuple(FIT[method](one.values, one.right) for one in others))


def why_not_calibrated(labelled: Labelled, least: int, folds: int) -> str | None:
    """Why there is no probability, as a clause; None if there is one.

    Args:
        labelled: the verdicts.
        least: how many questions must have a labelled verdict with a value.
        folds: of the questions.
    """
    questions = len(np.unique(labelled.questions))
    if questions < least:
        return f"a calibration needs at least {least:,} questions with a labelled verdict, and there are {questions:,}"
    for said, count in (("right", int(labelled.right.sum())), ("wrong", int((1 - labelled.right).sum()))):
        if not count:
            return f"a calibration needs right and wrong verdicts, and none of {len(labelled.right):,} is {said}"
    fold = fold_of(labelled.questions, folds)
    if any((fold == one).all() for one in range(folds)):
        return "all labelled questions are in one fold, so nothing is left to fit on"
    if any(len(np.unique(labelled.right[fold != one])) < 2 for one in range(folds)):
        return "without the questions of one fold all verdicts are right, or all wrong: label more"
    return None
