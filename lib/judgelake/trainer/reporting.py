"""What a training says while it runs: a file of events, and a line with the time left."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from judgelake.trainer.run_record import PREFERRED

SECONDS_BETWEEN_LINES = 10.0
OF_A_STEP = ("loss", "learning_rate", "grad_norm", *PREFERRED)
OF_A_VALIDATION = "eval_"


class Reporting(TrainerCallback):  # type: ignore[misc]  # transformers has no types
    """Writes the events of the first process, and says how far it is."""

    def __init__(self, events: Path, epochs: int, say: Callable[[str], None], clock: Callable[[], float]) -> None:
        """Append to a file of events; `say` gets lines, `clock` gives seconds that only grow."""
        self._events, self._epochs, self._say, self._clock = events, epochs, say, clock
        self._begun, self._first_step, self._said = clock(), 0, float("-inf")

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Count time and steps from here."""
        self._begun, self._first_step = self._clock(), state.global_step

    def on_log(self, args: Any, state: Any, control: Any, logs: Mapping[str, float], **_: Any) -> None:
        """Write a step's or a validation's figures, and say how far the training is."""
        if not state.is_world_process_zero:
            return
        is_validation = any(name.startswith(OF_A_VALIDATION) for name in logs)
        if "loss" not in logs and not is_validation:
            return
        epoch = state.global_step / state.max_steps * self._epochs
        known = {name: value for name, value in logs.items() if name in OF_A_STEP or name.startswith(OF_A_VALIDATION)}
        with self._events.open("a", encoding="utf-8") as file:
            file.write(_line({"step": state.global_step, "epoch": round(epoch, 4), "time": time.time(), **known}))
        if is_validation:
            self._say(_validation_line(state.global_step, logs))
        elif self._clock() - self._said >= SECONDS_BETWEEN_LINES or state.global_step == state.max_steps:
            self._said = self._clock()
            self._say(self._step_line(state, epoch, logs["loss"]))

    def _step_line(self, state: Any, epoch: float, loss: float) -> str:
        done = state.global_step - self._first_step
        left = (self._clock() - self._begun) / max(1, done) * (state.max_steps - state.global_step)
        return (
            f"step {state.global_step:,} of {state.max_steps:,}, epoch {epoch:.2f} of {self._epochs}, loss {loss:.4f}, "
            f"{duration(left)} left"
        )


def duration(seconds: float) -> str:
    """A time as people say it: seconds below two minutes, minutes below two hours, else hours."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _validation_line(step: int, logs: Mapping[str, float]) -> str:
    shown = {name.removeprefix(OF_A_VALIDATION): value for name, value in logs.items() if name.startswith("eval_")}
    return f"validation at step {step:,}: " + ", ".join(f"{name} {value:.1%}" for name, value in shown.items())


def _line(event: Mapping[str, Any]) -> str:
    return json.dumps(event) + "\n"
