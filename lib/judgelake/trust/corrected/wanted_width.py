"""How many labels an interval of a wanted width needs."""

from __future__ import annotations

from math import ceil

from scipy.special import ndtri

from judgelake.trust.corrected.prediction_powered import Corrected

CONFIDENCE = 0.95


def labels_needed(corrected: Corrected, labelled: float, half_width: float) -> int | None:
    """The number of labels with which a corrected mean would have an interval of this width; None: no number would do.

    The variance is a part that is inverse to the number of labels, and a rest that only more comparisons lower:
    labelling^2 * labelled / needed + rest = (half_width / z)^2. So it takes the new labels to be as good, and as spread
    over questions, as those there are.

    Args:
        corrected: from the labels there are.
        labelled: how many these are.
        half_width: half of the 95 % interval, in units of the mean.
    """
    allowed = (half_width / float(ndtri((1 + CONFIDENCE) / 2))) ** 2 - corrected.other_error**2
    return ceil(labelled * corrected.labelling_error**2 / allowed) if allowed > 0 else None
