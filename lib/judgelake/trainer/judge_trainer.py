"""transformers' Trainer with our own order of rows, loss and validation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch.utils.data import DataLoader
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments

from judgelake.errors import RunError
from judgelake.trainer.objectives import Objective
from judgelake.trainer.order import Steps
from judgelake.trainer.stored_rows import StoredRows

Validate = Callable[[Any], dict[str, float]]
"""The figures of a model in its present state, the same in every process."""


class JudgeTrainer(Trainer):  # type: ignore[misc]  # transformers has no types
    """Trains on stored rows in the order of `Steps`, which is one epoch for transformers.

    transformers' own order is of the epoch, the process and the state of random generators, and padded with rows that
    are repeated; this one is a list, so that a resume skips exactly what was computed.
    """

    # What the loss returns is divided by the terms of the whole step.
    loss_is_scaled_for_ga = True
    control: Any

    def __init__(
        self,
        model: Any,
        arguments: TrainingArguments,
        rows: StoredRows,
        steps: Steps,
        objective: Objective,
        validate: Validate | None = None,
        callbacks: Sequence[TrainerCallback] = (),
    ) -> None:
        """Prepare; `train` starts."""
        self._steps, self._objective, self._validate = steps, objective, validate
        self._figures: dict[str, torch.Tensor] = {}
        super().__init__(
            model,
            arguments,
            train_dataset=rows,
            # Trainer asks for something to validate on; `evaluate` knows what.
            eval_dataset=[] if validate is not None else None,
            callbacks=list(callbacks),
        )
        self.remove_callback(PrinterCallback)

    def get_train_dataloader(self) -> DataLoader[Any]:
        """The batches of this process, from the first step to the last."""
        return DataLoader(
            self.train_dataset,
            batch_sampler=self._steps,
            collate_fn=self._objective.collate,
        )

    def get_batch_samples(
        self, epoch_iterator: Iterator[Any], num_batches: int, device: torch.device
    ) -> tuple[list[Any], torch.Tensor]:
        """The batches of a step, and of how many terms the loss of all processes is the sum."""
        batches = [next(epoch_iterator) for _ in range(num_batches)]
        items = torch.tensor(sum(map(self._objective.items, batches)), device=device)
        if self.args.world_size > 1:
            items = self.accelerator.gather(items).sum()
        return batches, items

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | None = None,
    ) -> Any:
        """The batch's share of the step's mean; the processes' gradients are averaged, so it is times their number."""
        total, outputs, figures = self._objective.loss(model, inputs)
        for name, value in figures.items():
            self._figures[name] = self._figures.get(name, 0) + value / num_items_in_batch
        loss = total * self.args.world_size / num_items_in_batch
        return (loss, outputs) if return_outputs else loss

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """As transformers, and the means of the objective's figures beside a step's loss."""
        if "loss" in logs and self._figures:
            sums = self.accelerator.reduce(torch.stack(list(self._figures.values())), "sum")
            logs |= dict(zip(self._figures, sums.tolist(), strict=True))
            self._figures = {}
        super().log(logs, start_time)

    def training_step(
        self, model: Any, inputs: dict[str, Any], num_items_in_batch: torch.Tensor | None = None
    ) -> torch.Tensor:
        """As transformers; before the weights are changed by it.

        Raises:
            RunError: the loss is not a number.
        """
        loss: torch.Tensor = super().training_step(model, inputs, num_items_in_batch)
        if not torch.isfinite(loss):
            raise RunError(
                f"The loss of step {self.state.global_step + 1} is {loss.item()}, so the training has diverged and was "
                "stopped: lower learning_rate or raise warm_up, and check the last rows of the data."
            )
        return loss

    def evaluate(
        self, eval_dataset: Any = None, ignore_keys: Any = None, metric_key_prefix: str = "eval"
    ) -> dict[str, float]:
        """The validation's figures, logged, each name behind `eval_`."""
        assert self._validate is not None
        figures = {f"{metric_key_prefix}_{name}": value for name, value in self._validate(self.model).items()}
        self.log(dict(figures))
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, figures)
        return figures
