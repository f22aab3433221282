"""What a training is validated on: the judge's own prompts of labelled comparisons, in both orders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from judgelake.comparisons import Failure, orders_of
from judgelake.engine import Encoder
from judgelake.errors import UserError
from judgelake.jobs.train.config import Examples
from judgelake.judges import JudgeSpec, Prompt
from judgelake.trainer import LabelledPrompt, Validation, write_prompts
from judgelake.training import Asking, Choice, Example, Head, label_of, swap_answers

ANSWERS = 2
NotAsked = Literal["not_two_answers", "no_label", "no_prompt", "too_long"]
"""Why an example is not asked; too_long: its prompt leaves no room for an answer in the judge's context or in the
positions of the base. A head needs no room for an answer there."""
READ_BY = ("choices", "verdict_from", "least_label_mass", "parser", "opened_thinking")
"""What decides how an answer is read, besides the decoding."""


def write_validation(
    folder: Path,
    examples: Sequence[Example],
    chosen: Examples,
    asking: Asking,
    encoder: Encoder,
    head: Head = "generation",
    positions: int | None = None,
) -> Validation | None:
    """Write the prompts of a validation; None if the job has none.

    Examples that cannot be asked are counted in `left_out`. The base reads at most `positions` tokens, of prompt and
    answer together.

    Raises:
        UserError: no example can be asked, the judge decides by labels that one token does not tell apart, or the
            answers of its mode with the reference are read in another way than those of the other.
    """
    if not chosen.validation:
        return None
    spec, mode, with_reference = asking.spec, asking.mode, chosen.validated_with == "use"
    if with_reference and head == "generation":
        _check_read_alike(asking)
    written = spec.decoding_of(mode).max_tokens if head == "generation" else 0
    most = None if positions is None else positions - written
    found = [prompts_of(one, asking, encoder, with_reference=with_reference, most_tokens=most) for one in examples]
    prompts = [prompt for one in found if not isinstance(one, str) for prompt in one]
    left_out = Counter(one for one in found if isinstance(one, str))
    if not prompts:
        raise UserError(
            f"None of the {len(examples):,} examples to validate on can be asked of judge {spec.name!r}, mode "
            f"{mode!r}: it takes two answers, a verdict as the label, and a prompt that fits its context"
            f"{'' if positions is None else f' and the {positions:,} tokens that the base reads'}. Set "
            "examples.validation: 0, or choose another mode."
        )
    return Validation(
        prompts=str(write_prompts(prompts, folder / "validation")),
        judge=spec,
        mode=mode,
        label_ids=label_ids(spec, mode, encoder) if head == "generation" else {},
        prompts_at_once=chosen.prompts_at_once,
        left_out=dict(sorted(left_out.items())),
    )


def prompts_of(
    example: Example, asking: Asking, encoder: Encoder, *, with_reference: bool, most_tokens: int | None = None
) -> tuple[LabelledPrompt, ...] | NotAsked:
    """The prompts of an example in both orders, with the label that fits what is shown; or why it is not asked.

    Args:
        example: with a label.
        asking: how the judge is asked.
        encoder: makes the ids.
        with_reference: whether the reference is shown where that is left open, and somebody judged with it.
        most_tokens: of a prompt, if that is less than the judge's context allows.
    """
    if len(example.comparison.answers) != ANSWERS:
        return "not_two_answers"
    shown = asking.shown(example, Choice(swapped=False, with_reference=with_reference))
    label = None if shown.judged is None else label_of(shown.judged, ANSWERS)
    if label is None:
        return "no_label"
    mode = asking.mode_of(shown.choice)
    budget = asking.spec.context_length - asking.spec.decoding_of(mode).max_tokens
    budget = budget if most_tokens is None else min(budget, most_tokens)
    made: list[LabelledPrompt] = []
    for order, comparison in zip(orders_of(ANSWERS), (shown.comparison, swap_answers(shown.comparison)), strict=True):
        prompt = asking.prompt(comparison, shown.choice)
        if isinstance(prompt, Failure):
            return "no_prompt"
        ids = encoder.ids(prompt)
        if len(ids) > budget:
            return "too_long"
        made.append(LabelledPrompt(example.example_id, order, label, tuple(ids)))
    return tuple(made)


def _check_read_alike(asking: Asking) -> None:
    """Refuse two modes in one validation, which reads all answers in one way."""
    spec, modes = asking.spec, (asking.mode, asking.mode_of(Choice(swapped=False, with_reference=True)))
    first, second = ([getattr(spec.mode(mode), name) for name in READ_BY] for mode in modes)
    if first != second or spec.decoding_of(modes[0]) != spec.decoding_of(modes[1]):
        raise UserError(
            f"The answers in the modes {modes[0]!r} and {modes[1]!r} of judge {spec.name!r} are read in different "
            "ways, and a validation reads all in one: set examples.validated_with: ignore, or name another "
            "rows.reference_mode."
        )


def label_ids(spec: JudgeSpec, mode: str, encoder: Encoder) -> dict[str, int]:
    """The token with which each label begins, for a mode that decides by them; else none.

    Raises:
        UserError: two labels begin with the same token.
    """
    labels = spec.labels_of(mode, ANSWERS)
    if labels is None:
        return {}
    found = {label: encoder.answer_ids(Prompt(text=label))[0] for label in labels}
    if len(set(found.values())) < len(found):
        raise UserError(
            f"Judge {spec.name!r}, mode {mode!r} decides by the first token of its labels, and with this base's "
            f"tokenizer two of {', '.join(labels)} begin with the same one: choose another base or mode."
        )
    return found
