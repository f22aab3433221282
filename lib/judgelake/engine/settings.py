"""What is told of a server for the record: its command's options and vLLM's part of its environment, never a key."""

from __future__ import annotations

import http.client
import json
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any

from judgelake.config import is_secret_name
from judgelake.engine.ask import Endpoint

# It says nothing of how the engine computes, and is another on every executor.
UNTOLD = "--uds"
REACH_SECONDS = 5.0
MOST_BYTES = 64 * 1024


def settings_of_command(command: Sequence[str], environment: Mapping[str, str]) -> dict[str, Any]:
    """The options of a server's command line and the VLLM_* names of its environment, without what is secret.

    Args:
        command: as given to the operating system; what stands before the first option names the program.
        environment: all of the server's.

    Returns:
        `options`, long names without dashes to their text (None for a switch), and `env`.
    """
    options: dict[str, str | None] = {}
    name = ""
    for word in command:
        if word.startswith("--"):
            name = word
            options[name] = None
        elif name:
            options[name] = word
    told = {name.removeprefix("--"): value for name, value in sorted(options.items()) if name != UNTOLD}
    env = {name: environment[name] for name in sorted(environment) if name.startswith("VLLM_")}
    return {
        "options": {name: "***" if value and is_secret_name(name) else value for name, value in told.items()},
        "env": {name: value for name, value in env.items() if not is_secret_name(name)},
    }


def settings_of_server(endpoint: Endpoint) -> dict[str, Any] | None:
    """What the server at an address says of its version, as vLLM does; None where it says nothing.

    The key stays out of it: the version stands outside of the API that the key is for.
    """
    url = endpoint.base_url.removesuffix("/v1") + "/version"
    try:
        with urllib.request.urlopen(url, timeout=REACH_SECONDS) as answer:
            told = json.loads(answer.read(MOST_BYTES))
    except (OSError, http.client.HTTPException, ValueError):
        return None
    return (
        {"url": endpoint.base_url, "version": told["version"]} if isinstance(told, dict) and "version" in told else None
    )
