"""A teacher's distribution over labels, as one over the tokens with which the labels begin."""

from __future__ import annotations

from collections.abc import Mapping

from judgelake.errors import UserError
from judgelake.judges import Prompt
from judgelake.training.encoding import TokenEncoder
from judgelake.training.row import SoftTarget


def soft_target(
    labels: Mapping[str, str | float],
    probabilities: Mapping[str, float],
    encoder: TokenEncoder,
    position: int,
    before: str = "",
) -> SoftTarget | str:
    """The distribution to learn at a place, or why there is none.

    Args:
        labels: each label of the judge's format, and the verdict that it means.
        probabilities: of the verdicts, in the order shown; one that is absent is 0.
        encoder: of the model that is trained.
        position: index of the label's token in the row.
        before: a space, where one is written before the label.

    Raises:
        UserError: two labels begin with the same token, so that one token cannot tell them apart.
    """
    by_verdict: dict[str, str] = {}
    for label, verdict in labels.items():
        by_verdict.setdefault(str(verdict), label)
    missing = [verdict for verdict, share in probabilities.items() if share > 0 and verdict not in by_verdict]
    if missing:
        return f"the teacher gives {missing[0]} a probability, and the judge has no label for it"
    tokens = {label: encoder.answer_ids(Prompt(text=before + label))[0] for label in by_verdict.values()}
    if len(set(tokens.values())) < len(tokens):
        raise UserError(
            f"The labels {', '.join(map(repr, tokens))} do not all begin with different tokens of the model, so a "
            "distribution over them cannot be learned at one token: train with the style verdict_only."
        )
    return SoftTarget(
        position,
        tuple(tokens[label] for label in by_verdict.values()),
        tuple(probabilities.get(verdict, 0.0) for verdict in by_verdict),
    )
