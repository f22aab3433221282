"""A LoRA adapter on a judge's model: resolved on the driver, found again on every host."""

from __future__ import annotations

import hashlib
import json
import socket
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from judgelake.engine.errors import StartRefused
from judgelake.engine.keys import JUDGE, Keys
from judgelake.engine.model.copies import Say, say_on_stderr
from judgelake.engine.model.hub import CommitOf, commit_of, token
from judgelake.engine.model.identity import LOCAL
from judgelake.engine.model.layout import ADAPTER
from judgelake.engine.model.place import is_address
from judgelake.engine.model.resolve import ResolvedModel, model_here, resolve_model
from judgelake.errors import UserError, in_one_line

# What vLLM 0.32 reads of an adapter's folder; repositories of adapters often hold states of their training too.
FILES = ("adapter_*", "new_embeddings.*")
# The values that its option max-lora-rank takes.
RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
# Of vLLM's lora/peft_helper.py: what it does not compute, and refuses a minute later.
NOT_SERVED = ("use_dora", "lora_bias", "modules_to_save", "alora_invocation_tokens", "layer_replication", "use_qalora")
TASK = "CAUSAL_LM"
NAME_CHARACTERS = 16
ADAPTED = "+adapter:"


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter as an engine is given it.

    Attributes:
        name: by which requests ask for it; derived from its content, so that no other answers to it.
        path: its folder on this host.
        identity: the content that the folder must have; None where a commit on Hugging Face names it.
        max_rank: of the values that vLLM takes, the least that is enough.
    """

    name: str
    path: str
    identity: str | None
    max_rank: int


@dataclass(frozen=True, slots=True)
class ResolvedAdapter:
    """An adapter as the driver resolved it for one run; small and picklable."""

    found: ResolvedModel
    max_rank: int

    @property
    def name(self) -> str:
        """By which requests ask for it."""
        return f"adapter-{hashlib.sha256(self.found.identity.encode()).hexdigest()[:NAME_CHARACTERS]}"


def adapted(base_identity: str, adapter: ResolvedAdapter | None) -> str:
    """The identity of a model with an adapter on it: "org/base@commit+adapter:local:<sha256>"."""
    return base_identity if adapter is None else f"{base_identity}{ADAPTED}{adapter.found.identity}"


def resolve_adapter(
    adapter: str,
    base: ResolvedModel,
    *,
    commit_of: CommitOf | None = commit_of,
    cache: str | None = None,
    say: Say = say_on_stderr,
    keys: Keys = JUDGE,
) -> ResolvedAdapter:
    """Resolve an adapter on the driver, and read what it says of itself.

    Args:
        adapter: a folder, an address, or a name on Hugging Face, the latter also as "name@revision".
        base: the model that it is put on.
        commit_of: asks for a commit; see `resolve_model`.
        cache: `engine.model_cache`.
        say: takes lines about what is read.
        keys: of the job's config.

    Raises:
        UserError: there is no such adapter, vLLM cannot serve it, or its commit cannot be known.
    """
    is_plain = is_address(adapter) or Path(adapter).is_dir() or "@" not in adapter
    name, _, revision = (adapter, "", "") if is_plain else adapter.rpartition("@")
    found = resolve_model(name, revision or None, commit_of=commit_of, cache=cache, say=say, kind=ADAPTER, keys=keys)
    if found.folder is None:
        if commit_of is None or found.revision is None or found.notes:
            raise UserError(
                f"The adapter {adapter!r} is not a folder on this machine, and neither Hugging Face nor the cache "
                "knows its commit: give a folder, or name@commit."
            )
        found = replace(found, folder=_snapshot(found))
    config = _config_of(found.folder or Path(), adapter, keys)
    trained_on = config.get("base_model_name_or_path")
    # A folder may lie elsewhere, and a name may be that of a copy.
    if trained_on and Path(str(trained_on)).name != Path(base.model).name:
        note = f"The adapter {adapter} was trained on {trained_on!r}, and is put on {base.model!r}."
        found = replace(found, notes=(*found.notes, note))
    return ResolvedAdapter(found, _rank_of(config, adapter))


def adapter_here(adapter: ResolvedAdapter, cache: str | None) -> Adapter:
    """What an engine on this host is given.

    Raises:
        StartRefused: this host cannot read the files, or finds others than the driver did.
    """
    found = adapter.found
    if found.identity.startswith(LOCAL):
        return Adapter(adapter.name, model_here(found, cache, ADAPTER), found.identity, adapter.max_rank)
    try:
        return Adapter(adapter.name, str(_snapshot(found)), None, adapter.max_rank)
    except UserError as error:
        raise StartRefused(str(error)) from error


def _snapshot(found: ResolvedModel) -> Path:
    """The files of a commit on Hugging Face, loaded unless they are in this host's cache."""
    try:
        from huggingface_hub import snapshot_download

        folder = snapshot_download(
            found.model, revision=found.revision, allow_patterns=list(FILES), token=token(), max_workers=1
        )
    except Exception as error:  # the network, a proxy, a full disk
        raise UserError(
            f"Cannot load the adapter {found.model!r} at {found.revision} from Hugging Face on host "
            f"{socket.gethostname()}: {in_one_line(error)}. Check the network and HF_TOKEN, or give a folder."
        ) from error
    return Path(folder)


def _config_of(folder: Path, adapter: str, keys: Keys) -> dict[str, Any]:
    try:
        config = json.loads((folder / ADAPTER.marker).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(
            f"The adapter {adapter!r} has no {ADAPTER.marker} that can be read ({in_one_line(error)}): give the folder "
            "that PEFT's save_pretrained has written."
        ) from error
    kind, task = (str(config.get(key) or expected) for key, expected in (("peft_type", "LORA"), ("task_type", TASK)))
    if kind != "LORA" or task != TASK:
        raise UserError(f"The adapter {adapter!r} is of type {kind} for {task}: {keys.adapter} takes LORA for {TASK}.")
    refused = [key for key in NOT_SERVED if config.get(key)] + ["bias"] * (config.get("bias", "none") != "none")
    if refused:
        raise UserError(
            f"The adapter {adapter!r} sets {refused[0]} in its {ADAPTER.marker}, which vLLM does not serve: merge it "
            f"into its base model with PEFT's merge_and_unload, and set {keys.model} to the result."
        )
    return dict(config)


def _rank_of(config: dict[str, Any], adapter: str) -> int:
    ranks = [config.get("r"), *(config.get("rank_pattern") or {}).values()]
    wrong = [rank for rank in ranks if not isinstance(rank, int) or not 0 < rank <= RANKS[-1]]
    if wrong:
        raise UserError(
            f"The adapter {adapter!r} has the rank {wrong[0]!r} in its {ADAPTER.marker}: vLLM serves whole ranks from "
            f"1 to {RANKS[-1]}."
        )
    return next(rank for rank in RANKS if rank >= max(ranks))
