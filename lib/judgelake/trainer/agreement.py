"""How verdicts agree with labels and with each other, by the measures of the evaluation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from judgelake.comparisons import Failure, Reading, to_own_order
from judgelake.measures import FailureRule, SwapRule
from judgelake.measures.families import FAILED, FIGURES_OF, SEPARATOR, VERDICTS, Asked, Table
from judgelake.trainer.prompts import LabelledPrompt
from judgelake.trainer.run_record import CHOSEN_BY

NOT_ASKED = VERDICTS[-1]


def figures(prompts: Sequence[LabelledPrompt], found: Sequence[Reading | Failure]) -> dict[str, float]:
    """The values of `counted_figures`."""
    return {name: value for name, (value, _) in counted_figures(prompts, found).items()}


def counted_figures(
    prompts: Sequence[LabelledPrompt], found: Sequence[Reading | Failure]
) -> dict[str, tuple[float, int]]:
    """The figures of a validation, each with the number of comparisons (coverage: of prompts) that it is made of.

    One that is not defined in these data is left out, but for the one that chooses.

    agreement: the mean of both orders (`SwapRule.MEAN`), failed verdicts left out. agreement_failed_is_wrong: the same
    with failed verdicts counted as wrong, 0 if there is nothing. consistency, delta_bias: see `measures.both_orders`.
    coverage: share of the prompts with a verdict.

    Args:
        prompts: what was asked; a comparison that was asked in one order only adds to the coverage alone.
        found: the readings, in the order shown, one for each prompt.
    """
    verdicts: dict[str, dict[str, str]] = {}
    labels = {prompt.comparison_id: prompt.label for prompt in prompts}
    for prompt, reading in zip(prompts, found, strict=True):
        verdicts.setdefault(prompt.comparison_id, {})[prompt.order] = _verdict(reading, prompt.order)
    both = [
        (labels[comparison_id], of.get("AB", NOT_ASKED), of.get("BA", NOT_ASKED))
        for comparison_id, of in verdicts.items()
    ]
    values = {
        "agreement": _value("pairs", "agreement", both, FailureRule.LEFT_OUT),
        "consistency": _value("orders", "consistency", [pair[1:] for pair in both if NOT_ASKED not in pair]),
        "delta_bias": _value("orders", "delta_bias", [pair[1:] for pair in both if NOT_ASKED not in pair]),
        "coverage": np.mean([isinstance(reading, Reading) for reading in found]) if found else None,
    }
    chosen_by = _value("pairs", "agreement", both, FailureRule.WRONG)
    asked = [pair for pair in both if NOT_ASKED not in pair]
    judged = sum(FAILED not in pair for pair in asked)
    made_of = dict.fromkeys(values, judged) | {"coverage": len(found)}
    known = {name: (float(value), made_of[name]) for name, value in values.items() if value is not None}
    return known | {CHOSEN_BY: (chosen_by or 0.0, len(asked))}


def _verdict(reading: Reading | Failure, order: str) -> str:
    if isinstance(reading, Failure):
        return FAILED
    return to_own_order(reading, order).verdict or FAILED


def _value(
    family: str, metric: str, outcomes: Sequence[tuple[str, ...]], failure_rule: FailureRule = FailureRule.LEFT_OUT
) -> float | None:
    table = _table(Counter(map(SEPARATOR.join, outcomes)))
    asked = Asked((SwapRule.MEAN,), failure_rule, None, 0.0, "")
    named = (figure for figure in FIGURES_OF[family](table, asked) if figure.metric == metric)
    figure = next(one for one in named if one.swap_rule in (None, SwapRule.MEAN.value))
    value = None if figure.replicates is None else float(figure.replicates[0])
    return None if value is None or np.isnan(value) else value


def _table(counts: Mapping[str, int]) -> Table:
    return Table({outcome: np.array([float(count)]) for outcome, count in counts.items()})
