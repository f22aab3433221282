"""What we read from outputs of published judges, against what their original parsers read from the same outputs.

Every file in tests/golden/parses has outputs in our own words and `original`, what the judge's original code made of
each when it was run: a verdict ("A", "tie"), a score, or null where it finds none. Where we read something else on
purpose, the row also has `ours`, in the same form or as the status of a failure, and `why`; otherwise our reading is
the same, and where the original finds nothing, ours is a failure. `finish_reason` is "length" for an output that was
cut, which no original knows. Of judges without a published parser (CompassJudger-2, FARE, Skywork-Critic) `original`
is what their format says; the parsers of GLIDER and JudgeLRM were run from copies of their few lines.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from judgelake.comparisons import Failure, Status
from judgelake.judges import list_judges, load_judge, parse

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "parses"
JUDGES = sorted(path.stem for path in GOLDEN.glob("*.jsonl"))
STATUSES = tuple(status.value for status in Status)
FEWEST_ROWS = 15


def rows_of(judge: str) -> Iterator[dict[str, Any]]:
    with (GOLDEN / f"{judge}.jsonl").open(encoding="utf-8", newline="\n") as lines:
        yield from map(json.loads, lines)


def read(row: dict[str, Any]) -> str | float:
    """A verdict, the score of one answer, or the status of a failure."""
    spec = load_judge(row["judge"])
    finish_reason = row.get("finish_reason", "stop")
    answers = spec.modes[row["mode"]].answers[0]
    result = parse(spec, row["mode"], row["output"], answers=answers, finish_reason=finish_reason)
    if isinstance(result, Failure):
        assert result.reason
        return result.status.value
    if result.verdict is not None:
        return result.verdict
    assert result.scores is not None
    return result.scores[0]


@pytest.mark.parametrize("judge", JUDGES)
def test_an_output_is_read_as_by_the_original_or_as_the_difference_says(judge: str) -> None:
    wrong = []
    for row in rows_of(judge):
        ours = read(row)
        expected = row.get("ours", row["original"])
        is_right = ours in STATUSES if expected is None else ours == expected
        if not is_right:
            wrong.append(f"{judge} {row['mode']} {row['output'][-60:]!r}: {ours}, not {expected}")
    assert wrong == []


@pytest.mark.parametrize("judge", JUDGES)
def test_a_difference_is_one_and_has_its_reason(judge: str) -> None:
    for row in rows_of(judge):
        assert ("ours" in row) == ("why" in row)
        if "ours" in row:
            assert row["ours"] != row["original"]
            assert row["ours"] not in STATUSES or row["original"] is not None, "both fail: that is no difference"
            assert len(row["why"]) > 10


@pytest.mark.parametrize("judge", JUDGES)
def test_the_table_of_a_judge_has_what_is_read_and_what_is_not(judge: str) -> None:
    rows = list(rows_of(judge))
    assert {row["judge"] for row in rows} == {judge}
    assert len({(row["mode"], row["output"], row.get("finish_reason")) for row in rows}) == len(rows) >= FEWEST_ROWS
    failures = [row for row in rows if row.get("ours", row["original"]) in (None, *STATUSES)]
    assert 3 * len(failures) >= len(rows)
    assert len(failures) < len(rows)
    assert any(row.get("finish_reason") == "length" for row in rows)


def test_no_judge_without_golden_prompts_has_golden_parses() -> None:
    prompts = {path.stem for path in (GOLDEN.parent / "prompts").glob("*.jsonl")}
    withheld = {spec.name for spec in list_judges() if spec.withheld is not None}
    assert set(JUDGES) - prompts == withheld
