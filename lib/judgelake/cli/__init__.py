"""The command `judgelake`: small local looks at prompts, outputs and judges; no Spark unless a subcommand needs it."""

from judgelake.cli.program import main

__all__ = ["main"]
