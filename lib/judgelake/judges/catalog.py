"""The available judges: those in a user's own folder first, then the built-in ones."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path, PurePath
from typing import Any

from judgelake.config import read_yaml, validated
from judgelake.errors import UserError, did_you_mean
from judgelake.judges.spec import JudgeSpec


def load_judge(name: str, folder: str | Path | None = None) -> JudgeSpec:
    """The judge with that name: from `folder` if it has one, else the built-in one.

    Raises:
        UserError: no such judge (names the nearest), no such folder, or an invalid file (names the key).
    """
    return _read(name, judge_file(name, folder))


def list_judges(folder: str | Path | None = None) -> list[JudgeSpec]:
    """All judges by name; one in `folder` replaces a built-in one with the same name.

    Raises:
        UserError: no such folder, or an invalid file (names the key).
    """
    return [_read(name, path) for name, path in sorted(_paths(folder).items())]


def built_in_folder() -> Traversable:
    """Where the built-in judge files are: inside an installed package, else in the checkout that contains it.

    The package may be a zip, as spark-submit --py-files gives it to a driver; then they are no files of a folder.

    Raises:
        UserError: they are in neither place, as in an incomplete installation.
    """
    package, checkout = resources.files("judgelake"), Path(__file__).resolve().parents[3]
    candidates = (package / "conf" / "judges", checkout / "conf" / "judges")
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    raise UserError(f"The built-in judges are missing (looked in {candidates[0]}). Install judgelake again.")


def judge_file(name: str, folder: str | Path | None = None) -> Traversable:
    """The file of that judge: in `folder` if it has one, else the built-in one.

    Raises:
        UserError: no such judge (names the nearest), or no such folder.
    """
    paths = _paths(folder)
    if name not in paths:
        raise UserError(f"No judge {name!r}.{did_you_mean(name, paths)} List them with: judgelake judges.")
    return paths[name]


def _paths(folder: str | Path | None) -> dict[str, Traversable]:
    paths = dict(_files_of(built_in_folder()))
    if folder is not None:
        own = Path(folder)
        if not own.is_dir():
            raise UserError(f"There is no folder of judges {str(folder)!r}. Name a folder with <judge>.yaml files.")
        paths |= dict(_files_of(own))
    return paths


def _files_of(folder: Traversable) -> Iterator[tuple[str, Traversable]]:
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        name = PurePath(path.name)
        if name.suffix in (".yaml", ".yml"):
            yield name.stem, path


def _read(name: str, path: Traversable) -> JudgeSpec:
    spec = validated(JudgeSpec, _with_partials(path, read_yaml(path)), str(path))
    if spec.name != name:
        raise UserError(f"{path}: name is {spec.name!r} but the file is called {name!r}. Make them the same.")
    return spec


def _with_partials(path: Traversable, content: Any) -> Any:
    """The content with the partials of the judge that `partials_from` names: beside it, else a built-in one."""
    name = content.get("partials_from") if isinstance(content, dict) else None
    if not isinstance(name, str):
        return content
    beside = _files_of(path.parent) if isinstance(path, Path) else ()
    found = {**dict(_files_of(built_in_folder())), **dict(beside)}
    if name not in found:
        raise UserError(f"{path}: partials_from: there is no judge {name!r}.{did_you_mean(name, found)}")
    shared = read_yaml(found[name]).get("partials") or {}
    return {**content, "partials": {**shared, **(content.get("partials") or {})}}
