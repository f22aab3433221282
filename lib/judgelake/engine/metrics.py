"""What a server's /metrics say about its progress."""

from __future__ import annotations

from dataclasses import dataclass

UNFINISHED = ("vllm:num_requests_running", "vllm:num_requests_waiting")
COUNTED = (
    "vllm:prompt_tokens_total",
    "vllm:generation_tokens_total",
    # Long prompts are computed in pieces, which only this shows before their first token.
    "vllm:iteration_tokens_total_sum",
    "vllm:request_success_total",
)


@dataclass(frozen=True, slots=True)
class Progress:
    """Requests not finished, and a sum of counters that grows whenever the engine computes."""

    unfinished: float
    counted: float


def read_progress(text: str | None) -> Progress | None:
    """The progress in a Prometheus text; None where there is no text."""
    if text is None:
        return None
    sums = dict.fromkeys((*UNFINISHED, *COUNTED), 0.0)
    for line in text.splitlines():
        name = line.partition("{")[0].partition(" ")[0]
        if name in sums:
            try:
                sums[name] += float(line.rpartition(" ")[2])
            except ValueError:
                continue
    return Progress(sum(sums[name] for name in UNFINISHED), sum(sums[name] for name in COUNTED))
