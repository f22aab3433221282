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
from judgelake.training import Asking, Example, HeadRowMaker, Rates, Row, RowMaker, Tally

# Rows that are ready before they are asked for; each takes a few kilobytes.
EXAMPLES_AT_ONCE = 256
MOST_THREADS = 8


def row_maker(spec: JudgeSpec, mode: str, base: Base, chosen: RowChoices) -> RowMaker | HeadRowMaker:
    """What makes a job's rows, of no more tokens than the base has positions.

    Raises:
        UserError: the judge's mode cannot be trained in the style.
    """
    rates, most = Rates(swap=chosen.swap, reference=chosen.reference), chosen.max_tokens
    most = most if base.positions is None else min(most, base.positions)
    if chosen.head != "generation":
        return HeadRowMaker(
            spec=spec,
            mode=mode,
            head=chosen.head,
            encoder=base.encoder,
            max_tokens=most,
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
        max_tokens=most,
        end_token=base.end_token,
        over_long=chosen.over_long,
        reference_mode=chosen.reference_mode,
        rates=rates,
    )


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


def made_rows(
    maker: RowMaker | HeadRowMaker, examples: Sequence[Example], epochs: int, seed: int, tally: Tally
) -> Iterator[Row]:
    """The rows of all epochs in the order of the examples, without those at fault; the tally counts each."""
    # Nearly all time is spent in the tokenizer, which does not hold Python's lock.
    with ThreadPoolExecutor(available_cores()) as threads:
        for epoch in range(epochs):
            one = partial(maker.row, epoch=epoch, seed=seed)
            for start in range(0, len(examples), EXAMPLES_AT_ONCE):
                some = examples[start : start + EXAMPLES_AT_ONCE]
                for example, made in zip(some, threads.map(one, some), strict=True):
                    if tally.add(example, made) and isinstance(made, Row):
                        yield made


def available_cores() -> int:
    """How many cores this process may use; beyond a few the rest of Python's work is what takes time."""
    # macOS binds no process to cores, and lacks the call.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MOST_THREADS)
