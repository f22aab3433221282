"""Ends a training whose validations no longer get better."""

from __future__ import annotations

from typing import Any

from transformers import TrainerCallback

from judgelake.trainer.run_record import CHOSEN_BY


class Patience(TrainerCallback):  # type: ignore[misc]  # transformers has no types
    """Stops after so many validations in a row without a better one.

    Counted from the log, which a checkpoint holds: transformers' own callback begins anew when a training is resumed.
    """

    def __init__(self, validations: int) -> None:
        """Stop after this many."""
        self._most = validations

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Stop at once if the training had ended so before it was killed."""
        self._count(state, control)

    def on_evaluate(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Count once more."""
        self._count(state, control)

    def _count(self, state: Any, control: Any) -> None:
        name = f"eval_{CHOSEN_BY}"
        values = [entry[name] for entry in state.log_history if name in entry]
        if values and len(values) - 1 - values.index(max(values)) >= self._most:
            control.should_training_stop = True
