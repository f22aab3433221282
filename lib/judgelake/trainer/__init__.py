"""Training a model on stored rows, in processes of its own without Spark; what is imported here needs no torch."""

from judgelake.trainer.entry import run_process
from judgelake.trainer.memory import Memory, estimate_memory, shape_of
from judgelake.trainer.order import Place, Steps, batch_problem, training_order
from judgelake.trainer.predictions import figures_of_predictions
from judgelake.trainer.prompts import LabelledPrompt, write_prompts
from judgelake.trainer.recipe import Dpo, Lora, Recipe
from judgelake.trainer.run_record import (
    CHOSEN_BY,
    MERGED_FLIPS,
    PREFERRED,
    SPEED_OF_A_RECIPE,
    RunFolder,
    TrainingRun,
    Validation,
    events_of,
)
from judgelake.trainer.stored_rows import StoredRows

__all__ = [
    "CHOSEN_BY",
    "MERGED_FLIPS",
    "PREFERRED",
    "SPEED_OF_A_RECIPE",
    "Dpo",
    "LabelledPrompt",
    "Lora",
    "Memory",
    "Place",
    "Recipe",
    "RunFolder",
    "Steps",
    "StoredRows",
    "TrainingRun",
    "Validation",
    "batch_problem",
    "estimate_memory",
    "events_of",
    "figures_of_predictions",
    "run_process",
    "shape_of",
    "training_order",
    "write_prompts",
]
