"""`python -m judgelake.trainer FOLDER`: train what the folder's record describes; also with torchrun."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from judgelake.errors import RunError, UserError
from judgelake.trainer.run_record import RunFolder


def main(folder: RunFolder) -> int:
    """Train as one process; returns the exit code and writes down why it failed."""
    process, processes = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    if processes == 1:
        # In one process with several GPUs transformers would split the batches, which our loss does not know.
        os.environ["CUDA_VISIBLE_DEVICES"] = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]
    # Tokenizer threads of this process conflict with the fork of workers, which causes long warnings.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from judgelake.trainer.process import train_here  # torch, transformers: seconds

    try:
        with folder.alone(*([folder.trainer_lock] if process == 0 else [])):
            train_here(folder, say if process == 0 else lambda line: None)
    except (UserError, RunError) as error:
        folder.write_failure(process, error)
        say(str(error))
        return error.exit_code
    return 0


def say(line: str) -> None:
    """Print a line at once, whatever is between this process and the terminal."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(RunFolder(Path(sys.argv[1]))))
