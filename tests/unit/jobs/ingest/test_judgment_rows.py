"""An imported judgment as a row of the judgments table: its id, its judge's fingerprint, its status."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from judgelake.jobs.ingest.judgment_rows import judgment_row
from judgelake.sources.judgments import Judgment, judgment_from_record

SAID = {"comparison_id": "c1", "judge": "gpt-x", "shown_order": "AB", "verdict": "A"}


def row_of(**change: Any) -> dict[str, Any]:
    judgment = judgment_from_record({**SAID, **change})
    assert isinstance(judgment, Judgment), judgment
    return judgment_row(judgment)


def test_the_fingerprint_is_the_hash_of_what_is_known_of_the_judge():
    canonical = json.dumps(
        {"imported": "gpt-x", "mode": "pair", "model_version": "imported"}, sort_keys=True, separators=(",", ":")
    )
    assert row_of()["judge_fingerprint"] == hashlib.sha256(canonical.encode()).hexdigest()


def test_one_judgment_has_one_id_and_every_other_another():
    changes: list[dict[str, Any]] = [
        {"comparison_id": "c2"},
        {"judge": "gpt-y"},
        {"shown_order": "BA"},
        {"model_version": "v2"},
        {"mode": "pair-explain"},
        {"repeat": 1},
        {"verdict": "B"},
        {"scores": [2, 1]},
        {"verdict_logprobs": {"A": -1, "B": -2}},
        {"raw_output": "A"},
        {"raw_output": "A", "finish_reason": "stop"},
        {"verdict": None},
        {"verdict": None, "error": "refused"},
    ]
    ids = [row_of(**change)["judgment_id"] for change in [{}, *changes]]
    assert len(set(ids)) == len(ids)
    assert all(len(one) == 32 and set(one) <= set("0123456789abcdef") for one in ids)
    assert ids == [row_of(**change)["judgment_id"] for change in [{}, *changes]]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, ("ok", None, None, "A", None)),
        ({"verdict": None, "error": "refused"}, ("unparseable", "refused", None, None, None)),
        ({"verdict_logprobs": {"A": -1, "B": -3.5, "tie": -9}}, ("ok", None, None, "A", 2.5)),
        ({"verdict": None, "scores": [1, 2]}, ("ok", None, [1.0, 2.0], "B", None)),
        (
            {"verdict": None, "scores": [-1, -1]},
            ("out_of_range", "scores -1, -1 mean that the judge gave none", None, None, None),
        ),
        ({"verdict": None, "scores": [4], "shown_order": "A"}, ("ok", None, [4.0], None, None)),
    ],
)
def test_a_row_has_a_verdict_only_where_it_is_ok_and_a_reason_only_where_not(change, expected):
    row = row_of(**change)
    assert tuple(row[name] for name in ("status", "error", "scores", "verdict", "margin")) == expected
