"""Judge a table of comparisons: `python jobs/judge.py --config conf/judge.yaml`."""

import sys

from judgelake.jobs.judge import main

if __name__ == "__main__":
    sys.exit(main())
