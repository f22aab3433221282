"""How several models' answers to one question become comparisons."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from judgelake.sources.loaded import Pairs


def groups_of(models: Sequence[str], pairs: Pairs, baseline: str | None) -> list[tuple[str, ...]] | str:
    """The models of each comparison, in the order of their answers, or why there is no comparison.

    Args:
        models: who answered, in the order of the files.
        pairs: all unordered pairs, all models together, or each alone.
        baseline: each other model against this one, which comes first; `pairs` is then ignored.
    """
    if not models:
        return "no model answers this question"
    if baseline is not None:
        if baseline not in models:
            return f"the baseline {baseline!r} has no answer to this question"
        others = [model for model in models if model != baseline]
        return [(baseline, other) for other in others] or f"only the baseline {baseline!r} answers this question"
    if pairs == "alone":
        return [(model,) for model in models]
    if len(models) < 2:
        return f"only {models[0]} answers this question, so there is no pair"
    return [tuple(models)] if pairs == "together" else list(itertools.combinations(models, 2))
