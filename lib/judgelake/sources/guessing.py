"""A guess at what a file is, by the keys of its first row: offered in an error, never taken."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from judgelake.errors import UserError
from judgelake.sources.files import rows_of
from judgelake.sources.formats import FORMATS
from judgelake.sources.loaded import Row


def format_offered(names: Iterable[str | Path], given: str | None = None) -> str:
    """What the first file that looks like a known format looks like, as " 'x.jsonl' looks like --format arena.".

    The leading space is included, so that a message can append the result; empty if there is no guess.

    Args:
        names: files; what is no file here, or cannot be read, gives no guess.
        given: what the files were given as ("--format arena --input"); if a file fits it, there is no offer.
    """
    for name in names:
        path = Path(name)
        guesses = _guesses(path) if path.is_file() else {}
        if guesses and given not in guesses:
            # The one with most keys is the most special; of equals the first.
            return f" {path.name!r} looks like {max(guesses, key=lambda guess: guesses[guess])}."
    return ""


def _guesses(path: Path) -> dict[str, int]:
    """The options that a file looks made for, each with the number of keys that say so."""
    try:
        row = next(iter(rows_of(path)), None)
    except UserError:
        return {}
    if not isinstance(row, Row):
        return {}
    fitting: dict[str, int] = {}
    for one in FORMATS.values():
        for option, keys in one.signs:
            if row.value.keys() >= set(keys):
                guess = f"--format {one.name} --{option}"
                fitting[guess] = max(fitting.get(guess, 0), len(keys))
    return fitting
