"""The way back: the alias goes to the version that was champion before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from judgelake.errors import UserError
from judgelake.jobs.promote.registry import DATE_TAG, DECISION_TAG, NONE, PREVIOUS_TAG, Registry, Verdict
from judgelake.runtime import CHAMPION


@dataclass(frozen=True, slots=True)
class Undone:
    """Which version is no longer champion, and which is again; None: there was none before."""

    version: str
    previous: str | None


def undo(model: str, *, dry_run: bool = False) -> Undone:
    """Put the alias `champion` back where it was before the champion's promotion; done again, one further back.

    The version that was champion is marked, so that no later run promotes it again by the same evidence.

    Args:
        model: name in MLflow's registry.
        dry_run: say what would be done, and change nothing.

    Raises:
        UserError: there is no champion, it was not promoted by this job, or its predecessor is gone.
        RunError: the alias has moved meanwhile; nothing is changed.
    """
    registry = Registry.opened(model)
    standing = registry.standing()
    if standing.champion is None:
        raise UserError(f"No version of {model!r} has the alias {CHAMPION}, so there is nothing to undo.")
    champion = registry.version(standing.champion)
    if not champion.history:
        raise UserError(
            f"There is nothing to undo: version {champion.number} of {model!r} did not become champion by "
            "jobs/promote.py, so it is not known which version was champion before."
        )
    *earlier, previous = champion.history
    if previous != NONE:
        registry.version(previous)
    found = Undone(champion.number, None if previous == NONE else previous)
    if dry_run:
        return found
    # Before the alias: a version that is no longer champion must never look as if it could be promoted.
    date = {DATE_TAG: datetime.now(UTC).isoformat("T", "seconds")}
    with registry.marked(champion, {DECISION_TAG: Verdict.UNDONE} | date):
        registry.move_champion(found.previous, standing, [CHAMPION])
    if earlier:
        registry.tag(champion.number, {PREVIOUS_TAG: " ".join(earlier)})
    else:
        registry.untag(champion.number, PREVIOUS_TAG)
    if found.previous is not None:
        registry.tag(found.previous, {DECISION_TAG: Verdict.RESTORED} | date)
    return found
