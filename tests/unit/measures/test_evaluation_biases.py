"""Self-preference and length bias."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from judgelake.measures import length, metric_named, own_family
from judgelake.measures.figure import Figure
from judgelake.measures.length import length_bin
from judgelake.measures.table import SEPARATOR, Table


def table_of(rows: Mapping[tuple[str, ...], int] | Mapping[tuple[str, ...], Sequence[int]]) -> Table:
    counts = {SEPARATOR.join(row): np.atleast_1d(np.array(count, dtype=float)) for row, count in rows.items()}
    return Table(counts, questions=10)


def by_metric(figures: Iterable[Figure]) -> dict[str, Figure]:
    return {figure.metric: figure for figure in figures}


def values(figures: Iterable[Figure]) -> dict[str, float | str | None]:
    """Each figure's value, or the reason why there is none."""
    found = {figure.metric: figure.estimate(1) for figure in figures}
    return {metric: one.reason if one.value is None else one.value for metric, one in found.items()}


def test_self_preference_is_what_the_judge_gives_its_family_beyond_the_labels():
    rows = {
        ("own", "own"): 30,
        ("own", "other"): 10,
        ("other", "own"): 20,
        ("other", "other"): 25,
        ("tie", "own"): 10,
        ("tie", "tie"): 5,
        ("none", "own"): 40,
        ("own", "wrong"): 8,
        ("other", "none"): 2,
    }
    found = by_metric(own_family.figures(table_of(rows)))
    expected = {
        "own_win_share": (30 + 20 + 10 + 40 + 2.5) / 140,
        "own_win_share_of_labels": (40 + 7.5) / 100,
        "self_preference": (62.5 - 47.5) / 100,
        # 85 decided labels: half of them at 30 of 40, half at 20 of 45; and 12.5 of the 15 ties.
        "matched_self_preference": (42.5 * (30 / 40 + 20 / 45) + 12.5) / 100 - 0.5,
        # Errors: 10 against the family; 20 and 10 for it.
        "own_error_share": 30 / 40,
    }
    assert values(found.values()) == pytest.approx(expected, abs=1e-12)
    assert {metric: (figure.n, figure.asked) for metric, figure in found.items()} == {
        "own_win_share": (140, 150),
        "own_win_share_of_labels": (100, 110),
        "self_preference": (100, 110),
        "matched_self_preference": (100, 110),
        "own_error_share": (40, 50),
    }
    # A fair judge that errs now and then has a `self_preference` all the same; only the matched one is 0 for it.
    assert [metric for metric, figure in found.items() if metric_named(metric).is_effect] == ["matched_self_preference"]


def test_votes_weigh_where_labels_do_and_the_comparison_counts_once_where_they_do_not():
    votes = {("own+own+other", "own"): 4, ("other", "other"): 1, ("none", "other"): 1}
    families = by_metric(own_family.figures(table_of(votes)))
    assert families["own_win_share"].estimate(9).value == pytest.approx(4 / 6)
    assert (families["own_win_share"].n, families["own_win_share_of_labels"].n) == (6, 13)
    assert families["own_win_share_of_labels"].estimate(9).value == pytest.approx(8 / 13)
    lengths = by_metric(length.figures(table_of({("A+A+B", "A", "1.0"): 4, ("B", "B", "1.0"): 1})))
    assert lengths["longer_win_share"].estimate(9).value == pytest.approx(4 / 5)
    assert lengths["longer_win_share_of_labels"].estimate(9).value == pytest.approx(8 / 13)
    assert lengths["length_bias"].estimate(9).value == pytest.approx(12 / 13 - 8 / 13)
    assert (lengths["longer_win_share"].asked, lengths["length_bias"].asked) == (5, 13)


def test_an_even_judge_of_a_better_family_shows_no_matched_self_preference():
    rows = {("own", "own"): 60, ("own", "other"): 20, ("other", "other"): 15, ("other", "own"): 5}
    found = values(own_family.figures(table_of(rows)))
    assert found["self_preference"] == pytest.approx(0.65 - 0.8)
    assert found["matched_self_preference"] == pytest.approx(0)


NO_VERDICT = "no comparison of the family has a verdict"
NO_LABEL = "no comparison of the family has a verdict and a label"
ONE_SIDED = "the labels name only one of the two sides, so matching is not possible"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param(
            {},
            ["no comparison has exactly one answer of the family"] * 5,
            id="no comparison of the family",
        ),
        pytest.param({("own", "wrong"): 2, ("own", "none"): 1}, [NO_VERDICT] * 5, id="no verdict"),
        pytest.param({("none", "own"): 2, ("own", "none"): 1}, [1.0, *[NO_LABEL] * 4], id="no label"),
        pytest.param(
            {("own", "own"): 2},
            [1.0, 1.0, 0.0, ONE_SIDED, "the judge makes no errors here"],
            id="always right",
        ),
        pytest.param({("tie", "own"): 1, ("tie", "tie"): 1}, [0.75, 0.5, 0.25, 0.25, 1.0], id="only ties"),
    ],
)
def test_self_preference_has_a_number_or_a_reason(rows, expected):
    assert list(values(own_family.figures(table_of(rows))).values()) == expected


SIDES = st.sampled_from(("own", "other", "tie"))


@settings(deadline=None)
@given(st.lists(st.tuples(SIDES, SIDES), min_size=1, max_size=40))
def test_self_preference_of_one_family_is_the_other_one_turned_round(rows):
    turned = {"own": "other", "other": "own", "tie": "tie"}
    found = values(own_family.figures(table_of(Counter(rows))))
    mirrored = values(
        own_family.figures(table_of(Counter((turned[label], turned[verdict]) for label, verdict in rows)))
    )
    for metric in ("self_preference", "matched_self_preference"):
        if isinstance(found[metric], str):
            assert mirrored[metric] == found[metric]
        else:
            assert mirrored[metric] == pytest.approx(-found[metric], abs=1e-12)


def test_the_family_matrix_has_the_win_share_of_each_family():
    rows = {
        ("llama", "own"): 3,
        ("llama", "tie"): 2,
        ("llama", "other"): 3,
        ("gpt", "own"): 3,
        ("gpt", "other"): 1,
        ("gpt", "wrong"): 6,
        ("qwen", "none"): 4,
    }
    found = {figure.subject: figure for figure in own_family.family_matrix(table_of(rows))}
    shares = {family: figure.estimate(1) for family, figure in found.items()}
    assert {family: share.value for family, share in shares.items()} == {"gpt": 0.75, "llama": 0.5, "qwen": None}
    assert shares["qwen"].reason == NO_VERDICT
    assert (found["gpt"].n, found["gpt"].asked) == (4, 10)


@pytest.mark.parametrize(
    ("chars_a", "chars_b", "expected"),
    [
        pytest.param(200, 100, "1.0", id="twice as long"),
        pytest.param(100, 400, "-2.0", id="a quarter as long"),
        pytest.param(100, 119, "-0.25", id="a fifth longer"),
        pytest.param(109, 100, "0.0", id="nine per cent longer is as good as equal"),
        pytest.param(110, 100, "0.25", id="ten per cent longer is not"),
        pytest.param(100, 109, "0.0", id="never minus zero"),
        pytest.param(0, 0, "0.0", id="both empty"),
        pytest.param(0, 8, "-3.0", id="an empty answer counts as one character"),
        pytest.param(10**6, 10, "4.0", id="as long as it gets"),
        pytest.param(0, 10**6, "-4.0", id="as short as it gets"),
    ],
)
def test_lengths_are_binned_by_their_ratio(chars_a, chars_b, expected):
    assert length_bin(chars_a, chars_b) == expected


@given(st.integers(0, 100_000), st.integers(0, 100_000))
def test_bins_turn_round_with_the_answers_and_stay_in_bounds(chars_a, chars_b):
    doublings = float(length_bin(chars_a, chars_b))
    assert doublings == -float(length_bin(chars_b, chars_a))
    assert abs(doublings) <= 4
    assert (4 * doublings).is_integer()


def test_length_bias_is_what_the_judge_gives_the_longer_answer_beyond_the_labels():
    rows = {
        ("A", "A", "1.0"): 30,
        ("A", "B", "1.0"): 10,
        ("A", "B", "-1.0"): 20,
        ("tie", "tie", "0.5"): 10,
        ("B", "B", "-2.0"): 10,
        ("none", "A", "0.25"): 20,
        ("A", "A", "0.0"): 50,
        ("A", "wrong", "1.0"): 3,
        ("none", "none", "1.0"): 1,
    }
    found = by_metric(length.figures(table_of(rows)))
    expected = {"longer_win_share": 85 / 100, "longer_win_share_of_labels": 55 / 80, "length_bias": (65 - 55) / 80}
    assert {metric: values(found.values())[metric] for metric in expected} == pytest.approx(expected, abs=1e-12)
    assert {metric: (figure.n, figure.asked) for metric, figure in found.items()} == {
        "longer_win_share": (100, 104),
        "longer_win_share_of_labels": (80, 83),
        "length_bias": (80, 83),
        "length_slope": (130, 133),
    }
    assert [metric for metric, figure in found.items() if metric_named(metric).is_effect] == ["length_slope"]


def counts_of(*comparisons: tuple[str, str, str]) -> Table:
    """A table with a question for each comparison."""
    left_out = np.ones(1 + len(comparisons)) - np.eye(1 + len(comparisons))[1:]
    counts: dict[str, np.ndarray] = {}
    for comparison, count in zip(comparisons, left_out, strict=True):
        name = SEPARATOR.join(comparison)
        counts[name] = counts.get(name, 0) + count
    return Table(counts, questions=len(comparisons))


# A judge that says A in 50 of 54 comparisons, whose answers differ in length by a fifth at most.
ALL_BUT_FOUR = [
    ("A" if place % 2 else "B", "A", ("0.0", "0.25", "0.0", "-0.25")[place // 2 % 4]) for place in range(50)
]
FEW_DIFFER = "fewer than 10 comparisons of answers of different length, so there is no interval"
FEW_DEVIATE = "fewer than 5 verdicts are not their label's most frequent one, so there is no interval"
HARDLY_DIFFER = "at equal labels the ratio of lengths hardly varies, so there is no interval"
TOO_WIDE = "the interval would include effects larger than any can be, so the data are too few"
TOO_LARGE = "larger than any effect can be, so the data are too few"


@pytest.mark.parametrize(
    ("comparisons", "reason"),
    [
        pytest.param([*ALL_BUT_FOUR, *[("B", "B", "-0.25")] * 4], FEW_DEVIATE, id="four verdicts of 54"),
        pytest.param(
            [*ALL_BUT_FOUR, *[("B", "B", bin_) for bin_ in ("-0.25", "0.0", "-0.25") * 3]], TOO_WIDE, id="nine"
        ),
        pytest.param([*[("A", "A", "0.25")] * 12, *[("A", "B", "0.0")] * 12], TOO_LARGE, id="four times what can be"),
        pytest.param([*[("A", "A", "1.0")] * 9, *[("A", "B", "0.0")] * 99], FEW_DIFFER, id="nine differ"),
        pytest.param(
            [("A", said, bin_) for said in "AB" for bin_ in ("0.25", *["0.0"] * 9)] * 20,
            HARDLY_DIFFER,
            id="a tenth differ",
        ),
    ],
)
def test_where_lengths_hardly_vary_nothing_is_found(comparisons, reason):
    table = counts_of(*comparisons)
    (slope,) = (one for one in length.figures(table) if one.metric == "length_slope")
    found = slope.estimate(table.questions)
    assert (found.low, found.high, found.detectable, found.reason) == (None, None, None, reason)
    assert found.value is None or abs(found.value) <= 1


ANSWERS = st.sampled_from(("A", "B", "tie"))
BINS = st.integers(-16, 16).map(lambda steps: str(steps / 4))
SCORES = {"A": 1.0, "tie": 0.5, "B": 0.0}


@settings(deadline=None)
@given(st.lists(st.tuples(ANSWERS, ANSWERS, BINS), min_size=2, max_size=40))
def test_the_slope_is_that_of_least_squares_with_an_intercept_for_each_label(rows):
    labels, verdicts, bins = (np.array(part) for part in zip(*rows, strict=True))
    dummies = [labels == label for label in np.unique(labels)]
    design = np.column_stack([bins.astype(float), *dummies])
    assume(np.linalg.matrix_rank(design) == design.shape[1])
    coefficients = np.linalg.lstsq(design, np.array([SCORES[verdict] for verdict in verdicts]), rcond=None)[0]
    found = by_metric(length.figures(table_of(Counter(rows))))["length_slope"]
    assert found.replicates[0] == pytest.approx(coefficients[0], abs=1e-10)
    # A doubling cannot change the wins by more than all of them.
    told = found.estimate(1)
    assert told.value == (None if abs(found.replicates[0]) > 1 else found.replicates[0])
    assert told.reason


def test_every_replicate_has_the_slope_of_its_own_counts():
    rows = {("A", "A", "1.0"): [2, 1, 0, 0], ("A", "B", "-1.0"): [2, 1, 3, 0], ("A", "B", "1.0"): [0, 1, 0, 0]}
    found = by_metric(length.figures(table_of(rows)))["length_slope"]
    # Second: verdicts 1, 0, 0 at ratios 1, -1, 1; the others have one ratio, or nothing.
    assert found.replicates == pytest.approx([0.5, 0.25, np.nan, np.nan], nan_ok=True)


def test_a_judge_that_repeats_the_labels_has_no_bias_in_any_replicate():
    longer_wins, shorter_wins = [30, 7, 1, 11], [4, 9, 3, 2]
    rows = {
        ("A", "A", "1.0"): longer_wins,
        ("A", "A", "-0.5"): shorter_wins,
        ("B", "B", "-1.0"): longer_wins,
        ("B", "B", "0.75"): shorter_wins,
    }
    found = by_metric(length.figures(table_of(rows)))
    assert found["longer_win_share"].estimate(1).value == pytest.approx(60 / 68)
    for metric in ("length_bias", "length_slope"):
        assert found[metric].replicates.tolist() == [0, 0, 0, 0]


NO_VERDICT_ON_LENGTH = "no comparison of answers of different length has a verdict"
NO_LABEL_ON_LENGTH = "no comparison of answers of different length has a verdict and a label"
NOT_ASKED = "no comparison of answers of different length"
ONE_RATIO = "all comparisons with the same label have the same ratio of lengths"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param({}, [NOT_ASKED] * 4, id="nothing asked"),
        pytest.param({("A", "B", "0.0"): 5}, [*[NOT_ASKED] * 3, ONE_RATIO], id="all of one length"),
        pytest.param({("A", "wrong", "1.0"): 5}, [NO_VERDICT_ON_LENGTH] * 4, id="no verdict"),
        pytest.param({("none", "A", "1.0"): 5}, [1.0, *[NO_LABEL_ON_LENGTH] * 3], id="no label"),
        pytest.param(
            {("A", "A", "1.0"): 5, ("B", "A", "-1.0"): 5}, [0.5, 1.0, -0.5, ONE_RATIO], id="one ratio for each label"
        ),
    ],
)
def test_length_bias_has_a_number_or_a_reason(rows, expected):
    assert list(values(length.figures(table_of(rows))).values()) == expected


BY_LENGTH, BY_FAMILY = length.figures_beyond_labelers, own_family.figures_beyond_labelers
NO_TWO_LABELS = "no comparison with a verdict has labels from two labelers"
VOTES = st.lists(ANSWERS, min_size=1, max_size=4)


def of_all_pairs(rows: Sequence[tuple[list[str], str, str]]) -> tuple[Table, Table]:
    """The judge at each label, and each labeler at the label of each other, a comparison weighing 12 in both."""
    of_judge, of_labelers = Counter(), Counter()
    for votes, verdict, bin_ in rows:
        pairs = list(permutations(votes, 2))
        for label in votes if pairs else ():
            of_judge[label, verdict, bin_] += 12 // len(votes)
        for label, other in pairs:
            of_labelers[label, other, bin_] += 12 // len(pairs)
    return table_of(of_judge), table_of(of_labelers)


@settings(deadline=None)
@given(st.lists(st.tuples(VOTES, ANSWERS, BINS), min_size=2, max_size=20))
def test_beyond_labelers_is_the_judge_at_a_label_minus_a_labeler_at_the_label_of_another(rows):
    numbers = [[str(votes.count(label)) for label in ("A", "B", "tie")] for votes, *_ in rows]
    counts = Counter((*votes, verdict, bin_) for votes, (_, verdict, bin_) in zip(numbers, rows, strict=True))
    (found,) = length.figures_beyond_labelers(table_of(counts))
    slopes = [by_metric(length.figures(table))["length_slope"].replicates[0] for table in of_all_pairs(rows)]
    assert found.replicates[0] == pytest.approx(slopes[0] - slopes[1], abs=1e-10, nan_ok=True)
    assert (found.n, found.asked) == (sum(len(votes) > 1 for votes, *_ in rows), len(rows))


def test_beyond_labelers_counts_a_comparison_once_however_many_labelled_it():
    rows = {
        ("2", "0", "1", "own"): 1,
        ("0", "0", "2", "other"): 1,
        ("1", "0", "0", "own"): 5,
        ("2", "0", "0", "none"): 2,
        ("2", "0", "0", "wrong"): 2,
    }
    (found,) = own_family.figures_beyond_labelers(table_of(rows))
    # In thirds of a comparison: the judge at each of three labels, and two of the six ordered pairs of labelers.
    of_judge, of_labelers = (
        {("own", "own"): 2, ("other", "own"): 1, ("other", "other"): 3},
        {("own", "own"): 1, ("own", "other"): 1, ("other", "own"): 1, ("other", "other"): 3},
    )
    shares = [values(own_family.figures(table_of(each)))["matched_self_preference"] for each in (of_judge, of_labelers)]
    assert found.estimate(9).value == pytest.approx(shares[0] - shares[1])
    assert (found.n, found.asked) == (2, 11)


@pytest.mark.parametrize(
    ("figures", "rows", "reason"),
    [
        pytest.param(BY_LENGTH, {}, NO_TWO_LABELS, id="nothing"),
        pytest.param(
            length.figures_beyond_labelers, {("1", "0", "0", "A", "1.0"): 5}, NO_TWO_LABELS, id="one label each"
        ),
        pytest.param(
            length.figures_beyond_labelers, {("2", "0", "0", "wrong", "1.0"): 5}, NO_TWO_LABELS, id="no verdict"
        ),
        pytest.param(BY_LENGTH, {("2", "0", "0", "B", "1.0"): 5}, ONE_RATIO, id="one ratio"),
        pytest.param(
            own_family.figures_beyond_labelers, {("1", "0", "0", "own"): 5}, NO_TWO_LABELS, id="one side each"
        ),
        pytest.param(BY_FAMILY, {("2", "0", "0", "own"): 5}, ONE_SIDED, id="one side only"),
    ],
)
def test_beyond_labelers_has_a_reason_where_it_has_no_number(figures, rows, reason):
    assert list(values(figures(table_of(rows))).values()) == [reason]


def test_a_judge_that_says_what_each_labeler_says_is_not_beyond_them():
    rows = {
        ("2", "0", "0", "A", "1.0"): [9, 8, 9, 9],
        ("0", "2", "0", "B", "0.5"): [9, 9, 8, 9],
        ("0", "2", "0", "B", "-1.0"): [9, 9, 9, 8],
    }
    (found,) = length.figures_beyond_labelers(table_of(rows))
    assert found.replicates.tolist() == [0, 0, 0, 0]
