"""Which commit a name on Hugging Face stands for; asked once a run, on the driver."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

from judgelake.errors import UserError, in_one_line

# A job must not wait long for a hub that its network does not reach.
ASK_SECONDS = 5.0
COMMIT = re.compile(r"[0-9a-f]{40}")
OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
TRUE = ("1", "ON", "YES", "TRUE")


class NotOnHubError(UserError):
    """There is no such model or revision, or this user may not see it; a clause, for whoever knows the config."""


CommitOf = Callable[[str, str | None], str | None]
"""The commit of a name and a branch, tag or commit (None: main); None if it cannot be known."""


def commit_of(name: str, revision: str | None) -> str | None:
    """The commit of a model on Hugging Face, by the hub or else by the local cache; None if neither knows it.

    A whole commit is returned as it is. The hub is not asked in offline mode (HF_HUB_OFFLINE), and without another key
    than HF_TOKEN.

    Args:
        name: as organisation/model.
        revision: branch, tag or commit; None: the branch main.

    Raises:
        NotOnHubError: the hub says that there is no such model or revision, and the cache has none either.
    """
    if revision is not None and COMMIT.fullmatch(revision):
        return revision
    try:
        from huggingface_hub import HfApi
        from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError
    except ImportError:  # it comes with vLLM, which a driver need not have
        return None
    cached = cached_commit(name, revision)
    if any(os.environ.get(switch, "").upper() in TRUE for switch in OFFLINE):
        return cached
    try:
        return HfApi().model_info(name, revision=revision, timeout=ASK_SECONDS, token=token()).sha
    except (RepositoryNotFoundError, RevisionNotFoundError) as error:
        if cached is not None:
            return cached
        at = "" if revision is None else f" at the revision {revision!r}"
        raise NotOnHubError(f"Hugging Face has no model {name!r}{at} for this user ({in_one_line(error)})") from error
    except Exception:  # whatever the network, a proxy, or a name that Hugging Face could not have comes to
        return cached


def cached_commit(name: str, revision: str | None) -> str | None:
    """The commit that a branch or tag had when it was last loaded on this machine; None if it never was."""
    from huggingface_hub.constants import HF_HUB_CACHE

    refs = Path(HF_HUB_CACHE) / f"models--{name.replace('/', '--')}" / "refs"
    try:
        commit = (refs / (revision or "main")).read_text("utf-8").strip()
    except (OSError, ValueError):
        return None
    return commit if COMMIT.fullmatch(commit) else None


def token() -> str | bool:
    """The key for private models, from the environment; False, so that none is looked for elsewhere."""
    return os.environ.get("HF_TOKEN") or False
