"""The rows of all epochs, made one after the other, and counted."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from judgelake.errors import UserError
from judgelake.jobs.train.base import Base
from judgelake.jobs.train.config import Examples, RowChoices
from judgelake.judges import JudgeSpec
from judgelake.training import AnyMaker, Asking, Example, HeadRowMaker, Rates, Row, RowMaker, Tally

# Rows that are ready before they are asked for; each takes a few kilobytes.
EXAMPLES_AT_ONCE = 256
MOST_THREADS = 8


def row_maker(spec: JudgeSpec, mode: str, base: Base, chosen: RowChoices) -> RowMaker | HeadRowMaker:
    """What makes a job's rows; those of a head have no more tokens than the base has positions.

    Raises:
        UserError: the judge's mode cannot be trained in the style.
    """
    rates = Rates(swap=chosen.swap, reference=chosen.reference)
    if chosen.head != "generation":
        return HeadRowMaker(
            spec=spec,
            mode=mode,
            head=chosen.head,
            encoder=base.encoder,
            max_tokens=min(chosen.max_tokens, base.positions or chosen.max_tokens),
            pad_token=base.pad_token,
            over_long=chosen.over_long,
            reference_mode=chosen.reference_mode,
            rates=rates,
        )
    return RowMaker(
        spec=spec,
        mode=mode,
        style=chosen.style,
        encoder=base.encoder,
        max_tokens=chosen.max_tokens,
        end_token=base.end_token,
        over_long=chosen.over_long,
        reference_mode=chosen.reference_mode,
        rates=rates,
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
    # macOS binds no process to cores, and lacks the call.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MOST_THREADS)
