"""As much of vLLM's as tells the sequences that an engine computes at the same time: those of `pretended.json`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from types import SimpleNamespace

from vllm.usage.usage_lib import UsageContext

SITE = Path(__file__).resolve().parents[2]


class AsyncEngineArgs:
    """Made of a command line, and asked for the configuration that follows from it."""

    @staticmethod
    def add_cli_args(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
        """Add the options that are known here."""
        parser.add_argument("--model", required=True)
        return parser

    @classmethod
    def from_cli_args(cls, words: argparse.Namespace) -> AsyncEngineArgs:
        """Nothing of the words counts."""
        return cls()

    def create_engine_config(self, context: UsageContext) -> SimpleNamespace:
        """As vLLM's, with the one number that is read."""
        assert context is UsageContext.OPENAI_API_SERVER
        pretended = json.loads((SITE / "pretended.json").read_text("utf-8"))
        print("INFO: vLLM writes to the standard output too")
        return SimpleNamespace(scheduler_config=SimpleNamespace(max_num_seqs=pretended.get("sequences", 8)))
