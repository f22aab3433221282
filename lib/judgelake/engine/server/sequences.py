"""How many sequences a server computes at the same time, as vLLM itself decides it for the server's command line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from judgelake.engine.server.options import by_option_name
from judgelake.engine.server.parallel import DATA

MAX_NUM_SEQS = "max-num-seqs"
RECORDED = "max_num_seqs"
ANSWER_S = 10.0
MARK = "judgelake-max-num-seqs"
# No endpoint and no line of the log says it (vLLM 0.32), and its default depends on GPU, options and version. So the
# server's own words are read once more, as the server reads them (entrypoints/launchers/api_server/entry.py), beside
# the loading of the model, which takes longer.
PROGRAM = f"""
import sys
from vllm.engine.arg_utils import AsyncEngineArgs
from vllm.usage.usage_lib import UsageContext
from vllm.utils.argparse_utils import FlexibleArgumentParser
words, _ = AsyncEngineArgs.add_cli_args(FlexibleArgumentParser()).parse_known_args(sys.argv[1:])
config = AsyncEngineArgs.from_cli_args(words).create_engine_config(UsageContext.OPENAI_API_SERVER)
print("{MARK}", config.scheduler_config.max_num_seqs, flush=True)
"""


def sequences_at_once(settings: Mapping[str, Any]) -> int | None:
    """The sequences that a server computes at the same time, in all its data parallel copies; None if not known.

    Args:
        settings: those recorded of a server, see `settings_of`.
    """
    of_a_copy = settings.get(RECORDED)
    return None if of_a_copy is None else of_a_copy * copies(settings.get("options", {}))


def copies(options: Mapping[str, Any]) -> int:
    """How many times a server holds the model: its data parallel size."""
    return _whole(options, DATA) or 1


def given_sequences(options: Mapping[str, Any]) -> int | None:
    """The max-num-seqs of a copy that options name; None if they leave it to vLLM."""
    return _whole(options, MAX_NUM_SEQS)


def _whole(options: Mapping[str, Any], name: str) -> int | None:
    value = str(by_option_name(options).get(name) or "").strip()
    return int(value) if value.isdigit() and int(value) > 0 else None


def question(command: Sequence[str], options: Mapping[str, Any], socket_option: str) -> list[str] | None:
    """The command that prints the max-num-seqs of a server; None if its options say it, or it is no vLLM server.

    Args:
        command: of the server.
        options: those of the command, as recorded.
        socket_option: the name of the first option, whose value is left out.
    """
    if given_sequences(options) is not None or socket_option not in command:
        return None
    return [sys.executable, "-c", PROGRAM, *command[command.index(socket_option) + 2 :]]


def asked(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[str]:
    """The process that finds the answer to a `question`, in the server's environment."""
    return subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        # In the server's log its warnings would be taken for those of the server.
        stderr=subprocess.DEVNULL,
        text=True,
        errors="replace",
    )


def answer(process: subprocess.Popen[str]) -> int | None:
    """What the process has found; None if it failed, or found nothing within a few seconds."""
    try:
        printed, _ = process.communicate(timeout=ANSWER_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return None
    for line in reversed(printed.splitlines()):
        name, _, number = line.partition(" ")
        with suppress(ValueError):
            if name == MARK:
                return int(number)
    return None
