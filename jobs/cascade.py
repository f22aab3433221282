"""Save a strong judge's calls with a promise: `python jobs/cascade.py --config conf/cascade.yaml`."""

import sys

from judgelake.jobs.cascade import main

if __name__ == "__main__":
    sys.exit(main())
