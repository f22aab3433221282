"""The file formats by name; a new format needs a loader and one line here."""

from __future__ import annotations

from judgelake.errors import UserError, did_you_mean
from judgelake.sources import alpaca_eval, autoj, judgelake, judgelm, llmbar, mm_vet, mt_bench, pandalm, prometheus
from judgelake.sources.loaded import Format
from judgelake.sources.table import TABLE

# How answers of several models become comparisons.
GROUPING = ("pairs", "baseline")

FORMATS: dict[str, Format] = {
    one.name: one
    for one in (
        Format("judgelake", judgelake.load, takes=("input", "labels", "judgments", "judges"), needs=()),
        Format("pandalm", pandalm.load, takes=("judgments",)),
        Format("llmbar", llmbar.load, takes=("judgments",)),
        Format("autoj", autoj.load, takes=("judgments",)),
        Format("alpaca_eval", alpaca_eval.load, takes=("input", "annotations", "judgments", *GROUPING), needs=()),
        Format("prometheus", prometheus.load),
        Format("mt_bench", mt_bench.load, takes=("reference", *GROUPING), needs=("input", "answers")),
        Format("mm_vet", mm_vet.load, takes=GROUPING, needs=("input", "answers")),
        Format("judgelm", judgelm.load, takes=("labels", "reference")),
    )
}


def format_named(name: str) -> Format:
    """The file format of that name.

    Raises:
        UserError: there is none; names the nearest.
    """
    if name in FORMATS:
        return FORMATS[name]
    known = [*FORMATS, TABLE]
    meant = did_you_mean(name, known) or f" Expected one of {', '.join(known)}."
    raise UserError(f"There is no format {name!r}.{meant}")
