"""Whether a verdict can be relied on: indicators of reliability and calibrated probabilities; no Spark, no job."""

from judgelake.trust.calibration import (
    METHODS,
    Calibrator,
    CrossFitted,
    Isotonic,
    Labelled,
    Method,
    Temperature,
    cross_fitted,
    fold_of,
    why_not_calibrated,
)
from judgelake.trust.diagram import Bin, reliability_bins
from judgelake.trust.figures import BEFORE, calibration_figures, indicator_figures
from judgelake.trust.indicators import IN_NATS, INDICATORS, Indicator
from judgelake.trust.selective import risk_by_coverage

__all__ = [
    "BEFORE",
    "INDICATORS",
    "IN_NATS",
    "METHODS",
    "Bin",
    "Calibrator",
    "CrossFitted",
    "Indicator",
    "Isotonic",
    "Labelled",
    "Method",
    "Temperature",
    "calibration_figures",
    "cross_fitted",
    "fold_of",
    "indicator_figures",
    "reliability_bins",
    "risk_by_coverage",
    "why_not_calibrated",
]
