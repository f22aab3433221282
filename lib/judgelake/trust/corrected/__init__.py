"""Rates corrected by labels: from the verdicts on many comparisons and the labels of a few, with honest intervals."""

from judgelake.trust.corrected.prediction_powered import Corrected, Sums, corrected_mean
from judgelake.trust.corrected.wanted_width import labels_needed
from judgelake.trust.corrected.win_rates import UNLABELLED, corrected_figures

__all__ = ["UNLABELLED", "Corrected", "Sums", "corrected_figures", "corrected_mean", "labels_needed"]
