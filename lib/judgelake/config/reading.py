"""How a config is read: plain numbers, no coercion, and every mistake reported with its place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, ValidationError

from judgelake.errors import UserError, did_you_mean

MOST_REPEATED = 60
"""Characters of a wrong value that a message repeats."""
EXPECTED = " Expected one of "
SECRET_IN_URL = "secret_in_url"
"""Type of the error whose value messages must not repeat."""


def _nodes(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
    children = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list | tuple) else ()
    for child in tuple(children):
        yield from _nodes(child)


class Config(BaseModel):
    """Base of everything read from YAML: frozen, unknown keys forbidden, defaults only here.

    Numbers and booleans are taken as written: `true` is not 1 and "3" is not 3, but 0 is accepted for the float 0.0.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> Any:
        """The class's schema with strict numbers; pydantic's own strict mode would refuse YAML's lists and names."""
        schema = handler(source)
        for node in _nodes(schema):
            if node.get("type") in ("bool", "float", "int"):
                node["strict"] = True
        return schema


ConfigT = TypeVar("ConfigT", bound=Config)


class _Loader(yaml.SafeLoader):
    """Reads only plain numbers. YAML 1.1 reads 010 as 8 and 1:30 as 90, which nobody intends, and 1e3 as text."""


NUMBERS = {
    "tag:yaml.org,2002:int": r"[-+]?(?:0|[1-9][0-9_]*)",
    "tag:yaml.org,2002:float": (
        # At most three digits in the exponent: a commit such as 31e4567 is not a number.
        r"[-+]?(?:(?:0|[1-9][0-9_]*)(?:\.[0-9_]*|(?=[eE]))|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
    ),
}
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in NUMBERS]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _tag, _number in NUMBERS.items():
    _Loader.add_implicit_resolver(_tag, re.compile(rf"(?:{_number})\Z"), list("-+.0123456789"))


def read_yaml(path: str | Path | Traversable) -> dict[str, Any]:
    """The mapping in a YAML file, which may be inside a package.

    Raises:
        UserError: the file is absent, unreadable, not YAML or not a mapping.
    """
    try:
        text = (Path(path) if isinstance(path, str) else path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or error
        raise UserError(f"Cannot read the config {str(path)!r}: {why}. Name a readable YAML file.") from error
    try:
        data = yaml.load(text, _Loader)
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date that does not exist, such as 2026-13-01
        raise UserError(f"{str(path)!r} is not valid YAML: {_place_and_problem(error)}.") from error
    if not isinstance(data, dict):
        raise UserError(f"{str(path)!r} must contain a mapping of keys to values, not {type(data).__name__}.")
    return data


def _place_and_problem(error: yaml.YAMLError | ValueError) -> str:
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return " ".join(str(error).split())
    mark = error.problem_mark
    return (
        f"line {mark.line + 1}, column {mark.column + 1}: {error.problem}; "
        "check the indentation, brackets and quotation marks there and above"
    )


@dataclass(frozen=True, slots=True)
class Setting:
    """A key set on the command line. `new_from` counts its leading parts up to the first that did not exist."""

    parts: tuple[str, ...]
    new_from: int

    def made(self, path: Sequence[str]) -> bool:
        """Whether the value at `path` was set here."""
        shared = min(len(path), len(self.parts))
        return shared >= self.new_from and tuple(path[:shared]) == self.parts[:shared]


def put_in(data: dict[str, Any], item: str) -> Setting:
    """Set the value of `key.path=value` in nested mappings.

    Raises:
        UserError: it is not such an item, its value is not YAML, or a part of its path is a value.
    """
    path, equals, text = item.partition("=")
    if not equals or not path:
        raise UserError(f"--set {item!r}: expected key.path=value, for example --set judge.mode=single.")
    try:
        value = yaml.load(text, _Loader)
    except (yaml.YAMLError, ValueError) as error:
        raise UserError(f"--set {item!r}: the value is not valid YAML.") from error
    return put_at(data, path, value, f"--set {item!r}")


def put_at(data: dict[str, Any], path: str, value: Any, origin: str) -> Setting:
    """Set the value at `key.path` in nested mappings, with the groups on the way if they are missing.

    Args:
        data: is changed.
        path: keys joined by dots.
        value: of the last key.
        origin: where the user wrote it, for the message.

    Raises:
        UserError: a part of the path is a value.
    """
    *parents, leaf = parts = path.split(".")
    new_from = len(parts)
    for place, key in enumerate(parents, start=1):
        if key not in data:
            new_from = min(new_from, place)
        data = data.setdefault(key, {})
        if not isinstance(data, dict):
            raise UserError(f"{origin}: {key!r} is a value, not a group of keys.")
    data[leaf] = value
    return Setting(tuple(parts), new_from)


def validated(
    model: type[ConfigT], data: Mapping[str, Any], origin: str | None, settings: Sequence[Setting] = ()
) -> ConfigT:
    """The model made from `data`.

    Args:
        model: the config class.
        data: what the user wrote.
        origin: the file it is from, for messages; None if no file was read.
        settings: the keys that were set on the command line.

    Raises:
        UserError: lists every problem, each with the key's path and the place where it was written.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        problems: dict[str, list[str]] = {}
        listed: set[str] = set()
        for problem in error.errors():
            place, message = _reported(model, dict(problem), origin, settings)
            problems.setdefault(place, []).append(_with_list_once(message, listed))
        raise UserError("; ".join(place + "; ".join(messages) for place, messages in problems.items())) from error


def _reported(
    model: type[Config], problem: dict[str, Any], origin: str | None, settings: Sequence[Setting]
) -> tuple[str, str]:
    """Where a problem was written, and what it is."""
    path = [str(part) for part in problem["loc"]]
    setting = next((setting for setting in reversed(settings) if setting.made(path)), None)
    if setting is not None:
        key = ".".join(setting.parts)
        return f"--set {key}: ", _message(model, path, problem, already_named=key)
    if origin is None and problem["type"] == "missing":
        example = _example(model, path)
        return "", f"{'.'.join(path)} is missing: name a file with --config, or give --set {example}."
    return "" if origin is None else f"{origin}: ", _message(model, path, problem)


def _message(model: type[Config], path: Sequence[str], problem: dict[str, Any], already_named: str = "") -> str:
    key = ".".join(path)
    if problem["type"] == "extra_forbidden":
        known = sorted(_model_at(model, path[:-1]).model_fields)
        meant = did_you_mean(path[-1], known) or f"{EXPECTED}{', '.join(known)}."
        return f"unknown key {key!r}.{meant}"
    found = "" if problem["type"] == SECRET_IN_URL else _found(problem.get("input"))
    message = str(problem["msg"]).removeprefix("Value error, ") + found
    return message if key in ("", already_named) else f"{key}: {message}"


def _with_list_once(message: str, listed: set[str]) -> str:
    """The message without the list of known keys if another message has it; a wrong file has many unknown keys."""
    head, _, known = message.partition(EXPECTED)
    if known in listed:
        return head.rstrip(".")
    if known:
        listed.add(known)
    return message


def _found(value: Any) -> str:
    """A wrong value, if it is a single one: a group or list may be a whole judge with all its prompts."""
    if isinstance(value, str):
        short = value if len(value) <= MOST_REPEATED else value[:MOST_REPEATED] + "..."
        return f" (found {short!r})"
    return f" (found {json.dumps(value)})" if value is None or isinstance(value, bool | int | float) else ""


def _example(model: type[Config], path: Sequence[str]) -> str:
    """A missing key with an example value; for a missing group, its first required key."""
    names = [*path]
    field = _model_at(model, path[:-1]).model_fields[path[-1]]
    while isinstance(field.annotation, type) and issubclass(field.annotation, Config):
        needed = [name for name, inner in field.annotation.model_fields.items() if inner.is_required()]
        if not needed:
            break
        names, field = [*names, needed[0]], field.annotation.model_fields[needed[0]]
    return f"{'.'.join(names)}={names[-1].upper()}"


def _model_at(model: type[Config], path: Sequence[str]) -> type[Config]:
    """The config class whose keys are at `path`, also inside mappings and lists of groups."""
    current = model
    for name in path:
        field = current.model_fields.get(name)
        kinds = [] if field is None else [field.annotation, *get_args(field.annotation)]
        current = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Config)), current)
    return current
