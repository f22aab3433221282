"""Promote a trained judge by evidence: `python jobs/promote.py --config conf/promote.yaml`."""

import sys

from judgelake.jobs.promote import main

if __name__ == "__main__":
    sys.exit(main())
