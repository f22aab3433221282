"""The model of a job as the driver resolves it: its files or its name on a server, its adapter, what identifies it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from judgelake.engine import (
    CommitOf,
    Engine,
    Keys,
    ResolvedAdapter,
    ResolvedModel,
    Say,
    adapted,
    answer_changing,
    check_adapter_options,
    env_changing,
    is_in_mlflow,
    request_changing,
    resolve_adapter,
    resolve_model,
    served_model,
)
from judgelake.errors import UserError
from judgelake.runtime import tracking_address, why_unusable


@dataclass(frozen=True, slots=True)
class Found:
    """A model with what is put on it; `identity` is the content hash of its files, or name@commit."""

    weights: ResolvedModel
    adapter: ResolvedAdapter | None
    identity: str


def find_model(
    model: str,
    revision: str | None,
    adapter: str | None,
    engine: Engine,
    *,
    commit_of: CommitOf | None,
    say: Say,
    keys: Keys,
) -> Found:
    """The model that a job names.

    Args:
        model: a folder, a name on Hugging Face or an address; with `engine.url` a name on that server.
        revision: commit, tag or branch of a name on Hugging Face.
        adapter: likewise, of a LoRA adapter on the model.
        engine: what answers with it.
        commit_of: asks for the commit of a name on Hugging Face; None: the model is nobody's but the caller's.
        say: takes lines about a model that is read from elsewhere.
        keys: of the job's config.

    Raises:
        UserError: there is no such model or adapter, or it cannot be reached.
    """
    weights = _weights(model, revision, engine, commit_of, say, keys)
    put_on = None if adapter is None else _adapter(adapter, weights, engine, commit_of, say)
    return Found(weights, put_on, adapted(weights.identity, put_on))


def changing_answers(engine: Engine) -> dict[str, Any]:
    """What of an engine's settings may change an answer; only what is not at its default."""
    options: dict[str, Any] = request_changing(engine)
    if engine.url is None:
        options |= {**answer_changing(engine.options), **env_changing(engine.env)}
    return options


def _weights(
    model: str, revision: str | None, engine: Engine, commit_of: CommitOf | None, say: Say, keys: Keys
) -> ResolvedModel:
    if engine.url is not None:
        return served_model(model, revision, keys)
    if is_in_mlflow(model):
        _reach_mlflow()
    return resolve_model(model, revision, commit_of=commit_of, cache=engine.model_cache, say=say, keys=keys)


def _adapter(
    adapter: str, base: ResolvedModel, engine: Engine, commit_of: CommitOf | None, say: Say
) -> ResolvedAdapter:
    keys = base.keys
    if engine.url is not None:
        raise UserError(
            f"{keys.adapter} ({adapter!r}) is for servers that judgelake starts: at engine.url name the adapter in "
            f"{keys.model}, as the server there lists it, and leave {keys.adapter} out."
        )
    check_adapter_options(engine.options, keys)
    if is_in_mlflow(adapter):
        _reach_mlflow()
    return resolve_adapter(adapter, base, commit_of=commit_of, cache=engine.model_cache, say=say, keys=keys)


def _reach_mlflow() -> None:
    """Look for a model where the run will be recorded; MLflow itself would retry for minutes without a message."""
    address = tracking_address()
    if address is None:
        return
    if (problem := why_unusable(address)) is not None:
        raise UserError(f"MLflow, where the model is kept: {problem}. Fix MLFLOW_TRACKING_URI.")
    import mlflow

    mlflow.set_tracking_uri(address)
