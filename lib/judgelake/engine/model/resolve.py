"""The model of one run, resolved on the driver: what executors are given, and the identity that they must find."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from judgelake.engine.model.folder import local_model
from judgelake.engine.model.hub import CommitOf, commit_of
from judgelake.engine.model.identity import folder_identity, served_identity


@dataclass(frozen=True, slots=True)
class ResolvedModel:
    """A model as one run uses it, on every host.

    Attributes:
        model: a folder, or a name on Hugging Face or on a given server.
        revision: the commit of a name on Hugging Face; None where it cannot be known.
        identity: see `model_identity`.
        folder: where its files are on the driver; None if they are not.
        notes: sentences for the start of the run.
    """

    model: str
    revision: str | None
    identity: str
    folder: Path | None = None
    notes: tuple[str, ...] = ()


def resolve_model(model: str, revision: str | None, *, commit_of: CommitOf = commit_of) -> ResolvedModel:
    """Resolve `judge.model` for a server started by judgelake.

    Args:
        model: a folder, or a name on Hugging Face.
        revision: commit, branch or tag of a name on Hugging Face; None: main.
        commit_of: asks for a commit.

    Raises:
        UserError: no such model.
    """
    folder = local_model(model)
    if folder is not None:
        # Executors may run in another working folder.
        return ResolvedModel(str(folder), revision, folder_identity(folder), folder)
    commit = commit_of(model, revision)
    notes = () if commit is not None else (_unpinned(model, revision),)
    return ResolvedModel(model, commit or revision, served_identity(model, commit or revision), notes=notes)


def served_model(model: str, revision: str | None) -> ResolvedModel:
    """A model behind `engine.url`: whatever the name looks like, only its server knows what it is."""
    return ResolvedModel(model, revision, served_identity(model, revision))


def _unpinned(model: str, revision: str | None) -> str:
    at = "" if revision is None else f" at {revision!r}"
    return (
        f"The model {model!r}{at} is not pinned: its commit is neither in this machine's cache nor to be had from "
        "Hugging Face, so that hosts may load different commits. Set judge.revision to a commit."
    )
