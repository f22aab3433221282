"""Generate comparisons of models' answers: `python jobs/generate.py --config conf/generate.yaml`."""

import sys

from judgelake.jobs.generate import main

if __name__ == "__main__":
    sys.exit(main())
