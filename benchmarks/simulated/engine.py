"""How fast an engine serves: published rates, and what a task's requests cost at a given concurrency.

A step of continuous batching takes `step_s`, plus a cost for each prompt token read and each output token written in
it. So n requests of p prompt and o output tokens in flight end at n / o a step, and each costs
p * prompt_token_s + o * (output_token_s + context * context_token_s) + (o / n) * step_s.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

# Prompt tokens that vLLM computes in one step: the default of its server on an H100 (max-num-batched-tokens).
STEP_TOKENS = 8_192


@dataclass(frozen=True, slots=True)
class Rates:
    """One GPU with one model, in seconds."""

    name: str
    step_s: float
    """A step, whatever is in it: reading the weights and starting the kernels."""
    prompt_token_s: float
    output_token_s: float
    context_token_s: float
    """Reading one token of the KV cache, for each output token after it."""
    kv_tokens: int
    """Tokens that the KV cache holds."""
    most_sequences: int
    """vLLM's max-num-seqs."""

    def slowed(self, factor: float) -> Rates:
        """The same on a GPU that takes `factor` times as long."""
        return replace(
            self,
            step_s=self.step_s * factor,
            prompt_token_s=self.prompt_token_s * factor,
            output_token_s=self.output_token_s * factor,
            context_token_s=self.context_token_s * factor,
        )


# Fitted by least squares to docs/source/performance/perf-overview.md of NVIDIA/TensorRT-LLM, version 1.0, "Llama 3.1
# 8B", H100 TP1 FP8; output tokens a second for prompt/output lengths: 128/128 28,312, 2048/128 3,450, 1000/1000 15,220,
# 2048/2048 9,305, 5000/500 3,459, 500/2000 17,660, 128/2048 22,714. The fit is within 2.5 % of each. A step: 5.1 ms, a
# decode step of Llama 3.1 8B on an H100 SXM as one CUDA graph (cloudai.pt, "CUDA Graphs + torch.compile"). KV cache:
# 80 GB * 0.9 without 9 GB of weights, 131,072 bytes a token (32 layers, 8 KV heads of 128, 16 bits).
H100_8B = Rates("H100, Llama 3.1 8B FP8", 5.1e-3, 14.1e-6, 15.9e-6, 0.0245e-6, 480_000, 1_024)
# The same document at version 0.9, "LLaMA 7B", A100 FP16, with its batch sizes: 128/128 5,390 (256), 128/2048 1,484
# (32), 2048/128 533 (32), 2048/2048 603 (16). KV cache: 80 GB * 0.9 without 14 GB, 524,288 bytes a token (32 heads).
# JudgeLM's own figure, 5,000 pairs in 3 minutes on 8 A100 (README of baaivision/JudgeLM) or 3.5 a second on each, is of
# a loop over batches, and not used.
A100_7B = Rates("A100, LLaMA 7B FP16", 5.9e-3, 51.8e-6, 35.5e-6, 0.392e-6, 110_000, 256)
RATES = {"h100-8b": H100_8B, "a100-7b": A100_7B}


@dataclass(frozen=True, slots=True)
class Work:
    """Requests of one task. `prompt_tokens` are those computed, all together; the other numbers are of one request."""

    requests: float
    prompt_tokens: float
    context_tokens: float
    """Mean length of the context while the answer is written."""
    output_tokens: float


@dataclass(frozen=True, slots=True)
class Load:
    """A part of a task during which as many of its requests are in flight: engine steps, and seconds in each."""

    steps: float
    seconds_a_step: float

    @property
    def seconds(self) -> float:
        """Seconds of the engine, without those that a step takes whatever is in it."""
        return self.steps * self.seconds_a_step


def concurrency(rates: Rates, work: Work, window: int, sharing: int) -> float:
    """Requests of a task that are decoded at the same time.

    Args:
        rates: of the engine.
        work: the task.
        window: requests that the task keeps in flight.
        sharing: tasks that share the engine; each gets an equal part of its sequences, cache and prompt tokens.
    """
    by_cache = rates.kv_tokens / max(1.0, work.context_tokens)
    prompt = max(1.0, work.prompt_tokens / max(1.0, work.requests))
    # With more in flight the others wait for their prompt to be read.
    by_prompts = work.output_tokens * STEP_TOKENS / prompt
    shared = min(rates.most_sequences, by_cache, max(1.0, by_prompts)) / sharing
    return max(1.0, min(window, shared, work.requests))


def work_seconds(rates: Rates, work: Work) -> float:
    """Seconds of an engine that is never short of requests, without the fixed time of its steps."""
    output = rates.output_token_s + rates.context_token_s * work.context_tokens
    return work.prompt_tokens * rates.prompt_token_s + work.requests * work.output_tokens * output


def loads_of(rates: Rates, work: Work, window: int, sharing: int) -> tuple[Load, Load]:
    """A task as two parts: new requests follow those that end, then the last ones in flight are decoded to their end.

    On average the last n have half of their output before them, so they take `output_tokens` steps of n / 2 requests.
    All work is in one of the two parts.
    """
    at_once = concurrency(rates, work, window, sharing)
    output = rates.output_token_s + rates.context_token_s * work.context_tokens
    last = at_once / 2 * work.output_tokens * output
    steps = max(1.0, (work.requests - at_once / 2) * work.output_tokens / at_once)
    first = max(0.0, work_seconds(rates, work) - last)
    return Load(steps, first / steps), Load(work.output_tokens, last / work.output_tokens)


def alone_seconds(rates: Rates, work: Work, window: int) -> float:
    """How long a task takes that has an engine to itself."""
    return sum(rates.step_s * load.steps + load.seconds for load in loads_of(rates, work, window, 1))


def full_speed_seconds(rates: Rates, work: Work, window: int, sharing: int) -> float:
    """Seconds of an engine for this task if `sharing` such tasks always kept it full: what an ideal run would need."""
    at_once = concurrency(rates, replace(work, requests=math.inf), window, sharing) if work.requests else 1.0
    return work_seconds(rates, work) + rates.step_s * work.requests * work.output_tokens / (at_once * sharing)
