"""The checkpoints of a training: which one a resume goes on from, and which events it keeps."""

from __future__ import annotations

import json
from pathlib import Path

from judgelake.trainer.run_record import RunFolder, events_of
from judgelake.whole_files import written_whole

PREFIX = "checkpoint-"
STATE = "trainer_state.json"
"""The file that transformers writes last."""


def newest_checkpoint(folder: Path) -> Path | None:
    """The newest whole checkpoint in a folder; None if there is none.

    A process may be killed while it writes one, which then lacks its last file or the end of it.
    """
    found = {int(number): path for path in folder.glob(f"{PREFIX}*") if (number := _number_of(path)).isdigit()}
    return next((found[step] for step in sorted(found, reverse=True) if _is_whole(found[step])), None)


def step_of(checkpoint: Path) -> int:
    """The number of steps after which a checkpoint was written."""
    return int(_number_of(checkpoint))


def forget_lost_events(folder: RunFolder) -> None:
    """Drop the events behind the newest checkpoint, which are computed again; a finished training keeps all."""
    if folder.is_finished or not folder.events.exists():
        return
    checkpoint = newest_checkpoint(folder.path)
    last = 0 if checkpoint is None else step_of(checkpoint)
    kept = [event for event in events_of(folder.events) if event["step"] <= last]
    # In one step, since a job may be reading them.
    with written_whole(folder.events) as draft:
        draft.write_text("".join(json.dumps(event) + "\n" for event in kept), "utf-8")


def _number_of(path: Path) -> str:
    return path.name.removeprefix(PREFIX)


def _is_whole(checkpoint: Path) -> bool:
    try:
        return isinstance(json.loads((checkpoint / STATE).read_text("utf-8")), dict)
    except (OSError, ValueError):
        return False
