"""Judges, models and labelers against each other, as a page shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from judgelake.measures import Result, metric_named
from judgelake.report import inert
from judgelake.report.content import JudgePair, LabelerPair, Leaderboard, Missing, RankCorrelation
from judgelake.report.findings import Finding, data_allow_up_to, pair_finding
from judgelake.report.numbers import count_text, p_text
from judgelake.report.pictures import Axis, axis_of
from judgelake.report.tables import MatrixView, RowView, TableView, matrix_view, one_rule, row_view, table_view

# For two judges the one agreement is in the table of pairs; a matrix would repeat it.
LEAST_FOR_A_MATRIX = 3
WHY = "The reasons are under “Judge against judge”."


@dataclass(frozen=True, slots=True)
class PairRow:
    """Two judges: their difference in agreement with the labels, and how often they say the same."""

    first: str
    second: str
    difference: RowView | Missing
    agreement: RowView | Missing
    p: str | None
    p_corrected: str | None


@dataclass(frozen=True, slots=True)
class PairTable:
    """All pairs of judges, differences on one axis; no axis without a difference, no rule where rules differ.

    `compared` is the number of pairs over which p is corrected.
    """

    axis: Axis | None
    rule: str | None
    compared: int
    rows: tuple[PairRow, ...]


@dataclass(frozen=True, slots=True)
class Differences:
    """What the summary says of all pairs of judges."""

    found: tuple[Finding, ...]
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A model on a leaderboard; a figure that is missing is its reason, and a rank is None."""

    rank: str | None
    ranks: str | None
    """The ranks it may truly have: "2" or "1 to 3"."""
    model: str
    win_rate: RowView | Missing
    strength: RowView | Missing
    corrected: RowView | Missing


@dataclass(frozen=True, slots=True)
class BoardView:
    """A leaderboard; without rows there is a `reason`."""

    source: str
    rule: str | None
    rows: tuple[BoardRow, ...]
    axis: Axis | None
    reason: str | None
    has_corrected: bool
    """Whether it shows corrected win rates: only where they differ from those of the labels."""
    why_uncorrected: str | None


def pair_matrix(pairs: Sequence[JudgePair]) -> MatrixView | None:
    """How often any two judges give the same verdict; None for fewer than `LEAST_FOR_A_MATRIX` judges."""
    names = list(dict.fromkeys(name for pair in pairs for name in (pair.first, pair.second)))
    if len(names) < LEAST_FOR_A_MATRIX:
        return None
    known = [(pair.first, pair.second, pair.agreement) for pair in pairs if isinstance(pair.agreement, Result)]
    return matrix_view(names, known)


def differences_told(pairs: Sequence[JudgePair]) -> Differences:
    """The pairs in which one judge was found to agree more with the labels, and sentences about the others."""
    findings = list(map(pair_finding, pairs))
    found = tuple(one for one in findings if one.found)
    unknown = sum(one.found is None for one in findings)
    if findings and unknown == len(findings):
        return Differences((), (f"No two judges could be compared. {WHY}",))
    sentences = []
    not_found = (pair.difference for pair, one in zip(pairs, findings, strict=True) if one.found is False)
    if alike := [row for row in not_found if isinstance(row, Result)]:
        number = f"{count_text(len(alike))} other {'pair' if len(alike) == 1 else 'pairs'}"
        what = f"In {number} no difference" if found else "No difference between two judges"
        sentences.append(f"{what} was found; {data_allow_up_to(alike)}.")
    if unknown:
        sentences.append(f"{count_text(unknown)} of {count_text(len(findings))} pairs could not be compared. {WHY}")
    return Differences(found, tuple(sentences))


def pair_table(pairs: Sequence[JudgePair]) -> PairTable:
    """The differences of all pairs."""
    differences = [pair.difference for pair in pairs if isinstance(pair.difference, Result)]
    axis = axis_of(differences, differences[0].scale) if differences else None
    rows = tuple(
        PairRow(
            inert.name(pair.first),
            inert.name(pair.second),
            _on(pair.difference, axis),
            _on(pair.agreement, None),
            *_p_values(pair.difference),
        )
        for pair in pairs
    )
    compared = sum(row.p_corrected is not None for row in differences)
    return PairTable(axis, one_rule(differences), compared, rows)


def board_view(board: Leaderboard) -> BoardView:
    """A leaderboard with all win rates on one axis."""
    models = () if isinstance(board.models, Missing) else board.models
    rates = [one.win_rate for one in models if isinstance(one.win_rate, Result)]
    axis = axis_of(rates, rates[0].scale) if rates else None
    ranked = tuple(
        BoardRow(
            *_ranks(one.rank),
            inert.name(one.model),
            _on(one.win_rate, axis),
            _on(one.strength, None),
            _on(one.corrected, None),
        )
        for one in models
    )
    corrected = [one.corrected for one in models if isinstance(one.corrected, Result)]
    known = any(row.value is not None for row in corrected)
    differs = any(is_partly_labelled(one.win_rate, one.corrected) for one in models)
    why = next((row.reason for row in corrected), None) if not known else None
    reason = board.models.reason if isinstance(board.models, Missing) else None
    return BoardView(inert.name(board.source), board.swap_rule, ranked, axis, reason, known and differs, why)


def is_partly_labelled(win_rate: Result | Missing, corrected: Result | Missing) -> bool:
    """Whether a model has verdicts on comparisons with a label and on others: else there is nothing to correct."""
    if isinstance(win_rate, Missing) or isinstance(corrected, Missing):
        return False
    return 0 < corrected.n < win_rate.n


def correlation_table(correlations: Sequence[RankCorrelation]) -> TableView:
    """Rank correlations, each headed by the names of both leaderboards."""
    heads = [(f"{inert.name(one.first)} and {inert.name(one.second)}", None) for one in correlations]
    return table_view([one.correlation for one in correlations], heads)


def labeler_matrices(pairs: Sequence[LabelerPair]) -> list[tuple[str, MatrixView]]:
    """For each kind of kappa its title and the matrix of all pairs of labelers."""
    matrices = []
    for metric in dict.fromkeys(pair.kappa.metric for pair in pairs):
        known = [(pair.first, pair.second, pair.kappa) for pair in pairs if pair.kappa.metric == metric]
        names = list(dict.fromkeys(name for first, second, _ in known for name in (first, second)))
        matrices.append((metric_named(metric).title, matrix_view(names, known)))
    return matrices


def _p_values(difference: Result | Missing) -> tuple[str | None, str | None]:
    if isinstance(difference, Missing):
        return None, None
    return p_text(difference.p_value), p_text(difference.p_corrected)


def _ranks(row: Result | Missing) -> tuple[str | None, str | None]:
    """The rank, and the interval of ranks."""
    if isinstance(row, Missing) or row.value is None:
        return None, None
    value, ends = f"{row.value:.0f}", tuple(f"{end:.0f}" for end in (row.low, row.high) if end is not None)
    return value, " to ".join(dict.fromkeys(ends)) or None


def _on(row: Result | Missing, axis: Axis | None) -> RowView | Missing:
    return row if isinstance(row, Missing) else row_view(row, axis)
