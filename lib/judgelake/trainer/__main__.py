"""`python -m judgelake.trainer FOLDER`: train what the folder's record describes; also with torchrun."""

from __future__ import annotations

import sys
from pathlib import Path

from judgelake.trainer.entry import run_process
from judgelake.trainer.run_record import RunFolder

if __name__ == "__main__":
    sys.exit(run_process(RunFolder(Path(sys.argv[1]))))
