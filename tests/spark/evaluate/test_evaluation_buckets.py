"""However the questions are put into buckets, and wherever the figures are made, only the intervals may differ."""

from collections import Counter

import numpy as np
import pytest
from small_lake import SmallLake, comparison, judgment, label

from judgelake.comparisons import verdict_of_scores
from judgelake.jobs.evaluate import evaluation as module
from judgelake.measures.families import (
    SEPARATOR,
    Table,
    length_beyond_labelers_figures,
    length_bin,
    self_preference_beyond_labelers_figures,
)

COMPARISONS = 48
BUCKETS = 20
VERDICTS = ("A", "B", "tie")
FAMILIES = {"judges": {"j0": "a", "j1": "b"}, "models": {"model-a": "a", "model-bb": "b"}}
EACH = {"labels": {"rule": "each"}, "swap_rules": ["mean", "first", "average"], "families": FAMILIES}
MAJORITY = {"swap_rules": ["strict", "first"], "slices": {"by": ["source", "label_margin"], "least": 5}}


def luck(*parts):
    """Something between 0 and 96 that follows from the parts and looks like nothing."""
    return sum((place + 3) * 31 * (part + 7) ** 2 for place, part in enumerate(parts)) % 97


def said_of_two(place, judge, turn=0):
    chosen = luck(place, judge, turn)
    return None if chosen % 12 == 0 else VERDICTS[chosen % 3]


def rows_of(questions):
    """Pairs, single answers and rankings of three judges and three labelers, on so many questions."""
    rows = {"comparisons": [], "labels": [], "judgments": []}
    for place in range(COMPARISONS):
        key, size = f"c{place}", (2, 2, 1, 3)[place % 4]
        answers, letters = ("a", "bb", "ccc")[:size], "ABC"[:size]
        # Of two answers the longer is the first one in every other comparison.
        answers = answers[::-1] if place % 4 == 1 else answers
        source = f"source {place % 3}"
        rows["comparisons"].append(comparison(key, source, answers, question=f"q{place % questions}"))
        for labeler in range(3):
            scores = [float(luck(place, labeler, answer) % 4) for answer in range(size)]
            if (place + labeler) % 5:
                rows["labels"].append(label(key, labeler=f"labeler {labeler}", kind="human", scores=scores))
        for judge in range(3):
            for order, repeat in {(letters, 0), (letters[::-1], 0), (letters, 1)}:
                given = luck(place, judge, repeat)
                scores = [float((given + 5 * answer) % 6) for answer in range(size)]
                name = {"judgment_id": f"{key}-{judge}-{order}-{repeat}", "judge_fingerprint": f"f{judge}"}
                said = {"status": "ok", "error": None, "verdict": "A" if size == 3 else None, "scores": scores}
                if size == 2:
                    said = (
                        {"scores": scores}
                        if (verdict := said_of_two(place, judge, given + (order == letters)))
                        else {"scores": None}
                    )
                    said |= {"verdict": verdict}
                rows["judgments"].append(judgment(key, order=order, judge=f"j{judge}", repeat=repeat, **name, **said))
    return rows


def pairs_of(rows, judge, rule):
    """All votes, the judge's verdicts, and the models, of each labelled comparison of two answers that it was asked."""
    for comparison_ in rows["comparisons"]:
        models, key = [model for model, *_ in comparison_["answers"]], comparison_["comparison_id"]
        scores = [row["scores"] for row in rows["labels"] if row["comparison_id"] == key]
        said = {
            row["shown_order"]: row["verdict"] or "none"
            for row in rows["judgments"]
            if (row["comparison_id"], row["judge"], row["repeat"]) == (key, judge, 0)
        }
        if len(models) == 2 and scores:
            both = [said["AB"], said["BA"]]
            verdicts = {"first": both[:1], "mean": ["none"] if "none" in both else both}
            strict = both[:1] if both[0] == both[1] else ["none"]
            yield [verdict_of_scores(two) for two in scores], verdicts.get(rule, strict), models


def beyond_labelers(rows, judge, rule, family=None):
    """The figure of the judge beyond labelers, by length or for a family, without Spark."""
    counts, letters = Counter(), {"A": 0, "B": 1}
    for votes, verdicts, models in pairs_of(rows, judge, rule):
        chars = [len(model.removeprefix("model-")) for model in models]
        own = [FAMILIES["models"][model] == family for model in models]
        sided = {one: "own" if own[place] else "other" for one, place in letters.items()}
        of_sides = [sided.get(vote, vote) for vote in votes]
        for verdict in verdicts:
            outcome = (*(str(votes.count(said)) for said in ("A", "B", "tie")), verdict, length_bin(*chars))
            if family is not None:
                outcome = (
                    *(str(of_sides.count(said)) for said in ("own", "tie", "other")),
                    sided.get(verdict, verdict),
                )
            counts[outcome] += 1 / len(verdicts)
    made = length_beyond_labelers_figures if family is None else self_preference_beyond_labelers_figures
    (figure,) = made(Table({SEPARATOR.join(said): np.array([float(n)]) for said, n in counts.items()}))
    return {"value": nearly(float(figure.replicates[0])), "n": figure.n, "asked": figure.asked}


OF_TESTS = ("p_value", "p_corrected", "simultaneous_low", "simultaneous_high")
INTERVAL = ("low", "high", "detectable", "reason", *OF_TESTS)
"""What the standard error changes."""
MADE_OF_INTERVALS = ("labels_needed",)
"""Metrics whose very value says how wide an interval is."""


def told(lake, **changes):
    """Rows of the metrics table without what says of which evaluation they are; and these without their intervals."""
    found = lake.metrics(lake.evaluate(report=None, cards=None, **changes))
    rows = {
        key: {name: row[name] for name in row.asDict() if name not in ("run_id", "computed_at")}
        for key, row in found.items()
    }
    numbers = {key: row for key, row in rows.items() if row["metric"] not in MADE_OF_INTERVALS}
    return rows, {key: {name: row[name] for name in row if name not in INTERVAL} for key, row in numbers.items()}


def nearly(value):
    """Sums of fractions hang on the order of their additions in the last digit."""
    return pytest.approx(value, rel=0, abs=1e-12) if isinstance(value, float) else value


@pytest.mark.parametrize(
    ("questions", "rules"),
    [
        pytest.param(COMPARISONS, EACH, id="one comparison a question, each vote"),
        pytest.param(25, MAJORITY, id="some questions of two, majority"),
    ],
)
def test_buckets_and_executors_change_no_number_but_intervals(spark, lake, tmp_path, monkeypatch, questions, rules):
    small, filled = SmallLake(spark, lake, tmp_path), rows_of(questions)
    small.fill(filled)
    rows, numbers = told(small, **rules)
    dealt, dealt_numbers = told(small, **rules, buckets=BUCKETS)
    assert dealt_numbers == {key: {name: nearly(value) for name, value in row.items()} for key, row in numbers.items()}
    families = {"consistency", "agreement", "length_slope", "win_rate", "agreement_difference", "labeler_kappa"}
    families |= {
        "length_slope_difference",
        "krippendorff_alpha_interval",
        "flip_rate",
        "pearson",
        "mean_kendall_tau",
        "leaderboard_spearman",
    }
    if "families" in rules:
        families |= {"family_win_share", "own_win_share", "matched_self_preference_difference"}
    assert families <= {metric for _, metric, *_ in numbers}
    rule = rules["swap_rules"][0]
    compared = {"length_slope": None} | ({"matched_self_preference": "a"} if "families" in rules else {})
    for metric, family in compared.items():
        expected = beyond_labelers(filled, "j0", rule, family)
        found = numbers["j0", f"{metric}_difference", None, "all", rule]
        assert {name: found[name] for name in expected} == expected
    monkeypatch.setattr(module, "FEW_CELLS", 0)
    monkeypatch.setattr(module, "FEW_JUDGMENTS", 0)
    by_executors = told(small, **rules, buckets=BUCKETS)[0]
    assert by_executors == {key: {name: nearly(value) for name, value in row.items()} for key, row in dealt.items()}
    if rules is MAJORITY:
        # Pairs of judges are summed before they are counted where each question is a bucket.
        alone = told(small, **rules)[0]
        assert alone == {key: {name: nearly(value) for name, value in row.items()} for key, row in rows.items()}
    has_interval = [key for key, row in dealt.items() if row["low"] is not None and rows[key]["low"] is not None]
    assert len(has_interval) > 50


def test_of_more_judges_than_can_all_be_compared_the_nearest_are_and_those_asked_for(spark, lake, tmp_path):
    small, judges = SmallLake(spark, lake, tmp_path), 45
    for place in range(6):
        small.add("comparisons", comparison(f"c{place}"))
    small.add("labels", *(label(f"c{place}", "A") for place in range(6)))
    small.add(
        "judgments",
        *(
            judgment(
                f"c{place}", "A" if place * 8 < judge else "B", judge=f"j{judge:02}", judge_fingerprint=f"f{judge}"
            )
            for place in range(6)
            for judge in range(judges)
        ),
    )
    wanted = {"most": 50, "always": [["j44", "j00"]]}
    metrics = small.metrics(small.evaluate(judge_pairs=wanted, swap_rules=["first"]))
    whole = {key[:3]: row for key, row in metrics.items() if key[3] == "all"}
    agreement = {judge: row["value"] for (judge, metric, _), row in whole.items() if metric == "agreement"}
    assert agreement == {f"j{judge:02}": min(6, -(-judge // 8)) / 6 for judge in range(judges)}
    pairs = {
        (judge, subject): row for (judge, metric, subject), row in whole.items() if metric == "agreement_difference"
    }
    assert len(pairs) == 50
    # Right on all of the six comparisons, and on none.
    assert pairs["j00", "j44"]["value"] == -1
    neighbours = set(pairs) - {("j00", "j44")}
    assert all(abs(agreement[one] - agreement[other]) <= 1 / 6 + 1e-9 for one, other in neighbours)
    for (one, other), row in pairs.items():
        assert row["value"] == pytest.approx(agreement[one] - agreement[other])
        assert whole[one, "judge_agreement", other]["n"] == 6
