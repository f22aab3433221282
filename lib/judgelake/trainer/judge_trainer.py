"""transformers' Trainer with our own order of rows, loss and validation."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import torch
from torch.utils.data import DataLoader
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments

from judgelake.errors import RunError
from judgelake.trainer.batch import collate, target_tokens
from judgelake.trainer.loss import target_loss
from judgelake.trainer.order import Steps
from judgelake.trainer.stored_rows import StoredRows

OF_THE_LOSS = ("labels", "first", "soft", "soft_ids", "soft_probabilities")
"""What a batch holds besides the model's own arguments."""
Validate = Callable[[Any], dict[str, float]]
"""The figures of a model in its present state, the same in every process."""


class JudgeTrainer(Trainer):  # type: ignore[misc]  # transformers has no types
    """Trains on stored rows in the order of `Steps`, which is one epoch for transformers.

    transformers' own order is of the epoch, the process and the state of random generators, and padded with rows that
    are repeated; this one is a list, so that a resume skips exactly what was computed.
    """

    # What the loss returns is divided by the target tokens of the whole step.
    loss_is_scaled_for_ga = True
    control: Any

    def __init__(
        self,
        model: Any,
        arguments: TrainingArguments,
        rows: StoredRows,
        steps: Steps,
        pad: int,
        validate: Validate | None = None,
        callbacks: Sequence[TrainerCallback] = (),
    ) -> None:
        """Prepare; `train` starts."""
        self._steps, self._pad, self._validate = steps, pad, validate
        super().__init__(
            model,
            arguments,
            train_dataset=rows,
            # Trainer asks for something to validate on; `evaluate` knows what.
            eval_dataset=[] if validate is not None else None,
            callbacks=list(callbacks),
        )
        self.remove_callback(PrinterCallback)
        self._takes_columns = "logits_to_keep" in inspect.signature(self._own_model.forward).parameters

    @property
    def _own_model(self) -> Any:
        """The model without an adapter around it, whose arguments are seen."""
        return self.model.get_base_model() if hasattr(self.model, "get_base_model") else self.model

    def get_train_dataloader(self) -> DataLoader[Any]:
        """The batches of this process, from the first step to the last."""
        return DataLoader(
            self.train_dataset,
            batch_sampler=self._steps,
            collate_fn=partial(collate, pad=self._pad),
        )

    def get_batch_samples(
        self, epoch_iterator: Iterator[Any], num_batches: int, device: torch.device
    ) -> tuple[list[Any], torch.Tensor]:
        """The batches of a step, and the number of its target tokens in all processes."""
        batches = [next(epoch_iterator) for _ in range(num_batches)]
        tokens = torch.tensor(sum(map(target_tokens, batches)), device=device)
        if self.args.world_size > 1:
            tokens = self.accelerator.gather(tokens).sum()
        return batches, tokens

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | None = None,
    ) -> Any:
        """The batch's share of the step's mean; the processes' gradients are averaged, so it is times their number."""
        batch = {name: inputs.pop(name) for name in OF_THE_LOSS}
        last = inputs["input_ids"].shape[1] - 1
        columns = torch.arange(batch["first"] - 1, last, device=inputs["input_ids"].device)
        if self._takes_columns:
            inputs["logits_to_keep"] = columns
        outputs = model(**inputs, use_cache=False)
        logits = outputs.logits if self._takes_columns else outputs.logits[:, columns]
        loss = target_loss(logits, batch) * self.args.world_size / num_items_in_batch
        return (loss, outputs) if return_outputs else loss

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
