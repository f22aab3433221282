"""The last layer of a language model: at which columns it is computed, and in which format."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn import functional


def takes_columns(model: Any) -> bool:
    """Whether the model, with or without an adapter around it, computes the logits of given columns alone."""
    own = model.get_base_model() if hasattr(model, "get_base_model") else model
    return "logits_to_keep" in inspect.signature(own.forward).parameters


@contextmanager
def float32_head(model: Any) -> Iterator[None]:
    """Context in which the last layer computes in float32, whatever the format of the model and of autocast.

    As an engine does for a judge that decides by the probability of labels, see `engine.with_float32_head`. A last
    layer that is not a plain linear one, such as one with an adapter of its own, stays as it is.
    """
    head = model.get_output_embeddings()
    if type(head) is not nn.Linear:
        yield
        return

    def forward(hidden: torch.Tensor) -> torch.Tensor:
        bias = None if head.bias is None else head.bias.float()
        with torch.autocast(hidden.device.type, enabled=False):
            return functional.linear(hidden.float(), head.weight.float(), bias)

    head.forward = forward
    try:
        yield
    finally:
        del head.forward
