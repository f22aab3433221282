"""The candidate and the champion as judges: the content of their files, and the judgments that are theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from judgelake.engine import Keys, Say, resolve_model
from judgelake.errors import UserError
from judgelake.jobs.promote.registry import Version
from judgelake.runtime import JUDGE_TAG, MODE_TAG

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

IDENTITY_TAG = "judgelake_model_version"
"""The content of a version's files, as in the column `model_version` of its judgments."""
MOST_SHOWN = 5
KEYS = Keys(model="model", model_cache="model_cache")


@dataclass(frozen=True, slots=True)
class Contender:
    """One of the two; `identity` is the `model_version` of its judgments."""

    alias: str
    version: Version
    identity: str

    @property
    def name(self) -> str:
        """In a sentence."""
        return f"version {self.version.number}"


@dataclass(frozen=True, slots=True)
class Asked:
    """A way in which a model was asked: all judgments under one fingerprint."""

    fingerprint: str
    judge: str
    mode: str

    def __str__(self) -> str:
        return f"{self.judge}, mode {self.mode}, {self.fingerprint}"


def contender_of(alias: str, version: Version, cache: str | None, say: Say) -> Contender:
    """The version with its identity: by its tag, or else by the content of its files, which are then read once.

    Args:
        alias: `CANDIDATE` or `CHAMPION`.
        version: of the registered model.
        cache: the folder of copies of models on this machine.
        say: takes lines about what is read.

    Raises:
        UserError: its files cannot be read.
    """
    known = version.tags.get(IDENTITY_TAG)
    return Contender(
        alias, version, known or resolve_model(version.address, None, cache=cache, say=say, keys=KEYS).identity
    )


def ways_asked(judgments: DataFrame, contenders: Sequence[Contender]) -> dict[str, list[Asked]]:
    """How each model was asked, by its identity.

    Args:
        judgments: those that may be used.
        contenders: the models.
    """
    ours = judgments.where(F.col("model_version").isin(*(one.identity for one in contenders)))
    rows: list[Any] = ours.select("model_version", "judge_fingerprint", "judge", "mode").distinct().collect()
    found: dict[str, dict[str, Asked]] = {one.identity: {} for one in contenders}
    for row in sorted(rows, key=lambda row: (row["judge_fingerprint"], row["judge"] or "")):
        # A judge that had several names is one.
        way = Asked(row["judge_fingerprint"], row["judge"] or "", row["mode"] or "")
        found[row["model_version"]].setdefault(way.fingerprint, way)
    return {identity: list(ways.values()) for identity, ways in found.items()}


def chosen_way(contender: Contender, ways: Sequence[Asked], table: str) -> Asked:
    """The one way in which the model was asked: of several, that of the judge and mode that it was trained for.

    Args:
        contender: the model.
        ways: of `ways_asked`.
        table: the judgments table, for messages.

    Raises:
        UserError: it has no judgments, with the command that makes them; or was asked in several ways.
    """
    trained = [contender.version.tags.get(tag) for tag in (JUDGE_TAG, MODE_TAG)]
    chosen = [way for way in ways if [way.judge, way.mode] == trained] or list(ways)
    who = f"Version {contender.version.number} of {contender.version.name!r}, the {contender.alias},"
    if not chosen:
        raise UserError(
            f"{who} has no judgments in {table!r} (model_version {contender.identity}): make them with "
            f"{command_for(contender)}"
        )
    if len(chosen) > 1:
        shown = "; ".join(map(str, chosen[:MOST_SHOWN]))
        raise UserError(
            f"{who} was asked in several ways ({shown}): choose one with judgments_where, by judge, mode or "
            "judge_fingerprint."
        )
    return chosen[0]


def command_for(contender: Contender) -> str:
    """The command that judges with a model, in the mode that it was trained for."""
    tags = contender.version.tags
    named = (("name", tags.get(JUDGE_TAG)), ("mode", tags.get(MODE_TAG)))
    choice = "".join(f" --set judge.{key}={value}" for key, value in named if value)
    return f"python jobs/judge.py{choice} --set judge.model=models:/{contender.version.name}@{contender.alias}"
