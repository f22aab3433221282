"""The rows of all epochs, made one after the other, and counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from judgelake.cores import allowed_cores
from judgelake.errors import UserError
from judgelake.jobs.train.base import Base
from judgelake.jobs.train.config import Examples, RowChoices
from judgelake.judges import JudgeSpec
from judgelake.training import AnyMaker, Asking, Example, HeadRowMaker, Rates, Row, RowMaker, Tally

# Rows that are ready before they are asked for; each takes a few kilobytes.
EXAMPLES_AT_ONCE = 256
MOST_THREADS = 8


def row_maker(spec: JudgeSpec, mode: str, base: Base, chosen: RowChoices) -> RowMaker | HeadRowMaker:
    """What makes a job's rows, of no more tokens than the base has positions.

    Raises:
        UserError: the judge's mode cannot be trained in the style.
    """
    shared: dict[str, Any] = {
        "spec": spec,
        "mode": mode,
        "encoder": base.encoder,
        "max_tokens": min(chosen.max_tokens, base.positions or chosen.max_tokens),
        "over_long": chosen.over_long,
        "reference_mode": chosen.reference_mode,
        "rates": Rates(swap=chosen.swap, reference=chosen.reference),
    }
    if chosen.head == "generation":
        return RowMaker(**shared, style=chosen.style, end_token=base.end_token)
    return HeadRowMaker(**shared, head=chosen.head, pad_token=base.pad_token)


def shorter_rows(base: Base, chosen: RowChoices) -> str | None:
    """A line about rows that are shorter than the job would have them; None if they are not."""
    if base.positions is None or base.positions >= chosen.max_tokens:
        return None
    return (
        f"The base {base.model!r} reads at most {base.positions:,} tokens, so no row has more, although "
        f"rows.max_tokens is {chosen.max_tokens:,}."
    )


def check_references(examples: Sequence[Example], rows: RowChoices, asking: Asking, chosen: Examples) -> None:
    """Refuse to show references where no mode shows them, or where no example has a judgment made with one.

    Raises:
        UserError: that is so.
    """
    mode = asking.reference_mode or asking.mode
    if asking.spec.mode(mode).reference == "none":
        wanted = [
            f"rows.reference_mode is {mode!r}" if asking.reference_mode is not None else "",
            f"rows.reference is {rows.reference:g}" if rows.reference > 0 else "",
            "examples.validated_with is use" if chosen.validated_with == "use" else "",
        ]
        for one in filter(None, wanted):
            raise UserError(
                f"{one}, but mode {mode!r} of judge {asking.spec.name!r} shows no reference: name one that does in "
                "rows.reference_mode, or ask for no reference."
            )
    if rows.reference > 0 and not any(example.referenced is not None for example in examples):
        raise UserError(
            f"rows.reference is {rows.reference:g}, but no example has a judgment made with a reference: set it to "
            "0, or let a teacher judge with the references."
        )


def made_rows(maker: AnyMaker, examples: Sequence[Example], epochs: int, seed: int, tally: Tally) -> Iterator[Row]:
    """The rows of all epochs in the order of the examples, without those at fault; the tally counts each."""
    # Nearly all time is spent in the tokenizer, which does not hold Python's lock.
    with ThreadPoolExecutor(available_cores()) as threads:
        for epoch in range(epochs):
            one = partial(maker.rows, epoch=epoch, seed=seed)
            for start in range(0, len(examples), EXAMPLES_AT_ONCE):
                some = examples[start : start + EXAMPLES_AT_ONCE]
                for example, made in zip(some, threads.map(one, some), strict=True):
                    yield from (row for row in made if tally.add(example, row) and isinstance(row, Row))


def available_cores() -> int:
    """How many cores this process may use; beyond a few the rest of Python's work is what takes time."""
    return min(len(allowed_cores()), MOST_THREADS)
