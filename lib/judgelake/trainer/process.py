"""One process of a training: everything is put together, trained from the newest checkpoint on, and saved."""

from __future__ import annotations

import errno
import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer, TrainerCallback, TrainingArguments
from transformers.utils import logging

from judgelake.errors import RunError, UserError
from judgelake.trainer.checkpoints import forget_lost_events, newest_checkpoint, step_of
from judgelake.trainer.freed_memory import return_freed_memory
from judgelake.trainer.judge_trainer import JudgeTrainer
from judgelake.trainer.model import end_tokens, trainable_model
from judgelake.trainer.objectives import HeadTarget, Objective, TargetTokens
from judgelake.trainer.order import Steps, batch_problem, training_order
from judgelake.trainer.patience import Patience
from judgelake.trainer.preferences import Pairs, Preferences
from judgelake.trainer.prompts import LabelledPrompt, read_prompts
from judgelake.trainer.reference import reference_of
from judgelake.trainer.reporting import Reporting
from judgelake.trainer.result import save_result
from judgelake.trainer.run_record import CHOSEN_BY, RunFolder, TrainingRun, Validation
from judgelake.trainer.stored_rows import StoredRows
from judgelake.trainer.validation import HeadJudging, Judging

VALIDATIONS = 10
"""In a training whose recipe does not say after how many steps."""


def train_here(folder: RunFolder, say: Callable[[str], None]) -> None:
    """Train what the folder's record describes, as the only process or as one of several that torchrun started.

    Goes on from the newest whole checkpoint. A training whose model is there is finished, and nothing is done.

    Raises:
        UserError: the record, the base or the rows do not fit.
        RunError: the loss is not a number, or memory or disk are full.
    """
    run = folder.read()
    if folder.is_finished:
        say("this training is finished")
        return
    if os.environ.get("RANK", "0") == "0":
        forget_lost_events(folder)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    with _clear_errors(run):
        validation = None if run.validation is None else _judging(run, run.validation)
        trainer = _trainer(folder, run, validation, say)
        checkpoint = newest_checkpoint(folder.path)
        if checkpoint is not None:
            say(f"going on after step {step_of(checkpoint):,}")
        trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))
        # All processes are here, so nobody reads a checkpoint any more.
        trainer.accelerator.wait_for_everyone()
        if trainer.is_world_process_zero():
            tests = {name: _judging(run, test) for name, test in run.tests.items()}
            save_result(trainer.accelerator.unwrap_model(trainer.model), folder, run, validation, tests)


def _trainer(
    folder: RunFolder,
    run: TrainingRun,
    validation: tuple[Judging, list[LabelledPrompt]] | None,
    say: Callable[[str], None],
) -> JudgeTrainer:
    rows, recipe = StoredRows([Path(path) for path in run.shards]), run.recipe
    if not len(rows):
        raise UserError("There are no training rows: check the split and the filters of the examples.")
    processes, process = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
    if (problem := batch_problem(recipe.batch_rows, recipe.rows_at_once, processes)) is not None:
        raise UserError(f"{problem}.")
    order = training_order(rows.places, recipe.seed, recipe.batch_rows if recipe.group_by_length else None)
    steps = Steps(order, recipe.batch_rows, recipe.rows_at_once, processes, process)
    arguments = _arguments(folder.path, run, steps)
    callbacks: list[TrainerCallback] = [Reporting(folder.events, recipe.epochs, say, time.monotonic)]
    if recipe.patience is not None and run.validation is not None:
        callbacks.append(Patience(recipe.patience))
    if arguments.use_cpu:
        callbacks.append(_ReturnsFreedMemory())
    model = trainable_model(run)
    validate = None if validation is None else partial(_figures, *validation)
    tokens = TargetTokens.of(model, run.pad_token)
    objective: Objective = tokens if run.head == "generation" else HeadTarget(run.pad_token, run.head)
    if recipe.dpo is None:
        return JudgeTrainer(model, arguments, rows, steps, objective, validate, callbacks)
    objective = Preferences(tokens, recipe.dpo.beta)
    trainer = JudgeTrainer(model, arguments, rows, steps, objective, validate, callbacks)
    # The trainer has put the model on its device, and knows its precision.
    trainer.train_dataset = Pairs(rows, reference_of(folder.reference, trainer, rows, tokens, say))
    return trainer


def _figures(judging: Judging, prompts: Sequence[LabelledPrompt], model: Any) -> dict[str, float]:
    return judging.figures(model, prompts)


def _arguments(folder: Path, run: TrainingRun, steps: Steps) -> TrainingArguments:
    recipe = run.recipe
    every = recipe.evaluate_steps or max(1, math.ceil(steps.steps / VALIDATIONS))
    is_validated = run.validation is not None
    chosen = {"load_best_model_at_end": True, "metric_for_best_model": CHOSEN_BY, "greater_is_better": True}
    return TrainingArguments(
        output_dir=str(folder),
        # For transformers all epochs are one.
        num_train_epochs=1,
        per_device_train_batch_size=recipe.rows_at_once,
        gradient_accumulation_steps=steps.pieces_of_a_step,
        learning_rate=recipe.learning_rate,
        lr_scheduler_type=recipe.scheduler,
        warmup_steps=math.ceil(recipe.warm_up * steps.steps),
        weight_decay=recipe.weight_decay,
        max_grad_norm=recipe.most_gradient,
        bf16=recipe.bf16,
        gradient_checkpointing=recipe.gradient_checkpointing,
        gradient_checkpointing_kwargs={"use_reentrant": False} if recipe.gradient_checkpointing else None,
        seed=recipe.seed,
        eval_strategy="steps" if is_validated else "no",
        eval_steps=every,
        save_strategy="steps",
        save_steps=every,
        save_total_limit=recipe.checkpoints,
        logging_steps=1,
        # A loss that is not a number must be seen, not replaced by the mean of others.
        logging_nan_inf_filter=False,
        ddp_find_unused_parameters=False,
        dataloader_pin_memory=torch.cuda.is_available(),
        use_cpu=not torch.cuda.is_available(),
        remove_unused_columns=False,
        disable_tqdm=True,
        report_to="none",
        **(chosen if is_validated else {}),
    )


def _judging(run: TrainingRun, validation: Validation) -> tuple[Judging, list[LabelledPrompt]]:
    prompts = read_prompts(Path(validation.prompts))
    if not prompts:
        raise UserError("There are no examples to validate on: give the split validation some, or turn it off.")
    tokenizer = AutoTokenizer.from_pretrained(run.base, local_files_only=True, trust_remote_code=False)
    judging = (Judging if run.head == "generation" else HeadJudging)(
        tokenizer=tokenizer,
        judge=validation.judge,
        mode=validation.mode,
        # As vLLM: where the tokenizer's own end token is not the one that is trained, it ends an answer too.
        ends=[*end_tokens(Path(run.base), run.end_token), tokenizer.eos_token_id or run.end_token],
        pad=run.pad_token,
        label_ids=validation.label_ids,
        prompts_at_once=validation.prompts_at_once,
    )
    return judging, prompts


class _ReturnsFreedMemory(TrainerCallback):  # type: ignore[misc]  # transformers has no types
    """After each step and each validation."""

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        return_freed_memory()

    def on_evaluate(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        return_freed_memory()


@contextmanager
def _clear_errors(run: TrainingRun) -> Iterator[None]:
    """Turn what the machine lacks into one sentence."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise _out_of_memory(run) from error
    except RuntimeError as error:
        # On a CPU torch has no error of its own for it.
        if "can't allocate memory" not in str(error):
            raise
        raise _out_of_memory(run) from error
    except Exception as error:
        if not _is_full_disk(error):
            raise
        raise RunError("The disk is full: free some space, or keep fewer checkpoints; then run it again.") from error


def _out_of_memory(run: TrainingRun) -> RunError:
    recipe = run.recipe
    advice = [
        f"lower rows_at_once, now {recipe.rows_at_once}" if recipe.rows_at_once > 1 else "",
        "set gradient_checkpointing: true" if not recipe.gradient_checkpointing else "",
        "train an adapter (lora)" if recipe.lora is None else "",
        "lower max_tokens",
    ]
    return RunError(f"The training ran out of memory: {', '.join(part for part in advice if part)}.")


def _is_full_disk(error: BaseException) -> bool:
    """Whether the error is a full disk, which libraries in C++ and Rust only tell in words."""
    return getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or "No space left on device" in str(error)
