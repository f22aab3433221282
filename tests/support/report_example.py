"""Reports made by hand, for the tests of the page and of the judge card: a full one and an empty one."""

from __future__ import annotations

from datetime import UTC, datetime

from report_disagreements import DISAGREEMENTS

from judgelake.measures import Result
from judgelake.report import (
    NOT_ASKED,
    BothOrders,
    Confusion,
    Count,
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
    RankCorrelation,
    RankedModel,
    ReportContent,
    Rules,
    TableRead,
)

COMPUTED_AT = datetime(2026, 11, 25, 3, 44, tzinfo=UTC)
RULES = Rules(
    swap_rules=("first", "strict", "both_right"),
    failure_rule="left_out",
    label_rule="majority",
    label_kind="human",
    labelers=("annotator1", "annotator2", "annotator3"),
    buckets=500,
    epsilon=0.1,
    least_slice=30,
    where="source = 'pandalm'",
)


def rate(metric, value, half, n, asked=None, **more):
    """A share with an interval of so much on each side."""
    ends = max(0.0, value - half), min(1.0, value + half)
    return Result(metric, value, *ends, n=n, asked=asked or n, **{"clusters": n - 112, **more})


def full_content() -> ReportContent:
    """Three judges with every part of a report; all names and numbers are made up."""
    return ReportContent(
        run_id="run-2026-11-25-0344-7f3a",
        computed_at=COMPUTED_AT,
        title="How good are the judges of instruction following?",
        rules=RULES,
        tables=(
            TableRead("comparisons", "main.judging.comparisons", 12),
            TableRead("labels", "main.judging.labels", 3),
            TableRead("judgments", "main.judging.judgments_latest", 41),
        ),
        judges=(_own_judge(), _second_judge(), _imported_judge()),
        judge_pairs=_pairs(),
        models=_models(),
        labelers=_labelers(),
        disagreements=DISAGREEMENTS,
        left_out=(
            Count("labels of score -1", 13, "invalid in the data set itself"),
            Count("comparisons without a label", 24, "no labeler of kind human"),
            Count("slices of fewer than 30 comparisons", 7, "shown with their n and no rate"),
        ),
        not_tested=(
            "Languages other than English: 98.7 % of the questions are in English.",
            "Answers of more than 1,500 words: there are none in these tables.",
            "Self-preference of JudgeLM-7B: no model under judgment is of its family.",
        ),
        software="judgelake 0.4.0",
    )


def empty_content() -> ReportContent:
    """An evaluation that found nothing to say."""
    return ReportContent(run_id="run-empty", computed_at=COMPUTED_AT, rules=Rules((), "left_out", "majority"))


def bare_judge(name="judge") -> JudgeSection:
    """A judge of which nothing is known but its name."""
    return JudgeSection(name=name, judge=name)


def _own_judge() -> JudgeSection:
    return JudgeSection(
        name="JudgeLM-7B",
        judge="judgelm",
        fingerprint="9c1f0b72d4e8a6355b2c",
        model="/models/judgelm-7b",
        model_version="3",
        mode="pair",
        headline=_headline(0.811, 0.027, 973, 1_012),
        baselines=_baselines(973, 1_012),
        confusion=Confusion(
            ("A", "B", "tie"),
            ("A", "B", "tie", "no verdict"),
            ((372, 33, 16, 14), (38, 389, 14, 21), (29, 54, 28, 4)),
            "first",
        ),
        both_orders=_orders(0.836, 0.098, 0.066, 0.032, 0.012, 961),
        slices=_slices(),
        compared_slices=(
            *_compared("source=llmbar", -0.155, 0.71, 2e-5),
            *_compared("source=pandalm", 0.06, 0.84, 0.2),
        ),
        calibration=tuple(
            MarginBin(name, rate("agreement", value, half, n))
            for name, value, half, n in (
                ("0 to 0.5", 0.571, 0.083, 163),
                ("0.5 to 1", 0.688, 0.071, 189),
                ("1 to 2", 0.824, 0.049, 266),
                ("2 to 4", 0.917, 0.036, 241),
                ("4 and more", 0.974, 0.027, 114),
            )
        ),
        families=(
            Family("Length bias", _length_rows(0.061, 0.024, 0.098, 0.053)),
            Family("Self-preference", Missing("no model under judgment is of the judge's family")),
            Family("Repeats", Missing("every request was asked once")),
        ),
        failures=(
            Count("unparseable", 27, "the output does not contain what the judge's format requires"),
            Count("context_overflow", 12, "the prompt does not fit the model's context"),
        ),
    )


def _second_judge() -> JudgeSection:
    return JudgeSection(
        name="Small instruct model",
        judge="chat",
        fingerprint="04be7711c09d2f3a8e61",
        model="SmolLM2-135M-Instruct",
        mode="pair",
        headline=_headline(0.472, 0.032, 1_009, 1_012),
        baselines=_baselines(1_009, 1_012),
        confusion=Confusion(("A", "B", "tie"), ("A", "B", "tie"), ((371, 62, 2), (373, 88, 0), (91, 20, 2)), "first"),
        both_orders=_orders(0.214, 0.771, 0.015, 0.756, 0.029, 1_004),
        slices=Missing("it was not asked for"),
        calibration=Missing("the judge was run without log-probabilities"),
        families=(Family("Length bias", _length_rows(0.011, -0.021, 0.043, 0.046)),),
        failures=(Count("unparseable", 3),),
    )


def _imported_judge() -> JudgeSection:
    return JudgeSection(
        name="gpt-3.5-turbo",
        judge="gpt-3.5-turbo",
        is_imported=True,
        headline=_headline(0.711, 0.03, 999, 1_012)[:4],
        confusion=Confusion(
            ("A", "B", "tie"), ("A", "B", "tie"), ((332, 71, 19), (86, 360, 26), (42, 45, 18)), "first"
        ),
        both_orders=Missing("its judgments were imported in one order only"),
        slices=(
            rate("agreement", 0.711, 0.05, 412, slice="source=pandalm", swap_rule="first"),
            Result("agreement", reason="fewer than 30 comparisons", n=17, slice="source=other"),
        ),
        calibration=Missing("imported judgments have no log-probabilities"),
    )


def _headline(value: float, half: float, n: int, asked: int) -> tuple[Result, ...]:
    failed = asked - n
    kappa = (value - 0.2, value - 0.2 - 1.5 * half, value - 0.2 + 1.5 * half)
    bounds = {"if_failures_wrong": value * n / asked, "if_failures_right": (value * n + failed) / asked}
    rows = [
        rate("agreement", value, half, n, asked, swap_rule="first", **bounds),
        rate("macro_f1", value - 0.09, half + 0.01, n, asked, swap_rule="first"),
        rate("tie_rate", 0.062, 0.015, n, asked, swap_rule="first"),
        Result("cohen_kappa", *kappa, n=n, asked=asked, clusters=n - 112, swap_rule="first"),
        *(
            rate(metric, value + shift, half + 0.02, n, asked, subject=subject, swap_rule="first")
            for metric, subject, shift in (
                ("f1", "A", 0.04),
                ("f1", "B", 0.03),
                ("f1", "tie", -0.35),
                ("recall", "tie", -0.4),
            )
        ),
        rate("agreement", value + 0.04, half, n - 150, asked, swap_rule="strict", **bounds),
        rate("tie_rate", 0.055, 0.014, n - 150, asked, swap_rule="strict"),
        rate("agreement", value - 0.08, half, n, asked, swap_rule="both_right", **bounds),
        rate("average_accuracy", value - 0.01, half, n, asked),
    ]
    return tuple(rows)


def _baselines(n: int, asked: int) -> tuple[Result, ...]:
    guessing = Result("baseline_chance", 1 / 3, n=n, asked=asked, swap_rule="first", reason="nothing to estimate")
    others = (("baseline_majority", 0.47), ("baseline_first", 0.44), ("baseline_longer", 0.52))
    return (guessing, *(rate(metric, value, 0.03, n, asked, swap_rule="first") for metric, value in others))


def _orders(consistent: float, first: float, second: float, bias: float, half: float, n: int) -> BothOrders:
    position = (bias, bias - 2 * half, bias + 2 * half, 2.9 * half)
    return BothOrders(
        rate("consistency", consistent, 0.024, n, 1_012),
        rate("bias_first", first, 0.018, n, 1_012),
        rate("bias_second", second, 0.014, n, 1_012),
        Result("position_bias", *position, n=n, asked=1_012, clusters=n - 112),
        (rate("positional_agreement", consistent, 0.024, n, 1_012),),
    )


def _length_rows(value: float, low: float, high: float, detectable: float) -> tuple[Result, ...]:
    return (
        rate("longer_win_share", 0.58 + value, 0.03, 940, 1_012),
        Result("length_bias", value - 0.01, low - 0.02, high - 0.01, n=904, asked=1_012, clusters=802),
        Result("length_slope", value, low, high, detectable, n=928, asked=1_012, clusters=815),
    )


def _slices() -> tuple[Result, ...]:
    sources = (("pandalm", 0.842, 0.03, 512), ("llmbar", 0.703, 0.05, 301), ("mt_bench", 0.861, 0.06, 128))
    tasks = (
        *(
            ("Mathematics", 0.541, 0.11, 74),
            ("Coding", 0.66, 0.1, 83),
            ("Translation", 0.79, 0.1, 66),
            ("Summaries", 0.83, 0.08, 91),
        ),
        *(
            ("Rewriting", 0.82, 0.08, 95),
            ("Recipes", 0.86, 0.09, 61),
            ("Travel", 0.84, 0.08, 88),
            ("Letters", 0.87, 0.07, 92),
        ),
        *(
            ("Questions on a text", 0.85, 0.06, 121),
            ("Definitions", 0.89, 0.07, 79),
            ("Names and titles", 0.8, 0.1, 54),
        ),
        ("(others)", 0.82, 0.09, 69),
    )
    small = (("Sudoku", 19), ("Chess", 11))
    rows = [
        rate("agreement", value, half, n, slice=f"{dimension}={name}", swap_rule="first", clusters=round(n * 0.8))
        for dimension, values in (("source", sources), ("attributes.category", tasks))
        for name, value, half, n in values
    ]
    for name, n in small:
        parts = {"n": n, "asked": n, "clusters": n, "slice": f"attributes.category={name}", "swap_rule": "first"}
        rows.append(Result("agreement", reason="fewer than 30 comparisons", **parts))
    return tuple(rows)


def _compared(name, difference, shrunk, p_corrected):
    parts = {"n": 301, "asked": 301, "clusters": 241, "slice": name, "swap_rule": "first"}
    ends = (difference - 0.06, difference + 0.06)
    return (
        Result("slice_difference", difference, *ends, p_value=p_corrected / 9, p_corrected=p_corrected, **parts),
        Result("agreement_shrunk", shrunk, reason="it is for sorting; see the interval of agreement", **parts),
    )


def _pairs() -> tuple[JudgePair, ...]:
    def pair(first, second, agreement, difference, p_value, p_corrected):
        value, low, high, _ = difference
        all_at_once = {
            "simultaneous_low": value - 1.22 * (value - low),
            "simultaneous_high": value + 1.22 * (high - value),
        }
        tested = {"p_value": p_value, "p_corrected": p_corrected, **all_at_once}
        row = Result("agreement_difference", *difference, n=962, asked=1_012, clusters=850, **tested)
        same = rate("judge_agreement", agreement, 0.03, 970, 1_012)
        return JudgePair(first, second, same, row)

    return (
        pair("JudgeLM-7B", "gpt-3.5-turbo", 0.757, (0.1, 0.071, 0.129, 0.041), 4e-9, 8e-9),
        pair("JudgeLM-7B", "Small instruct model", 0.468, (0.339, 0.301, 0.377, 0.054), 1e-40, 3e-40),
        pair("gpt-3.5-turbo", "Small instruct model", 0.452, (0.019, -0.017, 0.055, 0.051), 0.31, 0.31),
    )


def _models() -> Models:
    names = ("llama-7b", "bloom-7b", "opt-7b", "pythia-6.9b", "cerebras-gpt-6.7b")

    def ranked(place, low, high):
        return Result("rank", place, low, high, n=398)

    ranks = (ranked(1, 1, 1), ranked(2, 2, 4), ranked(3, 2, 4), ranked(4, 2, 4), ranked(5, 5, 5))

    def board(source, rates, strengths):
        models = tuple(
            RankedModel(
                name,
                rate("win_rate", value, 0.045, 398),
                Result("bradley_terry", strength, strength - 0.2, strength + 0.2, n=398),
                rank,
                NOT_ASKED if source == "labels" else rate("corrected_win_rate", value - 0.03, 0.06, 150),
            )
            for name, value, strength, rank in zip(names, rates, strengths, ranks, strict=True)
        )
        return Leaderboard(source, models, None if source == "labels" else "first")

    return Models(
        (
            board("labels", (0.71, 0.512, 0.497, 0.463, 0.331), (0.88, 0.11, 0.04, -0.19, -0.84)),
            board("JudgeLM-7B", (0.69, 0.52, 0.489, 0.471, 0.34), (0.79, 0.13, 0.02, -0.16, -0.78)),
            Leaderboard("Small instruct model", Missing("every model was compared with one other only")),
        ),
        (
            RankCorrelation(
                "JudgeLM-7B",
                "labels",
                Result("leaderboard_kendall_tau_b", 1.0, 0.6, 1.0, n=5),
            ),
        ),
    )


def _labelers() -> Labelers:
    def pair(first, second, kappa):
        row = Result("labeler_kappa", kappa, kappa - 0.03, kappa + 0.03, n=999)
        return LabelerPair(first, second, row)

    def beside(name, gap, won):
        judge, labelers = (rate(f"agreement_{of}_labelers", value, 0.03, 940) for of, value in agreements(gap))
        difference = Result("labeler_gap", gap, gap - 0.02, gap + 0.02, n=940, asked=999, clusters=850)
        test = Result("winning_rate", won, n=3, asked=3, reason="a share of a few tests, each with its own error")
        return JudgeBesideLabelers(
            name, judge, labelers, difference, test, rate("advantage_probability", 0.91, 0.02, 940)
        )

    def agreements(gap):
        return ("with", 0.68 + gap), ("of", 0.68)

    alpha = Result("krippendorff_alpha", 0.864, 0.841, 0.886, n=999, clusters=887)
    return Labelers(
        (
            pair("annotator1", "annotator2", 0.852),
            pair("annotator1", "annotator3", 0.879),
            pair("annotator2", "annotator3", 0.862),
        ),
        (alpha,),
        tuple(beside(*numbers) for numbers in (("JudgeLM-7B", 0.06, 1.0), ("Small instruct model", -0.31, 0.0))),
    )
