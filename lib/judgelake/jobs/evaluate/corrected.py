"""What the terminal says of win rates corrected by labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from judgelake.jobs.evaluate.evaluation import Evaluation
from judgelake.jobs.evaluate.features import OTHERS
from judgelake.jobs.evaluate.rows import by_judge
from judgelake.measures import Result
from judgelake.report import NOT_ASKED, is_partly_labelled

HEAD = "Win rates corrected by labels (right only if the labelled comparisons are a random part of all):"
POOLED = (
    "  {strata}: its values beyond the {most} largest are one stratum, {others}, in which the labelled ones must be "
    "random; slices.most keeps more apart"
)
MOST_MODELS = 5
METRICS = ("win_rate", "corrected_win_rate", "labels_needed")


def corrected_lines(evaluation: Evaluation) -> list[str]:
    """The corrected win rates of each judge, or why it has none; nothing where labels leave nothing to correct."""
    of_judges = by_judge(row for row in evaluation.rows if row.metric in METRICS and row.is_whole)
    lines = [
        line
        for judge in evaluation.inputs.judges
        for line in _of_judge(judge.name, of_judges.get(judge.fingerprint, []), evaluation)
    ]
    return [HEAD, *_pooled(evaluation), *lines] if lines else []


def _pooled(evaluation: Evaluation) -> Iterator[str]:
    strata, most = evaluation.job.corrected.strata, evaluation.job.slices.most
    if strata is not None and OTHERS in evaluation.slices.values(strata):
        yield POOLED.format(strata=strata, most=most, others=OTHERS)


def _of_judge(judge: str, rows: Sequence[Result], evaluation: Evaluation) -> Iterator[str]:
    named = {metric: {row.subject: row for row in rows if row.metric == metric} for metric in METRICS}
    rates, corrected, needed = named.values()
    partly = [model for model in corrected if is_partly_labelled(rates.get(model, NOT_ASKED), corrected[model])]
    if corrected and not any(row.n for row in corrected.values()):
        yield f"  {judge}: none: {next(iter(corrected.values())).reason}"
    partly.sort(key=lambda model: -(corrected[model].value or 0.0))
    for model in partly[:MOST_MODELS]:
        yield f"  {judge}, {model}: {_told(rates[model], corrected[model], needed[model], evaluation)}"
    if others := partly[MOST_MODELS:]:
        yield f"  {judge}: {len(others)} other models in the view {evaluation.job.tables.corrected_rates}"


def _told(rate: Result, corrected: Result, needed: Result, evaluation: Evaluation) -> str:
    if corrected.value is None:
        return f"not corrected: {corrected.reason}"
    ends = f" ({corrected.reason})"
    if corrected.low is not None and corrected.high is not None:
        ends = f" ({100 * corrected.low:.1f}-{100 * corrected.high:.1f})"
    points = f"{100 * evaluation.job.corrected.half_width:g} points to each side"
    wanted = needed.reason if needed.value is None else f"{points} need {needed.value:,.0f}"
    return (
        f"{100 * corrected.value:.1f} %{ends} with {corrected.n:,} labels of {rate.n:,} comparisons, by the judge "
        f"alone {100 * (rate.value or 0.0):.1f} %; {wanted}"
    )
