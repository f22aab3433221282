"""The rows of a training in its folder: made once, and found again by everything that they are made of."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from judgelake.engine import Say
from judgelake.jobs.train.plan import Plan
from judgelake.training import Audit, LeftOut, Tally, write_shards
from judgelake.whole_files import written_whole

MADE_BY = ("comparisons", "judges", "training", "engine")
"""The rooms whose code decides what a row is."""
LIBRARIES = ("jinja2", "tokenizers", "transformers")
NAME_CHARACTERS = 32


@dataclass(frozen=True, slots=True)
class WrittenRows:
    """The files of rows that are written, in their order, and what was counted of them."""

    shards: tuple[Path, ...]
    audit: Audit


def counted(plan: Plan, folder: Path) -> Audit:
    """What the rows come to, from those that are written, or made only for this; writes nothing.

    Raises:
        UserError: too few can be made.
    """
    stored, tally = _found(_listing(plan, folder)), Tally(plan.maker)
    if stored is None:
        deque(plan.rows(tally), maxlen=0)
    audit = tally.audit if stored is None else stored.audit
    audit.require(plan.job.rows.most_left_out, plan.positions)
    return audit


def stored_rows(plan: Plan, folder: Path, say: Say) -> WrittenRows:
    """The rows in the folder, written now if they are not there.

    Raises:
        UserError: too few can be made.
        OSError: the folder cannot be written.
    """
    listing = _listing(plan, folder)
    stored = _found(listing)
    if stored is None:
        say(f"making the rows of {len(plan.selected.train):,} examples for {plan.job.recipe.epochs} epochs")
        stored = _written(plan, listing)
    else:
        say(f"the rows of {len(plan.selected.train):,} examples are there already")
    stored.audit.require(plan.job.rows.most_left_out, plan.positions)
    return stored


def _written(plan: Plan, listing: Path) -> WrittenRows:
    tally = Tally(plan.maker)
    stored = WrittenRows(write_shards(plan.rows(tally), listing.parent), tally.audit)
    content = {"shards": [path.name for path in stored.shards], "audit": asdict(stored.audit)}
    with written_whole(listing) as draft:
        draft.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    return stored


def _found(listing: Path) -> WrittenRows | None:
    """The rows that a file lists; None if they are not all there."""
    try:
        content = json.loads(listing.read_text("utf-8"))
        shards = tuple(listing.parent / name for name in content["shards"])
        audit = _audit(content["audit"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return WrittenRows(shards, audit) if all(path.is_file() for path in shards) else None


def _listing(plan: Plan, folder: Path) -> Path:
    return folder / f"{name_of(plan)}.json"


def name_of(plan: Plan) -> str:
    """A hash of everything that decides the rows of a plan: equal names mean equal rows."""
    content = {
        # What is learned of the judge's own judgments follows below, whichever way they were chosen.
        "rows": plan.job.rows.model_dump(mode="json", exclude={"most_left_out", "sampled"}),
        "mode": plan.job.judge.mode,
        "judge": plan.spec.model_dump(mode="json"),
        "base": plan.base.identity,
        "tokens": [plan.base.end_token, plan.base.pad_token],
        "epochs": plan.job.recipe.epochs,
        "seed": plan.job.recipe.seed,
        "code": _code(),
    }
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode())
    for example in plan.selected.train:
        lessons = () if plan.own is None else plan.own.lessons.get(example.example_id, ())
        digest.update(repr((example, *lessons)).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:NAME_CHARACTERS]


def _audit(content: dict[str, Any]) -> Audit:
    listed = tuple(LeftOut(**one) for one in content["listed"])
    # JSON has only texts as keys.
    needed = {int(tokens): count for tokens, count in content["needed"].items()}
    return Audit(**content | {"listed": listed, "needed": needed})


@cache
def _code() -> str:
    """A hash of the code that makes rows, and the versions of the libraries that it calls."""
    digest = hashlib.sha256(" ".join(version(name) for name in LIBRARIES).encode())
    for room in MADE_BY:
        for file in sorted(_sources(files("judgelake") / room), key=str):
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _sources(folder: Traversable) -> Iterator[Traversable]:
    for path in folder.iterdir():
        if path.is_dir():
            yield from _sources(path)
        elif path.name.endswith(".py"):
            yield path
