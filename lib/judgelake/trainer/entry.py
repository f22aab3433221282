"""What every process of a training runs, whoever starts it: a job, torchrun, or a task of Spark."""

from __future__ import annotations

import os

from judgelake.errors import RunError, UserError
from judgelake.trainer.run_record import RunFolder


def run_process(folder: RunFolder) -> int:
    """Train what the folder's record describes, as the process that RANK and WORLD_SIZE say; alone without them.

    Returns:
        The exit code; 0 if the model is finished. Why it is another one is also written into the folder.
    """
    process, processes = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    if processes == 1:
        # In one process with several GPUs transformers would split the batches, which our loss does not know.
        os.environ["CUDA_VISIBLE_DEVICES"] = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]
    # Tokenizer threads of this process conflict with the fork of workers, which causes long warnings.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        with folder.alone(*([folder.trainer_lock] if process == 0 else [])):
            from judgelake.trainer.process import train_here  # torch, transformers: seconds

            train_here(folder, say if process == 0 else lambda line: None)
    except (UserError, RunError) as error:
        folder.write_failure(process, error)
        say(str(error))
        return error.exit_code
    return 0


def say(line: str) -> None:
    """Print a line at once, whatever is between this process and the terminal."""
    print(line, flush=True)
