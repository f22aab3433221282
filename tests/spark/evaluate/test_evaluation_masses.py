"""The family masses, and slices by control strings, over judgments written by hand: each request once."""

from __future__ import annotations

import math

import pytest
from small_lake import SmallLake, comparison, judgment, labels_of, lake_of_its_own

from judgelake.comparisons import LOW_MASS

NAMES = [f"c{number}" for number in range(8)]
LOW = {"status": "unparseable", "error": f"the labels have 0.3 of the probability, {LOW_MASS} 0.5: ..."}
MASSES = {
    ("c0", "AB"): {"label_mass": 0.3, **LOW},
    ("c0", "BA"): {"label_mass": 0.4999, **LOW},
    ("c1", "AB"): {"label_mass": 0.3},
    ("c1", "BA"): {"label_mass": 0.5},
    ("c2", "AB"): {"label_mass": 0.899},
    ("c2", "BA"): {"label_mass": 0.9},
    ("c3", "AB"): {"label_mass": 0.99},
    ("c3", "BA"): {"label_mass": 1.0},
    ("c4", "AB"): {"label_mass": None, "status": "timeout", "error": "no answer in time"},
    ("c4", "BA"): {"label_mass": None},
    ("c5", "AB"): {"label_mass": math.nan},
    ("c5", "BA"): {"label_mass": 0.95, "status": "unparseable", "error": "two labels are exactly equally likely"},
}
"""What each judgment has: below 0.5 three of twelve (two dropped), then two, two, two, and unknown three."""


SENT = {
    "none": {"control_strings": [], "prompt_sent_as": "ids"},
    "sent as ids": {"control_strings": ["</s>"], "prompt_sent_as": "ids"},
    "sent as text": {"control_strings": ["</s>", "<|im_end|>"], "prompt_sent_as": "text"},
    "no answer": {"control_strings": ["</s>"], "verdict": None, "status": "timeout", "error": "no answer in time"},
    "not known": {},
}
CONTROLS = dict(
    zip(NAMES, [SENT[name] for name, n in zip(SENT, (3, 2, 1, 1, 1), strict=True) for _ in range(n)], strict=True)
)
"""Control strings in what one judge saw: none in three comparisons, some in four, and in one it is not known."""


@pytest.fixture(scope="module")
def found(spark, empty_warehouse, tmp_path_factory):
    folder = tmp_path_factory.mktemp("masses")
    small = SmallLake(spark, lake_of_its_own(spark, empty_warehouse, folder, "masses"), folder)
    small.add("comparisons", *map(comparison, NAMES))
    small.add("labels", *labels_of(dict.fromkeys(NAMES, "A")))
    by_mass = {"judge": "by mass", "judge_fingerprint": "by mass"}
    rows = []
    for (name, order), known in MASSES.items():
        verdict = None if known.get("status", "ok") != "ok" else "A"
        rows.append(judgment(name, verdict, order=order) | by_mass | known)
    # An earlier attempt of a request, one of a comparison that is not there, and a judge that reads text.
    rows.append(judgment("c3", None, hour=0) | by_mass | LOW | {"label_mass": 0.1, "judgment_id": "earlier"})
    rows.append(judgment("gone") | by_mass | {"label_mass": 0.1})
    rows += [judgment(name, judge="by text", judge_fingerprint="by text") | CONTROLS[name] for name in NAMES]
    # In one order some, in the other none: the comparison counts as sent with some.
    rows.append(judgment("c2", order="BA", judge="by text", judge_fingerprint="by text") | CONTROLS["c3"])
    small.add("judgments", *rows)
    return small.metrics(small.evaluate())


def test_each_request_is_in_the_band_of_its_last_judgment(found):
    shares = {
        "label_mass_below_50": 3,
        "label_mass_from_50": 2,
        "label_mass_from_90": 2,
        "label_mass_from_99": 2,
        "label_mass_unknown": 3,
        "dropped_for_label_mass": 2,
    }
    for metric, count in shares.items():
        row = found["by mass", metric, None, "all", None]
        assert (row["value"], row["n"], row["asked"]) == (pytest.approx(count / 12), 12, 12), metric
        assert (row["failure_rule"], row["clusters"]) == ("counted", 6)
        assert row["low"] <= row["value"] <= row["high"]


def test_comparisons_with_control_strings_are_slices_by_how_they_were_sent(found):
    of_text = [row for (judge, metric, *_), row in found.items() if judge == "by text" if metric == "agreement"]
    agreement = {row["slice"]: row for row in of_text if row["is_headline"]}
    counts = {name: (row["n"], row["asked"]) for name, row in agreement.items() if name.startswith("control_strings=")}
    assert counts == {
        "control_strings=none": (2, 2),
        "control_strings=no answer": (0, 1),
        "control_strings=sent as ids": (3, 3),
        "control_strings=sent as text": (1, 1),
    }
    assert (agreement["all"]["n"], agreement["all"]["asked"]) == (7, 8)


def test_a_judge_that_reads_text_has_no_such_rows(found):
    metrics = {metric for judge, metric, *_ in found if judge == "by text"}
    assert metrics
    assert not any("label_mass" in metric for metric in metrics)
