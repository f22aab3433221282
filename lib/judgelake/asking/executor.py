"""How a task connects to what answers it: a vLLM on the executor, a given server, or a caller's asker."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

import filelock
from pyspark import TaskContext

from judgelake.asking.encoding import encoder_of, sending_of
from judgelake.asking.inquiry import AskedModel
from judgelake.asking.progress import EngineNote
from judgelake.asking.window import OwnEngine
from judgelake.engine import (
    Asker,
    AskerFactory,
    Encoder,
    Endpoint,
    Engine,
    Launch,
    Lease,
    ResolvedModel,
    adapter_here,
    assigned_gpus,
    client_factory,
    cores_of_executor,
    endpoint_of_url,
    ensure_engine,
    is_cpu_build,
    model_here,
    owner_of_this_worker,
    sequences_at_once,
    settings_of_server,
)
from judgelake.judges import Prompt


@dataclass(frozen=True, slots=True)
class Opened:
    """An asker ready to be opened in the task's event loop, its name for the judgments, and notes on own servers.

    `encoder` makes the ids of the prompts; None if they are sent as text. `log_path` is that of a server of this
    executor, which it shares with other tasks, and `own` what the window of a task depends on there.
    """

    factory: AskerFactory
    name: str
    notes: dict[str, EngineNote] = field(default_factory=dict)
    encoder: Encoder | None = None
    log_path: str | None = None
    own: OwnEngine | None = None

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While no other task of the same server is inside; at once if it is not a server of this executor."""
        if self.log_path is None:
            yield
        else:
            with filelock.FileLock(f"{self.log_path}.alone"):
                yield


def given_endpoint(job_engine: Engine, model: ResolvedModel, asker: AskerFactory | None) -> Endpoint | None:
    """The running server that the job names, with its key; None if the executors start their own.

    Called on the driver: a Databricks secret can only be read there, and a missing key stops the job before it begins.

    Raises:
        UserError: the address is invalid, or the key is not where the config says.
    """
    is_own = asker is not None or job_engine.url is None
    return None if is_own else endpoint_of_url(job_engine, model.model, model.keys)


def notes_on_server(endpoint: Endpoint | None) -> dict[str, EngineNote]:
    """What the driver can know about a given server, by its address; nothing if the server reports nothing."""
    settings = None if endpoint is None else settings_of_server(endpoint)
    if endpoint is None or settings is None:
        return {}
    return {endpoint.base_url: EngineNote(start_s=None, devices=0, settings=settings)}


def open_asker(
    asked: AskedModel, engine: Engine, asker: AskerFactory | None, endpoint: Endpoint | None, first: Prompt
) -> Opened:
    """What answers this task's requests; starts the executor's vLLM if neither an asker nor a server is given.

    `first` is the prompt with which a client finds out whether the server makes the same ids as the tokenizer here.

    Raises:
        UserError: the address, key or model is wrong, the model on this host is not the one that the driver resolved,
            or the server cannot start with these options.
        RunError: the server did not start.
    """
    if asker is not None:
        return Opened(asker, "given by the caller")
    if endpoint is not None:
        encoder = encoder_of(asked, engine, asked.model)
        return _opened(asked, engine, endpoint, encoder, first, urlsplit(endpoint.base_url).netloc)
    launch = _launch_here(asked, engine)
    # Loading the tokenizer takes seconds. A model that vLLM downloads has none here before.
    with ThreadPoolExecutor(1) as pool:
        ahead = pool.submit(encoder_of, asked, engine, launch.model)
        started = ensure_engine(launch)
    encoder = ahead.result()
    encoder = encoder_of(asked, engine, launch.model) if isinstance(encoder, str) else encoder
    note = EngineNote(
        start_s=0.0 if started.was_running else started.start_s,
        devices=max(1, len(launch.gpus)),
        settings={"version": started.version, **started.settings},
    )
    name = f"vllm {started.version}"
    # Executors of several hosts have the same folders.
    notes = {f"{socket.gethostname()}:{started.log_path}": note}
    opened = _opened(asked, engine, started.endpoint, encoder, first, name, notes)
    sequences = sequences_at_once(started.settings)
    own = OwnEngine(sequences, len(launch.gpus), launch.gpus_of == "task", cores=launch.cores)
    return replace(opened, factory=_leased(opened.factory, started.lease), log_path=started.log_path, own=own)


def _launch_here(asked: AskedModel, engine: Engine) -> Launch:
    """How this task's engine starts: with the model and the GPUs on this host."""
    owner_pid = owner_of_this_worker()
    assigned = assigned_gpus(engine, gpu_addresses(), owner_pid, is_cpu_build=is_cpu_build)
    return Launch(
        engine=engine,
        model=model_here(asked.weights, engine.model_cache),
        revision=asked.revision,
        context_length=asked.context_length,
        gpus=assigned.gpus,
        owner_pid=owner_pid,
        cores=cores_of_executor(owner_pid),
        gpus_of=assigned.origin,
        identity=asked.weights.identity,
        adapter=None if asked.adapter is None else adapter_here(asked.adapter, engine.model_cache),
        keys=asked.weights.keys,
    )


def _leased(factory: AskerFactory, lease: Lease) -> AskerFactory:
    """The same factory; the use of the engine ends with the asker."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Asker]:
        try:
            async with factory() as asker:
                yield asker
        finally:
            lease.release()

    return opened


def _opened(
    asked: AskedModel,
    engine: Engine,
    endpoint: Endpoint,
    encoder: Encoder | str,
    first: Prompt,
    name: str,
    notes: dict[str, EngineNote] | None = None,
) -> Opened:
    sending = encoder if isinstance(encoder, str) else sending_of(asked, engine, encoder, first)
    if isinstance(encoder, str) or isinstance(sending, str):
        why = {"prompts_sent_as": f"text: {sending}"}
        noted = {key: replace(note, settings=note.settings | why) for key, note in (notes or {}).items()}
        return Opened(client_factory(endpoint, engine), name, noted)
    return Opened(client_factory(endpoint, engine, sending), name, notes or {}, encoder)


def gpu_addresses() -> tuple[str, ...]:
    """The GPUs that Spark assigned to this task, by their host addresses; none outside a task or without GPUs."""
    context = TaskContext.get()
    resource = context.resources().get("gpu") if context is not None else None
    return tuple(resource.addresses) if resource is not None else ()
