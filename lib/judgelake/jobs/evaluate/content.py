"""The results of an evaluation, as the report shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from itertools import combinations

from judgelake.jobs.evaluate.disagreements import disagreements_of
from judgelake.jobs.evaluate.evaluation import Evaluation
from judgelake.jobs.evaluate.figures import TOO_FEW
from judgelake.jobs.evaluate.observations.agreement import BETWEEN_LABELERS
from judgelake.jobs.evaluate.rows import by_judge
from judgelake.jobs.evaluate.sections import judge_section
from judgelake.measures import Result
from judgelake.report import (
    Count,
    Disagreement,
    JudgeBesideLabelers,
    JudgePair,
    JudgeSection,
    LabelerPair,
    Labelers,
    Leaderboard,
    Missing,
    Models,
    RankCorrelation,
    RankedModel,
    ReportContent,
    Rules,
    TableRead,
)

LABELS = "labels"
# In the order of the fields of `JudgeBesideLabelers`.
BESIDE_LABELERS = (
    "agreement_with_labelers",
    "agreement_of_labelers",
    "labeler_gap",
    "winning_rate",
    "advantage_probability",
)


def report_content(evaluation: Evaluation) -> ReportContent:
    """Everything in the report and the judge cards."""
    inputs, job = evaluation.inputs, evaluation.job
    of_judges = by_judge(evaluation.rows)
    judges = tuple(judge_section(evaluation, judge, of_judges.get(judge.fingerprint, [])) for judge in inputs.judges)
    return ReportContent(
        run_id=evaluation.run_id,
        computed_at=evaluation.computed_at,
        rules=Rules(
            swap_rules=tuple(rule.value for rule in job.rules),
            odds_tie_margin=job.tie_margin,
            why_headline=evaluation.why_headline,
            failure_rule=job.failure_rule.value,
            failure_score=job.failure_score,
            label_rule=job.labels.rule,
            label_kind=inputs.label_kind,
            labelers=inputs.labelers,
            tie_margin=job.labels.tie_margin,
            epsilon=job.labels.epsilon,
            buckets=job.buckets,
            least_slice=job.slices.least,
            where=job.where,
            judgments_where=job.judgments_where,
        ),
        tables=tuple(TableRead(role, read.table, read.version) for role, read in inputs.versions.items()),
        judges=judges,
        judge_pairs=_judge_pairs(evaluation),
        models=_models(evaluation, of_judges),
        labelers=_labelers(evaluation),
        disagreements=_disagreements(evaluation),
        left_out=_left_out(evaluation, judges),
        not_tested=_not_tested(evaluation),
        software=f"judgelake {version('judgelake')}",
    )


def _named(rows: Iterable[Result], metric: str) -> list[Result]:
    return [row for row in rows if row.metric == metric and row.is_whole]


def _judge_pairs(evaluation: Evaluation) -> tuple[JudgePair, ...] | Missing:
    if len(evaluation.inputs.judges) < 2:
        return Missing("there is only one judge")
    by_metric = {
        metric: {(row.judge_fingerprint, row.subject): row for row in _named(evaluation.rows, metric)}
        for metric in ("judge_agreement", "agreement_difference")
    }
    names = {judge.fingerprint: judge.name for judge in evaluation.inputs.judges}
    return tuple(
        JudgePair(
            first=names[row.judge_fingerprint or ""],
            second=row.subject or "",
            agreement=row,
            difference=by_metric["agreement_difference"][pair],
        )
        for pair, row in by_metric["judge_agreement"].items()
    )


def _models(evaluation: Evaluation, of_judges: Mapping[str | None, Sequence[Result]]) -> Models | Missing:
    sources: list[tuple[str | None, str]] = [(judge.fingerprint, judge.name) for judge in evaluation.inputs.judges]
    headline = evaluation.job.headline.value
    boards = [
        _leaderboard(of_judges.get(fingerprint, ()), name, None if fingerprint is None else headline)
        for fingerprint, name in [*sources, (None, LABELS)]
    ]
    boards = [board for board in boards if not isinstance(board.models, Missing)]
    if not boards:
        return Missing("the answers do not name their models")
    names = dict(sources)
    correlations = tuple(
        RankCorrelation(names.get(row.judge_fingerprint, LABELS), row.subject or "", row)
        for row in _named(evaluation.rows, "leaderboard_spearman")
    )
    nobody = Missing("there is only one leaderboard")
    return Models(tuple(boards), correlations or nobody)


def _leaderboard(rows: Sequence[Result], name: str, rule: str | None) -> Leaderboard:
    strengths, ranks, rates, corrected = (
        {row.subject: row for row in _named(rows, metric)}
        for metric in ("bradley_terry", "rank", "win_rate", "corrected_win_rate")
    )
    order = sorted(rates, key=lambda model: _best_first(ranks[model], rates[model]))
    nothing = Missing("the labels' own rates are not corrected")
    ranked = tuple(
        RankedModel(model or "", rates[model], strengths[model], ranks[model], corrected.get(model, nothing))
        for model in order
    )
    return Leaderboard(name, ranked or Missing("no comparison names two models"), rule)


def _best_first(rank: Result, rate: Result) -> tuple[bool, float, float, str]:
    return (rank.value is None, rank.value or 0.0, -(rate.value or 0.0), rate.subject or "")


def _labelers(evaluation: Evaluation) -> Labelers | Missing:
    labelers = evaluation.inputs.labelers
    if len(labelers) < 2:
        return Missing("there are fewer than two labelers of this kind")
    of_verdicts, of_scores = (
        {row.subject: row for row in _named(evaluation.rows, metric)}
        for metric in ("labeler_kappa", "labeler_quadratic_kappa")
    )
    pairs = []
    # Not by splitting the subject: a labeler's name may contain the separator.
    for first, second in combinations(labelers, 2) if of_verdicts or of_scores else ():
        subject = BETWEEN_LABELERS.join((first, second))
        found = [rows[subject] for rows in (of_verdicts, of_scores) if subject in rows]
        # A number before a reason, and a reason about labels before the reason that there are none.
        best = sorted(found, key=lambda row: (row.value is None, not row.n))[:1]
        pairs += [LabelerPair(first, second, row) for row in best]
    named = ("krippendorff_alpha", "krippendorff_alpha_interval")
    alphas = [row for metric in named for row in _named(evaluation.rows, metric)]
    alphas = [row for row in alphas if row.n] or alphas[:1]
    return Labelers(
        tuple(pairs) or Missing("there are too many labelers to show every pair"),
        tuple(alphas) or Missing("no comparison has labels from two labelers"),
        _beside_labelers(evaluation),
    )


def _beside_labelers(evaluation: Evaluation) -> tuple[JudgeBesideLabelers, ...] | Missing:
    """The judges with a verdict on a comparison of two labelers."""
    of_judges = {
        metric: {row.judge_fingerprint: row for row in _named(evaluation.rows, metric)} for metric in BESIDE_LABELERS
    }
    judges = tuple(
        JudgeBesideLabelers(judge.name, *(rows[judge.fingerprint] for rows in of_judges.values()))
        for judge in evaluation.inputs.judges
        if all(judge.fingerprint in rows for rows in of_judges.values())
    )
    known = tuple(judge for judge in judges if judge.gap.n)
    why = next((judge.gap.reason for judge in judges if judge.gap.reason), None)
    return known or Missing(why or "no judge has a verdict on a comparison with two labels")


def _disagreements(evaluation: Evaluation) -> tuple[Disagreement, ...] | Missing:
    if evaluation.inputs.labels is None:
        return Missing("there are no labels")
    found = disagreements_of(evaluation.inputs, evaluation.verdicts, evaluation.graded)
    return found or Missing("no verdict and no score differs from its label")


def _left_out(evaluation: Evaluation, judges: Iterable[JudgeSection]) -> tuple[Count, ...]:
    rule, least = evaluation.job.labels.rule, evaluation.job.slices.least
    counts = (
        Count(
            "invalid labels",
            evaluation.inputs.invalid_labels,
            'no verdict, and no score or the score that means "no score"',
        ),
        Count("split labels", _split_labels(evaluation), f"the rule {rule} gives no label for them"),
        Count("slices without a rate", _small_slices(judges, least), f"fewer than {least} comparisons"),
    )
    return tuple(count for count in counts if count.n)


def _split_labels(evaluation: Evaluation) -> int:
    """Judged comparisons for which the rule gives no label."""
    if len(evaluation.inputs.labelers) < 2:
        return 0
    split = evaluation.verdicts.where("is_split").select("comparison_id").distinct().count()
    if evaluation.graded is None or evaluation.job.labels.rule == "each":
        return split
    unlabeled = evaluation.graded.where("size != 2 AND label_scores IS NULL AND label_verdict IS NULL")
    return split + unlabeled.select("comparison_id").distinct().count()


def _small_slices(judges: Iterable[JudgeSection], least: int) -> int:
    """How many slices are too small for the judge's main figure."""
    rows = [row for judge in judges if not isinstance(judge.slices, Missing) for row in judge.slices]
    return len({row.slice for row in rows if row.reason == TOO_FEW.format(least)})


def _not_tested(evaluation: Evaluation) -> tuple[str, ...]:
    """What this evaluation did not test for any judge, in plain sentences."""
    inputs, job = evaluation.inputs, evaluation.job
    sentences = []
    if not job.families.models:
        sentences.append("Self-preference: the config names no families of models.")
    if job.slices.by:
        what = "Length bias, self-preference, pairs of judges and of labelers, repeats and leaderboards by slice"
        sentences.append(f"{what}: they are computed only over everything.")
    if inputs.labels is None:
        sentences.append("Agreement: there are no labels for these comparisons.")
    elif len(inputs.labelers) == 1:
        sentences.append("How far people agree with each other on these comparisons: there is only one labeler.")
    return tuple(sentences)
