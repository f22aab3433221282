"""Train a judge in variants and compare them: `python jobs/ablate.py --config conf/ablate.yaml`."""

import sys

from judgelake.jobs.ablate import main

if __name__ == "__main__":
    sys.exit(main())
