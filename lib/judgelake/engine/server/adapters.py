"""LoRA adapters on a running server: the options that let it hold several, and how one is loaded into it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from judgelake.api import error_of_text
from judgelake.engine.config import Scalar
from judgelake.engine.errors import StartFailed, StartRefused
from judgelake.engine.keys import JUDGE, Keys
from judgelake.engine.model.adapter import Adapter
from judgelake.engine.model.identity import check_model
from judgelake.engine.model.layout import ADAPTER
from judgelake.engine.server.options import by_option_name
from judgelake.engine.server.probe import get, is_answering, post
from judgelake.errors import UserError

AT_ONCE = "max-loras"
HELD = "max-cpu-loras"
API_SERVERS = "api-server-count"
# vLLM's own number is 1: then the requests of two judges would take turns, batch by batch. Each takes GPU memory.
MOST_AT_ONCE = 4
# In the memory of the host. One that is pushed out is read from its folder again, so this many keep what was checked.
MOST_HELD = 16
MESSAGE_CHARACTERS = 300
# vLLM 0.32 has the endpoints below only with this (entrypoints/serve/lora/api_router.py).
RUN_TIME_LOADING = {"VLLM_ALLOW_RUNTIME_LORA_UPDATING": "True"}
LOAD, UNLOAD = "/v1/load_lora_adapter", "/v1/unload_lora_adapter"


def check_adapter(adapter: Adapter, keys: Keys = JUDGE) -> None:
    """Refuse an adapter whose files on this host are not the driver's; see `check_model`."""
    if adapter.identity is not None:
        check_model(adapter.path, None, adapter.identity, ADAPTER, keys)


def check_adapter_options(options: Mapping[str, Scalar], keys: Keys = JUDGE) -> None:
    """Refuse options that do not go together with an adapter.

    An API server process knows only the adapters that were loaded through it, and gives them numbers of its own, by
    which the engine under all of them finds the weights: with several, one adapter would answer for another.

    Args:
        options: `engine.options`.
        keys: of the job's config.

    Raises:
        UserError: there would be more than one API server process, or a number of adapters is not one.
    """
    named = by_option_name(options)
    if str(named.get(API_SERVERS) or 1).strip() != "1":
        raise UserError(
            f"engine.options: {API_SERVERS} must be 1 with {keys.adapter}, not {named[API_SERVERS]!r}: each API server "
            "process of vLLM would know other adapters. Leave it out."
        )
    at_once, held = _number(named, AT_ONCE), _number(named, HELD)
    if at_once is not None and held is not None and held < at_once:
        raise UserError(f"engine.options: {HELD} ({held}) must be at least {AT_ONCE} ({at_once}).")


def adapter_options(adapter: Adapter | None, options: Mapping[str, Scalar], keys: Keys = JUDGE) -> dict[str, Scalar]:
    """The options by which a server can hold this adapter and others of its rank; none without one.

    Args:
        adapter: the first one that the server will hold; it is loaded later, see `put_on`.
        options: `engine.options`; numbers of adapters that they give are kept.
        keys: of the job's config.

    Raises:
        UserError: see `check_adapter_options`.
    """
    if adapter is None:
        return {}
    check_adapter_options(options, keys)
    named = by_option_name(options)
    at_once, held = _number(named, AT_ONCE), _number(named, HELD)
    at_once = at_once or min(MOST_AT_ONCE, held or MOST_AT_ONCE)
    return {
        "enable-lora": True,
        "max-lora-rank": adapter.max_rank,
        AT_ONCE: at_once,
        HELD: held or max(MOST_HELD, at_once),
        API_SERVERS: 1,
    }


def _number(named: Mapping[str, Scalar], name: str) -> int | None:
    value = named.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not str(value).strip().isdigit() or int(value) < 1:
        raise UserError(f"engine.options: {name} must be a number of adapters from 1 on, not {value!r}.")
    return int(value)


def put_on(adapter: Adapter, socket: str, timeout_s: float, keys: Keys = JUDGE) -> None:
    """Load an adapter into a running server, unless the server has it.

    Which adapters a server has is asked of the server itself. The caller holds the locks of its devices, so no other
    task of its owner loads at the same time; nobody asks for this adapter before its files were compared once more.

    Args:
        adapter: its files were compared with the driver's by the caller.
        socket: where the server listens.
        timeout_s: seconds that loading may take; it waits for the batch that is being computed.
        keys: of the job's config.

    Raises:
        StartRefused: vLLM does not take the adapter, or its files were exchanged while it was loaded.
        StartFailed: the server did not answer.
    """
    if adapter.name in _listed(socket, timeout_s):
        return
    found = post(socket, LOAD, {"lora_name": adapter.name, "lora_path": adapter.path}, timeout_s)
    if found is None or (found.status != 200 and not is_answering(socket)):
        raise _silent(f"while it loaded the adapter {adapter.path!r}")
    if found.status != 200:
        raise StartRefused(
            f"vLLM did not load the adapter {adapter.path!r} (HTTP {found.status}: "
            f"{_one_line(error_of_text(found.text).message)}). Check that {keys.adapter} was trained on {keys.model}, "
            f"or merge it into that model with PEFT's merge_and_unload and set {keys.model} to the result."
        )
    try:
        check_adapter(adapter, keys)
    except StartRefused:
        post(socket, UNLOAD, {"lora_name": adapter.name}, timeout_s)
        raise


def _listed(socket: str, timeout_s: float) -> set[str]:
    text = get(socket, "/v1/models", timeout_s)
    try:
        return {str(model["id"]) for model in json.loads(text or "")["data"]}
    except (ValueError, KeyError, TypeError) as error:
        raise _silent("when it was asked for its adapters") from error


def _one_line(message: str) -> str:
    return " ".join(message.split())[:MESSAGE_CHARACTERS].rstrip(".")


def _silent(when: str) -> StartFailed:
    return StartFailed(f"The vLLM server of this executor did not answer {when}; its log says why.")
