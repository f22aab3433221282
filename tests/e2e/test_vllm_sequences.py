"""What the real vLLM says of the sequences that a server would compute at the same time; none is started."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

from judgelake.engine import Engine, Launch
from judgelake.engine.server.command import SOCKET_OPTION, server_command, settings_of
from judgelake.engine.server.sequences import answer, asked, question

pytestmark = pytest.mark.skipif(find_spec("vllm") is None, reason="needs vLLM")
# Fewer than vLLM's default for a server, which is bounded by it.
TOKENS_A_BATCH = 64


def test_vllm_says_what_its_server_would_compute_at_once(small_model):
    engine = Engine(options={"max-num-batched-tokens": TOKENS_A_BATCH})
    launch = Launch(engine, str(small_model), None, 1024, (), os.getpid(), cores=1)
    command = server_command(launch, Path("x.sock"), is_cpu=False)
    words = question(command, settings_of(command, {})["options"], SOCKET_OPTION)
    assert words is not None
    process = asked(words, {**os.environ, "HF_HUB_OFFLINE": "1"})
    process.wait(120)
    assert answer(process) == TOKENS_A_BATCH
