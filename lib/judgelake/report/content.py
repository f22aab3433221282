"""What a report shows: plain values that an evaluation fills in. Every part may be missing, with a reason.

All texts may come from tables: they are kept unchanged here and made harmless where they are shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from judgelake.measures import Result


@dataclass(frozen=True, slots=True)
class Missing:
    """Why a part of the report has nothing to show; ends a sentence that begins "Not shown:"."""

    reason: str


NOT_ASKED = Missing("this evaluation did not ask for it")


@dataclass(frozen=True, slots=True)
class Confusion:
    """Counts of label x verdict: one row per label, one column per verdict; a fourth column may be "no verdict".

    Under the swap rule mean they may be halves.
    """

    labels: tuple[str, ...]
    verdicts: tuple[str, ...]
    counts: tuple[tuple[float, ...], ...]
    swap_rule: str | None = None


@dataclass(frozen=True, slots=True)
class BothOrders:
    """What the two orders of a comparison show about a judge.

    `consistency`, `bias_first` and `bias_second` share one denominator and sum to 1. `position_bias` is the first bias
    minus the second, so 0 means that no place is favoured.
    """

    consistency: Result
    bias_first: Result
    bias_second: Result
    position_bias: Result | None = None
    others: tuple[Result, ...] = ()
    """Further figures of both orders: delta bias, positional agreement, LLMBar's average accuracy."""


@dataclass(frozen=True, slots=True)
class MarginBin:
    """Judgments whose margin (log-probability of the best label above the next, in nats) is alike."""

    name: str
    """The bin in words: "0.5 to 1.0"."""
    agreement: Result


@dataclass(frozen=True, slots=True)
class Family:
    """Further figures of one kind under their own heading: length bias, scores, repeats, aspects."""

    title: str
    rows: tuple[Result, ...] | Missing


@dataclass(frozen=True, slots=True)
class Count:
    """How many of something there were, and why."""

    name: str
    n: int
    why: str | None = None


@dataclass(frozen=True, slots=True)
class JudgeSection:
    """One judge: what it is and all figures about it. The first row of `headline` represents the judge as a whole."""

    name: str
    """As shown to readers; unique in a report."""
    judge: str
    headline: tuple[Result, ...] | Missing = NOT_ASKED
    fingerprint: str | None = None
    model: str | None = None
    model_version: str | None = None
    mode: str | None = None
    log_odds: str | None = None
    """What its log-odds are made of, for the swap rules margin and centred; None: it gives none."""
    is_imported: bool = False
    """Judged elsewhere: prompt, decoding and model are as stated in the file, if at all."""
    baselines: tuple[Result, ...] = ()
    """What judges that read nothing reach on the same comparisons, over everything, for each swap rule."""
    confusion: Confusion | Missing = NOT_ASKED
    both_orders: BothOrders | Missing = NOT_ASKED
    slices: tuple[Result, ...] | Missing = NOT_ASKED
    """Each row has its `slice`; one that is too small for a rate has its n, and a reason instead of a value."""
    compared_slices: tuple[Result, ...] = ()
    """Of each slice that was compared with all comparisons outside of it: `slice_difference`, `agreement_shrunk`."""
    calibration: tuple[MarginBin, ...] | Missing = NOT_ASKED
    families: tuple[Family, ...] = ()
    failures: tuple[Count, ...] = ()
    """Judgments without a verdict, by status."""
    not_tested: tuple[str, ...] = ()
    """Plain sentences about this judge."""


@dataclass(frozen=True, slots=True)
class JudgePair:
    """Two judges on the comparisons that both judged; `difference` is first minus second, in agreement with labels."""

    first: str
    second: str
    agreement: Result | Missing = NOT_ASKED
    """How often the two give the same verdict."""
    difference: Result | Missing = NOT_ASKED


@dataclass(frozen=True, slots=True)
class RankedModel:
    """One model under judgment on a leaderboard."""

    model: str
    win_rate: Result | Missing = NOT_ASKED
    strength: Result | Missing = NOT_ASKED
    """Bradley-Terry strength, on a log scale, with mean 0 over the models that games connect."""
    rank: Result | Missing = NOT_ASKED
    """Rank by strength, with the ranks that the data allow."""
    corrected: Result | Missing = NOT_ASKED
    """A judge's win rate corrected by the labels there are; `n` is their number."""


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """The models under judgment as one judge says, or the labels say, best first."""

    source: str
    """Name of the judge, or "labels"."""
    models: tuple[RankedModel, ...] | Missing
    swap_rule: str | None = None


@dataclass(frozen=True, slots=True)
class RankCorrelation:
    """How alike two leaderboards rank the models."""

    first: str
    second: str
    correlation: Result


@dataclass(frozen=True, slots=True)
class Models:
    """The models under judgment, by every judge and by the labels."""

    leaderboards: tuple[Leaderboard, ...]
    correlations: tuple[RankCorrelation, ...] | Missing = NOT_ASKED


@dataclass(frozen=True, slots=True)
class LabelerPair:
    """Kappa of two labelers: Cohen's, or, where their labels are scores, the quadratic-weighted one."""

    first: str
    second: str
    kappa: Result


@dataclass(frozen=True, slots=True)
class JudgeBesideLabelers:
    """A judge with the labelers beside the labelers with each other, on the same comparisons."""

    name: str
    judge: Result
    """Agreement of the judge with a labeler."""
    labelers: Result
    """Agreement of two labelers."""
    gap: Result
    """The first minus the second."""
    winning_rate: Result
    """Of the alternative annotator test; its `n` is the number of labelers tested."""
    advantage: Result


@dataclass(frozen=True, slots=True)
class Labelers:
    """How far labelers agree with each other, and each judge with them."""

    pairs: tuple[LabelerPair, ...] | Missing
    alphas: tuple[Result, ...] | Missing = NOT_ASKED
    """Krippendorff's alpha over all labelers: of their verdicts, and of their scores."""
    judges: tuple[JudgeBesideLabelers, ...] | Missing = NOT_ASKED


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of the conversation that the answers reply to."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class ShownAnswer:
    """One answer: several `texts` when it holds the assistant's turns of a conversation."""

    texts: tuple[str, ...]
    model: str | None = None


@dataclass(frozen=True, slots=True)
class OrderVerdict:
    """The judge's answer for one order: verdict and scores in the original order, the raw output as it was."""

    shown_order: str
    verdict: str | None
    raw_output: str | None
    status: str = "ok"
    scores: tuple[float, ...] | None = None
    margin: float | None = None


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A comparison on which a judge and the label differ, with all that a reader needs to decide who is right."""

    judge: str
    comparison_id: str
    messages: tuple[Turn, ...]
    answers: tuple[ShownAnswer, ...]
    label: str
    """A verdict, or scores in words: "7, 3, 5"."""
    verdicts: tuple[OrderVerdict, ...]
    input: str | None = None
    reference: str | None = None
    source: str | None = None
    is_scored: bool = False
    """Whether the label is scores: then the judge's scores are compared with it, not its verdict."""


@dataclass(frozen=True, slots=True)
class TableRead:
    """A table and the version of it that every number in the report is based on."""

    role: str
    """comparisons, labels or judgments."""
    name: str
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """The choices behind the numbers. Each is the name used in the config; the report explains it."""

    swap_rules: tuple[str, ...]
    """The first is that of the headline."""
    failure_rule: str
    label_rule: str
    label_kind: str | None = None
    labelers: tuple[str, ...] = ()
    tie_margin: float = 0.0
    """Labels that are scores: two answers whose scores differ by at most this much are a tie."""
    buckets: int | None = None
    """For intervals one question is left out at a time, or, with more questions than this, one of this many buckets."""
    least_slice: int | None = None
    """A slice of fewer comparisons is shown without a rate."""
    where: str | None = None
    judgments_where: str | None = None
    odds_tie_margin: float = 0.0
    """The swap rules margin and centred: log-odds of at most this size are a tie."""
    why_headline: str | None = None
    """Why the first swap rule is the headline's, as a clause."""
    epsilon: float | None = None
    """Penalty on labelers in the alternative annotator test."""
    failure_score: float | None = None
    """Score of each answer of a failed judgment; None: where a score is needed, it is always left out."""


@dataclass(frozen=True, slots=True)
class ReportContent:
    """Everything shown in a report and its judge cards."""

    run_id: str
    computed_at: datetime
    rules: Rules
    title: str = "How good are the judges?"
    tables: tuple[TableRead, ...] = ()
    judges: tuple[JudgeSection, ...] = ()
    judge_pairs: tuple[JudgePair, ...] | Missing = NOT_ASKED
    models: Models | Missing = NOT_ASKED
    labelers: Labelers | Missing = NOT_ASKED
    disagreements: tuple[Disagreement, ...] | Missing = NOT_ASKED
    left_out: tuple[Count, ...] = ()
    """What is in the tables but not counted in any number: invalid and split labels, small slices."""
    not_tested: tuple[str, ...] = ()
    """Plain sentences about the evaluation; those about one judge are with that judge."""
    software: str | None = None
    """What computed it: name, version, commit."""
