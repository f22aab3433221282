"""Which files of a folder make a model or an adapter: those in Hugging Face's layout, also below one of MLflow's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from judgelake.errors import UserError

# Files that may lie next to a model without making it a different model.
IGNORED_SUFFIXES = (".md", ".lock", ".metadata", ".gitattributes", ".gitignore", ".png", ".jpg", ".pdf")
IGNORED_NAMES = ("LICENSE", "LICENCE", "NOTICE")
TOKENIZERS = ("tokenizer.json", "tokenizer.model", "tokenizer_config.json", "vocab.json", "tekken.json")
# MLflow 3.17, transformers/model_io.py: the weights are in model/ (before 2.9: with all else in pipeline/), the
# tokenizer in components/tokenizer/, an adapter in peft/. A pyfunc model keeps each of its folders in artifacts/.
MLFLOW_TOKENIZER = "components/tokenizer/"
MLFLOW_ARTIFACTS = "artifacts"


@dataclass(frozen=True, slots=True)
class Kind:
    """What a folder is to hold: the file that shows it, and the folders in which MLflow may keep it."""

    name: str
    marker: str
    below: tuple[str, ...]


MODEL = Kind("model", "config.json", ("model", "pipeline"))
ADAPTER = Kind("adapter", "adapter_config.json", ("peft", "model"))


def files_of(kind: Kind, names: Iterable[str], place: str) -> dict[str, str]:
    """The files that count, by their names in the model's own folder: the names that they have below the place.

    Where MLflow keeps the tokenizer apart from the weights, its files are listed as part of the model.

    Args:
        kind: `MODEL` or `ADAPTER`.
        names: all files below the place, relative, with slashes.
        place: for messages.

    Raises:
        UserError: there is no such model or adapter, or more than one.
    """
    counted = sorted((name for name in names if _counts(PurePosixPath(name))), key=lambda name: name.split("/"))
    root = _root_of(kind, counted, place)
    files = {name.removeprefix(root): name for name in counted if name.startswith(root)}
    if kind is MODEL and root and not any(name in files for name in TOKENIZERS):
        apart = (name for name in counted if name.startswith(MLFLOW_TOKENIZER))
        files = {**{name.removeprefix(MLFLOW_TOKENIZER): name for name in apart}, **files}
    return files


def _root_of(kind: Kind, names: Iterable[str], place: str) -> str:
    found = [name.removesuffix(kind.marker) for name in names if PurePosixPath(name).name == kind.marker]
    if "" in found:
        return ""
    roots = [root for root in found if _is_mlflows(root.removesuffix("/"), kind)]
    if len(roots) > 1:
        shown = " and ".join(repr(root.removesuffix("/")) for root in roots)
        raise UserError(f"{place!r} holds more than one {kind.name}, in {shown}. Give the folder of one of them.")
    if not roots:
        raise UserError(
            f"The {kind.name} folder {place!r} has no {kind.marker}. Give a folder in Hugging Face format, or one that "
            "MLflow has written with such a folder in it."
        )
    return roots[0]


def _is_mlflows(root: str, kind: Kind) -> bool:
    return root in kind.below or PurePosixPath(root).parent.as_posix() == MLFLOW_ARTIFACTS


def _counts(name: PurePosixPath) -> bool:
    is_hidden = any(part.startswith(".") for part in name.parts)
    return not is_hidden and name.suffix.lower() not in IGNORED_SUFFIXES and name.name not in IGNORED_NAMES
