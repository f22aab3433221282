"""What the report is told of an evaluation: a judge's headline, and why a part is missing."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from evaluation_example import (
    NO_LABEL,
    OF_ASPECTS,
    OF_PAIRS,
    OF_RANKINGS,
    OF_SCORES,
    cells,
    evaluation,
    judge_info,
    nothing,
    row,
    section,
)
from hypothesis import given
from hypothesis import strategies as st

from judgelake.jobs.evaluate import Labels, content
from judgelake.jobs.evaluate.disagreements import evenly, of_newest_text
from judgelake.jobs.evaluate.mlflow_run import headline_metrics
from judgelake.measures import FailureRule, SwapRule
from judgelake.report import Confusion, Missing, glossary


@pytest.mark.parametrize(
    ("rows", "metrics"),
    [
        pytest.param([*OF_PAIRS, *OF_SCORES[1:]], ["agreement"], id="pairs, and scores beside them"),
        pytest.param(
            OF_SCORES, ["spearman", "pearson", "mean_absolute_error", "exact_agreement"], id="scores of single answers"
        ),
        pytest.param(OF_RANKINGS, ["top_1_agreement", "mean_kendall_tau"], id="rankings, which are scores as well"),
        pytest.param(OF_ASPECTS, ["aspect_accuracy", "aspect_auroc"], id="yes and no, which are scores as well"),
        pytest.param([nothing("agreement"), nothing("spearman")], ["agreement"], id="nothing has a label"),
    ],
)
def test_a_judge_is_headed_by_what_it_was_asked_for(rows, metrics):
    found = section(rows)
    assert [one.metric for one in found.headline] == metrics
    further = [one.metric for family in found.families for one in family.rows]
    assert not set(metrics) & set(further), "no figure stands twice"


def test_figures_of_scores_stay_below_those_of_pairs():
    families = section([*OF_PAIRS, *OF_SCORES[1:]]).families
    assert next(one.metric for family in families for one in family.rows) == "spearman"


def test_baselines_are_among_the_parts_of_a_judge_and_beside_each_rule():
    rows = [row("baseline_chance", 0.5, swap_rule=rule) for rule in ("first", "strict")]
    found = section([*OF_PAIRS, *rows], swap_rules=["first", "strict"])
    assert [(one.metric, one.swap_rule) for one in found.baselines] == [
        ("baseline_chance", "first"),
        ("baseline_chance", "strict"),
    ]
    assert [one.swap_rule for family in found.families for one in family.rows] == ["first"]


# Reasons


def test_a_confusion_of_both_orders_keeps_its_halves():
    cells = {"A>A": 2.5, "A>B": 0.5, "B>B": 2.0}
    rows = [row("confusion", value, subject=subject, swap_rule="mean") for subject, value in cells.items()]
    confusion = section([*OF_PAIRS, *rows], swap_rules=["mean"]).confusion
    assert confusion == Confusion(("A", "B"), ("A", "B"), ((2.5, 0.5), (0, 2)), "mean")


def test_a_rule_without_verdicts_of_its_own_shows_the_confusion_of_the_next_rule_and_names_it():
    rows = [row("agreement", 0.5, swap_rule="both_right"), *cells("first", AA=3, AB=1, BB=2, BA=0)]
    confusion = section(rows, swap_rules=["both_right", "first"]).confusion
    assert confusion == Confusion(("A", "B"), ("A", "B"), ((3, 1), (0, 2)), "first")


@pytest.mark.parametrize(
    ("rows", "rules", "reason"),
    [
        pytest.param(
            [row("agreement", 0.5)],
            ["both_right"],
            "both_right gives no verdicts, and swap_rules has no other rule",
            id="both right",
        ),
        pytest.param([nothing("agreement")], ["first", "strict"], NO_LABEL, id="no labels"),
        pytest.param(OF_SCORES, ["first"], "no labelled comparison of two answers was asked", id="scores"),
    ],
)
def test_a_missing_confusion_says_the_true_reason(rows, rules, reason):
    confusion = section(rows, swap_rules=rules).confusion
    assert isinstance(confusion, Missing)
    assert reason in confusion.reason


@pytest.mark.parametrize(
    ("rows", "more", "reason"),
    [
        pytest.param(OF_PAIRS, {"slices": {"by": ["source"]}}, "judge_margin is not among", id="not asked for"),
        pytest.param([nothing("agreement")], {"labels": None}, "there are no labels", id="no labels"),
        pytest.param(OF_PAIRS, {}, "has log-probabilities", id="no log-probabilities"),
        pytest.param(OF_SCORES, {}, "no labelled comparison of two answers was asked", id="scores"),
    ],
)
def test_a_missing_calibration_says_the_true_reason(rows, more, reason):
    calibration = section(rows, **more).calibration
    assert isinstance(calibration, Missing)
    assert reason in calibration.reason


@pytest.mark.parametrize(
    ("rows", "by", "reason"),
    [
        pytest.param(OF_SCORES, ["source"], "has any of the dimensions in slices.by", id="no graded one has one"),
        pytest.param(OF_PAIRS, [], "slices.by names no dimension", id="no dimension"),
        pytest.param(OF_PAIRS, ["source"], "has any of the dimensions in slices.by", id="no comparison has one"),
    ],
)
def test_missing_slices_say_the_true_reason(rows, by, reason):
    slices = section(rows, slices={"by": by}).slices
    assert isinstance(slices, Missing)
    assert reason in slices.reason


def test_the_figure_that_stands_for_a_judge_of_scores_is_shown_by_slice():
    sliced = [row("spearman", 0.7, slice="source=a"), row("pearson", 0.6, slice="source=a")]
    assert [(one.metric, one.value) for one in section([*OF_SCORES, *sliced]).slices] == [("spearman", 0.7)]


def test_a_judge_is_told_what_was_not_tested_of_it():
    def said(*rows):
        return {sentence.partition(" of ")[0] for sentence in section([row("agreement", 0.5), *rows]).not_tested}

    assert "Position bias" in said(row("consistency", reason="no comparison was asked in both orders"))
    assert "Position bias" not in said(row("consistency", 0.9))


OF_FAMILY = "no comparison has exactly one answer of the family"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        pytest.param([], ["Self-preference of judge: families.judges does not name it."], id="not named"),
        pytest.param(
            [nothing("own_win_share", OF_FAMILY)], [f"Self-preference of judge: {OF_FAMILY}."], id="nothing to go by"
        ),
        pytest.param([row("own_win_share", 0.5, swap_rule="first")], [], id="tested"),
    ],
)
def test_a_judge_is_told_why_its_self_preference_was_not_tested(content_of, rows, said):
    found = content_of([*OF_PAIRS, *rows], families={"models": {"m": "acme"}})
    told = [*found.judges[0].not_tested, *found.not_tested]
    assert [sentence for sentence in told if sentence.startswith("Self-preference")] == said


def test_without_families_of_models_self_preference_is_left_to_one_general_sentence(content_of):
    found = content_of(OF_PAIRS)
    assert not any("Self-preference" in sentence for sentence in found.judges[0].not_tested)
    assert "Self-preference: the config names no families of models." in found.not_tested


@pytest.mark.parametrize(("by", "told"), [(["source"], 1), ([], 0)])
def test_what_is_not_sliced_is_said_once(content_of, by, told):
    found = content_of(OF_PAIRS, judges=(judge_info(), judge_info(number=1, fingerprint="1f")), slices={"by": by})
    sentences = [*(one for judge in found.judges for one in judge.not_tested), *found.not_tested]
    assert sum("only over everything" in sentence for sentence in sentences) == told


def test_a_metric_of_one_rule_is_shown_whatever_the_headlines_rule_is():
    rows = [*OF_PAIRS, row("agreement_with_ties", 0.6, swap_rule="tie"), row("macro_recall", 0.5, swap_rule="tie")]
    families = [(one.metric, one.swap_rule) for family in section(rows).families for one in family.rows]
    assert families == [("agreement_with_ties", "tie")]


@pytest.mark.parametrize(
    "rows", [OF_SCORES[1:], OF_RANKINGS[:2], OF_ASPECTS[:2]], ids=["scores", "rankings", "aspects"]
)
@pytest.mark.parametrize("rule", ["average", "strict", None])
def test_what_is_no_verdict_on_two_answers_is_shown_and_logged_whatever_the_headlines_rule_is(rows, rule):
    rows = [replace(one, swap_rule=rule) for one in rows]
    sliced = [replace(one, slice="source=a") for one in rows]
    found = section([*rows, *sliced], swap_rules=["both_right", "first"])
    assert {one.metric for one in found.headline} == {one.metric for one in rows}
    assert {one.metric for one in found.slices} == {found.headline[0].metric}
    assert {one.metric for one in rows} < set(headline_metrics(rows, "both_right"))
    assert headline_metrics(rows, "both_right")["n"] == found.headline[0].n
    beside = section([*OF_PAIRS, *rows], swap_rules=["first"])
    assert {one.metric for family in beside.families for one in family.rows} == {one.metric for one in rows}


def test_what_rests_on_the_headlines_verdicts_is_shown_and_logged_by_its_rule():
    rows = [row("longer_win_share", 0.6, swap_rule="strict"), row("own_win_share", 0.4, swap_rule="strict")]
    found = section([*OF_PAIRS, *rows], swap_rules=["strict", "first"])
    assert [one.metric for family in found.families for one in family.rows] == ["longer_win_share", "own_win_share"]
    assert {"longer_win_share", "own_win_share"} < set(headline_metrics([*OF_PAIRS, *rows], "strict"))


def test_margins_that_were_sliced_are_shown():
    bin_row = row("agreement", 0.7, swap_rule="first", slice="judge_margin=below 0.5 nats")
    ((name, shown),) = [(one.name, one.agreement) for one in section([*OF_PAIRS, bin_row]).calibration]
    assert (name, shown.value) == ("below 0.5 nats", 0.7)


@pytest.mark.parametrize(
    ("version", "model"),
    [
        ("acme/judge-7b@main", "acme/judge-7b"),
        ("user@host/judge@unpinned", "user@host/judge"),
        ("gpt-3.5-turbo-0301", "gpt-3.5-turbo-0301"),
        ("local:0123456789abcdef", "a local folder with content hash 0123456789ab"),
        ("acme/base@0f+adapter:acme/judge-lora@1a", "acme/base, adapter: acme/judge-lora"),
        (
            "acme/base@0f+adapter:local:0123456789abcdef",
            "acme/base, adapter: a local folder with content hash 0123456789ab",
        ),
        ("imported", None),
        ("", None),
    ],
)
def test_the_model_is_named_where_its_version_names_it(version, model):
    assert section(OF_PAIRS, judges=(judge_info(model_version=version),)).model == model


def test_the_report_explains_every_rule_that_a_config_may_name():
    assert set(glossary.SWAP_RULES) == set(SwapRule)
    assert set(glossary.FAILURE_RULES) == set(FailureRule)
    assert set(glossary.LABEL_RULES) == set(get_args(Labels.model_fields["rule"].annotation))


# The report as a whole


class NoRows:
    """A table that holds nothing."""

    def where(self, condition):
        return self

    def select(self, *columns):
        return self

    def distinct(self):
        return self

    def count(self):
        return 0


@pytest.fixture
def content_of(monkeypatch):
    """What the report says of rows: content_of(rows, labelers=("one", "two"))."""
    monkeypatch.setattr(content, "disagreements_of", lambda *arguments: ())

    def made(rows, **more):
        return content.report_content(replace(evaluation(rows, **more), verdicts=NoRows()))

    return made


def of_labelers(metric, subject=None, value=None, n=9, **parts):
    nobody = dict.fromkeys(("judge", "judge_fingerprint", "model_version", "mode", "asked"))
    return row(metric, value, subject=subject, n=n, **nobody, **parts)


def test_labelers_are_told_apart_whatever_their_names_hold(content_of):
    rows = [
        of_labelers("labeler_kappa", "a / b / c", 0.8),
        of_labelers("labeler_kappa", "a / b / d", 0.7),
        of_labelers("labeler_kappa", "c / d", 0.6),
    ]
    pairs = content_of([*OF_PAIRS, *rows], labelers=("a / b", "c", "d")).labelers.pairs
    assert [(pair.first, pair.second, pair.kappa.value) for pair in pairs] == [
        ("a / b", "c", 0.8),
        ("a / b", "d", 0.7),
        ("c", "d", 0.6),
    ]


@pytest.mark.parametrize(
    ("kappa", "quadratic", "shown"),
    [
        pytest.param((None, 0), (0.6, 9), ("labeler_quadratic_kappa", 0.6), id="scores"),
        pytest.param((0.8, 9), (None, 0), ("labeler_kappa", 0.8), id="verdicts"),
        pytest.param((0.8, 9), (0.6, 9), ("labeler_kappa", 0.8), id="both"),
        pytest.param((None, 9), (None, 0), ("labeler_kappa", None), id="verdicts of one class"),
        pytest.param((None, 0), (None, 9), ("labeler_quadratic_kappa", None), id="one score throughout"),
        pytest.param((None, 0), (None, 0), ("labeler_kappa", None), id="nothing in common"),
        pytest.param((0.8, 9), None, ("labeler_kappa", 0.8), id="no figure of scores"),
    ],
)
def test_two_labelers_are_held_together_by_the_kappa_that_says_something(content_of, kappa, quadratic, shown):
    told = {"labeler_kappa": kappa, "labeler_quadratic_kappa": quadratic}
    rows = [of_labelers(metric, "a / b", *said) for metric, said in told.items() if said]
    (pair,) = content_of(rows, labelers=("a", "b")).labelers.pairs
    assert (pair.kappa.metric, pair.kappa.value) == shown


@pytest.mark.parametrize(
    ("nominal", "interval", "shown"),
    [
        pytest.param((0.8, 9), (0.7, 9), ["krippendorff_alpha", "krippendorff_alpha_interval"], id="both"),
        pytest.param((None, 0), (0.7, 9), ["krippendorff_alpha_interval"], id="scores"),
        pytest.param((0.8, 9), (None, 0), ["krippendorff_alpha"], id="verdicts"),
        pytest.param((None, 0), (None, 0), ["krippendorff_alpha"], id="no comparison has two labels"),
    ],
)
def test_all_labelers_together_have_the_alpha_of_their_kind_of_labels(content_of, nominal, interval, shown):
    told = {"krippendorff_alpha": nominal, "krippendorff_alpha_interval": interval}
    rows = [of_labelers(metric, None, *said) for metric, said in told.items()]
    assert [one.metric for one in content_of(rows, labelers=("a", "b")).labelers.alphas] == shown


def few(metric, where, **parts):
    return row(metric, reason="fewer than 30 comparisons count in this slice", slice=where, **{"n": 12, **parts})


def test_a_slice_counts_as_too_small_where_the_figure_that_stands_for_a_judge_has_no_rate(content_of):
    judges = (judge_info(), judge_info(number=1, name="scorer", judge="scorer", fingerprint="1f"))
    scorer = {"judge_fingerprint": "1f"}
    rows = [
        *OF_PAIRS,
        row("agreement", 0.8, swap_rule="first", slice="source=large"),
        few("agreement", "source=large", swap_rule="strict"),
        few("cohen_kappa", "source=large", swap_rule="first"),
        few("agreement", "source=small", swap_rule="first"),
        *(replace(one, **scorer) for one in OF_SCORES[1:]),
        row("spearman", 0.5, slice="source=small", **scorer),
        few("spearman", "source=smaller", swap_rule="average", **scorer),
        row("spearman", reason="the judge gives one score", n=90, slice="source=constant", **scorer),
    ]
    counts = {count.name: (count.n, count.why) for count in content_of(rows, judges=judges).left_out}
    assert counts["slices without a rate"] == (2, "fewer than 30 comparisons")


# Disagreements


@pytest.mark.parametrize(
    ("lists", "most", "expected"),
    [
        pytest.param(["a", "ABCDEF"], 4, "aABC", id="one has few, the other fills up"),
        pytest.param(["abc", "ABC"], 4, "abAB", id="both have enough"),
        pytest.param(["", "ABC", "xyz"], 3, "ABx", id="one has none"),
        pytest.param(["a", "b", "c"], 2, "ab", id="more judges than places"),
        pytest.param([], 3, "", id="no judge"),
    ],
)
def test_disagreements_are_shared_out_evenly_and_filled_up(lists, most, expected):
    assert "".join(evenly(lists, most)) == expected


@given(st.lists(st.lists(st.integers(), max_size=9), max_size=6), st.integers(0, 30))
def test_no_place_stays_empty_while_a_disagreement_is_left(lists, most):
    assert len(evenly(lists, most)) == min(most, sum(map(len, lists)))


def test_a_judgment_of_an_earlier_text_is_not_shown_beside_the_one_of_the_text():
    old, new, imported = ({"said": {"text": text}, "moment": at} for text, at in ((1, 10), (2, 20), (None, 30)))
    assert of_newest_text([new, old]) == [new]
    assert of_newest_text([imported, old]) == [imported, old]


def of_model(model, rate, strength, rank, **parts):
    about = {"subject": model, "swap_rule": "first"}
    return [
        row("win_rate", rate, **about),
        row("bradley_terry", strength, **about, **parts),
        row("rank", rank, rank, rank, **about),
    ]


def test_models_are_ordered_by_rank_and_without_one_come_last(content_of):
    rows = [
        *of_model("b", 0.5, 0.1, 2.0),
        *of_model("nothing judged", None, None, None, reason="nothing was judged"),
        *of_model("c", 0.55, 0.1, 2.0),
        *of_model("never lost", 1.0, 4.0, 1.0),
    ]
    (board,) = content_of(rows).models.leaderboards
    assert [one.model for one in board.models] == ["never lost", "c", "b", "nothing judged"]
    assert [one.rank.value for one in board.models] == [1.0, 2.0, 2.0, None]


def test_compared_slices_are_those_of_a_judge_of_pairs():
    compared = [
        row("slice_difference", -0.2, -0.3, -0.1, slice="source=one", swap_rule="first"),
        row("agreement_shrunk", 0.65, slice="source=one", swap_rule="first"),
    ]
    assert section([*OF_PAIRS, *compared]).compared_slices == tuple(compared)
    assert section([*OF_SCORES, *compared]).compared_slices == ()


# Judges beside the labelers


def beside(value=0.06, n=90, **parts):
    named = ("agreement_with_labelers", "agreement_of_labelers", "labeler_gap", "winning_rate", "advantage_probability")
    return [row(metric, value, n=n, **parts) for metric in named]


def test_the_judges_with_a_verdict_on_comparisons_of_two_labelers_stand_beside_these(content_of):
    judges = (judge_info(), judge_info(number=1, name="other", judge="other", fingerprint="1f"))
    rows = [*OF_PAIRS, *beside(), *beside(None, 0, judge_fingerprint="1f", reason="no comparison")]
    found = content_of(rows, judges=judges, labelers=("a", "b")).labelers.judges
    assert [(one.name, one.gap.metric, one.winning_rate.metric) for one in found] == [
        ("judge", "labeler_gap", "winning_rate")
    ]
    none = content_of([*OF_PAIRS, *beside(None, 0, reason="no comparison")], labelers=("a", "b")).labelers.judges
    assert none == Missing("no comparison")
