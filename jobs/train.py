"""Train a judge on a table of examples: `python jobs/train.py --config conf/train.yaml`."""

import sys

from judgelake.jobs.train import main

if __name__ == "__main__":
    sys.exit(main())
