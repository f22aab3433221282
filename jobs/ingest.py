"""Bring comparisons and labels into the lake: `python jobs/ingest.py --format pandalm --input testset-v1.json`."""

import sys

from judgelake.jobs.ingest import main

if __name__ == "__main__":
    sys.exit(main())
