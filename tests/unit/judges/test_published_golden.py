"""Prompts of published judges, byte for byte against what the originals render, without a copy of their texts.

tests/golden/prompts/inputs.jsonl has comparisons in our own words, in the form that `judgelake prompts` takes. Beside
it is one file per judge: a row for a mode, an input and an order, with the messages of the original as SHA-256, length
in UTF-8 bytes, and the first 8 hexadecimal digits of the SHA-256 of each line (split at the line feed alone). A raw
completion prompt is one message with the role "prompt". `source` names the repository, commit and path.

The rows were made by running the original: its functions and templates, taken out of the file at that commit and
executed as they are, on the values of the input. Whoever wants to check them needs the original: no text of it is here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from judgelake.comparisons import Comparison, comparison_from_record
from judgelake.judges import Prompt, load_judge, render

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "prompts"
JUDGES = sorted(path.stem for path in GOLDEN.glob("*.jsonl") if path.stem != "inputs")


def rows_of(name: str) -> Iterator[dict[str, Any]]:
    # By the line feed alone: texts have other characters that `splitlines` takes for line ends.
    with (GOLDEN / f"{name}.jsonl").open(encoding="utf-8", newline="\n") as lines:
        yield from map(json.loads, lines)


def comparisons() -> dict[str, Comparison]:
    found = {record["comparison_id"]: comparison_from_record(record) for record in rows_of("inputs")}
    return {name: item for name, item in found.items() if isinstance(item, Comparison)}


COMPARISONS = comparisons()


def hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def messages_of(row: dict[str, Any]) -> list[tuple[str, str]]:
    prompt = render(load_judge(row["judge"]), row["mode"], COMPARISONS[row["input"]], row["order"], row["reference"])
    assert isinstance(prompt, Prompt), (row["judge"], row["mode"], row["input"], prompt)
    if prompt.text is not None:
        return [("prompt", prompt.text)]
    return [(message.role, message.content) for message in prompt.messages or ()]


def difference(expected: dict[str, Any], role: str, content: str) -> str | None:
    """Where a message differs from the original's: its role, or the first line that is another; None if nowhere."""
    if expected["role"] != role:
        return f"the role is {role}, not {expected['role']}"
    if (expected["sha256"], expected["bytes"]) == (hashed(content), len(content.encode())):
        return None
    lines = content.split("\n")
    same = [hashed(line)[:8] == digest for line, digest in zip(lines, expected["lines"], strict=False)]
    first = same.index(False) if False in same else len(same)
    line = repr(lines[first]) if first < len(lines) else "missing"
    return f"{role} message, line {first + 1} of {len(expected['lines'])}: {line}"


@pytest.mark.parametrize("judge", JUDGES)
def test_a_published_prompt_is_byte_equal(judge: str) -> None:
    different = []
    for row in rows_of(judge):
        assert row["judge"] == judge
        rendered = messages_of(row)
        place = f"{judge}, mode {row['mode']}, input {row['input']!r}, order {row['order']}"
        if len(rendered) != len(row["messages"]):
            different.append(f"{place}: {len(rendered)} messages, not {len(row['messages'])}")
            continue
        pairs = zip(row["messages"], rendered, strict=True)
        why = next((why for expected, one in pairs if (why := difference(expected, *one)) is not None), None)
        different += [] if why is None else [f"{place}: {why}"]
    assert different == []


@pytest.mark.parametrize("judge", JUDGES)
def test_every_mode_of_a_judge_is_covered_by_inputs_of_all_kinds(judge: str) -> None:
    spec = load_judge(judge)
    kinds: dict[str, set[str]] = {mode: set() for mode in spec.modes}
    for row in rows_of(judge):
        kinds[row["mode"]].add(row["input"].split()[-1])
    assert all({"plain", "empty", "specials", "unicode"} <= found for found in kinds.values()), kinds


@pytest.mark.parametrize("judge", JUDGES)
def test_a_judge_file_names_the_commit_that_its_golden_prompts_were_made_with(judge: str) -> None:
    spec = load_judge(judge)
    assert spec.source is not None
    # A prompt that comes from a second repository is named in the notes.
    named = f"{spec.source.url} {spec.source.file} {spec.notes}"
    for row in rows_of(judge):
        url, _, file = row["source"].partition(" ")
        commit = file.partition(":")[0]
        assert len(commit) == 40
        assert url in named
        assert commit[:12] in named


def test_a_difference_names_the_first_line_that_is_another() -> None:
    expected = {"role": "user", "sha256": hashed("a\nb\nc"), "bytes": 5, "lines": [hashed(x)[:8] for x in "abc"]}
    assert difference(expected, "user", "a\nb\nc") is None
    assert difference(expected, "user", "a\nB\nc") == "user message, line 2 of 3: 'B'"
    assert difference(expected, "user", "a\nb") == "user message, line 3 of 3: missing"
    assert difference(expected, "user", "a\nb\nc\n") == "user message, line 4 of 3: ''"
    assert difference(expected, "system", "a\nb\nc") == "the role is system, not user"


def test_no_text_of_a_prompt_is_in_the_golden_files() -> None:
    """Of the original only hashes: every key that could hold a text is one of these."""
    for judge in JUDGES:
        for row in rows_of(judge):
            assert set(row) == {"judge", "mode", "order", "reference", "source", "input", "messages"}
            assert all(set(message) == {"role", "sha256", "bytes", "lines"} for message in row["messages"])
            assert all(len(digest) == 8 for message in row["messages"] for digest in message["lines"])
