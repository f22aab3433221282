"""As in vLLM, without what it adds to argparse."""

from __future__ import annotations

from argparse import ArgumentParser as FlexibleArgumentParser

__all__ = ["FlexibleArgumentParser"]
