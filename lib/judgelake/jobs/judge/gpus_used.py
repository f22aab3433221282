"""What a run says of the GPUs that its engines took without being given them by Spark."""

from __future__ import annotations

import json


def gpus_taken(engine_settings: str | None) -> str:
    """One phrase on engines that took all GPUs of their machine; empty where there are none.

    Args:
        engine_settings: the column of that name in `runs`: the distinct settings of the engines, as a JSON list.
    """
    engines = json.loads(engine_settings or "[]")
    taken = [engine.get("gpus", []) for engine in engines if engine.get("gpus_of") == "machine"]
    most = max(map(len, taken), default=0)
    if not most:
        return ""
    gpus = "the one GPU" if most == 1 else f"all {most} GPUs"
    return f"an engine on {gpus} of a machine, since Spark assigns none"
