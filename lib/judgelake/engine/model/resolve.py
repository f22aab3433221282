"""The model of one run, resolved on the driver: what executors are given, and the identity that they must find."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from judgelake.engine.errors import StartRefused
from judgelake.engine.keys import JUDGE, Keys
from judgelake.engine.model.copies import Copies, Say, cache_folder, say_on_stderr
from judgelake.engine.model.folder import is_scattered, local_model
from judgelake.engine.model.hub import CommitOf, NotOnHubError, commit_of
from judgelake.engine.model.identity import folder_identity, served_identity
from judgelake.engine.model.layout import MODEL, Kind
from judgelake.engine.model.place import NETWORK_FOLDERS, Place, is_in_mlflow, plain_place
from judgelake.engine.model.registry import mlflow_place
from judgelake.errors import UserError


@dataclass(frozen=True, slots=True)
class ResolvedModel:
    """A model or adapter as one run uses it, on every host; small and picklable.

    Attributes:
        model: a folder, an address with its version, or a name on Hugging Face or on a given server.
        revision: the commit of a name on Hugging Face; None where it cannot be known.
        identity: see `model_identity`.
        folder: where its files are on the driver; None if they are not.
        place: where other hosts read it from; None if they find it as the driver did.
        notes: sentences for the start of the run.
        keys: of the config that names it, for messages.
    """

    model: str
    revision: str | None
    identity: str
    folder: Path | None = None
    place: Place | None = None
    notes: tuple[str, ...] = ()
    keys: Keys = JUDGE


def resolve_model(
    model: str,
    revision: str | None,
    *,
    commit_of: CommitOf | None = commit_of,
    cache: str | None = None,
    say: Say = say_on_stderr,
    kind: Kind = MODEL,
    keys: Keys = JUDGE,
) -> ResolvedModel:
    """Resolve a model or adapter for a server started by judgelake, or for a training.

    What is in an object store or in MLflow is read into a copy on the driver, unless the same is there from before.

    Args:
        model: a folder, a name on Hugging Face, or an address.
        revision: commit, branch or tag of a name on Hugging Face; None: main.
        commit_of: asks for a commit; None: a name is nobody's but the caller's, and not asked for.
        cache: `engine.model_cache`.
        say: takes lines about what is read.
        kind: a model, or an adapter.
        keys: of the job's config.

    Raises:
        UserError: there is no such model, or it cannot be read.
    """
    place = plain_place(model)
    if place is None and is_in_mlflow(model):
        place = mlflow_place(model, keys)
    if place is not None:
        return _at_place(place, model, kind, cache, say, keys)
    folder = local_model(model, kind, keys)
    if folder is not None:
        path = Path(model).expanduser().resolve()
        if kind is MODEL and is_scattered(path):
            return _in_folder(Place(str(path), str(path)), kind, cache, say, keys)
        # Executors may run in another working folder.
        return ResolvedModel(str(folder), revision, folder_identity(folder, kind, keys), folder, keys=keys)
    if commit_of is None:
        return served_model(model, revision, keys)
    try:
        commit = commit_of(model, revision)
    except NotOnHubError as error:
        # An adapter's revision is part of its name.
        named = f"{keys.model} or {keys.revision}" if kind is MODEL else keys.of(kind.name)
        raise UserError(f"{error}: correct {named}, or set HF_TOKEN in the environment if it is private.") from error
    notes = () if commit is not None else (_unpinned(model, revision, keys),)
    return ResolvedModel(model, commit or revision, served_identity(model, commit or revision), notes=notes, keys=keys)


def model_here(found: ResolvedModel, cache: str | None, kind: Kind = MODEL) -> str:
    """What an engine on this host is given as its model: the folder of the host's copy, or the model as it is named.

    Args:
        found: as the driver resolved it.
        cache: `engine.model_cache`.
        kind: a model, or an adapter.

    Raises:
        StartRefused: this host cannot read the files, or finds others than the driver did.
    """
    if found.place is None:
        return found.model
    try:
        copies = Copies(cache_folder(cache, found.keys), say_on_stderr, found.keys)
        return str(copies.of_identity(found.place, kind, found.identity))
    except UserError as error:
        raise StartRefused(str(error)) from error


def served_model(model: str, revision: str | None, keys: Keys = JUDGE) -> ResolvedModel:
    """A model behind `engine.url`: whatever the name looks like, only its server knows what it is."""
    return ResolvedModel(model, revision, served_identity(model, revision), keys=keys)


def _at_place(place: Place, model: str, kind: Kind, cache: str | None, say: Say, keys: Keys) -> ResolvedModel:
    if place.source.startswith(NETWORK_FOLDERS):
        return _in_folder(place, kind, cache, say, keys)
    folder, identity = Copies(cache_folder(cache, keys), say, keys).of_place(place, kind)
    notes = () if place.uri == model else (f"{model} is {place.uri} now.",)
    return ResolvedModel(place.uri, None, identity, folder, place, notes, keys)


def _in_folder(place: Place, kind: Kind, cache: str | None, say: Say, keys: Keys) -> ResolvedModel:
    """A folder that all hosts see, known by a look at its files; the driver needs no copy unless it is scattered."""
    path = Path(place.source)
    if not path.is_dir():
        key = keys.of(kind.name)
        raise UserError(f"The {kind.name} {place.uri!r} is not a folder on this machine: correct {key}.")
    identity = folder_identity(path, kind, keys)
    if kind is MODEL and is_scattered(path):
        folder: Path | None = Copies(cache_folder(cache, keys), say, keys).of_identity(place, kind, identity)
    else:
        folder = local_model(place.source, kind, keys)
    return ResolvedModel(place.uri, None, identity, folder, place, keys=keys)


def _unpinned(model: str, revision: str | None, keys: Keys) -> str:
    at = "" if revision is None else f" at {revision!r}"
    return (
        f"The model {model!r}{at} is not pinned: its commit is neither in this machine's cache nor to be had from "
        f"Hugging Face, so that hosts may load different commits. Set {keys.revision} to a commit."
    )
