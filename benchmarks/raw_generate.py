"""The baseline: vLLM's own `LLM.generate` over given prompts, in a process that waits for its turn.

Started by throughput.py. Reads one JSON object per line from stdin ({"prompts": FILE, "max_tokens": N, "stop": [...]}),
writes one to stdout ({"seconds": S, "steps": N}).
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any


def main() -> int:
    """Load the model named on the command line and run turns until stdin ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # vLLM logs to stdout
    from vllm import LLM, SamplingParams

    options: dict[str, Any] = json.loads(sys.argv[1])
    llm = LLM(disable_log_stats=False, **options)
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        turn = json.loads(line)
        prompts = json.loads(Path(turn["prompts"]).read_text("utf-8"))
        sampling = SamplingParams(temperature=0.0, max_tokens=turn["max_tokens"], stop=turn["stop"])
        before, start = steps_of(llm), time.perf_counter()
        outputs = llm.generate(prompts, sampling, use_tqdm=False)
        seconds = time.perf_counter() - start
        tokens = [len(output.outputs[0].token_ids) for output in outputs]
        result = {
            "seconds": seconds,
            "steps": steps_of(llm) - before,
            "output_tokens": sum(tokens),
            "longest": max(tokens),
        }
        print(json.dumps(result), file=answers, flush=True)
    return 0


def steps_of(llm: Any) -> int:
    """Engine steps so far: the count of the metric iteration_tokens_total."""
    return sum(metric.count for metric in llm.get_metrics() if metric.name == "vllm:iteration_tokens_total")


if __name__ == "__main__":
    raise SystemExit(main())
