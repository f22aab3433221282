"""The command `judgelake`: small local commands for prompts, outputs and judges; Spark only where it is needed."""

from judgelake.cli.program import main

__all__ = ["main"]
