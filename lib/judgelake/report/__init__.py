"""How evaluations and trainings are shown to people: a page, a card per judge. Data in, text out; computes nothing."""

from judgelake.report.baselines import beside
from judgelake.report.beside_labelers import gap_text
from judgelake.report.between import is_partly_labelled
from judgelake.report.card import JudgeCard, judge_card
from judgelake.report.comparable import is_unlabelled, unlabelled_text, unlike_text
from judgelake.report.content import (
    NOT_ASKED,
    BothOrders,
    Confusion,
    Count,
    Disagreement,
    Family,
    JudgeBesideLabelers,
    JudgePair,
    JudgeSection,
    LabelerPair,
    Labelers,
    Leaderboard,
    MarginBin,
    Missing,
    Models,
    OrderVerdict,
    RankCorrelation,
    RankedModel,
    ReportContent,
    Rules,
    ShownAnswer,
    TableRead,
    Turn,
)
from judgelake.report.findings import Finding, effect_finding, found_words, pair_finding
from judgelake.report.glossary import headline_sentence
from judgelake.report.numbers import bounds_text, has_interval, interval_text, reason_text, size_text, value_text
from judgelake.report.page import notebook_html, render_page
from judgelake.report.trained_judge import Material, OwnTexts, TrainedJudge, ValidationFigures, training_card

__all__ = [
    "NOT_ASKED",
    "BothOrders",
    "Confusion",
    "Count",
    "Disagreement",
    "Family",
    "Finding",
    "JudgeBesideLabelers",
    "JudgeCard",
    "JudgePair",
    "JudgeSection",
    "LabelerPair",
    "Labelers",
    "Leaderboard",
    "MarginBin",
    "Material",
    "Missing",
    "Models",
    "OrderVerdict",
    "OwnTexts",
    "RankCorrelation",
    "RankedModel",
    "ReportContent",
    "Rules",
    "ShownAnswer",
    "TableRead",
    "TrainedJudge",
    "Turn",
    "ValidationFigures",
    "beside",
    "bounds_text",
    "effect_finding",
    "found_words",
    "gap_text",
    "has_interval",
    "headline_sentence",
    "interval_text",
    "is_partly_labelled",
    "is_unlabelled",
    "judge_card",
    "notebook_html",
    "pair_finding",
    "reason_text",
    "render_page",
    "size_text",
    "training_card",
    "unlabelled_text",
    "unlike_text",
    "value_text",
]
