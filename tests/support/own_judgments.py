"""A judge's own judgments of the examples of `tiny_training`: in both orders, several of each prompt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from judgelake.comparisons import own_label
from judgelake.training import Asking, Choice, Example

SAID = {"9 2": "A", "8 3": "A", "2 9": "B", "5 5": "tie"}
"""What the tiny judge writes, and its verdict in the order shown."""


def judgment_of(
    example: Example, asking: Asking, text: str | None, *, swapped: bool = False, repeat: int = 0, **changes: Any
) -> dict[str, Any]:
    """The row of a judgment of an example; without a text one that could not be read."""
    order = "BA" if swapped else "AB"
    shown = asking.shown(example, Choice(swapped, False))
    prompt = asking.prompt(shown.comparison, shown.choice)
    verdict = None if text is None else own_label(SAID[text], order)
    failed = {} if text is not None else {"status": "unparseable", "error": "no scores"}
    name = example.comparison.comparison_id
    return {
        "judgment_id": f"{name} {order} {repeat}",
        "comparison_id": name,
        "judge": asking.spec.name,
        "mode": asking.mode,
        "judge_fingerprint": "f1",
        "model_version": "m1",
        "shown_order": order,
        "repeat": repeat,
        "prompt_sha256": prompt.sha256,
        "raw_output": text or "none",
        "finish_reason": "stop",
        "status": "ok",
        "verdict": verdict,
        "attempt": 1,
        **failed,
        **changes,
    }


def sampled_of(examples: Sequence[Example], asking: Asking, texts: Sequence[str | None]) -> list[Mapping[str, Any]]:
    """The same texts in both orders of every example, one for each repeat."""
    return [
        judgment_of(example, asking, text, swapped=swapped, repeat=repeat)
        for example in examples
        for swapped in (False, True)
        for repeat, text in enumerate(texts)
    ]
